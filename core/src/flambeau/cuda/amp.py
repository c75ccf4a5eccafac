"""`cuda.amp`: the names of `amp` before they took a device."""

from __future__ import annotations

from typing import Any

from .. import amp as _amp
from ..contract.plugins import served_by as _served_by
from ..spelling import public as _public


class autocast(_amp.autocast):
    """As `amp.autocast("cuda")`."""

    def __init__(self, enabled: bool = True, dtype: Any = None, cache_enabled: bool = True) -> None:
        super().__init__("cuda", dtype, enabled, cache_enabled)


class GradScaler(_amp.GradScaler):
    """As `amp.GradScaler("cuda")`."""

    def __init__(self, init_scale: float = 2.0**16, growth_factor: float = 2.0, backoff_factor: float = 0.5,
                 growth_interval: int = 2000, enabled: bool = True) -> None:
        super().__init__("cuda", init_scale, growth_factor, backoff_factor, growth_interval, enabled)


def custom_fwd(fwd: Any = None, *, cast_inputs: Any = None) -> Any:
    """As `amp.custom_fwd(..., device_type="cuda")`."""
    return _amp.custom_fwd(fwd, device_type="cuda", cast_inputs=cast_inputs)


def custom_bwd(bwd: Any) -> Any:
    """As `amp.custom_bwd(..., device_type="cuda")`."""
    return _amp.custom_bwd(bwd, device_type="cuda")


def amp_definitely_not_available() -> bool:
    """Whether there is no CUDA device."""
    return _served_by("cuda") is None


__all__ = ["GradScaler", "amp_definitely_not_available", "autocast", "custom_bwd", "custom_fwd"]
__getattr__, __dir__ = _public(__name__)
