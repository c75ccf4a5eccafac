"""New arrays."""

from __future__ import annotations

from typing import Any

from flambeau import dtypes as fd
from flambeau.dtypes import DType

from ..namespace import Array, Namespace
from ..registry import kernel


def number(value: Any, dtype: DType) -> Any:
    """`value` as the Python number that the standard takes for `dtype`; integers wrap."""
    if dtype.is_complex:
        return complex(value)
    if isinstance(value, complex):
        value = value.real
    if dtype.category != 1:
        return bool(value) if dtype is fd.bool else float(value)
    low = -(1 << (dtype.bits - 1)) if dtype.is_signed else 0
    return (int(value) - low) % (1 << dtype.bits) + low


@kernel("full")
def full(ns: Namespace, *, size: tuple[int, ...], value: Any, dtype: DType) -> Array:
    return ns.xp.full(size, number(value, dtype), dtype=ns.native(dtype), **ns.where)


@kernel("arange")
def arange(ns: Namespace, *, start: float, step: float, length: int, dtype: DType) -> Array:
    places = ns.arange(length)
    if not (isinstance(start, int) and isinstance(step, int)):
        places = ns.astype(places, fd.float64 if fd.float64 in ns.dtypes else fd.float32)
    return ns.xp.astype(places * step + start, ns.native(dtype))
