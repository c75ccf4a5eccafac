"""Complex functions: `cmath` where it answers, Annex G of the C standard where it raises."""

from __future__ import annotations

import cmath
import math
from fractions import Fraction

from .floating import INF, NAN, safe_cos, safe_cosh, safe_exp, safe_sin, safe_sinh
from .floating import safe_div as real_div


def _scaled(factor: float, by: float) -> float:
    """`factor * by` where a zero factor wins over an infinite one."""
    return factor if factor == 0.0 else factor * by


def safe_abs(z: complex) -> float:
    return math.hypot(z.real, z.imag)  # infinite where abs() raises


def exp(z: complex) -> complex:
    try:
        return cmath.exp(z)
    except (OverflowError, ValueError):
        if z.real == -INF:
            return 0j
        half = safe_exp(z.real / 2.0)  # exp(x) may overflow where exp(x) * cos(y) does not
        return complex(half * safe_cos(z.imag) * half, _scaled(half * safe_sin(z.imag), half))


def log(z: complex) -> complex:
    return cmath.log(z) if z != 0 else complex(-INF, cmath.phase(z))


def log1p(z: complex) -> complex:
    x, y = z.real, z.imag
    if not (abs(x) < 4.0 and abs(y) < 4.0):
        return log(1.0 + z)
    exact = 2 * Fraction(x) + Fraction(x) ** 2 + Fraction(y) ** 2  # |1 + z|**2 - 1, which cancels
    norm = float(exact)
    return complex(0.5 * math.log1p(norm) if norm > -1.0 else -INF, math.atan2(y, 1.0 + x))


def expm1(z: complex) -> complex:
    x, y = z.real, z.imag
    if not (abs(x) < 700.0 and math.isfinite(y)):
        return exp(z) - 1.0
    half_sine = math.sin(0.5 * y)
    return complex(math.expm1(x) * math.cos(y) - 2.0 * half_sine * half_sine, math.exp(x) * math.sin(y))


def sin(z: complex) -> complex:
    try:
        return cmath.sin(z)
    except (OverflowError, ValueError):
        x, y = z.real, z.imag
        return complex(_scaled(safe_sin(x), safe_cosh(y)), _scaled(safe_sinh(y), safe_cos(x)))


def cos(z: complex) -> complex:
    try:
        return cmath.cos(z)
    except (OverflowError, ValueError):
        x, y = z.real, z.imag
        return complex(safe_cos(x) * safe_cosh(y), -_scaled(safe_sin(x), safe_sinh(y)) if y else 0.0)


def sqrt(z: complex) -> complex:
    return cmath.sqrt(z)


def tanh(z: complex) -> complex:
    try:
        return cmath.tanh(z)
    except ValueError:
        if math.isinf(z.real):
            return complex(math.copysign(1.0, z.real), 0.0)
        return complex(z.real if z.real == 0.0 else NAN, NAN)


def safe_div(x: complex, y: complex) -> complex:
    return x / y if y != 0 else complex(real_div(x.real, 0.0), real_div(x.imag, 0.0))


def safe_pow(x: complex, y: complex) -> complex:
    try:
        return x**y
    except ZeroDivisionError:
        if y.real > 0.0:
            return 0j
        return complex(INF, NAN) if y.imag == 0.0 and y.real < 0.0 else complex(NAN, NAN)
    except OverflowError:
        return exp(y * cmath.log(x))
