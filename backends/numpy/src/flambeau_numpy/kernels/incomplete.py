"""The incomplete gamma functions: SciPy's, whose loop stops for each element when it has settled."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..registry import register_floating
from .special import scipy_special

Array = np.ndarray[Any, Any]


def igamma(a: Array, x: Array) -> Array:
    return scipy_special().gammainc(a, x)


def igammac(a: Array, x: Array) -> Array:
    return scipy_special().gammaincc(a, x)


register_floating("igamma", igamma)
register_floating("igammac", igammac)
