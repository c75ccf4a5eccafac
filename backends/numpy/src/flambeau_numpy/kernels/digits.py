"""Common divisors, exponents and neighbours of numbers: NumPy's ufuncs."""

from __future__ import annotations

from typing import Any

import numpy as np

from flambeau.dtypes import INTEGERS, float16

from ..dtypes import FLOATS
from ..registry import kernel, register

Array = np.ndarray[Any, Any]


@kernel("gcd", INTEGERS)
def gcd(x: Array, y: Array) -> Array:
    return np.gcd(x, y)


@kernel("lcm", INTEGERS)
def lcm(x: Array, y: Array) -> Array:
    return np.lcm(x, y)


def frexp(x: Array) -> tuple[Array, Array]:
    mantissa, exponent = np.frexp(x)
    return mantissa, np.where(np.isfinite(x), exponent, 0).astype(np.int64)


register("frexp", frexp, FLOATS)


@kernel("nextafter", (float16, *FLOATS))
def nextafter(x: Array, y: Array) -> Array:
    return np.nextafter(x, y)
