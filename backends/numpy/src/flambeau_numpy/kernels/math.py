"""Exponentials, logarithms, powers and trigonometry: NumPy's ufuncs, but for NaN, near zeros and cheap powers."""

from __future__ import annotations

import numpy as np

from flambeau.dtypes import bfloat16

from ..dtypes import COMPLEX, FLOATS, HALVES, INTEGERS, REALS, SIGNED
from ..registry import in_float32, kernel, register
from .common import Array, fresh

_UFUNCS = {
    "exp": np.exp, "log": np.log, "log1p": np.log1p, "expm1": np.expm1, "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos,
    "tanh": np.tanh, "atan2": np.arctan2,
}
for _name, _ufunc in _UFUNCS.items():
    register(_name, _ufunc)

for _name in ("exp", "log", "log1p", "expm1", "sqrt", "sin", "cos", "tanh"):
    register(_name, in_float32(_UFUNCS[_name]), (bfloat16,))  # ml_dtypes' loops take three times as long


@kernel("log1p", COMPLEX)
def log1p_complex(x: Array) -> Array:
    """NumPy's rounds 1 + x first; near zero the real part is log1p(2a + a² + b²) / 2 instead."""
    a, b = x.real, x.imag
    out = np.asarray(np.log1p(x))
    squared = a * (a + 2) + b * b
    near = np.abs(squared) < 0.5
    out.real = np.where(near, np.log1p(np.where(near, squared, 0)) / 2, out.real)
    return out


_POWERS = {  # exponents whose powers PyTorch, too, computes by cheaper operations
    2.0: np.square, 3.0: lambda x: x * x * x, 1.0: fresh, 0.5: np.sqrt, -1.0: np.reciprocal,
    -2.0: lambda x: np.reciprocal(x * x),
}


@kernel("pow", FLOATS)
def pow_float(x: Array, y: Array) -> Array:
    if y.ndim:
        return np.power(x, y)
    cheaper = _POWERS.get(y.item())
    return cheaper(x) if cheaper else np.power(x, y)


register("pow", np.power, COMPLEX)


register("pow", in_float32(np.power), HALVES)


register("pow", np.power, INTEGERS)


@kernel("pow", SIGNED)
def pow_signed(x: Array, y: Array) -> Array:
    """NumPy refuses negative exponents; their exact value rounds to zero but for bases 1 and -1."""
    negative = y < 0
    if not negative.any():
        return np.power(x, y)
    unit = (x == 1) | (x == -1)
    return np.where(negative & ~unit, x.dtype.type(0), np.power(x, np.where(negative, y & 1, y)))


register("atan2", np.arctan2, REALS)
