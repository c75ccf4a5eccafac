"""Names of `torch` itself that only PyTorch programs need: typed constructors, thread counts, determinism."""

from __future__ import annotations

import os
from typing import Any

from flambeau.autograd.anomaly import is_anomaly_check_nan_enabled, is_anomaly_enabled
from flambeau.errors import ValueRangeError

from ..legacy import *  # noqa: F403 - the typed constructors

__version__ = "2.13.0+flambeau"

_settings: dict[str, Any] = {"threads": 1, "interop": 1, "deterministic": False, "warn_only": False,
                             "precision": "highest"}


def get_num_threads() -> int:
    """What `set_num_threads` was told; a backend's own library reads OMP_NUM_THREADS when it is loaded."""
    told: int = _settings["threads"]
    return told


def set_num_threads(int: int) -> None:
    """Noted, and put into OMP_NUM_THREADS for libraries that are loaded later."""
    if int < 1:
        raise ValueRangeError("set_num_threads expects a positive integer", op="set_num_threads")
    _settings["threads"] = int
    os.environ["OMP_NUM_THREADS"] = str(int)


def get_num_interop_threads() -> int:
    """What `set_num_interop_threads` was told."""
    told: int = _settings["interop"]
    return told


def set_num_interop_threads(int: int) -> None:
    """Noted; operations run one after the other."""
    _settings["interop"] = int


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
           "get_float32_matmul_precision", "get_num_interop_threads", "get_num_threads",
           "is_anomaly_check_nan_enabled", "is_anomaly_enabled", "is_deterministic_algorithms_warn_only_enabled",
           "set_float32_matmul_precision", "set_flush_denormal", "set_num_interop_threads", "set_num_threads",
           "use_deterministic_algorithms"]
