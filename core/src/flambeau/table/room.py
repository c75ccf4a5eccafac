"""Whether a tensor can be had at all: sizes that no memory holds are refused before anything is allocated."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, TypeVar

from ..dtypes import DType
from ..errors import OutOfMemoryError
from ..shapes import numel

F = TypeVar("F", bound=Callable[..., Any])
ADDRESSABLE = 2**47  # bytes: what today's processors map for one process
_SMALL = 2**28  # bytes that are asked for without a look at what there is


def check_room(op: str, size: Any, dtype: DType, each: int = 0) -> None:
    """Raises OutOfMemoryError where the elements, at `each` bytes while they are made, exceed the host's memory."""
    count = numel(size) * (each or dtype.itemsize)
    if count > _SMALL and count > _host():
        raise no_room(op, size, dtype)


def no_room(op: str, size: Any, dtype: DType) -> OutOfMemoryError:
    """The error for a tensor that is too large."""
    count = numel(size) * dtype.itemsize
    return OutOfMemoryError(f"out of memory: {list(size)} elements of {dtype.name} are {count} bytes", op=op,
                            size=tuple(size), dtype=dtype)


def exhausted(op: str, error: MemoryError, rule: str = "no more to be had") -> OutOfMemoryError:
    """The coded error where memory ran out between two kernels; what is one already stays as it is."""
    if isinstance(error, OutOfMemoryError):
        return error
    return OutOfMemoryError(f"out of memory: {str(error) or rule}", op=op)


def within_memory(function: F) -> F:
    """Lets a function, whose first argument names the op, raise the coded error where Python's lists find no room."""

    @wraps(function)
    def wrapped(op: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return function(op, *args, **kwargs)
        except MemoryError as error:
            raise exhausted(op, error) from None

    return wrapped  # type: ignore[return-value]


def _host() -> int:
    """Bytes that this process can have at most."""
    return min(_physical(), _allowed())


@cache
def _physical() -> int:
    try:
        return min(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), ADDRESSABLE)
    except (AttributeError, ValueError, OSError):  # a system that does not say
        return ADDRESSABLE


def _allowed() -> int:
    try:
        import resource
    except ImportError:
        return ADDRESSABLE
    soft = resource.getrlimit(resource.RLIMIT_AS)[0]
    return ADDRESSABLE if soft == resource.RLIM_INFINITY else soft
