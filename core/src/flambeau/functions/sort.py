"""Sorting, searching, counts and groups of equal elements."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..errors import ArgumentError, DimError, DTypeError, ShapeError, SizeMismatchError, ValueRangeError
from ..ops.arithmetic import floor, minimum
from ..ops.compare import eq, ge, le, ne
from ..ops.create import arange, cast, ones_of, zeros_of
from ..ops.index import nonzero_op, scatter_add, scatter_op, take_along
from ..ops.movement import cat, permute_op, reshape
from ..ops.reduce import cumsum
from ..ops.sort import found_in, searchsorted_op, sort_op, topk_op
from ..shapes import canonical_dim, numel
from ..table.dispatch import into
from ..table.refusals import require_dtype, require_tensors
from ..table.returns import return_type
from ..tensors.tensor import Tensor, attach
from .index import masked_select
from .reduce.covariance import corrcoef, cov, diff, logcumsumexp, nanmean, nansum


def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool | None = None, *, out: Any = None) -> Any:
    """The elements along `dim` in order and the indices they came from; always stable."""
    return sort_op(input, dim, descending, out=out)


attach(sort, "sort")


def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The indices that sort the elements along `dim`; always stable."""
    return sort_op(input, dim, descending)[1]  # type: ignore[no-any-return]


attach(argsort, "argsort")


def msort(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements in order along the first dim; `sort(input, 0)` without the indices."""
    made = sort_op(input, 0)[0]
    return made if out is None else into(sort_op.op, out, made)  # type: ignore[no-any-return]


attach(msort, "msort")
topk_result = return_type("topk", ("values", "indices"))
max_result = return_type("max", ("values", "indices"))
min_result = return_type("min", ("values", "indices"))
median_result = return_type("median", ("values", "indices"))


def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True, *, out: Any = None) -> Any:
    """The `k` largest (or smallest) elements along `dim`, in order, and their indices; of equal ones the first.

    NaN counts as the largest. Raises ValueRangeError where the dim has fewer than `k` elements.
    """
    require_tensors("topk", input=input)
    dim = canonical_dim("topk", dim, input.ndim)
    size = input._array.shape[dim] if input.ndim else 1
    if not 0 <= k <= size:
        raise SizeMismatchError(f"selected index k={k} out of range for a dim of size {size}", op="topk")
    require_dtype("topk", "real number", input)
    made = topk_op(input, k, dim, bool(largest)) if input.ndim else topk_result(*sort_op(input, dim))
    return made if out is None else into(topk_op.op, out, made)


attach(topk, "topk")


def searchsorted(sorted_sequence: Tensor, input: Any, *, out_int32: bool = False, right: bool = False,
                 side: str | None = None, sorter: Tensor | None = None, out: Tensor | None = None) -> Tensor:
    """Where each element of `input` would go in the sorted last dimension, before or after equals."""
    if sorter is not None and tuple(sorter._array.shape) != tuple(sorted_sequence._array.shape):
        raise ShapeError(f"boundary and sorter must have the same size, but got boundary tensor"
                         f" {list(sorted_sequence.shape)} and sorter {list(sorter.shape)}", op="searchsorted")
    if side not in (None, "left", "right"):
        raise ValueRangeError(f"side can only be 'left' or 'right' but got {side!r}", op="searchsorted")
    if right and side == "left":
        raise ValueRangeError("side and right can't be set to opposites, got side of left while right was True",
                              op="searchsorted")
    shape = tuple(sorted_sequence._array.shape)
    if len(shape) != 1 and isinstance(input, Tensor) and shape[:-1] != tuple(input._array.shape)[:-1]:
        raise ShapeError(f"boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and"
                         f" input value tensor must match, but we got boundaries tensor {list(shape)} and input value"
                         f" tensor {list(input.shape)}", op="searchsorted")
    if sorter is not None:
        sorted_sequence = sorted_sequence.gather(-1, sorter)
    if not isinstance(input, Tensor):
        input = sorted_sequence.new_tensor(input)
    found = searchsorted_op(sorted_sequence, input, right or side == "right", out=out)
    return found.int() if out_int32 else found


def bucketize(input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False,
              out: Tensor | None = None) -> Tensor:
    """The bucket between sorted `boundaries` that each element falls in."""
    if boundaries.ndim != 1:
        raise ShapeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})", op="bucketize")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)


def _integers(like: Tensor, size: Any) -> Tensor:
    return cast(zeros_of(like, size), dtypes.int64)


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each of 0, 1, … occurs in the 1-d integers, or the sum of the weights there.

    Raises ValueRangeError for negative elements, DTypeError for floats.
    """
    if input.dtype.category != 1:
        raise DTypeError(f"bincount not implemented for {input.dtype!r}", op="bincount", dtype=input.dtype)
    if minlength < 0:
        raise ValueRangeError("minlength should be >= 0", op="bincount")
    if input.ndim != 1:
        raise SizeMismatchError("bincount only supports 1-d non-negative integral inputs.", op="bincount")
    if input.numel() and int(input.min().item()) < 0:
        raise ValueRangeError(f"bincount only supports 1-d non-negative integral inputs, got {input.min().item()}",
                              op="bincount")
    if weights is not None and tuple(weights.shape) != tuple(input.shape):
        raise ShapeError("weights should be 1-d and have the same length as input", op="bincount")
    size = max(int(input.max().item()) + 1 if input.numel() else 0, minlength)
    if weights is None:
        weights = input.new_ones(tuple(input.shape), dtype=dtypes.int64)
    elif weights.dtype is not dtypes.float32:
        weights = weights.to(dtypes.float64)
    return scatter_add(zeros_of(weights, (size,)), 0, input.long(), weights)


def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements fall in each of `bins` equal parts of [min, max]; of the data's range if both are equal."""
    require_dtype("histc", "real floating", input)
    if bins <= 0:
        raise ValueRangeError("bins must be > 0", op="histc")
    flat = reshape(input.detach(), (-1,))
    low, high = _histogram_range(flat, float(min), float(max))
    flat = masked_select(flat, ge(flat, low) & le(flat, high))
    place = floor((flat - low) * (bins / (high - low)))
    place = minimum(cast(place, dtypes.int64), _integers(flat, ()) + (bins - 1))
    return scatter_add(zeros_of(flat, (bins,)), 0, place, ones_of(flat))


def _histogram_range(flat: Tensor, low: float, high: float) -> tuple[float, float]:
    if low == high and flat.numel():
        low, high = float(flat.min().item()), float(flat.max().item())
    if low == high:
        low, high = low - 1, high + 1
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueRangeError(f"range of [{low}, {high}] is not finite", op="histc")
    if low > high:
        raise ValueRangeError("max must be larger than min", op="histc")
    return low, high


def unique(input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False,
           dim: int | None = None) -> Any:
    """The distinct elements in order (or the distinct parts along `dim`); then, where asked for, each element's place
    among them and how often each occurs."""
    if dim is None:
        flat = reshape(input.detach(), (-1,))
        values, order = sort_op(flat, 0)
        begins = _begins(reshape(values, (-1, 1)))
        return _grouped(input, values, order, begins, tuple(input.shape), (return_inverse, return_counts, None))
    rows, dim = _as_rows("unique", input, dim)
    order = _row_order(rows)
    begins = _begins(take_along(rows, 0, order))
    parts = take_along(input.detach(), dim, order)
    return _grouped(input, parts, order, begins, (rows.shape[0],), (return_inverse, return_counts, dim))


def unique_consecutive(input: Tensor, return_inverse: bool = False, return_counts: bool = False,
                       dim: int | None = None) -> Any:
    """Each run of equal elements (or of equal parts along `dim`) once; then inverse and counts as for `unique`."""
    for name, wanted in (("return_inverse", return_inverse), ("return_counts", return_counts)):
        if type(wanted) is not bool:
            raise ArgumentError(f"{name} must be a bool, got {wanted!r}", op="unique_consecutive")
    if dim is None:
        flat = reshape(input.detach(), (-1,))
        return _grouped(input, flat, None, _begins(reshape(flat, (-1, 1))), tuple(input.shape),
                        (return_inverse, return_counts, None))
    rows, dim = _as_rows("unique_consecutive", input, dim)
    return _grouped(input, input.detach(), None, _begins(rows), (rows.shape[0],),
                    (return_inverse, return_counts, dim))


def _as_rows(op: str, input: Tensor, dim: int) -> tuple[Tensor, int]:
    """The parts along `dim` as rows."""
    dim = canonical_dim(op, dim, input.ndim)
    if not input.ndim:
        raise DimError(f"Dimension specified as {dim} but tensor has no dimensions", op=op)
    others = tuple(i for i in range(input.ndim) if i != dim)
    if 0 in [input._array.shape[i] for i in others]:
        raise ShapeError("There are 0 sized dimensions, and they aren't selected, so unique cannot be applied", op=op)
    moved = permute_op(input.detach(), (dim, *others))
    return reshape(moved, (input.shape[dim], numel(input.shape[i] for i in others))), dim


def _row_order(rows: Tensor) -> Tensor:
    """The order that sorts the rows, the first column counting most: stable sorts from the last column to the first."""
    order = arange(rows.shape[0], device=rows.device)
    for column in range(rows.shape[1] - 1, -1, -1):
        order = take_along(order, 0, sort_op(take_along(rows[:, column], 0, order), 0)[1])
    return order


def _begins(rows: Tensor) -> Tensor:
    """Whether each row differs from the one before it; the first does."""
    changed = ne(rows[1:], rows[:-1]).any(1)
    first = eq(_integers(rows, (min(rows.shape[0], 1),)), 0)
    return cat([first, changed])


def _grouped(input: Tensor, parts: Tensor, order: Tensor | None, begins: Tensor, shape: Any,
             asked: tuple[bool, bool, Any]) -> Any:
    with_inverse, with_counts, dim = asked
    starts = reshape(nonzero_op(begins), (-1,))
    made = [found_in(input, take_along(parts, 0 if dim is None else dim, starts))]
    if with_inverse:
        group = cumsum(begins, 0) - 1
        group = group if order is None else scatter_op(_integers(group, group.shape), 0, order, group)
        made.append(reshape(group, shape))
    if with_counts:
        ends = cat([starts[1:], _integers(starts, (1,)) + begins.numel()]) if starts.numel() else starts
        made.append(ends - starts)
    return made[0] if len(made) == 1 else tuple(made)


def _attach() -> None:
    for function in (bincount, histc, unique, unique_consecutive, diff, nansum, nanmean, logcumsumexp, cov, corrcoef):
        setattr(Tensor, function.__name__, function)


_attach()

__all__ = [
    "argsort", "bincount", "bucketize", "histc", "msort", "searchsorted", "sort", "topk", "unique",
    "unique_consecutive",
]
