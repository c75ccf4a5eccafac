"""Order statistics: medians, quantiles, the k-th smallest, the most common; from one sort along the dimension."""

from __future__ import annotations

import math
from typing import Any

from ... import dtypes
from ...errors import DTypeError, IndexRangeError, ShapeError, SizeMismatchError, ValueRangeError
from ...ops.arithmetic import _round as round_op
from ...ops.arithmetic import ceil, floor, maximum
from ...ops.compare import eq, ge, ne, where_op
from ...ops.create import arange, cast, zeros_of
from ...ops.index import gather
from ...ops.movement import cat_op, expand, permute_op, reshape
from ...ops.order import as_input, median_all, median_place, nanmedian_all, ordered, rows
from ...ops.reduce import argmax, cummax
from ...ops.reduce import sum as total
from ...ops.sort import rank_place, sort_op
from ...shapes import canonical_dim
from ...table.dispatch import into
from ...table.lifting import lift
from ...table.refusals import require_dtype
from ...table.returns import return_type
from ...tensors.tensor import Tensor, named, unmapped
from ..arithmetic import lerp

_results = {name: return_type(name, ("values", "indices")) for name in ("median", "nanmedian", "kthvalue", "mode")}


def _picked(name: str, input: Tensor, place: Tensor, dim: int, keepdim: bool) -> Any:
    """(values, indices) at `place`, which has size 1 along `dim`."""
    values = gather(input, dim, place)
    if input.ndim and not keepdim:
        shape = tuple(n for i, n in enumerate(place._array.shape) if i != dim)
        values, place = reshape(values, shape), reshape(place, shape)
    return _results[name](values, place)


def _filled_dim(op: str, input: Tensor, dim: int) -> int:
    dim = canonical_dim(op, dim, input.ndim)
    if input.ndim and not input._array.shape[dim]:
        raise IndexRangeError(f"{op}(): Expected reduction dim {dim} to have non-zero size.", op=op)
    return dim


def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Any:
    """The `k`-th smallest element along `dim`, counted from 1, and its index."""
    dim = canonical_dim("kthvalue", dim, input.ndim)
    _filled_dim("kthvalue", input, dim)
    require_dtype("kthvalue", "real number", input)
    size = input._array.shape[dim] if input.ndim else 1
    if not 1 <= k <= size:
        raise SizeMismatchError(f"kthvalue(): selected number k={k} out of range for dimension {dim} of size {size}",
                                op="kthvalue")
    place = rank_place(rows(input), k - 1, dim)
    made = _picked("kthvalue", input, as_input(place, input), dim, keepdim)
    return made if out is None else into(sort_op.op, out, made)


def _of_nothing(input: Tensor) -> Tensor:
    """The median of no elements of any dtype that has no NaN of its own, or no median: NaN, cast."""
    return cast(input.new_full((), math.nan, dtype=dtypes.float64), input.dtype)


def _median(name: str, everything: Any, what: str) -> Any:
    def median(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
        if dim is None:
            made = everything(input) if input.numel() or input._requires_grad or (
                input.dtype.category == 2) else _of_nothing(input)
            return made if out is None else into(everything.op, out, made)
        dim = _filled_dim(name, input, dim)
        require_dtype(name, "real number", input)
        made = _picked(name, input, median_place(name, input, dim), dim, keepdim)
        return made if out is None else into(sort_op.op, out, made)

    median.__doc__ = f"The lower median of all elements{what}; with `dim` a named tuple (values, indices)."
    return named(median, name)


median = _median("median", median_all, ", NaN if one is")
nanmedian = _median("nanmedian", nanmedian_all, " that are not NaN")


def mode(input: Tensor, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Any:
    """The most common element along `dim`, the smallest of several, and the index of its last occurrence."""
    dim = _filled_dim("mode", input, dim)
    values, order = ordered(input, dim)
    count = values._array.shape[dim]
    changed = ne(values.narrow(dim, 1, count - 1), values.narrow(dim, 0, count - 1))
    first = ge(values.narrow(dim, 0, 1).new_zeros(()), 0)
    begins = cat_op([expand(first, values.narrow(dim, 0, 1)._array.shape), changed], dim)
    shape = [1] * values.ndim
    shape[dim] = count
    place = reshape(_counted(values, count), tuple(shape))
    start = cummax(where_op(begins, place, lift(place, 0)), dim)[0]
    at = gather(order, dim, argmax(place - start, dim, True))
    made = _picked("mode", input, as_input(at, input), dim, keepdim)
    return made if out is None else into(sort_op.op, out, made)


def _counted(like: Tensor, count: int) -> Tensor:
    """0, 1, ... up to `count` on the device of `like`."""
    return arange(count, device=like.device)


_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def quantile(input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear",
             out: Tensor | None = None) -> Tensor:
    """The quantiles `q`, a number or a 1-d tensor in [0, 1], of all elements or along `dim`; NaN where one is NaN.

    The result has q's size first, then the sizes that are left. Raises DTypeError or ValueRangeError.
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, out)


def nanquantile(input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *,
                interpolation: str = "linear", out: Tensor | None = None) -> Tensor:
    """The quantiles of the elements that are not NaN."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, out)


def _quantile(op: str, input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str,
              out: Tensor | None) -> Tensor:
    where = _as_probabilities(op, input, q, interpolation)
    where = where if interpolation == "linear" else where.detach()
    axis = None if dim is None else canonical_dim(op, dim, input.ndim)
    rest = () if axis is None else tuple(i for i in range(input.ndim) if i != axis)
    lines = reshape(input, (-1,)) if axis is None or not input.ndim else permute_op(input, (*rest, axis))
    if not lines._array.shape[-1]:
        raise ShapeError(f"{op}() input tensor must be non-empty", op=op)
    values = sort_op(lines, lines.ndim - 1)[0]  # (..., n)
    made = _interpolated(values, _ranks(op, values, reshape(where, (-1,))), interpolation)  # (..., Q)
    made = permute_op(made, (made.ndim - 1, *range(made.ndim - 1)))  # (Q, ...)
    if keepdim:
        shape = input._array.shape
        made = reshape(made, (made._array.shape[0], *(1 if axis is None or i == axis else n
                                                      for i, n in enumerate(shape))))
    made = made if where.ndim else reshape(made, made._array.shape[1:])
    return made if out is None else into(sort_op.op, out, made)


def _as_probabilities(op: str, input: Tensor, q: Any, interpolation: str) -> Tensor:
    if interpolation not in _INTERPOLATIONS:
        raise ValueRangeError(f"{op}() interpolation must be one of {', '.join(_INTERPOLATIONS)}, but got"
                              f" {interpolation}", op=op)
    if input.dtype not in (dtypes.float32, dtypes.float64):
        raise DTypeError(f"{op}() input tensor must be either float or double dtype", op=op, dtype=input.dtype)
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise ValueRangeError(f"{op}() q must be in the range [0, 1] but got {q}", op=op)
        return zeros_of(input, ()) + q
    if q.ndim > 1:
        raise ShapeError(f"{op}() q must be a scalar or 1D tensor", op=op)
    if q.dtype is not input.dtype:
        raise DTypeError(f"{op}() q tensor must be same dtype as the input tensor", op=op, dtype=q.dtype)
    if q.numel() and not bool(unmapped(ge(q, 0) & ge(1, q)).all()):
        raise ValueRangeError(f"{op}() q values must be in the range [0, 1]", op=op)
    return q


def _ranks(op: str, values: Tensor, q: Tensor) -> Tensor:
    """The fractional places of the quantiles in the ordered last dim, where NaN comes last: (..., Q)."""
    plain, last = values.detach(), values.ndim - 1
    count = values._array.shape[-1]
    unknown = ne(plain, plain)
    if op == "quantile":
        some = ge(total(unknown, last, True), 1)  # (..., 1): one NaN makes the answer NaN
        return where_op(some, lift(q, count - 1), q * (count - 1))
    numbers = cast(count - total(unknown, last, True) - 1, q._kind.dtype)
    return q * maximum(numbers, lift(numbers, 0))


def _interpolated(values: Tensor, ranks: Tensor, interpolation: str) -> Tensor:
    last = values.ndim - 1
    if interpolation == "nearest":
        ranks = round_op(ranks)
    elif interpolation in ("lower", "higher"):
        ranks = floor(ranks) if interpolation == "lower" else ceil(ranks)
    below = gather(values, last, cast(ranks, dtypes.int64))
    if interpolation not in ("linear", "midpoint"):
        return below
    above = gather(values, last, cast(ceil(ranks), dtypes.int64))
    weight = ranks - floor(ranks)
    if interpolation == "midpoint":
        weight = where_op(eq(weight, 0), weight, weight * 0 + 0.5)
    return lerp(below, above, weight)


def _attach() -> None:
    for function in (kthvalue, median, nanmedian, mode, quantile, nanquantile):
        setattr(Tensor, function.__name__, function)


_attach()

__all__ = [
    "kthvalue", "median", "mode", "nanmedian", "nanquantile", "quantile",
]
