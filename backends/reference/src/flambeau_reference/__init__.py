"""The kernel contract in pure Python: the oracle that other backends are compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .array import Array
    from .backend import ReferenceBackend

__all__ = ["Array", "ReferenceBackend"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`Array` and `ReferenceBackend` at first use, so that discovery loads `plugin` alone."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import array, backend

    return array.Array if name == "Array" else backend.ReferenceBackend
