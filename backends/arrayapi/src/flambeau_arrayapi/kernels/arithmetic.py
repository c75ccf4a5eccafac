"""Arithmetic: the standard's function where it says all that the contract asks, else a short expression."""

from __future__ import annotations

from ..namespace import Array, Namespace
from ..registry import (
    BOOL,
    COMPLEX,
    FLOATS,
    HALVES,
    INTEGERS,
    NUMBERS,
    REALS,
    in_float32,
    kernel,
    standard,
)
from ..registry import register as register_maker
from .common import ORDERED

for _name, _function, _dtypes in (
    ("neg", "negative", NUMBERS),
    ("abs", "abs", NUMBERS),
    ("sign", "sign", INTEGERS),
    ("floor", "floor", REALS),
    ("ceil", "ceil", REALS),
    ("trunc", "trunc", REALS),
    ("round", "round", REALS),
    ("add", "add", NUMBERS),
    ("add", "logical_or", BOOL),
    ("sub", "subtract", NUMBERS),
    ("mul", "multiply", NUMBERS),
    ("mul", "logical_and", BOOL),
    ("div", "divide", REALS + COMPLEX),
    ("maximum", "maximum", ORDERED),
    ("maximum", "logical_or", BOOL),
    ("minimum", "minimum", ORDERED),
    ("minimum", "logical_and", BOOL),
):
    standard(_name, _function, _dtypes)


def _copy(ns: Namespace, x: Array) -> Array:
    return ns.fresh(x)


kernel("sign", BOOL)(_copy)


@kernel("sign", REALS)
def sign(ns: Namespace, x: Array) -> Array:
    """The standard's keeps NaN, of which PyTorch says 0."""
    return ns.xp.where(x == x, ns.xp.sign(x), ns.xp.zeros_like(x))


for _name in (
    "floor",
    "ceil",
    "trunc",
    "round",
):
    kernel(_name, INTEGERS)(_copy)  # the standard lets the function answer its very argument


@kernel("floor_divide", FLOATS)
def floor_divide(ns: Namespace, x: Array, y: Array) -> Array:
    """The standard leaves the quotient by zero open."""
    return ns.xp.where(ns.xp.broadcast_to(y == 0, _shape(ns, x, y)), x / y, ns.xp.floor_divide(x, y))


@kernel("remainder", FLOATS)
def remainder(ns: Namespace, x: Array, y: Array) -> Array:
    """A zero has the dividend's sign, as C's fmod has it; the standard gives it the divisor's."""
    made = ns.xp.remainder(x, y)
    return ns.xp.where(made == 0, ns.xp.copysign(made, ns.xp.broadcast_to(x, made.shape)), made)


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
