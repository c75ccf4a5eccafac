"""Views, copies and moves.

Views cost nothing but new strides. Everything else is writing slices of lists into views of the
result, so it is bound by about 10 ns per element.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flambeau.dtypes import DType
from flambeau.errors import IndexRangeError, ShapeError
from flambeau.shapes import Shape, contiguous_strides, expanded_size, numel

from ..array import Array, copied, elements, expanded, merged, permuted, sliced, write
from ..rounding import converted, converted_scalar
from ._common import Kernel


def _view(x: Array, *, size: Shape) -> Array:
    if numel(size) != numel(x.shape):
        raise ShapeError(f"{list(x.shape)} cannot be viewed as {list(size)}: other number of elements", op="view")
    if not numel(size):
        return x.viewed(size, x.strides if size == x.shape else contiguous_strides(size), x.offset)
    return x.viewed(size, _view_strides(x, size), x.offset)


def _view_strides(x: Array, size: Shape) -> list[int]:
    """Strides under which `x` already lies in memory in the shape `size`."""
    blocks = merged(x.shape, x.strides)
    left, step = 1, x.strides[-1] if x.strides else 1
    strides = []
    for s in reversed(size):
        if left == 1 and s != 1:
            left, step = blocks.pop()
        if left % s:
            raise ShapeError(f"shape {list(x.shape)} with strides {list(x.strides)} cannot be viewed as {list(size)} "
                             "without a copy, use reshape", op="view", size=size)
        strides.append(step)
        left //= s
        step *= s
    return strides[::-1]


def _permute(x: Array, *, dims: Shape) -> Array:
    return permuted(x, dims)


def _expand(x: Array, *, size: Shape) -> Array:
    return expanded(x, expanded_size("expand", x.shape, size))


def _slice(x: Array, *, index: tuple[Any, ...]) -> Array:
    shape, strides, offset, dim = [], [], x.offset, 0
    for entry in index:
        if entry is None:
            shape.append(1)
            strides.append(_inserted_stride(x, dim))
            continue
        size, stride = x.shape[dim], x.strides[dim]
        dim += 1
        if isinstance(entry, slice):
            taken = range(size)[entry]
            shape.append(len(taken))
            strides.append(stride * (entry.step or 1))
            offset += taken.start * stride
        else:
            if not 0 <= entry < size:
                raise IndexRangeError(f"index {entry} is out of range for size {size}", op="slice", index=entry)
            offset += entry * stride
    return x.viewed((*shape, *x.shape[dim:]), (*strides, *x.strides[dim:]), offset)


def _inserted_stride(x: Array, dim: int) -> int:
    """What PyTorch's unsqueeze gives a dim of size 1."""
    return x.shape[dim] * x.strides[dim] if dim < len(x.shape) else 1


def _as_strided(x: Array, *, size: Shape, stride: Shape, storage_offset: int) -> Array:
    reach = sum((s - 1) * step for s, step in zip(size, stride, strict=True))
    if numel(size) and (storage_offset < 0 or storage_offset + reach >= len(x.storage)):
        raise ShapeError(f"size {list(size)}, stride {list(stride)}, offset {storage_offset} reach outside a storage "
                         f"of {len(x.storage)} elements", op="as_strided", size=size, stride=stride)
    return x.viewed(size, stride, storage_offset)


def _diagonal(x: Array, *, offset: int, dim1: int, dim2: int) -> Array:
    down, right = max(-offset, 0), max(offset, 0)
    length = max(min(x.shape[dim1] - down, x.shape[dim2] - right), 0)
    kept = [d for d in range(len(x.shape)) if d not in (dim1, dim2)]
    start = x.offset + (down * x.strides[dim1] + right * x.strides[dim2] if length else 0)
    return x.viewed([*[x.shape[d] for d in kept], length],
                    [*[x.strides[d] for d in kept], x.strides[dim1] + x.strides[dim2]], start)


def _copy(x: Array) -> Array:
    return Array(copied(x), x.shape, x.dtype)


def _cast(x: Array, *, dtype: DType) -> Array:
    values = converted(elements(x), x.dtype, dtype)
    return Array(values.copy() if values is x.storage else values, x.shape, dtype)


def _assign(dst: Array, src: Array) -> Array:
    source = expanded(src, dst.shape) if src.shape != dst.shape else src
    write(dst, copied(source) if src.storage is dst.storage else elements(source))
    return dst


def _pad(x: Array, *, padding: Sequence[tuple[int, int]], value: Any) -> Array:
    shape = tuple(before + s + after for s, (before, after) in zip(x.shape, padding, strict=True))
    result = Array([converted_scalar(value, x.dtype)] * numel(shape), shape, x.dtype)
    inner = result
    for dim, (s, (before, _)) in enumerate(zip(x.shape, padding, strict=True)):
        inner = sliced(inner, dim, before, before + s)
    write(inner, elements(x))
    return result


def _flip(x: Array, *, dims: Shape) -> Array:
    strides, offset = list(x.strides), x.offset
    for d in dims:
        offset += (x.shape[d] - 1) * strides[d]
        strides[d] = -strides[d]
    return Array(copied(x.viewed(x.shape, strides, offset)), x.shape, x.dtype)


def _roll(x: Array, *, shifts: Shape, dims: Shape) -> Array:
    result = _copy(x)
    for shift, d in zip(shifts, dims, strict=True):
        size = x.shape[d]
        cut = -shift % size if size else 0
        result = _cat(sliced(result, d, cut, size), sliced(result, d, 0, cut), dim=d)
    return result


def _cat(*arrays: Array, dim: int) -> Array:
    first = arrays[0]
    total = sum(x.shape[dim] for x in arrays)
    shape = (*first.shape[:dim], total, *first.shape[dim + 1 :])
    result = Array([None] * numel(shape), shape, first.dtype)
    at = 0
    for x in arrays:
        if x.shape[:dim] != shape[:dim] or x.shape[dim + 1 :] != shape[dim + 1 :]:
            raise ShapeError(f"shapes {list(first.shape)} and {list(x.shape)} differ outside dim {dim}", op="cat")
        write(sliced(result, dim, at, at + x.shape[dim]), elements(x))
        at += x.shape[dim]
    return result


KERNELS: dict[str, Kernel] = {
    "view": _view, "permute": _permute, "expand": _expand, "slice": _slice, "as_strided": _as_strided,
    "diagonal": _diagonal, "copy": _copy, "cast": _cast, "assign": _assign, "pad": _pad, "flip": _flip,
    "roll": _roll, "cat": _cat,
}
