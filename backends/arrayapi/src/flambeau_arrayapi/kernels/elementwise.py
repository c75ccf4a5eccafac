"""Elementwise kernels: the standard's function where it says all that the contract asks, else a short expression."""

from __future__ import annotations

from typing import Any

from flambeau import dtypes as fd

from ..namespace import Array, Namespace
from ..registry import (
    ALL,
    BOOL,
    COMPLEX,
    FLOATS,
    HALVES,
    INTEGERS,
    NUMBERS,
    REALS,
    in_float32,
    kernel,
    on_host,
    standard,
)
from ..registry import register as register_maker

_ORDERED = INTEGERS + REALS
_UNSIGNED = tuple(d for d in INTEGERS if not d.is_signed)

for _name, _function, _dtypes in (
    ("neg", "negative", NUMBERS), ("abs", "abs", NUMBERS), ("sign", "sign", INTEGERS), ("floor", "floor", REALS),
    ("ceil", "ceil", REALS), ("trunc", "trunc", REALS), ("round", "round", REALS), ("exp", "exp", REALS + COMPLEX),
    ("log", "log", REALS + COMPLEX), ("log1p", "log1p", REALS), ("expm1", "expm1", REALS + COMPLEX),
    ("sqrt", "sqrt", REALS + COMPLEX), ("sin", "sin", REALS + COMPLEX), ("cos", "cos", REALS + COMPLEX),
    ("tanh", "tanh", REALS + COMPLEX), ("logical_not", "logical_not", BOOL),
    ("bitwise_not", "bitwise_invert", BOOL + INTEGERS), ("add", "add", NUMBERS), ("add", "logical_or", BOOL),
    ("sub", "subtract", NUMBERS), ("mul", "multiply", NUMBERS), ("mul", "logical_and", BOOL),
    ("div", "divide", REALS + COMPLEX), ("pow", "pow", REALS + COMPLEX + _UNSIGNED), ("maximum", "maximum", _ORDERED),
    ("maximum", "logical_or", BOOL), ("minimum", "minimum", _ORDERED), ("minimum", "logical_and", BOOL),
    ("atan2", "atan2", REALS), ("eq", "equal", ALL), ("lt", "less", _ORDERED), ("le", "less_equal", _ORDERED),
    ("bitwise_and", "bitwise_and", BOOL + INTEGERS), ("bitwise_or", "bitwise_or", BOOL + INTEGERS),
    ("bitwise_xor", "bitwise_xor", BOOL + INTEGERS), ("where", "where", ALL),
):
    standard(_name, _function, _dtypes)

on_host("erf", REALS)
on_host("erfc", REALS)  # 1 - erf has no digits left where erf is near 1
on_host("log1p", COMPLEX)  # the usual log(1 + x) loses all digits near zero
on_host("complex", FLOATS)


def _copy(ns: Namespace, x: Array) -> Array:
    return ns.fresh(x)


kernel("sign", BOOL)(_copy)


@kernel("sign", REALS)
def sign(ns: Namespace, x: Array) -> Array:
    """The standard's keeps NaN, of which PyTorch says 0."""
    return ns.xp.where(x == x, ns.xp.sign(x), ns.xp.zeros_like(x))


for _name in ("floor", "ceil", "trunc", "round"):
    kernel(_name, INTEGERS)(_copy)  # the standard lets the function answer its very argument


@kernel("logical_not", NUMBERS)
def logical_not(ns: Namespace, x: Array) -> Array:
    return x == 0


@kernel("real", COMPLEX)
def real(ns: Namespace, x: Array) -> Array:
    return ns.fresh(ns.xp.real(x))


@kernel("imag", COMPLEX)
def imag(ns: Namespace, x: Array) -> Array:
    return ns.fresh(ns.xp.imag(x))


@kernel("lt", BOOL)
def lt_bool(ns: Namespace, x: Array, y: Array) -> Array:
    return ns.xp.logical_and(ns.xp.logical_not(x), y)


@kernel("le", BOOL)
def le_bool(ns: Namespace, x: Array, y: Array) -> Array:
    return ns.xp.logical_or(ns.xp.logical_not(x), y)


@kernel("floor_divide", FLOATS)
def floor_divide(ns: Namespace, x: Array, y: Array) -> Array:
    """The standard leaves the quotient by zero open."""
    return ns.xp.where(ns.xp.broadcast_to(y == 0, _shape(ns, x, y)), x / y, ns.xp.floor_divide(x, y))


@kernel("remainder", FLOATS)
def remainder(ns: Namespace, x: Array, y: Array) -> Array:
    return ns.xp.remainder(x, y)


@kernel("fmod", FLOATS)
def fmod(ns: Namespace, x: Array, y: Array) -> Array:
    """The remainder of the magnitudes is exact; its sign is the dividend's."""
    return ns.xp.copysign(ns.xp.remainder(ns.xp.abs(x), ns.xp.abs(y)), x)


for _function in (floor_divide, remainder, fmod):
    register_maker(_function.__name__, in_float32(_function), HALVES)


def _shape(ns: Namespace, x: Array, y: Array) -> tuple[int, ...]:
    return ns.xp.broadcast_arrays(x, y)[0].shape


def _check_divisor(ns: Namespace, x: Array, y: Array) -> None:
    if bool(ns.xp.any(y == 0)) and 0 not in _shape(ns, x, y):
        raise ZeroDivisionError("integer division by zero")


@kernel("floor_divide", INTEGERS)
def floor_divide_int(ns: Namespace, x: Array, y: Array) -> Array:
    _check_divisor(ns, x, y)
    return ns.xp.floor_divide(x, y)


@kernel("remainder", INTEGERS)
def remainder_int(ns: Namespace, x: Array, y: Array) -> Array:
    _check_divisor(ns, x, y)
    return ns.xp.remainder(x, y)


@kernel("fmod", INTEGERS)
def fmod_int(ns: Namespace, x: Array, y: Array) -> Array:
    _check_divisor(ns, x, y)
    rest = ns.xp.remainder(x, y)
    other_sign = ns.xp.logical_and(rest != 0, ns.xp.not_equal(rest < 0, x < 0))
    return ns.xp.where(other_sign, rest - y, rest)


@kernel("pow", tuple(d for d in INTEGERS if d.is_signed))
def pow_signed(ns: Namespace, x: Array, y: Array) -> Array:
    """The standard leaves negative exponents open: the exact value is zero but for bases 1 and -1."""
    xp = ns.xp
    x, y = xp.broadcast_arrays(x, y)
    power = xp.pow(x, xp.where(y < 0, xp.bitwise_and(y, xp.ones_like(y)), y))
    unit = xp.logical_or(x == 1, x == -1)
    return xp.where(xp.logical_and(y < 0, xp.logical_not(unit)), xp.zeros_like(power), power)


def _shifted(ns: Namespace, function: Any, x: Array, y: Array, beyond: Array) -> Array:
    """The standard leaves counts outside the width open: they shift every bit out."""
    xp = ns.xp
    outside = xp.logical_or(y < 0, y >= xp.iinfo(x.dtype).bits)
    return xp.where(outside, beyond, function(x, xp.where(outside, xp.zeros_like(y), y)))


@kernel("bitwise_left_shift", INTEGERS)
def bitwise_left_shift(ns: Namespace, x: Array, y: Array) -> Array:
    x, y = ns.xp.broadcast_arrays(x, y)
    return _shifted(ns, ns.xp.bitwise_left_shift, x, y, ns.xp.zeros_like(x))


@kernel("bitwise_right_shift", INTEGERS)
def bitwise_right_shift(ns: Namespace, x: Array, y: Array) -> Array:
    x, y = ns.xp.broadcast_arrays(x, y)
    zeros = ns.xp.zeros_like(x)
    beyond = ns.xp.where(x < 0, zeros - 1, zeros) if ns.of(x).is_signed else zeros
    return _shifted(ns, ns.xp.bitwise_right_shift, x, y, beyond)


register_maker("pow", in_float32(lambda ns, x, y: ns.xp.pow(x, y)), (fd.float16, fd.bfloat16))
