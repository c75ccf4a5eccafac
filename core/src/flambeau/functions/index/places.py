"""Where elements are: their places as rows of indices, flat places taken apart, membership in a set."""

from __future__ import annotations

from typing import Any

from ... import dtypes
from ...errors import ArgumentError, DTypeError, DTypeNotOfferedError, ValueRangeError
from ...ops.compare import eq, logical_not
from ...ops.create import cast
from ...ops.index import nonzero, take_along
from ...ops.movement import cat, expand, reshape
from ...ops.sort import searchsorted_op, sort_op
from ...shapes import as_size, numel
from ...table.dispatch import into, result_dtype
from ...table.lifting import lift
from ...tensors.tensor import Tensor, attach


def argwhere(input: Tensor) -> Tensor:
    """The places of the elements that are not zero, a row each, in C order: int64 (count, ndim).

    >>> import flambeau
    >>> flambeau.argwhere(flambeau.tensor([0, 3, 5]))
    tensor([[1],
            [2]])
    """
    return nonzero(input)  # type: ignore[no-any-return]


def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1, out: Tensor | None = None) -> Tensor:
    """`argwhere` of exactly `size` rows: cut where there are more, filled up with `fill_value` where fewer."""
    if size < 0:
        raise ValueRangeError(f"nonzero_static: 'size' must be an non-negative integer, got {size}",
                              op="nonzero_static")
    rows = nonzero(input)[:size]
    short = size - rows._array.shape[0]
    made = cat([rows, rows.new_full((short, input.ndim), fill_value)]) if short else rows.clone()
    return made if out is None else into(sort_op.op, out, made)  # type: ignore[no-any-return]


def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """Places in a flattened tensor of `shape` as one int64 tensor of indices per dim, each shaped as `indices`.

    Raises ValueRangeError for a place outside the shape, DTypeNotOfferedError for one that is no integer.

    >>> import flambeau
    >>> flambeau.unravel_index(flambeau.tensor(5), (2, 3))
    (tensor(1), tensor(2))
    """
    op = "unravel_index"
    if not isinstance(indices, Tensor):
        raise ArgumentError(f"expected 'indices' to be a tensor, got {type(indices).__name__}", op=op)
    if indices.dtype.category != 1:
        raise DTypeNotOfferedError(f"expected 'indices' to be integer dtype, but got {indices.dtype!r}", op=op,
                                   dtype=indices.dtype)
    if not isinstance(shape, int) and not isinstance(shape, (tuple, list)):
        raise ArgumentError(f"expected 'shape' to be int or sequence of ints, but got {type(shape).__name__}", op=op)
    size = as_size(op, shape, "shape")
    if min(size, default=0) < 0:
        raise ValueRangeError(f"'shape' cannot have negative values, but got {size}", op=op)
    if indices.numel():
        low, high = int(indices.min()), int(indices.max())
        if low < 0 or high >= numel(size):
            raise ValueRangeError(f"found {low if low < 0 else high}, which lies outside a tensor of shape"
                                  f" {list(size)}", op=op)
    rest, parts = indices.long(), []
    for n in reversed(size):
        parts.append(rest % n if n else rest)
        rest = rest // n if n else rest
    return tuple(reversed(parts))


def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False,
         out: Tensor | None = None) -> Tensor:
    """Whether each element is among `test_elements`: bool, shaped as `elements`. One of the two may be a number.

    `invert` tells which are not. A NaN is in no set. `assume_unique` is noted for nothing: the way is the same.

    >>> import flambeau
    >>> flambeau.isin(flambeau.tensor([1, 2, 3]), flambeau.tensor([3, 1]))
    tensor([ True, False,  True])
    """
    op = "isin"
    if not isinstance(elements, Tensor) and not isinstance(test_elements, Tensor):
        raise ArgumentError(f"elements or test_elements must be a Tensor, got {type(elements).__name__} and"
                            f" {type(test_elements).__name__}", op=op)
    elements = elements if isinstance(elements, Tensor) else lift(test_elements, elements)
    test_elements = test_elements if isinstance(test_elements, Tensor) else lift(elements, test_elements)
    for given in (elements, test_elements):
        if given.dtype.category == 3 or given.dtype is dtypes.bool:
            raise DTypeError(f"Unsupported input type encountered for isin(): {given.dtype!r}", op=op,
                             dtype=given.dtype)
    dtype = result_dtype([elements, test_elements])
    made = _among(cast(elements, dtype), reshape(cast(test_elements, dtype), (-1,)))
    made = logical_not(made) if invert else made
    return made if out is None else into(eq.op, out, made)  # type: ignore[no-any-return]


def _among(elements: Tensor, tests: Tensor) -> Tensor:
    count, shape = tests._array.shape[0], tuple(elements._array.shape)
    if not count or 0 in shape:
        return elements.new_zeros(shape, dtype=dtypes.bool)
    if count < 16:
        found = eq(elements, expand(reshape(tests[0], (1,) * len(shape)), shape))
        for i in range(1, count):
            found = found | eq(elements, expand(reshape(tests[i], (1,) * len(shape)), shape))
        return found
    ordered, flat = sort_op(tests, 0)[0], reshape(elements, (-1,))
    places = searchsorted_op(ordered, flat).clamp(max=count - 1)
    return reshape(eq(take_along(ordered, 0, places), flat), shape)


attach(argwhere, "argwhere")
attach(nonzero_static, "nonzero_static")

__all__ = ["argwhere", "isin", "nonzero_static", "unravel_index"]
