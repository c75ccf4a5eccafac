"""Sizes that broadcast together, sums that undo a broadcast, memory laid out in another order."""

from __future__ import annotations

from typing import Any

from ...dtypes import DType
from ...errors import ShapeError, ValueRangeError
from ...ops.movement import copy, permute_op, reshape
from ...ops.reduce import sum as total
from ...shapes import as_size, spread
from ...shapes import broadcast_shapes as broadcast
from ...tensors.tensor import Size, Tensor, attach
from ..create import empty


def broadcast_shapes(*shapes: Any) -> Size:
    """The size that tensors of these shapes, each an int or ints, broadcast to. Raises ShapeError where they do not.

    >>> import flambeau
    >>> flambeau.broadcast_shapes((2, 1), (3,), ())
    flambeau.Size([2, 3])
    """
    op = "broadcast_shapes"
    sizes = [as_size(op, shape, "shapes") for shape in shapes]
    for size in sizes:
        if min(size, default=0) < 0:
            raise ValueRangeError(f"Attempting to broadcast a dimension with negative length! (got {list(size)})",
                                  op=op)
    return Size(broadcast(op, *sizes))


def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """The tensor summed to `size`, which must broadcast to its own: over leading dims, and where `size` has a 1.

    >>> import flambeau
    >>> flambeau.ones(2, 3).sum_to_size(1, 3)
    tensor([[2., 2., 2.]])
    """
    wanted = as_size("sum_to_size", spread(size), "size")
    shape = tuple(self._array.shape)
    lead = len(shape) - len(wanted)
    if lead < 0 or any(w not in (1, n) for w, n in zip(wanted, shape[lead:], strict=True)):
        raise ShapeError(f"size {list(wanted)} is not expandable to size {list(shape)}.", op="sum_to_size")
    dims = tuple(d for d, n in enumerate(shape) if d < lead or (wanted[d - lead] == 1 and n != 1))
    return reshape(total(self, dims, True), wanted) if dims else copy(self)


def empty_permuted(size: Any, physical_layout: Any, *, dtype: DType | None = None, layout: Any = None,
                   device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """A tensor of that size whose dims lie in memory in the order of `physical_layout`, the slowest first.

    >>> import flambeau
    >>> flambeau.empty_permuted((2, 3, 4), (0, 2, 1)).stride()
    (12, 1, 3)
    """
    op = "empty_permuted"
    size, order = as_size(op, size), as_size(op, physical_layout, "physical_layout")
    if len(order) != len(size):
        raise ShapeError(f"Number of dimensions in size does not match the length of the physical_layout; i.e."
                         f" len(size) = {len(size)} is not equal to len(physical_layout) = {len(order)}", op=op)
    if sorted(order) != list(range(len(size))):
        wrong = next((d for d in order if not 0 <= d < len(size)), None)
        rule = "names a dim twice" if wrong is None else f"names dim {wrong}, of {len(size)}"
        raise ShapeError(f"physical_layout {list(order)} {rule}", op=op)
    made = permute_op(empty(tuple(size[d] for d in order), dtype=dtype, device=device),
                      tuple(order.index(d) for d in range(len(size))))
    made._view = None  # nobody else holds what it is a view of
    return made.requires_grad_() if requires_grad else made


def resize_as_(input: Tensor, the_template: Tensor, *, memory_format: Any = None) -> Tensor:
    """The method `resize_as_` as a function."""
    return input.resize_as_(the_template, memory_format=memory_format)  # type: ignore[no-any-return]


attach(sum_to_size, "sum_to_size")

__all__ = ["broadcast_shapes", "empty_permuted", "resize_as_"]
