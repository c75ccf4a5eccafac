"""PyTorch's switches of the whole process: determinism, precision of products, warnings, denormals, anomalies.

Flambeau's CPU backends are deterministic and compute float32 products in float32 whatever is asked for: those switches
are noted, checked and answered, and change nothing.
"""

from __future__ import annotations

import math
import sys
from typing import Any

from .autograd.anomaly import is_anomaly_check_nan_enabled as is_anomaly_check_nan_enabled
from .autograd.anomaly import is_anomaly_enabled as is_anomaly_enabled
from .autograd.anomaly import set_detect_anomaly
from .errors import ArgumentError, ValueRangeError

_noted: dict[str, Any] = {"deterministic": False, "warn_only": False, "precision": "highest", "warn_always": False}


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Notes that only deterministic algorithms may be used: the CPU backends have no others.

    >>> import flambeau
    >>> flambeau.use_deterministic_algorithms(False)
    >>> flambeau.are_deterministic_algorithms_enabled()
    False
    """
    _noted.update(deterministic=bool(mode), warn_only=bool(warn_only))


def are_deterministic_algorithms_enabled() -> bool:
    """What `use_deterministic_algorithms` was told."""
    return bool(_noted["deterministic"])


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether `use_deterministic_algorithms` was told to warn only."""
    return bool(_noted["warn_only"])


_DEBUG_MODES = ("default", "warn", "error")


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """The same switch by a number or a word: 0 "default", 1 "warn", 2 "error"."""
    op = "set_deterministic_debug_mode"
    if not isinstance(debug_mode, (int, str)):
        raise ArgumentError(f"debug_mode must be str or int, but got {type(debug_mode).__name__}", op=op)
    known = debug_mode in _DEBUG_MODES if isinstance(debug_mode, str) else debug_mode in range(3)
    if not known:
        raise ValueRangeError(f"invalid value of debug_mode, expected one of 0, 1, 2, default, warn, error, but got"
                              f" {debug_mode!r}", op=op)
    level = _DEBUG_MODES.index(debug_mode) if isinstance(debug_mode, str) else debug_mode
    use_deterministic_algorithms(level > 0, warn_only=level == 1)


def get_deterministic_debug_mode() -> int:
    """0 where anything goes, 1 where other algorithms would warn, 2 where they would raise."""
    if not _noted["deterministic"]:
        return 0
    return 1 if _noted["warn_only"] else 2


def set_float32_matmul_precision(precision: str) -> None:
    """Notes "highest", "high" or "medium" (ValueRangeError for others); float32 products are computed in float32."""
    if precision not in ("highest", "high", "medium"):
        raise ValueRangeError(f"precision must be 'highest', 'high' or 'medium', got {precision!r}",
                              op="set_float32_matmul_precision")
    _noted["precision"] = precision


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` was told, "highest" at first."""
    return str(_noted["precision"])


def set_flush_denormal(mode: bool) -> bool:
    """False: subnormal numbers stay what they are, as PyTorch answers on machines that cannot flush them."""
    return False


def set_warn_always(b: bool) -> None:
    """Notes whether a warning is to come every time; Python's warnings filters decide."""
    _noted["warn_always"] = bool(b)


def is_warn_always_enabled() -> bool:
    """What `set_warn_always` was told."""
    return bool(_noted["warn_always"])


def set_anomaly_enabled(mode: bool, check_nan: bool = True) -> None:
    """Turns anomaly detection on or off for the process (see `autograd.set_detect_anomaly`)."""
    set_detect_anomaly(mode, check_nan)


def init_num_threads() -> None:
    """Nothing to do: threads are counted when they are first asked for."""


def is_vulkan_available() -> bool:
    """False: no backend of flambeau's speaks Vulkan."""
    return False


def is_distributed(input: Any) -> bool:
    """False: no tensor of flambeau's lies on several machines."""
    return False


def compiled_with_cxx11_abi() -> bool:
    """True: there is no older interface to be compatible with."""
    return True


def sym_int(a: Any) -> int:
    """`a` rounded towards zero: what `int` gives for a number."""
    return math.trunc(a)  # type: ignore[no-any-return]


def sym_float(a: Any) -> float:
    """`a` as a float."""
    return float(a)


def sym_not(a: Any) -> bool:
    """Whether `a` is false."""
    return not a


def sym_max(a: Any, b: Any) -> Any:
    """The larger number, a float where either is."""
    return float(max(a, b)) if isinstance(a, float) or isinstance(b, float) else max(a, b)


def sym_min(a: Any, b: Any) -> Any:
    """The smaller number, a float where either is."""
    return float(min(a, b)) if isinstance(a, float) or isinstance(b, float) else min(a, b)


def sym_sum(args: Any) -> Any:
    """The sum of the numbers."""
    return sum(args)


def sym_sqrt(a: Any) -> float:
    """The square root of a number."""
    return math.sqrt(a)


def sym_ite(b: bool, t: Any, f: Any) -> Any:
    """`t` where `b` holds, else `f`; both of one type."""
    if type(t) is not type(f):
        raise ArgumentError(f"both values must be of one type, got {type(t).__name__} and {type(f).__name__}",
                            op="sym_ite")
    return t if b else f


def get_file_path(*path_components: str) -> str:
    """A path below the folder of the package."""
    from pathlib import Path

    return str(Path(sys.modules[__package__].__file__ or "").parent.joinpath(*path_components))
