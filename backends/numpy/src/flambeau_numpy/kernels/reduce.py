"""Reductions and scans, by the ufuncs' own `reduce` and `accumulate`.

Bound by one read of the input. float16 and bfloat16 accumulate in float32 and round once; scans of
float32 accumulate in float64, as PyTorch's do on a CPU, because a scan has no pairwise order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from flambeau.dtypes import DType, float32

from ..dtypes import ACCUMULATOR, FLOAT32, FLOAT64, HALVES, NUMPY
from ..registry import kernel, register

Array = np.ndarray[Any, Any]
Dims = tuple[int, ...]

_add, _multiply = np.add.reduce, np.multiply.reduce
_HALVES = frozenset(HALVES)


@kernel("sum")
def sum_(x: Array, *, dim: Dims, keepdim: bool, dtype: DType) -> Array:
    out = _add(x, axis=dim, dtype=ACCUMULATOR[dtype], keepdims=keepdim)
    return np.asarray(out).astype(NUMPY[dtype]) if dtype in _HALVES else out


@kernel("prod")
def prod(x: Array, *, dim: Dims, keepdim: bool, dtype: DType) -> Array:
    out = _multiply(x, axis=dim, dtype=ACCUMULATOR[dtype], keepdims=keepdim)
    return np.asarray(out).astype(NUMPY[dtype]) if dtype in _HALVES else out


@kernel("amax")
def amax(x: Array, *, dim: Dims, keepdim: bool) -> Array:
    return np.maximum.reduce(x, axis=dim, keepdims=keepdim)


@kernel("amin")
def amin(x: Array, *, dim: Dims, keepdim: bool) -> Array:
    return np.minimum.reduce(x, axis=dim, keepdims=keepdim)


@kernel("argmax")
def argmax(x: Array, *, dim: int | None, keepdim: bool) -> Array:
    return x.argmax(dim, keepdims=keepdim)


@kernel("argmin")
def argmin(x: Array, *, dim: int | None, keepdim: bool) -> Array:
    return x.argmin(dim, keepdims=keepdim)


def _scan(ufunc: np.ufunc, x: Array, dim: int, dtype: DType) -> Array:
    wide = FLOAT64 if dtype is float32 else ACCUMULATOR[dtype]
    out = ufunc.accumulate(x if x.ndim else x.reshape(1), dim, wide)
    return out.reshape(x.shape).astype(NUMPY[dtype], copy=False)


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
