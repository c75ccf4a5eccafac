"""Selecting and scattering by integer arrays.

Bound by random access. Scatters work on flat C-order positions, one index per element: then the
last of several writes to one place is the last in C order, and sums go to `add.at`, which for flat
positions takes 2 ns an element. Many whole rows (the gradient of
an embedding) are the product of a sparse 0/1 matrix with the values: fifteen times as fast again.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from flambeau.shapes import contiguous_strides

from ..dtypes import FLOAT32
from ..registry import kernel, writer

Array = np.ndarray[Any, Any]


def _check(index: Array, size: int) -> None:
    """One pass finds both kinds of bad entry: read as unsigned, a negative one is huge."""
    if index.size and index.view(np.uint64).max() >= size:
        raise IndexError(f"index out of range for size {size}: {index.min()} to {index.max()}")


@kernel("take")
def take(x: Array, index: Array, *, dim: int) -> Array:
    _check(index, x.shape[dim] if x.ndim else 1)
    if not x.ndim:
        x = x.reshape(1)
    return x.take(index, dim)


def _grid(index: Array, dim: int) -> list[Array]:
    """Along every dim but `dim` the place itself, along `dim` the entries of `index`."""
    ndim = index.ndim
    return [index if d == dim else np.arange(n).reshape((-1,) + (1,) * (ndim - 1 - d))
            for d, n in enumerate(index.shape)]


@kernel("gather")
def gather(x: Array, index: Array, *, dim: int) -> Array:
    if not index.ndim:
        return x.reshape(-1).take(index)
    if not x.ndim:
        x = x.reshape(1)
    if not x.flags.c_contiguous:
        _check(index, x.shape[dim])
        return x[tuple(_grid(index, dim))]
    return x.reshape(-1).take(_positions(x.shape, index, dim)).reshape(index.shape)


def _positions(shape: tuple[int, ...], index: Array, dim: int) -> Array:
    """C-order positions, flat, of the elements of an array of `shape` that `index` selects along `dim`."""
    _check(index, shape[dim])
    steps = contiguous_strides(shape)
    start: Any = 0  # of the row along `dim` that an element lies in
    for d, n in enumerate(index.shape):
        if d != dim:
            start = start + np.arange(0, n * steps[d], steps[d] or 1)[:n].reshape((-1,) + (1,) * (index.ndim - 1 - d))
    where = index * steps[dim] if steps[dim] != 1 else index
    return (where + start).reshape(-1)


def _prepared(x: Array, index: Array, src: Array, dim: int) -> tuple[Array, Array]:
    """The flat positions that are written and the flat elements written there."""
    shape, index = x.shape or (1,), index if index.ndim else index.reshape(1)
    if src.ndim == index.ndim:
        src = src[tuple([slice(n) for n in index.shape])]
    return _positions(shape, index, dim), src.reshape(-1)


@kernel("scatter")
def scatter(x: Array, index: Array, src: Array, *, dim: int) -> Array:
    where, flat = _prepared(x, index, src, dim)
    out = x.copy()
    out.reshape(-1)[where] = flat
    return out


@kernel("scatter_add")
def scatter_add(x: Array, index: Array, src: Array, *, dim: int) -> Array:
    where, flat = _prepared(x, index, src, dim)
    return _ADD[x.dtype.kind](x, where, flat)


def _add_floats(x: Array, where: Array, flat: Array) -> Array:
    if x.itemsize >= 4:
        return _add_exact(x, where, flat)
    return _add_exact(x.astype(FLOAT32), where, flat.astype(FLOAT32)).astype(x.dtype)


def _add_complex(x: Array, where: Array, flat: Array) -> Array:
    out = np.empty(x.shape, x.dtype)
    out.real = _add_floats(x.real, where, flat.real)
    out.imag = _add_floats(x.imag, where, flat.imag)
    return out


def _add_exact(x: Array, where: Array, flat: Array) -> Array:
    out = x.copy()
    np.add.at(out.reshape(-1), where, flat)
    return out


_MANY = 20_000  # elements from which the sparse product, 50 µs of Python, wins

# By NumPy's kind letter; "V" is how ml_dtypes' bfloat16 reads.
_ADD = {"f": _add_floats, "V": _add_floats, "c": _add_complex, "i": _add_exact, "u": _add_exact, "b": _add_exact}


@kernel("index")
def index(x: Array, *indices: Array) -> Array:
    if len(indices) == 1:
        return x.take(indices[0], 0)
    return x[indices]


@kernel("picked")
def picked(x: Array, *indices: Array, dims: tuple[int, ...], place: int) -> Array:
    if len(dims) == 1:
        return x.take(indices[0], dims[0])
    made = np.moveaxis(x, dims, range(len(dims)))[indices]
    picked = range(indices[0].ndim)
    return np.moveaxis(made, picked, [place + d for d in picked]).copy() if place else made


def _add_rows(x: Array, row: Array, values: Array) -> Array:
    """`x` with `values` (n, d) added to its rows `row` (n): a sparse 0/1 matrix times `values`."""
    n = len(row)
    wide = values if values.itemsize >= 4 else values.astype(FLOAT32)
    chooser = _sparse().csc_array((np.ones(n, wide.dtype), row, np.arange(n + 1)), shape=(len(x), n))
    added = chooser @ wide
    added += x
    return added.astype(x.dtype, copy=False)


@cache
def _sparse() -> Any:
    """SciPy's sparse matrices, imported when the first are wanted (it takes 100 ms)."""
    import scipy.sparse

    return scipy.sparse


def _rows(x: Array, indices: tuple[Array, ...]) -> tuple[Array, tuple[int, ...]]:
    """C-order positions of all elements that `indices` select, flat, and the shape they form."""
    places = np.ravel_multi_index(_counted(x, indices), x.shape[: len(indices)])
    rest = x.shape[len(indices):]
    count = int(np.prod(rest, dtype=np.int64))
    shape = places.shape + rest
    if count != 1:
        places = places[..., None] * count + np.arange(count)
    return places.reshape(-1), shape


def _counted(x: Array, indices: tuple[Array, ...]) -> tuple[Array, ...]:
    """Indices counted from the front, checked, broadcast together."""
    counted = []
    for size, i in zip(x.shape, indices, strict=False):
        if i.size and (i.min() < -size or i.max() >= size):
            raise IndexError(f"index out of range for size {size}")
        counted.append(np.where(i < 0, i + size, i))
    return tuple(np.broadcast_arrays(*counted))


@writer("index_put")
def write_index_put(x: Array, values: Array, *rest: Array) -> None:
    *indices, out = rest
    if len(indices) == 1 and indices[0].dtype == bool and not values.ndim and indices[0].shape == out.shape:
        np.copyto(out, values, where=indices[0])
    else:
        out[tuple(indices)] = values


@kernel("index_put")
def index_put(x: Array, values: Array, *indices: Array, accumulate: bool) -> Array:
    if not accumulate:
        out = x.copy()
        out[indices] = values
        return out
    if len(indices) == 1 and values.ndim == 2 == x.ndim and x.dtype.kind in "fV" and values.size >= _MANY:
        (row,) = _counted(x, indices)
        if values.shape == (row.size, x.shape[1]):
            return _add_rows(x, row.reshape(-1), values)
    where, shape = _rows(x, indices)
    return _ADD[x.dtype.kind](x, where, np.broadcast_to(values, shape).reshape(-1))


@kernel("nonzero")
def nonzero(x: Array) -> Array:
    if not x.ndim:
        return np.empty((int(bool(x)), 0), np.int64)
    return np.array(x.nonzero(), np.int64).T  # the order of memory that PyTorch's has


@kernel("masked_select")
def masked_select(x: Array, mask: Array) -> Array:
    return x[mask] if x.ndim else x.reshape(1)[mask.reshape(1)]
