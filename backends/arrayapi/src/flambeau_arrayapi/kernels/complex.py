"""Parts of complex numbers, and complex numbers of parts."""

from __future__ import annotations

from ..namespace import Array, Namespace
from ..registry import COMPLEX, FLOATS, kernel, on_host

on_host("complex", FLOATS)


@kernel("real", COMPLEX)
def real(ns: Namespace, x: Array) -> Array:
    return ns.fresh(ns.xp.real(x))


@kernel("imag", COMPLEX)
def imag(ns: Namespace, x: Array) -> Array:
    return ns.fresh(ns.xp.imag(x))
