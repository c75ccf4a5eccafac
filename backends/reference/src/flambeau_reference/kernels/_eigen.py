"""Eigenvalues of one square complex matrix: Hessenberg form, then QR steps with Wilkinson's shifts."""

from __future__ import annotations

import cmath
import math
from typing import Any

from flambeau.errors import LinAlgError

Matrix = list[list[complex]]
_STEPS = 60  # for each eigenvalue
_EPS = 2.0**-53


def eigenvectors(a: Matrix) -> tuple[list[complex], Matrix]:
    """Eigenvalues, and eigenvectors of norm one, one a list; `a` is overwritten with its Schur form."""
    n = len(a)
    basis = [[1.0 + 0j if i == j else 0j for j in range(n)] for i in range(n)]
    _to_hessenberg(a, basis)
    _to_triangle(a, basis)
    return [a[i][i] for i in range(n)], [_vector(a, basis, k) for k in range(n)]


def _rotate(a: Matrix, basis: Matrix, i: int, j: int, c: float, s: complex, first: int) -> None:
    """[[c, s], [-s^*, c]] on rows i and j, its adjoint on the columns of `a` and of `basis`."""
    turned = s.conjugate()
    left, right = a[i][first:], a[j][first:]
    a[i][first:] = [c * v + s * w for v, w in zip(left, right, strict=True)]
    a[j][first:] = [c * w - turned * v for v, w in zip(left, right, strict=True)]
    for rows in (a, basis):
        for row in rows:
            v, w = row[i], row[j]
            row[i], row[j] = c * v + turned * w, c * w - s * v


def _rotation(x: complex, y: complex) -> tuple[float, complex]:
    """c and s that bring (x, y) to (r, 0)."""
    size = math.hypot(abs(x), abs(y))
    if size == 0 or y == 0:
        return 1.0, 0j
    if x == 0:
        return 0.0, y.conjugate() / abs(y)
    return abs(x) / size, x / abs(x) * y.conjugate() / size


def _to_hessenberg(a: Matrix, basis: Matrix) -> None:
    n = len(a)
    for k in range(n - 2):
        for i in range(k + 2, n):
            if a[i][k] != 0:
                c, s = _rotation(a[k + 1][k], a[i][k])
                _rotate(a, basis, k + 1, i, c, s, 0)
                a[i][k] = 0j


def _to_triangle(a: Matrix, basis: Matrix) -> None:
    last, tries = len(a) - 1, 0
    while last > 0:
        start = last
        while start > 0 and not _negligible(a, start):
            start -= 1
        if start > 0:
            a[start][start - 1] = 0j
        if start == last:
            last, tries = last - 1, 0
            continue
        tries += 1
        if tries > _STEPS:
            raise LinAlgError("The algorithm failed to converge because the input matrix is ill-conditioned or has too"
                              " many repeated eigenvalues.")
        _step(a, basis, start, last, tries)


def _negligible(a: Matrix, i: int) -> bool:
    near = abs(a[i][i]) + abs(a[i - 1][i - 1])
    return abs(a[i][i - 1]) <= _EPS * (near or 1.0)


def _step(a: Matrix, basis: Matrix, start: int, last: int, tries: int) -> None:
    """One shifted QR step on the rows start to last, chasing the bulge down."""
    shift = _shift(a, last) if tries % 10 else a[last][last] + abs(a[last][last - 1])
    x, y = a[start][start] - shift, a[start + 1][start]
    for k in range(start, last):
        c, s = _rotation(x, y)
        _rotate(a, basis, k, k + 1, c, s, 0)
        if k > start:
            a[k + 1][k - 1] = 0j
        if k + 1 < last:
            x, y = a[k + 1][k], a[k + 2][k]


def _shift(a: Matrix, last: int) -> complex:
    """The eigenvalue of the last 2 x 2 block that is nearer to its corner."""
    p, q, r, s = a[last - 1][last - 1], a[last - 1][last], a[last][last - 1], a[last][last]
    half = (p - s) / 2
    root = cmath.sqrt(half * half + q * r)
    options = (s + half + root, s + half - root)
    return min(options, key=lambda v: abs(v - s))


def _vector(a: Matrix, basis: Matrix, k: int) -> list[Any]:
    """The eigenvector of a[k][k]: back substitution in the triangle, then out of the basis."""
    value = a[k][k]
    least = _EPS * max([abs(v) for row in a for v in row] or [1.0]) or _EPS
    inner = [0j] * k + [1.0 + 0j]
    for i in range(k - 1, -1, -1):
        apart = a[i][i] - value
        apart = apart if abs(apart) > least else complex(least)
        inner[i] = -sum([a[i][j] * inner[j] for j in range(i + 1, k + 1)]) / apart
    made = [sum([row[j] * inner[j] for j in range(k + 1)]) for row in basis]
    norm = math.hypot(*[part for v in made for part in (v.real, v.imag)])
    return [v / norm for v in made]
