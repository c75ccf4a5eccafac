"""Elementwise kernels: wherever dtype semantics agree, NumPy's ufunc is the kernel itself.

Bound by memory traffic for large arrays and by one ufunc call (0.3 µs) for small ones. ml_dtypes
registers its bfloat16 with the same ufuncs; they compute in float32 and round once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flambeau.dtypes import bfloat16

from ..dtypes import BOOL, COMPLEX, FLOATS, HALVES, INTEGERS, REALS, SIGNED
from ..registry import in_float32, kernel, register

Array = np.ndarray[Any, Any]

_UFUNCS = {
    "neg": np.negative, "abs": np.absolute, "sign": np.sign, "floor": np.floor, "ceil": np.ceil, "trunc": np.trunc,
    "round": np.rint, "exp": np.exp, "log": np.log, "log1p": np.log1p, "expm1": np.expm1, "sqrt": np.sqrt,
    "sin": np.sin, "cos": np.cos, "tanh": np.tanh, "logical_not": np.logical_not, "bitwise_not": np.invert,
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide,
    "maximum": np.maximum, "minimum": np.minimum, "atan2": np.arctan2,
    "eq": np.equal, "lt": np.less, "le": np.less_equal, "bitwise_and": np.bitwise_and, "bitwise_or": np.bitwise_or,
    "bitwise_xor": np.bitwise_xor, "bitwise_left_shift": np.left_shift, "bitwise_right_shift": np.right_shift,
    "where": np.where,
}
for _name, _ufunc in _UFUNCS.items():
    register(_name, _ufunc)


def _fresh(x: Array) -> Array:
    return x.copy()


for _name in ("exp", "log", "log1p", "expm1", "sqrt", "sin", "cos", "tanh"):
    register(_name, in_float32(_UFUNCS[_name]), (bfloat16,))  # ml_dtypes' loops take three times as long


@kernel("sign", REALS)
def sign(x: Array) -> Array:
    """NumPy's own answers NaN for NaN, not 0."""
    made = np.greater(x, 0).view(np.int8)
    return np.subtract(made, np.less(x, 0).view(np.int8)).astype(x.dtype)


register("sign", _fresh, BOOL)
for _name in ("floor", "ceil", "trunc", "round"):
    register(_name, _fresh, INTEGERS)


@kernel("log1p", COMPLEX)
def log1p_complex(x: Array) -> Array:
    """NumPy's rounds 1 + x first; near zero the real part is log1p(2a + a² + b²) / 2 instead."""
    a, b = x.real, x.imag
    out = np.asarray(np.log1p(x))
    squared = a * (a + 2) + b * b
    near = np.abs(squared) < 0.5
    out.real = np.where(near, np.log1p(np.where(near, squared, 0)) / 2, out.real)
    return out


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


_POWERS = {  # exponents whose powers PyTorch, too, computes by cheaper operations
    2.0: np.square, 3.0: lambda x: x * x * x, 1.0: _fresh, 0.5: np.sqrt, -1.0: np.reciprocal,
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
