"""Reductions and scans, by BLAS where it is a sum, else by the ufuncs' own `reduce` and `accumulate`.

Bound by one read of the input. float16 and bfloat16 accumulate in float32 and round once; scans of
float32 accumulate in float64, as PyTorch's do on a CPU, because a scan has no pairwise order.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flambeau.dtypes import DType, float32

from ..dtypes import ACCUMULATOR, FLOAT32, FLOAT64, FLOATS, HALVES, INTEGERS, NUMPY
from ..registry import kernel, register

Array = np.ndarray[Any, Any]
Dims = tuple[int, ...]

_add, _multiply = np.add.reduce, np.multiply.reduce
_HALVES = frozenset(HALVES)
_PLAIN = (*FLOATS, *INTEGERS)


def _sum_any(x: Array, *, dim: Dims, keepdim: bool, dtype: DType) -> Array:
    out = _add(x, axis=dim, dtype=ACCUMULATOR[dtype], keepdims=keepdim)
    return np.asarray(out).astype(NUMPY[dtype]) if dtype in _HALVES else out


register("sum", _sum_any)

LONG = 1024  # rows up to this length are summed by one BLAS call, longer ones in parts or pairwise
_ones = {d: np.ones(4 * LONG, NUMPY[d]) for d in FLOATS}
ONES = {ones.itemsize: ones for ones in _ones.values()}  # a dtype takes longer to look up


def _sum_blas(own: DType) -> Any:
    """Sums of contiguous arrays over their leading or trailing dims, as products with a vector of ones.

    `add.reduce` takes 40 ns for every short row; BLAS does not. Many rows are summed in two levels, so
    that the error grows with the square root of their number.
    """
    ones = _ones[own]

    def total(x: Array, *, dim: Dims, keepdim: bool, dtype: DType) -> Array:
        shape = x.shape
        if dtype is not own or not dim or 0 in shape or not x.flags.c_contiguous:
            return _sum_any(x, dim=dim, keepdim=keepdim, dtype=dtype)
        if dim[-1] == len(shape) - 1 and dim[0] == len(shape) - len(dim):
            kept = shape[:dim[0]]
            rows = x if len(dim) == 1 else x.reshape(*kept, -1)
            length = rows.shape[-1]
            out = rows.dot(ones[:length]) if length <= LONG else _sum_long(rows, ones)
            return out.reshape(kept + (1,) * len(dim)) if keepdim else out
        elif dim[-1] == len(dim) - 1:
            kept = shape[len(dim):]
            out = _sum_rows(x if len(shape) == 2 else x.reshape(-1, math.prod(kept)), ones)
            if keepdim:
                return out.reshape((1,) * len(dim) + kept)
            return out if len(kept) == 1 else out.reshape(kept)
        elif dim[-1] == len(shape) - 1:  # trailing dims and others: first those, for BLAS
            split = next(i for i in range(len(dim)) if dim[i:] == tuple(range(dim[i], len(shape))))
            return total(total(x, dim=dim[split:], keepdim=True, dtype=dtype), dim=dim[:split], keepdim=True,
                         dtype=dtype).reshape(_kept(shape, dim, keepdim))
        return _add(x, axis=dim, keepdims=keepdim)

    return total


def _kept(shape: Dims, dim: Dims, keepdim: bool) -> Dims:
    return tuple([1 if i in dim else n for i, n in enumerate(shape) if keepdim or i not in dim])


def _sum_long(x: Array, ones: Array) -> Array:
    """The sums of the long rows of `x`: of parts, which are summed in turn, so that errors grow slowly."""
    length = x.shape[-1]
    cut = length - length % LONG
    parts = x[..., :cut].reshape(*x.shape[:-1], cut // LONG, LONG).dot(ones[:LONG])
    out = parts.dot(ones[:cut // LONG]) if cut <= LONG * LONG else _sum_long(parts, ones)
    if cut < length:
        out = out + x[..., cut:].dot(ones[:length - cut])
    return out


def _sum_rows(x: Array, ones: Array) -> Array:
    """The sum of the rows of `x` (n, c)."""
    n, c = x.shape
    if n <= LONG // 2:
        return ones[:n].dot(x)
    group = min(math.isqrt(n), len(ones))
    groups = n // group
    cut = groups * group
    out = _sum_rows(ones[:group].dot(x[:cut].reshape(group, groups * c)).reshape(groups, c), ones)
    if cut < n:
        out += _sum_rows(x[cut:], ones)
    return out


_sums = {own: _sum_blas(own) for own in FLOATS}
for _own, _sum in _sums.items():
    register("sum", _sum, (_own,))


def sum_kernel(dtype: DType) -> Any:
    """The kernel of `sum` for float32 or float64."""
    return _sums[dtype]


def _mean_of(own: DType) -> Any:
    total = _sums[own]

    def mean(x: Array, *, dim: Dims, keepdim: bool, dtype: DType) -> Array:
        made = total(x, dim=dim, keepdim=keepdim, dtype=dtype)
        return np.divide(made, math.prod([x.shape[i] for i in dim]))

    return mean


for _own in FLOATS:
    register("mean", _mean_of(_own), (_own,))


@kernel("prod")
def prod(x: Array, *, dim: Dims, keepdim: bool, dtype: DType) -> Array:
    out = _multiply(x, axis=dim, dtype=ACCUMULATOR[dtype], keepdims=keepdim)
    return np.asarray(out).astype(NUMPY[dtype]) if dtype in _HALVES else out


def _extreme(ufunc: np.ufunc, x: Array, dim: Dims, keepdim: bool) -> Array:
    """`reduce` takes 40 ns for every row; many short rows are reduced column by column instead."""
    if len(dim) == 1 and dim[0] == x.ndim - 1 and 0 < x.shape[-1] <= _SHORT and x.size > _ROWS * x.shape[-1]:
        out = x[..., :1].copy() if keepdim else x[..., 0].copy()
        for column in range(1, x.shape[-1]):
            ufunc(out, x[..., column:column + 1] if keepdim else x[..., column], out=out)
        return out
    return ufunc.reduce(x, axis=dim, keepdims=keepdim)


_SHORT, _ROWS = 24, 256


@kernel("amax")
def amax(x: Array, *, dim: Dims, keepdim: bool) -> Array:
    return _extreme(np.maximum, x, dim, keepdim)


@kernel("amin")
def amin(x: Array, *, dim: Dims, keepdim: bool) -> Array:
    return _extreme(np.minimum, x, dim, keepdim)


@kernel("argmax")
def argmax(x: Array, *, dim: int | None, keepdim: bool) -> Array:
    return x.argmax(dim, keepdims=keepdim)


@kernel("argmin")
def argmin(x: Array, *, dim: int | None, keepdim: bool) -> Array:
    return x.argmin(dim, keepdims=keepdim)


def _extreme_along(pick: Any) -> Any:
    """Values and places in one kernel: `argmax` is vectorised along a contiguous last dim, and has met the value."""

    def extreme(x: Array, *, dim: int, keepdim: bool) -> tuple[Array, Array]:
        if not x.ndim:
            return x.copy(), np.zeros((), np.int64)
        place = np.asarray(pick(x, dim))
        if dim == x.ndim - 1 and x.flags.c_contiguous:
            rows = place.reshape(-1)
            values = x.reshape(-1).take(rows + np.arange(0, x.size, x.shape[dim])).reshape(place.shape)
        else:
            values = np.take_along_axis(x, np.expand_dims(place, dim), dim).reshape(place.shape)
        if keepdim:
            return np.expand_dims(values, dim), np.expand_dims(place, dim)
        return values, place

    return extreme


for _name, _pick in (("max_dim", np.ndarray.argmax), ("min_dim", np.ndarray.argmin)):
    register(_name, _extreme_along(_pick), _PLAIN)


def _scan(ufunc: np.ufunc, x: Array, dim: int, dtype: DType) -> Array:
    if math.prod(x.shape[dim + 1:]) >= _WIDE:
        return _scan_rows(ufunc, x, dim, dtype)
    wide = x.astype(FLOAT64 if dtype is float32 else ACCUMULATOR[dtype])
    if x.ndim:
        ufunc.accumulate(wide, dim, out=wide)
    return wide.astype(NUMPY[dtype], copy=False)


_WIDE = 64  # elements behind the dim from which a loop over it beats `accumulate`, which jumps through memory


def _scan_rows(ufunc: np.ufunc, x: Array, dim: int, dtype: DType) -> Array:
    out = np.empty(x.shape, NUMPY[dtype])
    lead = (slice(None),) * dim
    running = np.full((*x.shape[:dim], *x.shape[dim + 1:]), ufunc.identity,
                      FLOAT64 if dtype is float32 else ACCUMULATOR[dtype])
    for i in range(x.shape[dim]):
        ufunc(running, x[(*lead, i)], out=running, casting="unsafe")
        out[(*lead, i)] = running
    return out


@kernel("cumsum")
def cumsum(x: Array, *, dim: int, dtype: DType) -> Array:
    return _scan(np.add, x, dim, dtype)


@kernel("cumprod")
def cumprod(x: Array, *, dim: int, dtype: DType) -> Array:
    return _scan(np.multiply, x, dim, dtype)


def _running(ufunc: np.ufunc, x: Array, dim: int) -> tuple[Array, Array]:
    """Running extremes and where each was last met: a place where the element equals them, or is NaN."""
    if not x.ndim:
        return x.copy(), np.zeros((), np.int64)
    values = ufunc.accumulate(x, dim)
    place = np.arange(x.shape[dim]).reshape((-1,) + (1,) * (x.ndim - 1 - dim))
    met = np.where((x == values) | (x != x), place, 0)
    return values, np.maximum.accumulate(met, dim)


@kernel("cummax")
def cummax(x: Array, *, dim: int) -> tuple[Array, Array]:
    return _running(np.maximum, x, dim)


@kernel("cummin")
def cummin(x: Array, *, dim: int) -> tuple[Array, Array]:
    return _running(np.minimum, x, dim)


def _half_extreme(ufunc: np.ufunc) -> Any:
    """float16 has no vector loop for extremes in NumPy: float32's is faster, and exact."""
    def reduce(x: Array, *, dim: Dims, keepdim: bool) -> Array:
        return np.asarray(ufunc.reduce(x.astype(FLOAT32), axis=dim, keepdims=keepdim)).astype(x.dtype)

    return reduce


register("amax", _half_extreme(np.maximum), HALVES)
register("amin", _half_extreme(np.minimum), HALVES)


@kernel("spread")
def spread(x: Array, *, size: tuple[int, ...], dim: tuple[int, ...], keepdim: bool) -> Array:
    """A reduced result repeated over the dims that were reduced: one write, no intermediate view."""
    out = np.empty(size, x.dtype)
    out[...] = x if keepdim or not x.ndim else x.reshape([1 if i in dim else n for i, n in enumerate(size)])
    return out
