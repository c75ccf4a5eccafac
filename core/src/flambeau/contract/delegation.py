"""Kernels borrowed from another backend: how a backend begins before it has all of its own.

A borrowed kernel takes every array to host memory, hands it to the other backend, and brings the
results back, so it is right as soon as `from_host`, `to_host` and `dtype_of` are, and slow. Arrays
that come back never share memory with what went out: a backend that borrows view kernels must say
`shared_views = False`. What is borrowed carries the lender's name, which is how `Backend.delegated`
knows: an entry is gone from there once a kernel of the backend's own takes its place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from .. import later
from ..errors import ContractError
from ..table.registry import TABLE, offered
from .backend import Backend, Kernel

if TYPE_CHECKING:
    from ..dtypes import DType


def borrowed(backend: Backend, lender: str = "reference") -> dict[str, Kernel]:
    """Every required kernel for `backend`'s arrays, computed by the installed backend `lender`.

    Raises BackendNotFoundError where the lender is not installed, ContractError where it is the
    backend itself.

    >>> class Mine(Backend):
    ...     name = "mine"
    ...     def __init__(self):
    ...         self.kernels = {**borrowed(self), "neg": lambda x: x}  # own kernels come last
    >>> "add" in Mine().delegated, "neg" in Mine().delegated
    (True, False)
    """
    from . import plugins

    if lender == backend.name:
        raise ContractError(f"backend {lender!r} cannot borrow kernels from itself", backend=lender)
    other = plugins.load(lender)
    later.load()
    return {op.name: _marked(lent(op.name, backend, lambda: other), other)
            for op in TABLE.values() if op.kind == "primitive"}


def _marked(kernel: Kernel, lender: Backend) -> Kernel:
    cast(Any, kernel).lender = lender.name  # read by Backend.delegated
    return kernel


def lent(op: str, backend: Backend, lender: Callable[[], Backend]) -> Kernel:
    """One kernel of the backend that `lender()` gives, for `backend`'s arrays; the lender is asked for at each call."""
    def call(*arrays: Any, **attributes: Any) -> Any:
        other = lender()
        moved = [None if a is None else moved_to(other, a, backend) for a in arrays]
        dtype = next((other.dtype_of(a) for a in moved if a is not None), attributes.get("dtype"))
        offered(other, TABLE[op].family)
        kernel = other.kernel(op, cast("DType", dtype))
        if kernel is None:
            raise ContractError(f"backend {other.name!r} has no kernel {op!r} to lend", op=op, backend=other.name)
        result = kernel(*moved, **attributes)
        if isinstance(result, tuple):
            return tuple(moved_to(backend, other.own(r), other) for r in result)
        return moved_to(backend, other.own(result), other)

    return call


def moved_to(backend: Backend, array: Any, source: Backend) -> Any:
    """The elements of `source`'s array as an array of `backend`, by way of host memory."""
    return backend.from_host(source.to_host(array), tuple(array.shape), source.dtype_of(array))
