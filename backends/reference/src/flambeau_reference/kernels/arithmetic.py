"""Arithmetic of single elements.

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

from .. import complexes, floating
from ._common import Bulk, Kernel, each, elementwise, function, guarded


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


def _integer_sign(x: int) -> int:
    return (x > 0) - (x < 0)


def _integer_fmod(x: int, y: int) -> int:
    size = abs(x) % abs(y)
    return -size if x < 0 else size


def _maximum(xs: list[Any], ys: list[Any]) -> Iterator[Any]:
    return (x if x >= y or x != x else y for x, y in zip(xs, ys, strict=True))


def _minimum(xs: list[Any], ys: list[Any]) -> Iterator[Any]:
    return (x if x <= y or x != x else y for x, y in zip(xs, ys, strict=True))


def _extremes(name: str, bulk: Bulk) -> Kernel:
    return elementwise(name, boolean=bulk, integer=bulk, real=bulk, exact=True)


KERNELS: dict[str, Kernel] = {
    "neg": elementwise("neg", integer=each(operator.neg), real=each(operator.neg), imaginary=each(operator.neg)),
    "abs": elementwise("abs", integer=each(abs), real=each(abs), imaginary=guarded(abs, complexes.safe_abs),
                       to=_real_of),
    "sign": elementwise("sign", boolean=_unchanged, integer=each(_integer_sign), real=each(floating.sign)),
    "floor": _integral("floor", math.floor),
    "ceil": _integral("ceil", math.ceil),
    "trunc": _integral("trunc", math.trunc),
    "round": _integral("round", round),
    "add": elementwise("add", boolean=each(operator.or_), integer=each(operator.add), real=each(operator.add),
                       imaginary=each(operator.add)),
    "sub": elementwise("sub", integer=each(operator.sub), real=each(operator.sub), imaginary=each(operator.sub)),
    "mul": elementwise("mul", boolean=each(operator.and_), integer=each(operator.mul), real=each(operator.mul),
                       imaginary=each(operator.mul)),
    "div": function("div", guarded(operator.truediv, floating.safe_div),
                     guarded(operator.truediv, complexes.safe_div)),
    "floor_divide": elementwise("floor_divide", integer=each(operator.floordiv),
                                real=guarded(operator.floordiv, floating.safe_floor_divide)),
    "remainder": elementwise("remainder", integer=each(operator.mod),
                             real=guarded(floating.remainder, floating.safe_remainder)),
    "fmod": elementwise("fmod", integer=each(_integer_fmod), real=guarded(math.fmod, floating.safe_fmod)),
    "maximum": _extremes("maximum", _maximum),
    "minimum": _extremes("minimum", _minimum),
}
