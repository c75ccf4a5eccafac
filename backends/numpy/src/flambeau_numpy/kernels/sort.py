"""Sorting and searching. Bound by comparisons, n log n of them; radix sort for 16-bit integers.

NumPy sorts NaN last and has no descending order. Sorting the reversed array and reversing the
answer is descending, keeps equal elements in their order, and puts NaN first.
"""

from __future__ import annotations

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
    return np.take_along_axis(x, order, dim), order


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
