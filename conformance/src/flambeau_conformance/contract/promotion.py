"""Dtypes that meet: the whole promotion table, and Python numbers."""

from __future__ import annotations

from math import inf, nan
from typing import Any

from flambeau import dtypes
from flambeau.dtypes import DType, promote_types

from ..api import flambeau
from ..check import Check, require
from ..host import Host, get, put
from ..target import Target
from .promise import promise_each

CHECKS: list[Check] = []


def _ones(target: Target, dtype: DType, shape: tuple[int, ...] = (2,)) -> Any:
    return put(Host([True if dtype.category == 0 else 1] * (2 if shape else 1), shape, dtype), target.device)


@promise_each("promotion", dtypes.ALL, CHECKS)
def promotion(target: Target, dtype: DType) -> None:
    """A sum has the promoted dtype, and its array holds it."""
    for other in dtypes.ALL:
        if target.lacks(other) or target.lacks(promote_types(dtype, other)):
            continue
        found = get(_ones(target, dtype) + _ones(target, other))
        expected = promote_types(dtype, other)
        require(found.dtype is expected, "dtype", f"{dtype.name} + {other.name} is {found.dtype.name}")
        total = True if expected is dtypes.bool else 2
        require(found.values == [total, total], "value", f"{dtype.name} + {other.name} is {found.values}")


@promise_each("numbers", dtypes.ALL, CHECKS)
def python_numbers(target: Target, dtype: DType) -> None:
    """A Python number takes the tensor's dtype unless its category is higher."""
    default = dtypes.get_default_dtype()
    for number, own in [(True, dtypes.bool), (2, dtypes.int64), (2.5, default), (1j, default.complex)]:
        expected = dtype if dtype.category >= own.category else own if own.category < 3 or (
            dtype.category < 2) else dtype.complex
        if not target.lacks(expected):
            found = get(_ones(target, dtype) * number).dtype
            require(found is expected, "dtype", f"{dtype.name} * {number!r} is {found.name}, expected {expected.name}")


@promise_each("casts", dtypes.ALL, CHECKS)
def casts(target: Target, dtype: DType) -> None:
    """A cast to every dtype truncates floats towards zero, keeps nonzero as true, rounds once."""
    values = [True, False] if dtype.category == 0 else [0, 3] if dtype.category == 1 else [0.0, 2.75]
    source = put(Host(values, (2,), dtype), target.device)
    for other in dtypes.ALL:
        if target.lacks(other):
            continue
        expected = [(bool, int, float, complex)[other.category](v) for v in values]
        found = get(source.to(other))
        require(found.dtype is other and found.values == expected, "value",
                f"{values} of {dtype.name} as {other.name} is {found.values}")


_EDGES: tuple[tuple[DType, DType, list[Any], list[Any]], ...] = (
    (dtypes.int32, dtypes.int8, [300, -129, 128], [44, 127, -128]),
    (dtypes.int64, dtypes.int32, [2**31, -(2**31) - 1, 2**40 + 5], [-(2**31), 2**31 - 1, 5]),
    (dtypes.int64, dtypes.uint8, [-1, 256, 511], [255, 0, 255]),
    (dtypes.float32, dtypes.bool, [nan, -0.0, 1e-45, inf], [True, False, True, True]),
    (dtypes.float32, dtypes.int32, [-2.75, 2.75, -0.5], [-2, 2, 0]),
    (dtypes.float32, dtypes.float16, [2049.0, 2051.0, 65519.0, 65520.0], [2048.0, 2052.0, 65504.0, inf]),
    (dtypes.float32, dtypes.bfloat16, [257.0, 259.0, 1.01171875, -1.00390625], [256.0, 260.0, 1.015625, -1.0]),
    (dtypes.float64, dtypes.float32, [16777217.0, 16777219.0, 1e39], [16777216.0, 16777220.0, inf]),
    (dtypes.int64, dtypes.float64, [2**53 + 1, 2**53 + 3], [2.0**53, 2.0**53 + 4]),
    (dtypes.complex64, dtypes.float32, [complex(3, 4), complex(-1, 2)], [3.0, -1.0]))


@promise_each("cast-edges", dict.fromkeys(source for source, *_ in _EDGES), CHECKS)
def cast_edges(target: Target, dtype: DType) -> None:
    """Integers wrap, NaN is true, a float is rounded once to the nearest, halves to even, a complex number drops i."""
    for source, other, values, expected in _EDGES:
        if source is dtype and not target.lacks(other):
            found = get(put(Host(values, (len(values),), dtype), target.device).to(other)).values
            require(found == expected, "value",
                    f"{values} of {dtype.name} as {other.name} is {found}, expected {expected}")


@promise_each("zero-dim-promotion", (dtypes.float16, dtypes.float32, dtypes.int16, dtypes.uint8), CHECKS)
def zero_dim_promotion(target: Target, dtype: DType) -> None:
    """A 0-d tensor of the same category does not widen a tensor with dimensions."""
    wide = dtypes.float64 if dtype.category == 2 else dtypes.int64
    found = get(_ones(target, dtype) + _ones(target, wide, ())).dtype
    require(found is dtype, "dtype", f"{dtype.name} with dimensions + 0-d {wide.name} is {found.name}")
    require(flambeau.result_type(_ones(target, dtype), 1) is dtype, "dtype", "result_type with a Python number")
