"""Sorting and searching. Bound by comparisons, n log n of them; radix sort for 16-bit integers.

NumPy sorts NaN last and has no descending order. Sorting the reversed array and reversing the
answer is descending, keeps equal elements in their order, and puts NaN first.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..dtypes import FLOAT32, HALVES
from ..registry import kernel

Array = np.ndarray[Any, Any]


def _order(keys: Array, dim: int, descending: bool) -> Array:
    if not descending:
        return keys.argsort(dim, kind="stable")
    back = (slice(None),) * dim + (slice(None, None, -1),)
    return keys.shape[dim] - 1 - keys[back].argsort(dim, kind="stable")[back]


@kernel("sort")
def sort(x: Array, *, dim: int, descending: bool) -> tuple[Array, Array]:
    return _sorted(x, x, dim, descending)


@kernel("sort", HALVES)
def sort_half(x: Array, *, dim: int, descending: bool) -> tuple[Array, Array]:
    """By float32 keys: ml_dtypes' own comparison does not put NaN last."""
    return _sorted(x, x.astype(FLOAT32), dim, descending)


def _sorted(x: Array, keys: Array, dim: int, descending: bool) -> tuple[Array, Array]:
    if not x.ndim:
        return x.copy(), np.zeros((), np.int64)
    order = _order(keys, dim, descending)
    return _taken(x, order, dim), order


def _taken(x: Array, places: Array, dim: int) -> Array:
    """`take_along_axis`, which takes 6 µs to prepare, for the last dim of a contiguous array by numbers of elements."""
    if dim != x.ndim - 1 or not x.flags.c_contiguous or not x.size:
        return np.take_along_axis(x, places, dim)
    if x.ndim == 1:
        return x.take(places)
    rows = places.reshape(-1, places.shape[-1])
    starts = np.arange(0, x.size, x.shape[-1])[:, None]
    return x.reshape(-1).take(np.add(rows, starts)).reshape(places.shape)


@kernel("searchsorted")
def searchsorted(sorted: Array, values: Array, *, right: bool) -> Array:
    side = "right" if right else "left"
    if sorted.ndim == 1:
        return np.asarray(sorted.searchsorted(values, side))
    out = np.empty(values.shape, np.int64)
    if not out.size:
        return out
    flat = out.reshape(-1, values.shape[-1])
    rows = zip(sorted.reshape(-1, sorted.shape[-1]), values.reshape(flat.shape), flat, strict=True)
    for row, wanted, found in rows:
        found[...] = row.searchsorted(wanted, side)
    return out


@kernel("searchsorted", HALVES)
def searchsorted_half(sorted: Array, values: Array, *, right: bool) -> Array:
    return searchsorted(sorted.astype(FLOAT32), values.astype(FLOAT32), right=right)


# --- the first few, by partition: NumPy partitions in a quarter of the time in which it sorts with places


@kernel("topk")
def topk(x: Array, *, k: int, dim: int, largest: bool) -> tuple[Array, Array]:
    if not 0 < k * _FEW <= x.shape[dim]:
        return _prefix(_sorted(x, x, dim, largest), k, dim)
    rows = x.swapaxes(dim, -1)
    places = _first(rows, k, largest)
    last = x.ndim - 1
    values = _taken(rows, places, last)
    order = _order(values, last, largest)
    return (np.ascontiguousarray(_taken(values, order, last).swapaxes(dim, -1)),
            np.ascontiguousarray(_taken(places, order, last).swapaxes(dim, -1)))


_FEW = 4  # a partition pays for at most this share of the elements


@kernel("topk", HALVES)
def topk_half(x: Array, *, k: int, dim: int, largest: bool) -> tuple[Array, Array]:
    places = topk(x.astype(FLOAT32), k=k, dim=dim, largest=largest)[1]
    return np.take_along_axis(x, places, dim), places


def _prefix(made: tuple[Array, Array], k: int, dim: int) -> tuple[Array, Array]:
    part = (slice(None),) * dim + (slice(k),)
    return made[0][part].copy(), made[1][part].copy()


def _first(rows: Array, k: int, largest: bool) -> Array:
    """The places (…, k), in their own order, of the `k` largest or smallest of each row; of equal ones the first."""
    n = rows.shape[-1]
    rank = n - k if largest else k - 1
    bound = np.partition(rows, rank, -1)[..., rank:rank + 1]
    chosen = np.logical_not(np.less(rows, bound)) if largest else np.less_equal(rows, bound)  # NaN is the largest
    # every row has k or more, but for those whose bound is NaN from below: none has more if there are k for each
    count = np.count_nonzero(chosen)
    if count != k * math.prod(rows.shape[:-1]) or not (largest or np.equal(bound, bound).all()):
        chosen = _broken_ties(rows, bound, k, largest)
    return (chosen.reshape(-1).nonzero()[0] % n).reshape(*rows.shape[:-1], k)


def _broken_ties(rows: Array, bound: Array, k: int, largest: bool) -> Array:
    """What comes before the bound, and so many of those equal to it as there is room for."""
    unknown, edge = rows != rows, bound != bound
    equal = (rows == bound) | (unknown & edge)
    before = (rows > bound) | (unknown & ~edge) if largest else (rows < bound) | (edge & ~unknown)
    room = k - before.sum(-1, keepdims=True)
    return before | (equal & (equal.cumsum(-1) <= room))


@kernel("rank_place")
def rank_place(x: Array, *, rank: int, dim: int) -> Array:
    if not x.size:
        return x.argsort(dim)[(slice(None),) * dim + (slice(rank, rank + 1),)]
    bound = np.partition(x, rank, dim)[(slice(None),) * dim + (slice(rank, rank + 1),)]
    unknown, edge = x != x, bound != bound
    equal = (x == bound) | (unknown & edge)
    before = np.where(edge, ~unknown, x < bound)
    turn = rank - np.count_nonzero(before, dim, keepdims=True)
    if not turn.any():
        return equal.argmax(dim, keepdims=True)
    return (equal & (equal.cumsum(dim) == turn + 1)).argmax(dim, keepdims=True)


@kernel("rank_place", HALVES)
def rank_place_half(x: Array, *, rank: int, dim: int) -> Array:
    return rank_place(x.astype(FLOAT32), rank=rank, dim=dim)
