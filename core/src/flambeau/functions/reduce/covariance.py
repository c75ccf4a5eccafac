"""Differences, sums that leave NaN out, covariances."""

from __future__ import annotations

from typing import Any

from ... import dtypes
from ...dtypes import DType
from ...errors import DTypeError, ShapeError, ValueRangeError
from ...ops.arithmetic import _sub, maximum
from ...ops.compare import bitwise_xor, eq
from ...ops.complex import conj, real
from ...ops.create import zeros_of
from ...ops.linalg import matmul
from ...ops.math import sqrt
from ...ops.movement import cat, copy, expand, permute_op, reshape
from ...ops.reduce import mean_op, nansum_op
from ...ops.reduce import sum as total
from ...ops.special import logaddexp
from ...shapes import canonical_dim
from ...table.precision import in_single
from ...table.refusals import require_dtype
from ...tensors.tensor import Tensor
from .reductions import reduced_dims


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
        subtract = bitwise_xor if made.dtype is dtypes.bool else _sub
        made = subtract(made.narrow(dim, 1, count), made.narrow(dim, 0, count))
    return made if n else copy(made)


def nansum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: DType | None = None,
           out: Tensor | None = None) -> Tensor:
    """The sum over `dim`, NaN counting as 0."""
    require_dtype("nansum", "real", input)
    return nansum_op(input, dim, keepdim, dtype=dtype, out=out)


def nanmean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The mean over `dim` of the elements that are not NaN. Raises DTypeError for integers."""
    if not input.dtype.category > 1:
        raise DTypeError(f"nanmean(): expected input to have floating point or complex dtype but got {input.dtype!r}",
                         op="nanmean", dtype=input.dtype)
    return _nanmean(input if dtype is None else input.to(dtype), reduced_dims("nanmean", input, dim), keepdim)


@in_single
def _nanmean(input: Tensor, dims: tuple[int, ...], keepdim: bool) -> Tensor:
    return nansum(input, dims, keepdim) / total(eq(input, input), dims, keepdim)


@in_single
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


def cov(input: Tensor, *, correction: int = 1, fweights: Tensor | None = None,
        aweights: Tensor | None = None) -> Tensor:
    """The covariances of variables, the rows of `input`, over observations, its columns, which may be weighted."""
    if input.ndim > 2:
        raise ShapeError(f"cov(): expected input to have two or fewer dimensions but got an input with {input.ndim}"
                         " dimensions", op="cov")
    require_dtype("cov", "number", input)
    rows = input if input.ndim == 2 else reshape(input, (1, -1))
    if rows.dtype.category < 2:
        rows = rows.to(dtypes.get_default_dtype())
    if fweights is not None and fweights.dtype.category != 1:
        raise DTypeError(f"cov(): expected fweights to have integral dtype but got fweights with {fweights.dtype!r}",
                         op="cov")
    return _covariances(rows, correction, fweights, aweights)


@in_single
def _covariances(rows: Tensor, correction: int, fweights: Tensor | None, aweights: Tensor | None) -> Tensor:
    weight, count = _observation_weights(rows, correction, fweights, aweights)
    if weight is None:
        centred = rows - mean_op(rows, (1,), True)
        spread = centred
    else:
        centred = rows - total(rows * weight, 1, True) / total(weight)
        spread = centred * weight
    made = matmul(spread, conj(permute_op(centred, (1, 0)))) / count
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
    if fweights is None and aweights is None:
        return None, _at_least_zero(observations - correction)
    weight = fweights if aweights is None else aweights if fweights is None else fweights * aweights
    whole = total(weight)
    if not correction or aweights is None:
        return weight, maximum(whole - correction, zeros_of(whole, ()))
    return weight, maximum(whole - correction * total(weight * aweights) / whole, zeros_of(whole, ()))


def _at_least_zero(count: float) -> float | Any:
    return float(count) if count > 0 else 0.0


@in_single
def corrcoef(input: Tensor) -> Tensor:
    """The correlations of variables, the rows of `input`, over observations, limited to [-1, 1]."""
    made = cov(input)
    if not made.ndim:
        return made / made
    deviation = sqrt(made.diagonal() if made.dtype.category < 3 else real(made.diagonal()))
    made = made / reshape(deviation, (-1, 1)) / deviation
    return made.clamp(-1, 1) if made.dtype.category < 3 else made

__all__ = [
    "corrcoef", "cov", "diff", "logcumsumexp", "nanmean", "nansum",
]
