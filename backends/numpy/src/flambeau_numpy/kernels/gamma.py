"""The gamma function's logarithm and its derivative: SciPy's, in a seventh of the composition's time."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..registry import register_floating
from .special import scipy_special

Array = np.ndarray[Any, Any]


def lgamma(x: Array) -> Array:
    made = np.asarray(scipy_special().gammaln(x))
    odd = ~np.isfinite(made) & (x == x)
    if odd.any():  # SciPy says infinity of subnormal numbers, and minus infinity of minus infinity
        made[odd] = np.where(np.abs(x[odd]) < 0.5, -np.log(np.abs(x[odd])), np.inf)
    return made


def digamma(x: Array) -> Array:
    return scipy_special().psi(x)


register_floating("lgamma", lgamma)
register_floating("digamma", digamma)
