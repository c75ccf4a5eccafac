"""Parts of complex numbers, and complex numbers of parts."""

from __future__ import annotations

import numpy as np

from ..dtypes import COMPLEX, FLOATS
from ..registry import kernel
from .common import Array


@kernel("real", COMPLEX)
def real(x: Array) -> Array:
    return x.real.copy()


@kernel("imag", COMPLEX)
def imag(x: Array) -> Array:
    return x.imag.copy()


@kernel("complex", FLOATS)
def complex_(x: Array, y: Array) -> Array:
    out = np.empty(np.broadcast(x, y).shape, np.result_type(x.dtype, np.complex64))
    out.real, out.imag = x, y
    return out
