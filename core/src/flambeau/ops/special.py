"""Special functions: error functions, the logistic function and its inverse, logarithms of sums.

Where a plain formula has lost its digits another one takes over; bounded by memory traffic."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..table.dispatch import composite, primitive
from ..table.lifting import lift
from ..table.registry import Number
from ..table.samples import Sample, arr
from ..tensors.tensor import Tensor
from .arithmetic import abs as abs_op
from .arithmetic import clamp_number, floor, maximum, minimum, neg
from .common import CURVES, ONE, PAIRS, TWO, UNARY, domain
from .compare import eq, le, lt, where_op
from .complex import _c, _real
from .create import cast
from .math import _unary, cos, exp, exp2, log, log1p, sin

_FAR = 28.0  # exp(-28 * 28) is zero in every dtype
# (1 + 2x) exp(x^2) erfc(x) in powers of t = (x - 3) / (x + 3), from the Chebyshev series on 0.5 <= x <= 28, computed
# with 50 digits; the form is that of Shepherd and Laframboise, Mathematics of Computation 36 (1981).
_SCALED = (
    1.25300805826972965, -0.135621106124581201, -0.0475622943534511681, 0.129645158702763924, -0.119273663415275866,
    0.0683080273438589993, -0.0237705149195956242, 0.00252939181816837523, 0.00188869037240440312,
    -0.000779832294000067676, -0.000105159901137790177, 0.000125099500567119017, 4.94994681487587596e-6,
    -0.0000201012466607897222, -7.32795096781209764e-7, 3.47453115165674957e-6, 3.58921510493614507e-7,
    -6.21063687832799676e-7, -1.43127611316218603e-7, 1.07742811447517832e-7, 4.12785485491009594e-8,
    -1.78228834853559567e-8, -6.76435264964689011e-9, 2.493890904878516e-9)


def erfc_from_half(input: Tensor) -> Tensor:
    """erfc(x) where x >= 0.5, within 6 units in the last place; float16 and bfloat16 in float32."""
    dtype = input._kind.dtype
    if dtype.itemsize == 2:
        return cast(erfc_from_half(cast(input, dtypes.float32)), dtype)
    x = clamp_number(input, 0.5, _FAR)
    return exp_of_square(x, -1) * scaled_erfc(x)


def scaled_erfc(x: Tensor) -> Tensor:
    """exp(x^2) erfc(x) where 0.5 <= x <= 28."""
    t = (x - 3) / (x + 3)
    scaled = t * _SCALED[-1] + _SCALED[-2]
    for coefficient in _SCALED[-3::-1]:
        scaled = scaled * t + coefficient
    return scaled / (x * 2 + 1)


def exp_of_square(x: Tensor, sign: int = 1) -> Tensor:
    """exp(x^2), or exp(-x^2): squared in two parts, the first exactly, since exp makes a lost digit many."""
    head = floor(x * 64) / 64
    return exp(head * head * sign) * exp((x - head) * (x + head) * sign)


@primitive(saves="input", dtype="floating", dtypes="real", method=True, inplace=True, samples=UNARY)
def erf(input: Tensor) -> Tensor:
    """The error function of each element."""


@erf.grad("input")
def _(g, input):
    return g * (exp(-input * input) * 1.1283791670955126)


@composite(compute="float32", saves="out", dtype="floating", method=True, inplace=True, samples=CURVES)
def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-x)) of each element; integers give the default floating dtype."""
    return 1 / (exp(neg(input)) + 1)


@sigmoid.grad("input")
def _(g, out):
    return sigmoid_backward(g, out)


@composite(compute="float32", fusable=True, dtypes="floating", out=False, broadcast=True, samples=TWO)
def sigmoid_backward(grad: Tensor, out: Tensor) -> Tensor:
    """grad * (1 - out) * out."""
    out = _c(out)
    return grad * ((1 - out) * out)


@_unary(ONE, dtypes="real")
def erfc(input: Tensor) -> Tensor:
    """1 - erf(x) of each element, also where that difference has no digits left."""
    near = 1 - erf(input)
    x = input if input.dtype is near.dtype else input.to(near.dtype)
    return where_op(lt(x, 0.5), near, erfc_from_half(x))


@erfc.grad("input")
def _(g, input):
    return g * (exp(-input * input) * -1.1283791670955126)


@composite(compute="float32",
           saves="input", dtype="floating", dtypes="real", method=True, inplace=True, samples=domain(0.1, 0.9))
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """log(x / (1 - x)) of each element; with `eps`, x is first limited to [eps, 1 - eps]."""
    if eps is not None:
        input = clamp_number(input, eps, 1 - eps)
    return log(input / (1 - input))


@logit.grad("input")
def _(g, input, *, eps):
    spread = input * (1 - input)
    slope = g / where_op(eq(spread, 0), abs_op(spread), spread)  # plus infinity at either end, whatever zero's sign
    if eps is None:
        return where_op(lt(input, lift(input, 0)) | lt(lift(input, 1), input), lift(g, math.nan), slope)
    return where_op(lt(input, lift(input, eps)) | lt(lift(input, 1 - eps), input), lift(g, 0), slope)


@composite(compute="float32", saves="input other", dtypes="floating", broadcast=True, method=True, samples=PAIRS)
def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """log(exp(input) + exp(other)), broadcast, without overflow."""
    if input._kind.dtype.category == 3:
        swap = lt(_real(input), _real(other))
        most, least = where_op(swap, other, input), where_op(swap, input, other)
        return most + log1p(exp(least - most))
    return _log_add(input, other, exp, log1p)


def _log_add(input: Tensor, other: Tensor, power: Any, log_of_more: Any) -> Tensor:
    most, least = maximum(input, other), minimum(input, other)
    infinite = eq(abs_op(most), math.inf)
    gap = where_op(infinite, lift(most, 0), least - most)
    return where_op(infinite, most, most + log_of_more(power(gap)))


@logaddexp.grad("input")
def _(g, input, other):
    return g * _c(sigmoid(input - other))


@logaddexp.grad("other")
def _(g, input, other):
    return g * _c(sigmoid(other - input))


@composite(compute="float32", saves="input other", dtypes="real floating", broadcast=True, method=True, samples=PAIRS)
def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """log2(2 ** input + 2 ** other), broadcast, without overflow."""
    return _log_add(input, other, exp2, lambda x: log1p(x) / math.log(2))


@logaddexp2.grad("input")
def _(g, input, other):
    return g * sigmoid((input - other) * math.log(2))


@logaddexp2.grad("other")
def _(g, input, other):
    return g * sigmoid((other - input) * math.log(2))


@composite(compute="float32",
           saves="input other", dtype="floating", dtypes="real", broadcast=True, method=True, inplace=True,
           samples=lambda: [Sample(arr(3), arr(3, low=0.1, high=3)), Sample(arr(2, 3), arr(3, low=0.1, high=3)),
                            Sample(arr(3, fill=[0.0, 0.0, 1.0]), arr(3, fill=[0.0, 2.0, 1.0]), gradcheck=False)])
def xlogy(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input * log(other), broadcast; 0 where input is 0 and other is a number."""
    flat = eq(input, 0) & eq(other, other)
    return where_op(flat, lift(input, 0), input * log(where_op(flat, lift(other, 1), other)))


@xlogy.grad("input")
def _(g, input, other):
    return where_op(eq(input, 0) & le(other, lift(other, 0)), lift(g, 0), xlogy(g, other))


@xlogy.grad("other")
def _(g, input, other):
    return g * input / other


@composite(compute="float32", saves="input", dtype="floating", method=True, inplace=True, samples=ONE)
def sinc(input: Tensor) -> Tensor:
    """sin(pi * x) / (pi * x) of each element, 1 at 0."""
    flat = eq(input, 0)
    angle = where_op(flat, lift(input, 1), input) * math.pi
    return where_op(flat, lift(angle, 1), sin(angle) / angle)


@sinc.grad("input")
def _(g, input):
    flat = eq(input * input * math.pi, 0)  # also where the square has underflowed
    angle = where_op(flat, lift(input, 1), input) * math.pi
    slope = (angle * cos(angle) - sin(angle)) / (angle * angle) * math.pi
    return where_op(flat, lift(g, 0), g * _c(slope))
