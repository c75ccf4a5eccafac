"""Exponentials, logarithms, powers and trigonometry: the standard's functions."""

from __future__ import annotations

from flambeau import dtypes as fd

from ..namespace import Array, Namespace
from ..registry import COMPLEX, INTEGERS, REALS, in_float32, kernel, on_host, standard
from ..registry import register as register_maker

_UNSIGNED = tuple(d for d in INTEGERS if not d.is_signed)

for _name, _function, _dtypes in (
    ("exp", "exp", REALS + COMPLEX),
    ("log", "log", REALS + COMPLEX),
    ("log1p", "log1p", REALS),
    ("expm1", "expm1", REALS + COMPLEX),
    ("sqrt", "sqrt", REALS + COMPLEX),
    ("sin", "sin", REALS + COMPLEX),
    ("cos", "cos", REALS + COMPLEX),
    ("tanh", "tanh", REALS + COMPLEX),
    ("pow", "pow", REALS + COMPLEX + _UNSIGNED),
    ("atan2", "atan2", REALS),
):
    standard(_name, _function, _dtypes)

on_host("log1p", COMPLEX)  # the usual log(1 + x) loses all digits near zero


@kernel("pow", tuple(d for d in INTEGERS if d.is_signed))
def pow_signed(ns: Namespace, x: Array, y: Array) -> Array:
    """The standard leaves negative exponents open: the exact value is zero but for bases 1 and -1."""
    xp = ns.xp
    x, y = xp.broadcast_arrays(x, y)
    power = xp.pow(x, xp.where(y < 0, xp.bitwise_and(y, xp.ones_like(y)), y))
    unit = xp.logical_or(x == 1, x == -1)
    return xp.where(xp.logical_and(y < 0, xp.logical_not(unit)), xp.zeros_like(power), power)


register_maker("pow", in_float32(lambda ns, x, y: ns.xp.pow(x, y)), (fd.float16, fd.bfloat16))
