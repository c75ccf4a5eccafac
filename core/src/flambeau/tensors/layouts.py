"""How the dims of a tensor lie in memory: PyTorch's memory formats, and layouts that a copy keeps.

A layout is an order of dims, from the one whose neighbours are farthest apart to the one whose are nearest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..constants import check_format
from ..errors import ArgumentError
from ..shapes import ORDERS, lie
from ..table.registry import TABLE
from .tensor import Tensor


def lies_in(tensor: Tensor, order: Sequence[int]) -> bool:
    """Whether the elements lie in that order without gaps; of a dim of size 1 the stride does not matter."""
    return lie(tensor._array.shape, tensor.stride(), order)


def kept_order(tensor: Tensor) -> tuple[int, ...] | None:
    """The order in which a copy keeps the dims; None for C order, which it has where elements share a place, too."""
    shape, backend = tensor._array.shape, tensor._kind.device.backend
    if len(shape) < 2 or backend.contiguous(tensor._array) or not backend.shared_views:
        return None
    strides = tensor.stride()
    if any(step == 0 and n != 1 for n, step in zip(shape, strides, strict=True)):
        return None
    order = tuple(sorted(range(len(shape)), key=lambda d: (-strides[d], d)))
    return None if order == tuple(range(len(shape))) else order


def laid(tensor: Tensor, order: Sequence[int]) -> Tensor:
    """A copy whose dims lie in that order, with a place in the graph."""
    permute: Any = TABLE["permute"].call
    made = permute(TABLE["copy"].call(permute(tensor, tuple(order))), _inverse(order))
    return unbased(made)


def unbased(made: Tensor) -> Tensor:
    """A view of what nobody else holds as a tensor of its own, unless a graph leads to it through the view."""
    if made._node is None:
        made._view = None
    return made


def _inverse(order: Sequence[int]) -> tuple[int, ...]:
    return tuple(order.index(d) for d in range(len(order)))


def order_of(op: str, format: Any, ndim: int) -> tuple[int, ...] | None:
    """The order that a memory format asks for; None for the contiguous one. Raises ArgumentError for what is none."""
    check_format(op, format, ndim)
    name = getattr(format, "name", "")
    if name in ORDERS:
        return ORDERS[name]
    if name not in ("contiguous_format", "preserve_format"):
        raise ArgumentError(f"memory_format must be torch.memory_format, not {type(format).__name__}", op=op)
    return None


def in_format(op: str, tensor: Tensor, format: Any) -> bool:
    """Whether the tensor lies in that memory format."""
    return _lies(tensor, order_of(op, format, tensor.ndim))


def _lies(tensor: Tensor, order: Sequence[int] | None) -> bool:
    return tensor.is_contiguous() if order is None else lies_in(tensor, order)


def as_format(op: str, tensor: Tensor, format: Any, copy: bool) -> Tensor:
    """The tensor in a memory format: itself where it lies so and no `copy` is asked for."""
    order = order_of(op, format, tensor.ndim)
    if getattr(format, "name", "") == "preserve_format":
        order = kept_order(tensor) if copy else None
        if not copy:
            return tensor
    elif not copy and _lies(tensor, order):
        return tensor
    return TABLE["copy"].call(tensor) if order is None else laid(tensor, order)


def filled_like(op: str, make: Any, like: Tensor, format: Any) -> Tensor:
    """What `make(shape)` gives, in the layout of `like` or the memory format that was asked for."""
    named = getattr(format, "name", "preserve_format") if format is not None else "preserve_format"
    order = kept_order(like) if named == "preserve_format" else order_of(op, format, like.ndim)
    shape = tuple(like._array.shape)
    if order is None:
        return make(shape)  # type: ignore[no-any-return]
    made = make(tuple(shape[d] for d in order))
    requires_grad, made._requires_grad = made._requires_grad, False
    permuted = unbased(TABLE["permute"].call(made, _inverse(order)))
    permuted._requires_grad = requires_grad
    return permuted
