"""Names of `torch` itself that only PyTorch programs need: typed constructors, determinism, compilers."""

from __future__ import annotations

from typing import Any

from flambeau.autograd.anomaly import is_anomaly_check_nan_enabled, is_anomaly_enabled
from flambeau.errors import ValueRangeError

from ..legacy import *  # noqa: F403 - the typed constructors

__version__ = "2.13.0+flambeau"

_settings: dict[str, Any] = {"deterministic": False, "warn_only": False, "precision": "highest"}


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Noted; the CPU backends are deterministic."""
    _settings.update(deterministic=mode, warn_only=warn_only)


def are_deterministic_algorithms_enabled() -> bool:
    """What `use_deterministic_algorithms` was told."""
    return bool(_settings["deterministic"])


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """What `use_deterministic_algorithms` was told."""
    return bool(_settings["warn_only"])


def set_float32_matmul_precision(precision: str) -> None:
    """Noted; float32 products are always computed in float32."""
    if precision not in ("highest", "high", "medium"):
        raise ValueRangeError(f"precision must be 'highest', 'high' or 'medium', got {precision!r}",
                              op="set_float32_matmul_precision")
    _settings["precision"] = precision


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` was told."""
    return str(_settings["precision"])


def compile(model: Any = None, **options: Any) -> Any:
    """The function or module itself: there is no compiler, and its meaning is the same without one."""
    return (lambda function: function) if model is None else model


def set_flush_denormal(mode: bool) -> bool:
    """False: not supported, as PyTorch answers on such machines."""
    return False


__all__ = ["__version__", "are_deterministic_algorithms_enabled", "compile",
           "get_float32_matmul_precision", "is_anomaly_check_nan_enabled", "is_anomaly_enabled",
           "is_deterministic_algorithms_warn_only_enabled", "set_float32_matmul_precision", "set_flush_denormal",
           "use_deterministic_algorithms"]
