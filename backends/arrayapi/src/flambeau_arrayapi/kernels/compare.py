"""Comparisons, logic and bits: the standard's function where it says all that the contract asks."""

from __future__ import annotations

from typing import Any

from ..namespace import Array, Namespace
from ..registry import ALL, BOOL, INTEGERS, NUMBERS, kernel, standard
from .common import ORDERED

for _name, _function, _dtypes in (
    ("logical_not", "logical_not", BOOL),
    ("bitwise_not", "bitwise_invert", BOOL + INTEGERS),
    ("eq", "equal", ALL),
    ("lt", "less", ORDERED),
    ("le", "less_equal", ORDERED),
    ("bitwise_and", "bitwise_and", BOOL + INTEGERS),
    ("bitwise_or", "bitwise_or", BOOL + INTEGERS),
    ("bitwise_xor", "bitwise_xor", BOOL + INTEGERS),
    ("where", "where", ALL),
):
    standard(_name, _function, _dtypes)


@kernel("logical_not", NUMBERS)
def logical_not(ns: Namespace, x: Array) -> Array:
    return x == 0


@kernel("lt", BOOL)
def lt_bool(ns: Namespace, x: Array, y: Array) -> Array:
    return ns.xp.logical_and(ns.xp.logical_not(x), y)


@kernel("le", BOOL)
def le_bool(ns: Namespace, x: Array, y: Array) -> Array:
    return ns.xp.logical_or(ns.xp.logical_not(x), y)


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
