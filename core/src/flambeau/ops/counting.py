"""Counts, groups of equal elements, differences, sums that leave NaN out, covariances."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..dtypes import DType
from ..errors import DTypeError, ShapeError, ValueRangeError
from ..shapes import canonical_dim, numel
from ..tensor import Tensor
from . import elementwise as e
from .compare import bitwise_xor, eq, ge, le, ne, where_op
from .create import cast, ones_like, zeros_of
from .index import masked_select, nonzero_op, scatter_add, scatter_op, take_along
from .join import cat
from .linalg import matmul
from .logic import isnan
from .math import logaddexp
from .movement import copy, expand, permute_op, reshape
from .reduce import cumsum, mean_op, reduced_dims
from .reduce import sum as total
from .sort import sort_op


def _integers(like: Tensor, size: Any) -> Tensor:
    return cast(zeros_of(like, size), dtypes.int64)


# --- counts


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each of 0, 1, … occurs in the 1-d integers, or the sum of the weights there.

    Raises ValueRangeError for negative elements, DTypeError for floats.
    """
    if input.dtype.category != 1:
        raise DTypeError(f"bincount not implemented for {input.dtype!r}", op="bincount", dtype=input.dtype)
    if minlength < 0:
        raise ValueRangeError("minlength should be >= 0", op="bincount")
    if input.ndim != 1 or (input.numel() and int(input.min().item()) < 0):
        raise ValueRangeError("bincount only supports 1-d non-negative integral inputs.", op="bincount")
    if weights is not None and tuple(weights.shape) != tuple(input.shape):
        raise ShapeError("weights should be 1-d and have the same length as input", op="bincount")
    size = max(int(input.max().item()) + 1 if input.numel() else 0, minlength)
    if weights is None:
        weights = ones_like(input, dtype=dtypes.int64)
    elif weights.dtype is not dtypes.float32:
        weights = weights.to(dtypes.float64)
    return scatter_add(zeros_of(weights, (size,)), 0, input.long(), weights)


def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements fall in each of `bins` equal parts of [min, max]; of the data's range if both are equal."""
    if not input.is_floating_point():
        raise DTypeError(f"histogram not implemented for {input.dtype!r}", op="histc", dtype=input.dtype)
    if bins <= 0:
        raise ValueRangeError("bins must be > 0", op="histc")
    flat = reshape(input.detach(), (-1,))
    low, high = _histogram_range(flat, float(min), float(max))
    flat = masked_select(flat, ge(flat, low) & le(flat, high))
    place = e.floor((flat - low) * (bins / (high - low)))
    place = e.minimum(cast(place, dtypes.int64), _integers(flat, ()) + (bins - 1))
    return scatter_add(zeros_of(flat, (bins,)), 0, place, ones_like(flat))


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


# --- groups of equal elements


def unique(input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False,
           dim: int | None = None) -> Any:
    """The distinct elements in order (or the distinct parts along `dim`); then, where asked for, each element's place
    among them and how often each occurs."""
    if dim is None:
        flat = reshape(input.detach(), (-1,))
        values, order = sort_op(flat, 0)
        begins = _begins(reshape(values, (-1, 1)))
        return _grouped(values, order, begins, tuple(input.shape), (return_inverse, return_counts, None))
    rows, dim = _as_rows("unique", input, dim)
    order = _row_order(rows)
    begins = _begins(take_along(rows, 0, order))
    parts = take_along(input.detach(), dim, order)
    return _grouped(parts, order, begins, (rows.shape[0],), (return_inverse, return_counts, dim))


def unique_consecutive(input: Tensor, return_inverse: bool = False, return_counts: bool = False,
                       dim: int | None = None) -> Any:
    """Each run of equal elements (or of equal parts along `dim`) once; then inverse and counts as for `unique`."""
    if dim is None:
        flat = reshape(input.detach(), (-1,))
        return _grouped(flat, None, _begins(reshape(flat, (-1, 1))), tuple(input.shape),
                        (return_inverse, return_counts, None))
    rows, dim = _as_rows("unique_consecutive", input, dim)
    return _grouped(input.detach(), None, _begins(rows), (rows.shape[0],), (return_inverse, return_counts, dim))


def _as_rows(op: str, input: Tensor, dim: int) -> tuple[Tensor, int]:
    """The parts along `dim` as rows."""
    dim = canonical_dim(op, dim, input.ndim)
    others = tuple(i for i in range(input.ndim) if i != dim)
    moved = permute_op(input.detach(), (dim, *others))
    return reshape(moved, (input.shape[dim], numel(input.shape[i] for i in others))), dim


def _row_order(rows: Tensor) -> Tensor:
    """The order that sorts the rows, the first column counting most: stable sorts from the last column to the first."""
    from .create import arange

    order = arange(rows.shape[0], device=rows.device)
    for column in range(rows.shape[1] - 1, -1, -1):
        order = take_along(order, 0, sort_op(take_along(rows[:, column], 0, order), 0)[1])
    return order


def _begins(rows: Tensor) -> Tensor:
    """Whether each row differs from the one before it; the first does."""
    changed = ne(rows[1:], rows[:-1]).any(1)
    first = eq(_integers(rows, (min(rows.shape[0], 1),)), 0)
    return cat([first, changed])


def _grouped(parts: Tensor, order: Tensor | None, begins: Tensor, shape: Any, asked: tuple[bool, bool, Any]) -> Any:
    with_inverse, with_counts, dim = asked
    starts = reshape(nonzero_op(begins), (-1,))
    made = [take_along(parts, 0 if dim is None else dim, starts)]
    if with_inverse:
        group = cumsum(begins, 0) - 1
        group = group if order is None else scatter_op(_integers(group, group.shape), 0, order, group)
        made.append(reshape(group, shape))
    if with_counts:
        ends = cat([starts[1:], _integers(starts, (1,)) + begins.numel()]) if starts.numel() else starts
        made.append(ends - starts)
    return made[0] if len(made) == 1 else tuple(made)


# --- differences


def diff(input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None,
         append: Tensor | None = None) -> Tensor:
    """The `n`-th differences of neighbours along `dim`, after joining what is to be put before and after."""
    if not input.ndim:
        raise ShapeError("diff expects input to be at least one-dimensional", op="diff")
    if n < 0:
        raise ValueRangeError(f"order must be non-negative but got {n}", op="diff")
    dim = canonical_dim("diff", dim, input.ndim)
    joined = [x if x.ndim else expand(x, tuple(1 if i == dim else s for i, s in enumerate(input.shape)))
              for x in (prepend, input, append) if x is not None]
    made = cat(joined, dim) if len(joined) > 1 and n else input
    for _ in range(min(n, made.shape[dim])):
        count = made.shape[dim] - 1
        subtract = bitwise_xor if made.dtype is dtypes.bool else e._sub
        made = subtract(made.narrow(dim, 1, count), made.narrow(dim, 0, count))
    return copy(made) if made is input else made


# --- sums without NaN


def nansum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: DType | None = None,
           out: Tensor | None = None) -> Tensor:
    """The sum over `dim`, NaN counting as 0."""
    known = where_op(isnan(input), input * 0 if not input.is_floating_point() else zeros_of(input, ()), input)
    return total(known, dim, keepdim, dtype=dtype, out=out)


def nanmean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The mean over `dim` of the elements that are not NaN. Raises DTypeError for integers."""
    if not input.dtype.category > 1:
        raise DTypeError(f"nanmean(): expected input to have floating point or complex dtype but got {input.dtype!r}",
                         op="nanmean", dtype=input.dtype)
    dims = reduced_dims("nanmean", input, dim)
    return nansum(input, dims, keepdim, dtype=dtype) / total(eq(input, input), dims, keepdim)


def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """The logarithm of the running sum of exponentials along `dim`, without overflow; one op per step."""
    dim = canonical_dim("logcumsumexp", dim, input.ndim)
    if input.dtype.category < 2:
        raise DTypeError(f"logcumsumexp not implemented for {input.dtype!r}", op="logcumsumexp", dtype=input.dtype)
    if not input.ndim or input.shape[dim] < 2:
        return input.clone()
    parts = [input.narrow(dim, 0, 1)]
    for i in range(1, input.shape[dim]):
        parts.append(logaddexp(parts[-1], input.narrow(dim, i, 1)))
    return cat(parts, dim)


# --- covariance


def cov(input: Tensor, *, correction: int = 1, fweights: Tensor | None = None,
        aweights: Tensor | None = None) -> Tensor:
    """The covariances of variables, the rows of `input`, over observations, its columns, which may be weighted."""
    if input.ndim > 2:
        raise ShapeError(f"cov(): expected input to have two or fewer dimensions but got an input with {input.ndim}"
                         " dimensions", op="cov")
    rows = input if input.ndim == 2 else reshape(input, (1, -1))
    if rows.dtype.category < 2:
        rows = rows.to(dtypes.get_default_dtype())
    weight, count = _observation_weights(rows, correction, fweights, aweights)
    if weight is None:
        centred = rows - mean_op(rows, (1,), True)
        spread = centred
    else:
        centred = rows - total(rows * weight, 1, True) / total(weight)
        spread = centred * weight
    made = matmul(spread, e.conj(permute_op(centred, (1, 0)))) / count
    return reshape(made, ()) if made.numel() == 1 else made


def _observation_weights(rows: Tensor, correction: int, fweights: Tensor | None,
                         aweights: Tensor | None) -> tuple[Tensor | None, Any]:
    """The weights of the observations, and what the products are divided by."""
    observations = rows.shape[1]
    for name, value in (("fweights", fweights), ("aweights", aweights)):
        if value is not None and (value.ndim > 1 or value.numel() != observations):
            raise ShapeError(f"cov(): expected {name} to have the same numel as there are observations in the input but"
                             f" got {value.numel()} != {observations}", op="cov")
        if value is not None and value.numel() and bool((value < 0).any()):
            raise ValueRangeError(f"cov(): {name} cannot be negative", op="cov")
    if fweights is not None and fweights.dtype.category != 1:
        raise DTypeError(f"cov(): expected fweights to have integral dtype but got fweights with {fweights.dtype!r}",
                         op="cov")
    if fweights is None and aweights is None:
        return None, _at_least_zero(observations - correction)
    weight = fweights if aweights is None else aweights if fweights is None else fweights * aweights
    whole = total(weight)
    if not correction or aweights is None:
        return weight, e.maximum(whole - correction, zeros_of(whole, ()))
    return weight, e.maximum(whole - correction * total(weight * aweights) / whole, zeros_of(whole, ()))


def _at_least_zero(count: float) -> float | Any:
    return float(count) if count > 0 else 0.0


def corrcoef(input: Tensor) -> Tensor:
    """The correlations of variables, the rows of `input`, over observations, limited to [-1, 1]."""
    made = cov(input)
    if not made.ndim:
        return made / made
    deviation = e.sqrt(made.diagonal() if made.dtype.category < 3 else e.real(made.diagonal()))
    made = made / reshape(deviation, (-1, 1)) / deviation
    return made.clamp(-1, 1) if made.dtype.category < 3 else made


def _attach() -> None:
    for function in (bincount, histc, unique, unique_consecutive, diff, nansum, nanmean, logcumsumexp, cov, corrcoef):
        setattr(Tensor, function.__name__, function)


_attach()

__all__ = ["bincount", "corrcoef", "cov", "diff", "histc", "logcumsumexp", "nanmean", "nansum", "unique",
           "unique_consecutive"]
