"""Views and copies. Views are NumPy views: no data moves, a call costs 0.1 to 0.5 µs.

Copies are bound by memory traffic. `x[index + (...,)]` keeps a slice that drops every dim an
array; without the ellipsis NumPy would answer a scalar.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided as _slow_as_strided

from flambeau import dtypes as fd
from flambeau.errors import ShapeError

from ..dtypes import BFLOAT16, BOOL, COMPLEX, FLOAT32, FLOAT64, INT64, NUMPY, UINT16
from ..registry import kernel, widened

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]

_ndarray = np.ndarray


def strided(x: Array, shape: Shape, strides: Shape) -> Array:
    """A view of `x` from its first element on, with strides in bytes that stay inside it."""
    try:
        return _ndarray(shape, x.dtype, x, 0, strides)  # ten times as fast, for contiguous arrays
    except (ValueError, TypeError):
        return _slow_as_strided(x, shape, strides)


def storage(x: Array) -> Array:
    """The memory that `x` is a view of, as a flat array (in memory order)."""
    owner, base = x, x.base
    while base is not None:  # views by `stride_tricks` hide their base behind an object of its own
        if isinstance(base, _ndarray):
            owner = base
        base = getattr(base, "base", None)
    return owner.ravel(order="K")


def address(x: Array) -> int:
    """Where the first element lies."""
    return int(x.__array_interface__["data"][0])


@kernel("view")
def view(x: Array, *, size: Shape) -> Array:
    out = x.reshape(size)
    base = out.base
    if base is x or (base is not None and base is x.base):
        return out
    raise ShapeError(f"size {list(size)} is not compatible with the strides of the input, {list(x.shape)}", op="view")


@kernel("permute")
def permute(x: Array, *, dims: Shape) -> Array:
    return x.transpose(dims)


@kernel("expand")
def expand(x: Array, *, size: Shape) -> Array:
    shape = x.shape
    lead = len(size) - len(shape)
    strides = (0,) * lead
    if shape:
        strides += tuple([s if n == m else 0 for n, m, s in zip(shape, size[lead:], x.strides, strict=True)])
    return strided(x, size, strides)


@kernel("slice")
def slice_(x: Array, *, index: tuple[Any, ...]) -> Array:
    out = x[index]
    return out if type(out) is _ndarray else x[(*index, ...)]


@kernel("tril")
def tril(x: Array, *, diagonal: int) -> Array:
    return np.tril(matrices("tril", x), diagonal)


@kernel("triu")
def triu(x: Array, *, diagonal: int) -> Array:
    return np.triu(matrices("triu", x), diagonal)


def matrices(op: str, x: Array) -> Array:
    """The array, which must have two dimensions."""
    if x.ndim < 2:
        raise ShapeError(f"input tensor must have at least 2 dimensions, got {x.ndim}", op=op)
    return x


@kernel("as_strided")
def as_strided(x: Array, *, size: Shape, stride: Shape, storage_offset: int) -> Array:
    width = x.itemsize
    memory = storage(x)
    if 0 in size:
        return memory[:0].reshape(size)
    if not memory.size:
        raise ShapeError(f"size {list(size)} needs memory, and there is none", op="as_strided", size=size)
    if memory.dtype == BFLOAT16:
        memory = memory.view(UINT16)
    return _ndarray(size, x.dtype, memory, storage_offset * width, tuple([s * width for s in stride]))


@kernel("diagonal")
def diagonal(x: Array, *, offset: int, dim1: int, dim2: int) -> Array:
    out = x.diagonal(offset, dim1, dim2)
    if x.flags.writeable:  # NumPy hands its diagonals out read-only
        out.flags.writeable = True
    return out


@kernel("copy")
def copy(x: Array) -> Array:
    if x.size < _MANY or x.flags.c_contiguous or not _transposed(x):
        return x.copy()
    out = np.empty(x.shape, x.dtype)
    for start in range(0, x.shape[-1], _COLUMNS):
        out[..., start:start + _COLUMNS] = x[..., start:start + _COLUMNS]
    return out


_MANY, _COLUMNS = 1 << 15, 8  # so few columns at a time that what is read and written stays in the cache


def _transposed(x: Array) -> bool:
    """Whether neighbours in memory lie along another dim than the last, and both are long."""
    inner = [n for n, s in zip(x.shape[:-1], x.strides, strict=False) if abs(s) == x.itemsize]
    return abs(x.strides[-1]) > x.itemsize and x.shape[-1] > 2 * _COLUMNS and max(inner, default=0) > 2 * _COLUMNS


@kernel("cast")
def cast(x: Array, *, dtype: fd.DType) -> Array:
    if dtype is fd.bfloat16:
        return to_bfloat16(x)
    return x.astype(NUMPY[dtype])


@kernel("cast", (fd.float16,))
def cast_float16(x: Array, *, dtype: fd.DType) -> Array:
    return widened(x) if dtype is fd.float32 else cast(x, dtype=dtype)


@kernel("cast", COMPLEX)
def cast_complex(x: Array, *, dtype: fd.DType) -> Array:
    if dtype.is_complex or dtype is fd.bool:
        return x.astype(NUMPY[dtype])
    return cast(x.real, dtype=dtype)


@kernel("cast", BOOL)
def cast_bool(x: Array, *, dtype: fd.DType) -> Array:
    return x.astype(NUMPY[dtype])


def to_bfloat16(x: Array) -> Array:
    """`x` rounded once: ml_dtypes goes through float32, so wider types are first rounded to odd."""
    if x.dtype == INT64:
        x = _sticky(x).astype(FLOAT64)
    elif x.dtype == np.int32:
        x = x.astype(FLOAT64)
    if x.dtype == FLOAT64:
        x = _round_to_odd(x)
    return x.astype(BFLOAT16)


def _sticky(x: Array) -> Array:
    """Large int64 values with the bits that float64 cannot hold gathered into one."""
    low = x & 0xFFF
    return np.where((x > 2**53) | (x < -(2**53)), (x - low) | ((low != 0).astype(INT64) << 11), x)


def _round_to_odd(x: Array) -> Array:
    """float64 as float32 such that rounding the result again is the same as rounding `x` once."""
    near = np.asarray(x.astype(FLOAT32))
    even = (near.view(np.int32) & 1) == 0
    wrong = even & (near != x) & np.isfinite(near) & np.isfinite(x)
    direction = np.where(near < x, np.inf, -np.inf).astype(FLOAT32)
    return np.where(wrong, np.nextafter(near, direction), near)


@kernel("assign")
def assign(dst: Array, src: Array) -> Array:
    if dst.ndim == 1 and src.ndim and src.strides[-1] != dst.strides[0] and np.may_share_memory(dst, src):
        src = src.copy()  # NumPy copies in one direction, right where both views have one stride (its 2.4 at least)
    dst[...] = src
    return dst


@kernel("pad")
def pad(x: Array, *, padding: tuple[tuple[int, int], ...], value: Any) -> Array:
    out = np.empty([n + a + b for n, (a, b) in zip(x.shape, padding, strict=True)], x.dtype)
    out.fill(value)
    out[tuple([slice(a, a + n) for n, (a, _) in zip(x.shape, padding, strict=True)])] = x
    return out


@kernel("flip")
def flip(x: Array, *, dims: Shape) -> Array:
    return x[tuple([slice(None, None, -1 if i in dims else 1) for i in range(x.ndim)])].copy()


@kernel("roll")
def roll(x: Array, *, shifts: Shape, dims: Shape) -> Array:
    out = x.copy()
    for shift, dim in zip(shifts, dims, strict=True):
        size = x.shape[dim]
        cut = -shift % size if size else 0
        lead = (slice(None),) * dim
        out = np.concatenate([out[(*lead, slice(cut, None))], out[(*lead, slice(None, cut))]], axis=dim)
    return out


@kernel("cat")
def cat(*arrays: Array, dim: int) -> Array:
    return np.concatenate(arrays, dim)
