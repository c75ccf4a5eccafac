"""Kernels that write their result into memory that is there already.

`op.writers[kind]` is called as `writer(*arrays, out)`: it writes the op's result into `out`, an array of the result's
shape and dtype that may be one of the inputs or overlap them, or raises before it has written anything. A warning
turned into an exception (`LOUD`) is said of a result that is written. Where the backend has no writer, the op's kernel
and `assign` together are one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..errors import ShapeError
from .quiet import LOUD
from .registry import TABLE, OpDef, TakeSlowPath


class WriterTable(dict[Any, Any]):
    """Writers by kind; a missing one is resolved at its first use and kept."""

    __slots__ = ("resolve",)

    def __init__(self, resolve: Callable[[Any], Any]) -> None:
        super().__init__()
        self.resolve = resolve

    def __missing__(self, kind: Any) -> Any:
        writer = self[kind] = self.resolve(kind)
        return writer


def writers_of(op: OpDef) -> WriterTable:
    """What writes the op's result: the backend's writer, or its kernel and `assign` together."""
    return WriterTable(partial(_resolve, op))


def offered(name: str) -> WriterTable:
    """The backend's own writers of that name alone; None where it has none, or where arrays cannot change."""
    return WriterTable(partial(_offered, name))


def _resolve(op: OpDef, kind: Any) -> Any:
    rule = op.result[0]
    result = kind if rule == "same" else getattr(kind, rule)
    backend = kind.device.backend
    if result is not kind or kind.subclass is not None or not backend.shared_views:
        return _unwritten
    op.check_dtype(kind.dtype)
    if (op.name, kind.dtype.name) in backend.unsupported:
        return _unwritten
    writer = backend.writer(op.name, kind.dtype)
    if writer is not None:
        return writer
    kernel = op.kernels[kind]
    return _unwritten if kernel is None else _composed(kernel, TABLE["assign"].kernels[kind])


def _offered(name: str, kind: Any) -> Any:
    backend = kind.device.backend
    apart = kind.subclass is not None or not backend.shared_views
    return None if apart else backend.writer(name, kind.dtype)


def _unwritten(*arrays: Any) -> Any:
    """Stands where the result has another kind, or arrays cannot change."""
    raise TakeSlowPath


def _composed(kernel: Any, assign: Any) -> Any:
    def write(*arrays: Any) -> None:
        *inputs, out = arrays
        try:
            made = kernel(*inputs)
        except LOUD:  # nothing is written yet
            raise TakeSlowPath from None
        if made.shape != out.shape:
            raise ShapeError("the result has another shape than what is to be overwritten")
        assign(out, made)

    return write
