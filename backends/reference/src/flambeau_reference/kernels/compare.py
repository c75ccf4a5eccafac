"""Comparisons, the truth of elements, bits and choice: one C loop each, but for shifts."""

from __future__ import annotations

import operator
from typing import Any

from flambeau import dtypes
from flambeau.dtypes import DType
from flambeau.errors import DTypeError

from ..array import Array
from ..rounding import rounded
from ._common import Kernel, aligned, each, elementwise


def _bool(dtype: DType) -> DType:
    return dtypes.bool


def _comparison(name: str, function: Any, ordered: bool) -> Kernel:
    loop = each(function)
    return elementwise(name, boolean=loop, integer=loop, real=loop, imaginary=None if ordered else loop,
                       to=_bool, exact=True)


def _shift(name: str) -> Kernel:
    def kernel(x: Array, y: Array) -> Array:
        dtype = x.dtype
        if dtype.category != 1:
            raise DTypeError(f"not defined for {dtype.name}", op=name, dtype=dtype)
        shape, (values, counts) = aligned(name, (x, y))
        bits = dtype.bits
        # A count outside the width, negative ones too, shifts every bit out.
        counts = [c if 0 <= c < bits else bits for c in counts]
        shifted = map(operator.lshift if name == "bitwise_left_shift" else operator.rshift, values, counts)
        return Array(rounded(list(shifted), dtype), shape, dtype)

    return kernel


def _where(condition: Array, x: Array, y: Array) -> Array:
    shape, columns = aligned("where", (condition, x, y))
    return Array([a if c else b for c, a, b in zip(*columns, strict=True)], shape, x.dtype)


def _bitwise(name: str, function: Any) -> Kernel:
    return elementwise(name, boolean=each(function), integer=each(function), exact=True)


KERNELS: dict[str, Kernel] = {
    "eq": _comparison("eq", operator.eq, ordered=False),
    "lt": _comparison("lt", operator.lt, ordered=True),
    "le": _comparison("le", operator.le, ordered=True),
    "logical_not": _comparison("logical_not", operator.not_, ordered=False),
    "bitwise_not": elementwise("bitwise_not", boolean=each(operator.not_), integer=each(operator.inv)),
    "bitwise_and": _bitwise("bitwise_and", operator.and_),
    "bitwise_or": _bitwise("bitwise_or", operator.or_),
    "bitwise_xor": _bitwise("bitwise_xor", operator.xor),
    "bitwise_left_shift": _shift("bitwise_left_shift"),
    "bitwise_right_shift": _shift("bitwise_right_shift"),
    "where": _where,
}
