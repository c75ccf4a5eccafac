"""Solutions and inverses by one call of LAPACK's; a batch with a singular matrix goes the way core composes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtypes import COMPLEX, FLOATS
from ..registry import kernel
from .decomposition import lu_factor, solve_triangular

Array = np.ndarray[Any, Any]


@kernel("linalg_solve_ex", FLOATS + COMPLEX)
def solve(a: Array, b: Array) -> tuple[Array, Array]:
    if a.ndim < 2 or b.ndim < 2:
        raise ValueError("takes matrices")
    try:
        return np.linalg.solve(a, b), np.zeros(a.shape[:-2], np.int64)
    except np.linalg.LinAlgError:
        if a.shape[-1] != a.shape[-2]:
            raise
        return _by_factors(a, b)


def _by_factors(a: Array, b: Array) -> tuple[Array, Array]:
    lu, pivots, info = lu_factor(a, pivot=True)
    shape = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    rows = np.broadcast_to(b, (*shape, *b.shape[-2:])).copy()
    pivots = np.broadcast_to(pivots, (*shape, pivots.shape[-1]))
    for i in range(a.shape[-1]):
        at = pivots[..., i, None, None] - 1
        there = np.take_along_axis(rows, at, -2)
        here = rows[..., i : i + 1, :].copy()
        np.put_along_axis(rows, at, here, -2)
        rows[..., i : i + 1, :] = there
    below = solve_triangular(lu, rows, upper=False, left=True, unitriangular=True)
    return solve_triangular(lu, below, upper=True, left=True, unitriangular=False), info


@kernel("linalg_inv_ex", FLOATS + COMPLEX)
def inv(a: Array) -> tuple[Array, Array]:
    if a.ndim < 2:
        raise ValueError("takes matrices")
    try:
        return np.linalg.inv(a), np.zeros(a.shape[:-2], np.int64)
    except np.linalg.LinAlgError:
        if a.shape[-1] != a.shape[-2]:
            raise
        return _by_factors(a, np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape))
