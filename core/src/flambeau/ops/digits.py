"""What numbers are made of: common divisors of integers, and the exponents and last places of floats; all exactly.

Bounded by memory traffic: Euclid's rule takes one pass for every quotient, at most 91, an exponent 40 passes.
"""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import float32, float64, int64
from ..table.dispatch import composite
from ..table.lifting import lift
from ..table.samples import Bad, Sample, arr
from ..table.settings import finfo
from ..tensors.tensor import Tensor, unmapped
from .arithmetic import abs as abs_op
from .arithmetic import floor_divide, fmod, sign
from .compare import eq, le, lt, where_op
from .create import cast, nothing
from .math import copysign, exp2

_INTEGERS = (lambda: [
    Sample(arr(3), arr(3)), Sample(arr(2, 3), arr(3)), Sample(arr(), arr(2)), Sample(arr(0), arr(0)),
    Sample(arr(5, fill=[12, 0, 18, 7, 0]), arr(5, fill=[18, 5, 12, 21, 0])),
    Bad(arr(2), arr(3), raises="ShapeError", match="broadcast"),
    Bad(arr(2), 6, raises="ArgumentError", match="Tensor")])


@composite(saves="input", differentiable=False, dtypes="integer", broadcast=True, method=True, inplace=True,
           samples=_INTEGERS)
def gcd(input: Tensor, other: Tensor) -> Tensor:
    """The greatest common divisor, broadcast, by Euclid's rule; that of two zeros is 0."""
    a, b = abs_op(input), abs_op(other)
    a, b = a + b * 0, b + a * 0
    while bool(unmapped(rest := ~eq(b, 0)).any()):
        a, b = where_op(rest, b, a), where_op(rest, fmod(a, where_op(rest, b, lift(b, 1))), b)
    return abs_op(a)  # the remainders of the least integer are negative


@composite(saves="input", differentiable=False, dtypes="integer", broadcast=True, method=True, inplace=True,
           samples=_INTEGERS)
def lcm(input: Tensor, other: Tensor) -> Tensor:
    """The least common multiple, broadcast; 0 where either is 0. It wraps where the dtype is too small."""
    common = gcd(input, other)
    safe = where_op(eq(common, 0), lift(common, 1), common)
    return abs_op(floor_divide(input, safe) * other)


_EDGES = (lambda: [
    Sample(arr(3)), Sample(arr(2, 3)), Sample(arr()), Sample(arr(0)),
    Sample(arr(6, fill=[0.0, -0.0, 1.0, -0.5, 96.0, math.inf]), gradcheck=False)])


@composite(name="frexp", saves="exponent", dtype="same int64", outputs="mantissa exponent", nondiff="exponent",
           dtypes="real floating", compute="float32", samples=_EDGES)
def frexp_op(input: Tensor) -> Any:
    """Each element as a number from 0.5 to 1 times a power of two; zeros, infinities and NaN have the exponent 0."""
    size = abs_op(input)
    plain = lt(lift(size, 0), size) & lt(size, math.inf)
    rest: Any = where_op(plain, size, lift(size, 1))
    exponent: Any = cast(plain, int64) * 0
    for step in _STEPS[size._kind.dtype.itemsize]:
        large, small = le(lift(rest, 2.0 ** step), rest), lt(rest, 2.0 ** -step)
        rest = where_op(large, rest * 2.0 ** -step, where_op(small, rest * 2.0 ** step, rest))
        exponent = exponent + cast(large, int64) * step - cast(small, int64) * step
    whole = plain & le(lift(rest, 1), rest)
    mantissa = where_op(whole, rest * 0.5, rest)
    return copysign(where_op(plain, mantissa, size), input), exponent + cast(whole, int64)


_STEPS = {2: (16, 8, 4, 2, 1), 4: (64, 64, 32, 16, 8, 4, 2, 1), 8: (512, 512, 256, 128, 64, 32, 16, 8, 4, 2, 1)}


@frexp_op.grad("input")
def _(g, exponent):
    return g * exp2(-cast(exponent, g._kind.dtype))


_PLACES = {"float16": (11, -24), "bfloat16": (8, -133), "float32": (24, -149), "float64": (53, -1074)}


@composite(saves="", dtypes="real floating", broadcast=True, method=True, inplace=True, samples=lambda: [
    Sample(arr(3), arr(3), gradcheck=False), Sample(arr(2, 3), arr(3), gradcheck=False), Sample(arr(0), arr(0)),
    Sample(arr(5, fill=[1.0, 1.0, -2.0, 0.5, 3.0]), arr(5, fill=[2.0, 0.0, -2.0, -1.0, 4.0]), gradcheck=False),
    Bad(arr(2), arr(3), raises="ShapeError", match="broadcast")])
def nextafter(input: Tensor, other: Tensor) -> Tensor:
    """The next number of the dtype after `input` on the way to `other`, broadcast."""
    digits, least = _PLACES[input._kind.dtype.name]
    mantissa, exponent = frexp_op(input)
    inwards = lt(abs_op(other), abs_op(input)) | lt(input * sign(other), 0)
    exponent = exponent - digits - cast(eq(abs_op(mantissa), 0.5) & inwards, int64)
    step = where_op(lt(exponent, least) | eq(input, 0), lift(input, 2.0 ** least), _power_of_two(exponent, input))
    moved = where_op(lt(input, other), input + step, input - step)
    moved = where_op(eq(abs_op(input), math.inf), copysign(lift(input, _largest(input)), input), moved)
    moved = where_op(eq(moved, 0), copysign(moved, input), moved)
    made = where_op(eq(input, other), other, moved)
    return where_op(eq(input, input) & eq(other, other), made, input + other)


def _power_of_two(exponent: Tensor, like: Tensor) -> Tensor:
    """2 to that power, at least the smallest one, where the power is computed exactly."""
    held = exponent.clamp(min=_PLACES[like._kind.dtype.name][1])
    return cast(exp2(cast(held, float32 if like._kind.dtype.itemsize < 8 else float64)), like._kind.dtype)


def _largest(input: Tensor) -> float:
    return finfo(input._kind.dtype).max


@nextafter.grad("input")
def _(g):
    return g


@nextafter.grad("other")
def _(g):
    return nothing(g)
