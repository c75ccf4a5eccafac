"""Gathering and scattering by index arrays.

Each kernel turns its indices into positions in a list and reads or writes there; bound by about
50 ns per index. Colliding additions are collected and summed exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import compress, product
from typing import Any

from flambeau import dtypes
from flambeau.dtypes import DType
from flambeau.errors import IndexRangeError
from flambeau.shapes import Shape, broadcast_shapes, contiguous_strides, numel

from ..array import Array, copied, elements, expanded, merged, positions
from ..floating import complex_sum, exact_sum
from ..rounding import rounded
from ._common import Kernel

_TOTAL: tuple[Callable[[list[Any]], Any], ...] = (any, sum, exact_sum, complex_sum)


def total_of(dtype: DType) -> Callable[[list[Any]], Any]:
    """The function that sums several numbers of `dtype` before they are rounded."""
    return _TOTAL[dtype.category]


def _in_range(name: str, indices: list[int], low: int, size: int) -> None:
    if indices and (min(indices) < low or max(indices) >= size):
        wrong = next(i for i in indices if not low <= i < size)
        raise IndexRangeError(f"index {wrong} is out of range for size {size}", op=name, index=wrong, size=size)


def _take(x: Array, index: Array, *, dim: int) -> Array:
    indices, size = elements(index), x.shape[dim]
    _in_range("take", indices, 0, size)
    flat, inner = elements(x), numel(x.shape[dim + 1 :])
    starts = range(0, len(flat), size * inner) if flat else ()
    if inner == 1:
        values = [flat[start + i] for start in starts for i in indices]
    else:
        values = [v for start in starts for i in indices for v in flat[start + i * inner : start + (i + 1) * inner]]
    return Array(values, (*x.shape[:dim], *index.shape, *x.shape[dim + 1 :]), x.dtype)


def _along(name: str, x: Array, index: Array, dim: int) -> list[int]:
    """Positions, in the C order of `x`, that an index array selects along `dim`."""
    indices = elements(index)
    _in_range(name, indices, 0, x.shape[dim] if x.shape else 1)
    strides = contiguous_strides(x.shape)
    if not x.shape:
        return [0] * len(indices)
    for d, (size, bound) in enumerate(zip(index.shape or (1,), x.shape, strict=True)):
        if d != dim and size > bound:
            raise IndexRangeError(f"index of size {size} at dim {d} exceeds {bound}", op=name, dim=d)
    step, others = strides[dim], [0 if d == dim else s for d, s in enumerate(strides)]
    bases = positions(zip(index.shape, others, strict=False), 0)
    return [base + i * step for base, i in zip(bases, indices, strict=True)] if indices else []


def _gather(x: Array, index: Array, *, dim: int) -> Array:
    flat = elements(x)
    return Array([flat[p] for p in _along("gather", x, index, dim)], index.shape, x.dtype)


def _sources(src: Array, index: Array) -> list[Any]:
    """The elements of `src` that lie where `index` has one."""
    if src.shape == index.shape:
        return elements(src)
    for size, bound in zip(index.shape, src.shape, strict=False):
        if size > bound:
            raise IndexRangeError(f"index of shape {list(index.shape)} exceeds src of shape {list(src.shape)}")
    return elements(src.viewed(index.shape, src.strides[: len(index.shape)], src.offset))


def _scatter(x: Array, index: Array, src: Array, *, dim: int) -> Array:
    result = copied(x)
    for p, v in zip(_along("scatter", x, index, dim), _sources(src, index), strict=True):
        result[p] = v
    return Array(result, x.shape, x.dtype)


def _scatter_add(x: Array, index: Array, src: Array, *, dim: int) -> Array:
    return _accumulated(x, _along("scatter_add", x, index, dim), _sources(src, index))


def _accumulated(x: Array, places: Iterable[int], values: Iterable[Any]) -> Array:
    """A copy of `x` with every value added at its place, each place summed and rounded once."""
    result = copied(x)
    terms: dict[int, list[Any]] = {}
    for p, v in zip(places, values, strict=True):
        if p in terms:
            terms[p].append(v)
        else:
            terms[p] = [result[p], v]
    sums = rounded(list(map(total_of(x.dtype), terms.values())), x.dtype)
    for p, v in zip(terms, sums, strict=True):
        result[p] = v
    return Array(result, x.shape, x.dtype)


def _selected(name: str, x: Array, indices: tuple[Array, ...]) -> tuple[list[int], Shape]:
    """Positions, in the C order of `x`, that index arrays for its leading dims select, and their shape."""
    shape = broadcast_shapes(name, *[i.shape for i in indices])
    strides = contiguous_strides(x.shape)
    starts = [0] * numel(shape)
    for index, size, stride in zip(indices, x.shape, strides, strict=False):
        column = elements(expanded(index, shape))
        _in_range(name, column, -size, size)
        starts = [start + (i + size if i < 0 else i) * stride for start, i in zip(starts, column, strict=True)]
    rest = x.shape[len(indices) :]
    if rest == ():
        return starts, shape
    inner = positions(merged(rest, contiguous_strides(rest)), 0) if numel(rest) else []
    return [start + step for start, step in product(starts, inner)], shape + rest


def _index(x: Array, *indices: Array) -> Array:
    places, shape = _selected("index", x, indices)
    flat = elements(x)
    return Array([flat[p] for p in places], shape, x.dtype)


def _index_put(x: Array, values: Array, *indices: Array, accumulate: bool) -> Array:
    places, shape = _selected("index_put", x, indices)
    given = elements(expanded(values, shape))
    if accumulate:
        return _accumulated(x, places, given)
    result = copied(x)
    for p, v in zip(places, given, strict=True):
        result[p] = v
    return Array(result, x.shape, x.dtype)


def _nonzero(x: Array) -> Array:
    found = list(compress(product(*map(range, x.shape)), elements(x)))
    return Array([i for place in found for i in place], (len(found), len(x.shape)), dtypes.int64)


def _masked_select(x: Array, mask: Array) -> Array:
    values = list(compress(elements(x), elements(mask)))
    return Array(values, (len(values),), x.dtype)


KERNELS: dict[str, Kernel] = {
    "take": _take, "gather": _gather, "scatter": _scatter, "scatter_add": _scatter_add, "index": _index,
    "index_put": _index_put, "nonzero": _nonzero, "masked_select": _masked_select,
}
