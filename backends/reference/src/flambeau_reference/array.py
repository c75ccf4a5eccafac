"""Strided arrays over a shared Python list.

An array's elements are Python numbers that its dtype can hold exactly; whoever makes them rounds
them once (`rounding.rounded`). Arrays that share `storage` are views of each other: `elements`
reads one in C order and `write` stores into it, both by whole slices of the list where the
strides allow it, because a slice costs a tenth of a loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flambeau.dtypes import DType
from flambeau.shapes import Shape, contiguous_strides, numel

_SHORT_RUN = 6  # below this many elements a slice per run costs more than one index per element


class Array:
    """A view of `storage`: element (i, j, …) lies at offset + i*strides[0] + j*strides[1] + …"""

    __slots__ = ("dtype", "offset", "shape", "storage", "strides")

    def __init__(self, storage: list[Any], shape: Shape, dtype: DType, strides: Shape | None = None,
                 offset: int = 0) -> None:
        self.storage, self.shape, self.dtype, self.offset = storage, shape, dtype, offset
        self.strides = contiguous_strides(shape) if strides is None else strides

    def __repr__(self) -> str:
        return f"Array({elements(self)}, shape={self.shape}, dtype={self.dtype.name})"

    def viewed(self, shape: Iterable[int], strides: Iterable[int], offset: int) -> Array:
        """Another view of the same storage."""
        return Array(self.storage, tuple(shape), self.dtype, tuple(strides), offset)


def permuted(x: Array, dims: Iterable[int]) -> Array:
    """`x` with its dims in another order; a view."""
    dims = tuple(dims)
    return x.viewed([x.shape[d] for d in dims], [x.strides[d] for d in dims], x.offset)


def expanded(x: Array, size: Shape) -> Array:
    """`x` broadcast to `size` by strides of 0; a view. Raises ValueError where sizes do not fit."""
    lead = len(size) - len(x.shape)
    strides = [0] * lead
    for have, want, stride in zip(x.shape, size[lead:], x.strides, strict=True):
        if have != want and have != 1:
            raise ValueError(f"shape {x.shape} does not broadcast to {size}")
        strides.append(stride if have == want else 0)
    return x.viewed(size, strides, x.offset)


def sliced(x: Array, dim: int, start: int, stop: int) -> Array:
    """Elements start to stop of one dim; a view."""
    shape = (*x.shape[:dim], stop - start, *x.shape[dim + 1 :])
    return x.viewed(shape, x.strides, x.offset + start * x.strides[dim])


def is_contiguous(x: Array) -> bool:
    """Whether the elements lie in C order without gaps."""
    step = 1
    for size, stride in zip(reversed(x.shape), reversed(x.strides), strict=True):
        if size != 1:
            if stride != step:
                return False
            step *= size
    return True


def merged(shape: Sequence[int], strides: Sequence[int]) -> list[tuple[int, int]]:
    """(size, stride) of each dim, sizes of 1 left out and neighbours that one stride covers joined."""
    result: list[tuple[int, int]] = []
    for size, stride in zip(shape, strides, strict=True):
        if size == 1:
            continue
        if result and result[-1][1] == size * stride:
            result[-1] = (result[-1][0] * size, stride)
        else:
            result.append((size, stride))
    return result


def positions(dims: Iterable[tuple[int, int]], start: int) -> list[int]:
    """Where the elements of dims (size, stride) lie, in C order."""
    result = [start]
    for size, stride in dims:
        steps = range(0, size * stride, stride) if stride else (0,) * size
        result = [base + step for base in result for step in steps]
    return result


def positions_of(x: Array) -> list[int]:
    """Where the elements of `x` lie in its storage, in C order."""
    return positions(merged(x.shape, x.strides), x.offset)


def elements(x: Array) -> list[Any]:
    """The elements in C order, for reading only: the list may be the storage itself."""
    count = numel(x.shape)
    if count == 0:
        return []
    if is_contiguous(x):
        if count == len(x.storage):
            return x.storage
        return x.storage[x.offset : x.offset + count]
    return _gathered(x)


def copied(x: Array) -> list[Any]:
    """The elements in C order as a list of one's own."""
    values = elements(x)
    return values.copy() if values is x.storage else values


def _gathered(x: Array) -> list[Any]:
    dims = merged(x.shape, x.strides)
    times = 1
    while dims and dims[0][1] == 0:
        times *= dims.pop(0)[0]
    storage = x.storage
    if not dims:
        return [storage[x.offset]] * times
    size, stride = dims[-1]
    starts = positions(dims[:-1], x.offset)
    if stride == 0:
        values = [v for s in starts for v in [storage[s]] * size]
    elif stride < 0 or (size < _SHORT_RUN and len(starts) > 1):
        values = [storage[p] for p in positions(dims, x.offset)]
    else:
        reach = (size - 1) * stride + 1
        values = storage[x.offset : x.offset + reach : stride] if len(starts) == 1 else [
            v for s in starts for v in storage[s : s + reach : stride]]
    return values * times


def write(x: Array, values: list[Any]) -> None:
    """Stores `values`, as many as `x` has elements, in C order; `values` must not be its storage."""
    if not values:
        return
    dims = merged(x.shape, x.strides)
    size, stride = dims.pop() if dims else (1, 1)
    storage = x.storage
    if stride > 0:
        reach = (size - 1) * stride + 1
        for i, start in enumerate(positions(dims, x.offset)):
            storage[start : start + reach : stride] = values[i * size : (i + 1) * size]
    else:
        for position, value in zip(positions_of(x), values, strict=True):
            storage[position] = value
