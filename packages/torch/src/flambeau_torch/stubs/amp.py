"""`torch.amp`: mixed precision that is off, as PyTorch's is where there is no GPU."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from flambeau.errors import UnsupportedError


class autocast:
    """A context manager or decorator that changes nothing; for an enabled CPU cast it raises UnsupportedError."""

    def __init__(self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool = True) -> None:
        if enabled and device_type == "cpu":
            raise UnsupportedError("autocast on the CPU is not supported; pass enabled=False", op="autocast")
        if enabled:
            warnings.warn(f"User provided device_type of {device_type!r}, but {device_type.upper()} is not available."
                          " Disabling", UserWarning, stacklevel=2)

    def __enter__(self) -> autocast:
        return self

    def __exit__(self, *exc: Any) -> None:
        pass

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return wrapped


class GradScaler:
    """A scaler that is off: losses pass unchanged and `step` is the optimizer's own."""

    def __init__(self, device: str = "cuda", **options: Any) -> None:
        if options.get("enabled", True):
            warnings.warn("GradScaler is enabled, but CUDA is not available. Disabling.", UserWarning, stacklevel=2)

    def scale(self, outputs: Any) -> Any:
        """`outputs` themselves."""
        return outputs

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """`optimizer.step(...)`."""
        return optimizer.step(*args, **kwargs)

    def unscale_(self, optimizer: Any) -> None:
        """Nothing: gradients were never scaled."""

    def update(self, new_scale: Any = None) -> None:
        """Nothing: there is no scale."""

    def get_scale(self) -> float:
        """1."""
        return 1.0

    def is_enabled(self) -> bool:
        """False."""
        return False

    def state_dict(self) -> dict[str, Any]:
        """Empty, as a scaler's that is off."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Nothing."""


__all__ = ["GradScaler", "autocast"]
