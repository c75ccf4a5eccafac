"""Arithmetic and functions of single elements.

Bound by Python's numbers: about 30 ns per element and operation, rounding to float32 as much
again. A list goes through one `map` over a C function; only lists on which that raised, because
of a division by zero, say, take the slower loop that knows IEEE 754's answers.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator
from typing import Any

from flambeau.dtypes import DType
from flambeau.errors import DTypeError

from .. import complexes, floating
from ..array import Array, elements
from ..rounding import rounded
from ._common import Bulk, Kernel, aligned, each, elementwise, guarded


def _unchanged(values: list[Any]) -> list[Any]:
    return values


def _real_of(dtype: DType) -> DType:
    return dtype.real


def _integral(name: str, to_int: Any) -> Kernel:
    one = floating.integral(to_int)

    def bulk(values: list[float]) -> list[float]:
        try:
            return list(map(math.copysign, map(to_int, values), values))  # -0.5 goes to -0.0, not to 0
        except (OverflowError, ValueError):
            return list(map(one, values))

    return elementwise(name, integer=_unchanged, real=bulk, exact=True)


def _function(name: str, real: Bulk, imaginary: Bulk | None = None) -> Kernel:
    return elementwise(name, real=real, imaginary=imaginary)


def _integer_sign(x: int) -> int:
    return (x > 0) - (x < 0)


def _integer_fmod(x: int, y: int) -> int:
    size = abs(x) % abs(y)
    return -size if x < 0 else size


def _integer_pow(x: int, y: int) -> int:
    if y >= 0:
        return pow(x, y, 1 << 64)
    if x == 1 or (x == -1 and y % 2 == 0):
        return 1
    return -1 if x == -1 else 0


def _maximum(xs: list[Any], ys: list[Any]) -> Iterator[Any]:
    return (x if x >= y or x != x else y for x, y in zip(xs, ys, strict=True))


def _minimum(xs: list[Any], ys: list[Any]) -> Iterator[Any]:
    return (x if x <= y or x != x else y for x, y in zip(xs, ys, strict=True))


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


def _complex(x: Array, y: Array) -> Array:
    shape, columns = aligned("complex", (x, y))
    return Array(list(map(complex, *columns)), shape, x.dtype.complex)


def _part(name: str) -> Kernel:
    def kernel(x: Array) -> Array:
        if not x.dtype.is_complex:
            raise DTypeError(f"not defined for {x.dtype.name}", op=name, dtype=x.dtype)
        part = operator.attrgetter("real" if name == "real" else "imag")
        return Array(list(map(part, elements(x))), x.shape, x.dtype.real)

    return kernel


def _where(condition: Array, x: Array, y: Array) -> Array:
    shape, columns = aligned("where", (condition, x, y))
    return Array([a if c else b for c, a, b in zip(*columns, strict=True)], shape, x.dtype)


def _extremes(name: str, bulk: Bulk) -> Kernel:
    return elementwise(name, boolean=bulk, integer=bulk, real=bulk, exact=True)


def _bitwise(name: str, function: Any) -> Kernel:
    return elementwise(name, boolean=each(function), integer=each(function), exact=True)


KERNELS: dict[str, Kernel] = {
    "neg": elementwise("neg", integer=each(operator.neg), real=each(operator.neg), imaginary=each(operator.neg)),
    "abs": elementwise("abs", integer=each(abs), real=each(abs), imaginary=guarded(abs, complexes.safe_abs),
                       to=_real_of),
    "sign": elementwise("sign", boolean=_unchanged, integer=each(_integer_sign), real=each(floating.sign)),
    "floor": _integral("floor", math.floor),
    "ceil": _integral("ceil", math.ceil),
    "trunc": _integral("trunc", math.trunc),
    "round": _integral("round", round),
    "exp": _function("exp", guarded(math.exp, floating.safe_exp), each(complexes.exp)),
    "log": _function("log", guarded(math.log, floating.safe_log), each(complexes.log)),
    "log1p": _function("log1p", guarded(math.log1p, floating.safe_log1p), each(complexes.log1p)),
    "expm1": _function("expm1", guarded(math.expm1, floating.safe_expm1), each(complexes.expm1)),
    "sqrt": _function("sqrt", guarded(math.sqrt, floating.safe_sqrt), each(complexes.sqrt)),
    "sin": _function("sin", guarded(math.sin, floating.safe_sin), each(complexes.sin)),
    "cos": _function("cos", guarded(math.cos, floating.safe_cos), each(complexes.cos)),
    "tanh": _function("tanh", each(math.tanh), each(complexes.tanh)),
    "erf": _function("erf", each(math.erf)),
    "erfc": _function("erfc", each(math.erfc)),
    "bitwise_not": elementwise("bitwise_not", boolean=each(operator.not_), integer=each(operator.inv)),
    "real": _part("real"),
    "imag": _part("imag"),
    "complex": _complex,
    "add": elementwise("add", boolean=each(operator.or_), integer=each(operator.add), real=each(operator.add),
                       imaginary=each(operator.add)),
    "sub": elementwise("sub", integer=each(operator.sub), real=each(operator.sub), imaginary=each(operator.sub)),
    "mul": elementwise("mul", boolean=each(operator.and_), integer=each(operator.mul), real=each(operator.mul),
                       imaginary=each(operator.mul)),
    "div": _function("div", guarded(operator.truediv, floating.safe_div),
                     guarded(operator.truediv, complexes.safe_div)),
    "floor_divide": elementwise("floor_divide", integer=each(operator.floordiv),
                                real=guarded(operator.floordiv, floating.safe_floor_divide)),
    "remainder": elementwise("remainder", integer=each(operator.mod),
                             real=guarded(operator.mod, floating.safe_remainder)),
    "fmod": elementwise("fmod", integer=each(_integer_fmod), real=guarded(math.fmod, floating.safe_fmod)),
    "pow": elementwise("pow", integer=each(_integer_pow), real=guarded(math.pow, floating.safe_pow),
                       imaginary=guarded(operator.pow, complexes.safe_pow)),
    "maximum": _extremes("maximum", _maximum),
    "minimum": _extremes("minimum", _minimum),
    "atan2": _function("atan2", each(math.atan2)),
    "bitwise_and": _bitwise("bitwise_and", operator.and_),
    "bitwise_or": _bitwise("bitwise_or", operator.or_),
    "bitwise_xor": _bitwise("bitwise_xor", operator.xor),
    "bitwise_left_shift": _shift("bitwise_left_shift"),
    "bitwise_right_shift": _shift("bitwise_right_shift"),
    "where": _where,
}
