"""Real functions with IEEE 754's answers where Python's `math` raises.

Each `safe_*` is called for the elements of a list only after the plain function raised on one.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

INF, NAN = math.inf, math.nan


def safe_exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return INF


def safe_expm1(x: float) -> float:
    try:
        return math.expm1(x)
    except OverflowError:
        return INF


def safe_log(x: float) -> float:
    if x > 0.0:
        return math.log(x)
    return -INF if x == 0.0 else NAN


def safe_log1p(x: float) -> float:
    if x > -1.0:
        return math.log1p(x)
    return -INF if x == -1.0 else NAN


def safe_sqrt(x: float) -> float:
    return math.sqrt(x) if x >= 0.0 else NAN


def safe_sin(x: float) -> float:
    return math.sin(x) if math.isfinite(x) else NAN


def safe_cos(x: float) -> float:
    return math.cos(x) if math.isfinite(x) else NAN


def safe_sinh(x: float) -> float:
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(INF, x)


def safe_cosh(x: float) -> float:
    try:
        return math.cosh(x)
    except OverflowError:
        return INF


def integral(to_int: Callable[[float], int]) -> Callable[[float], float]:
    """`math.floor` and its like as a function that keeps -0.0, infinities and NaN."""
    def apply(x: float) -> float:
        return math.copysign(to_int(x), x) if math.isfinite(x) else x

    return apply


def sign(x: float) -> float:
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else 0.0


def safe_div(x: float, y: float) -> float:
    if y != 0.0:
        return x / y
    return NAN if x == 0.0 or x != x else math.copysign(INF, x) * math.copysign(1.0, y)


def safe_floor_divide(x: float, y: float) -> float:
    return x // y if y != 0.0 else safe_div(x, y)


def remainder(x: float, y: float) -> float:
    """Python's, but a zero has the sign of the dividend."""
    return x % y or math.copysign(0.0, x)


def safe_remainder(x: float, y: float) -> float:
    return remainder(x, y) if y != 0.0 else NAN


def safe_fmod(x: float, y: float) -> float:
    return NAN if y == 0.0 or math.isinf(x) else math.fmod(x, y)


def safe_pow(x: float, y: float) -> float:
    try:
        return math.pow(x, y)
    except (OverflowError, ValueError):
        if x < 0.0 and y != math.floor(y):
            return NAN
        odd = abs(math.fmod(y, 2.0)) == 1.0  # a fraction is neither
        return math.copysign(INF, x) if odd else INF


def exact_sum(values: Sequence[float]) -> float:
    """The sum rounded once; infinities and NaN as adding in any order gives them."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):
        unbounded = [v for v in values if not math.isfinite(v)]
        if unbounded:
            return sum(unbounded)
        return _nearest(sum(map(Fraction, values)))


def _nearest(value: Fraction | int) -> float:
    try:
        return float(value)
    except OverflowError:
        return INF if value > 0 else -INF


def exact_dot(row: Sequence[float], column: Sequence[float]) -> float:
    """The sum of products, the products rounded to double (exact for float32 and shorter), the sum once."""
    return exact_sum(list(map(operator.mul, row, column)))


def complex_sum(values: Sequence[complex]) -> complex:
    """`exact_sum` of both parts."""
    return complex(exact_sum([v.real for v in values]), exact_sum([v.imag for v in values]))


def running_sums(row: Sequence[float]) -> list[float]:
    """Every prefix of `row` summed as `exact_sum` does, keeping the exact sum as few doubles that do not overlap."""
    partials: list[float] = []
    result = []
    for v in row:
        partials = _added(partials, v)
        result.append(math.fsum(partials) if partials else v)
        if not math.isfinite(result[-1]) or abs(v) > 1e290:
            return [exact_sum(row[: i + 1]) for i in range(len(row))]
    return result


def _added(partials: list[float], value: float) -> list[float]:
    kept = []
    for part in partials:
        high = value + part
        shadow = high - value
        low = (value - (high - shadow)) + (part - shadow)
        if low:
            kept.append(low)
        value = high
    return [*kept, value]


def has_nan(values: list[Any]) -> bool:
    """Whether any element is a NaN, the one number that differs from itself."""
    return any(map(operator.ne, values, values))
