"""The kernels that CuPy needs written out: views by strides, copies that may overlap, stable sorting.

Everything else is arrayapi's.
"""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
Array = Any  # cupy.ndarray
Shape = tuple[int, ...]


def item_strides(x: Array) -> Shape:
    """Strides counted in elements."""
    return tuple([s // x.itemsize for s in x.strides])


def storage_offset(x: Array) -> int:
    """Elements between the start of the allocation and the first element."""
    return int(x.data.ptr - x.data.mem.ptr) // int(x.itemsize)


def from_storage(cupy: Any, x: Array, size: Shape, stride: Shape, offset: int) -> Array:
    """A view into the allocation that `x` lies in; strides and offset in elements."""
    width = x.itemsize
    start = cupy.cuda.MemoryPointer(x.data.mem, offset * width)
    return cupy.ndarray(size, x.dtype, memptr=start, strides=tuple([s * width for s in stride]))


def as_strided(cupy: Any, x: Array, *, size: Shape, stride: Shape, storage_offset: int) -> Array:
    return from_storage(cupy, x, size, stride, storage_offset)


def diagonal(cupy: Any, x: Array, *, offset: int, dim1: int, dim2: int) -> Array:
    strides = item_strides(x)
    rest = [d for d in range(x.ndim) if d not in (dim1, dim2)]
    below, right = max(-offset, 0), max(offset, 0)
    length = max(0, min(x.shape[dim1] - below, x.shape[dim2] - right))
    start = storage_offset(x) + (below * strides[dim1] + right * strides[dim2] if length else 0)
    size = (*[x.shape[d] for d in rest], length)
    return from_storage(cupy, x, size, (*[strides[d] for d in rest], strides[dim1] + strides[dim2]), start)


def copy(cupy: Any, x: Array) -> Array:
    return cupy.array(x, order="C", copy=True)


def assign(cupy: Any, dst: Array, src: Array) -> Array:
    """CuPy copies element by element in no order, so a source that may overlap is copied first."""
    dst[...] = src.copy() if cupy.may_share_memory(dst, src) else src
    return dst


def sort(cupy: Any, x: Array, *, dim: int, descending: bool) -> tuple[Array, Array]:
    """CuPy's sort is stable and puts NaN last; descending, it runs backwards over the reversed array."""
    if not x.ndim:
        return x.copy(), cupy.zeros((), dtype=np.int64)
    keys = x.astype(np.float32) if x.dtype == BFLOAT16 else x  # NaN has no fixed place among bfloat16 numbers
    if descending:
        order = x.shape[dim] - 1 - cupy.flip(cupy.argsort(cupy.flip(keys, dim), axis=dim, kind="stable"), dim)
    else:
        order = cupy.argsort(keys, axis=dim, kind="stable")
    order = order.astype(np.int64, copy=False)
    return cupy.take_along_axis(x, order, axis=dim), order


KERNELS = {"as_strided": as_strided, "diagonal": diagonal, "copy": copy, "assign": assign, "sort": sort}
