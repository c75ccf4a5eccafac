"""Fourier transforms in Python: mixed radix, and Bluestein's convolution where a prime factor is large.

Every root of unity is computed by itself, from an angle below an eighth of the circle, so that errors grow as the
logarithm of n; results are rounded once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import cos, pi, sin, sqrt
from typing import Any

from flambeau.shapes import Shape

from ..array import Array, elements, permuted
from ..rounding import rounded
from ._common import Kernel

Line = list[complex]
_DIRECT = 48  # the largest prime whose sums are added term by term


@lru_cache(maxsize=64)
def _roots(n: int) -> tuple[complex, ...]:
    """exp(-2 pi i k / n) for every k."""
    return tuple(_root(k, n) for k in range(n))


def _root(k: int, n: int) -> complex:
    eighths, rest = divmod(8 * k, n)
    if eighths % 2:  # measured back from the next quarter
        quarter, angle = (eighths + 1) // 2, -2 * pi * (n - rest) / (8 * n)
    else:
        quarter, angle = eighths // 2, 2 * pi * rest / (8 * n)
    c, s = cos(angle), sin(angle)
    return (complex(c, -s), complex(-s, -c), complex(-c, s), complex(s, c))[quarter % 4]


def _prime(n: int) -> int:
    """The smallest prime factor."""
    return next((p for p in range(2, int(sqrt(n)) + 1) if n % p == 0), n)


def transformed(x: Line) -> Line:
    """The transform of one line."""
    n = len(x)
    if n <= 1:
        return list(x)
    p = _prime(n)
    if p == n:
        return _direct(x) if n <= _DIRECT else _bluestein(x)
    m, roots = n // p, _roots(n)
    parts = [transformed(x[i::p]) for i in range(p)]
    turned = [parts[0]] + [[v * w for v, w in zip(part, roots[0 : i * m : i], strict=True)]
                           for i, part in enumerate(parts[1:], 1)]
    if p == 2:
        even, odd = turned
        return [a + b for a, b in zip(even, odd, strict=True)] + [a - b for a, b in zip(even, odd, strict=True)]
    columns = [_direct(list(column)) for column in zip(*turned, strict=True)]
    return [v for row in zip(*columns, strict=True) for v in row]


def _direct(x: Line) -> Line:
    n, roots = len(x), _roots(len(x))
    return [sum([v * roots[j * k % n] for j, v in enumerate(x)], start=0j) for k in range(n)]


def _bluestein(x: Line) -> Line:
    """A sum over j of x[j] w^(jk) as a convolution, since 2jk = j^2 + k^2 - (k - j)^2, of a power of two's length."""
    n = len(x)
    chirp = [_root(k * k % (2 * n), 2 * n) for k in range(n)]
    size = 1 << (2 * n - 2).bit_length()
    filled = [v * w for v, w in zip(x, chirp, strict=True)] + [0j] * (size - n)
    back = [w.conjugate() for w in chirp]
    kernel = back + [0j] * (size - 2 * n + 1) + back[:0:-1]
    product = [a * b for a, b in zip(transformed(filled), transformed(kernel), strict=True)]
    sums = _inverted(transformed, product)
    return [s * w / size for s, w in zip(sums, chirp, strict=False)]


def _inverted(function: Callable[[Line], Line], x: Line) -> Line:
    """The transform with the exponent's sign turned, which reads the same values backwards."""
    made = function(x)
    return made[:1] + made[:0:-1]


def _factor(n: int, norm: str, inverse: bool) -> float:
    if norm == "ortho":
        return 1 / sqrt(n)
    return 1.0 if (norm == "forward") == inverse else 1 / n


def _over(x: Array, dim: int, function: Callable[[Line], list[Any]], dtype: Any) -> Array:
    """`function` of every line along `dim`, not rounded."""
    last = [d for d in range(len(x.shape)) if d != dim] + [dim]
    moved = permuted(x, last)
    n, values = x.shape[dim], elements(moved)
    made = [v for at in range(0, len(values), n) for v in function(values[at : at + n])]
    size = len(made) * n // len(values) if values else len(function([0j] * n))
    found = Array(made, (*moved.shape[:-1], size), dtype)
    return permuted(found, [last.index(d) for d in range(len(last))])


def _settled(x: Array) -> Array:
    return Array(rounded(list(elements(x)), x.dtype), x.shape, x.dtype)


def _c2c(x: Array, *, dim: Shape, norm: str, inverse: bool) -> Array:
    for d in dim:
        factor = _factor(x.shape[d], norm, inverse)

        def line(values: Line, factor: float = factor) -> Line:
            made = _inverted(transformed, values) if inverse else transformed(values)
            return [v * factor for v in made]

        x = _over(x, d, line, x.dtype)
    return _settled(x)


def _r2c(x: Array, *, dim: int, norm: str) -> Array:
    n = x.shape[dim]
    factor = _factor(n, norm, False)

    def line(values: list[Any]) -> Line:
        return [v * factor for v in transformed([complex(v) for v in values])[: n // 2 + 1]]

    return _settled(_over(x, dim, line, x.dtype.complex))


def _c2r(x: Array, *, dim: int, size: int, norm: str) -> Array:
    factor = _factor(size, norm, True)

    def line(values: Line) -> list[float]:
        half = list(values[: size // 2 + 1])
        half[0] = complex(half[0].real)
        if size % 2 == 0:
            half[-1] = complex(half[-1].real)
        whole = half + [v.conjugate() for v in half[(size - 1) // 2 : 0 : -1]]
        return [v.real * factor for v in _inverted(transformed, whole)]

    return _settled(_over(x, dim, line, x.dtype.real))


KERNELS: dict[str, Kernel] = {"fft_c2c": _c2c, "fft_r2c": _r2c, "fft_c2r": _c2r}
