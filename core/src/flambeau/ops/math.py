"""Exponentials, logarithms, powers, trigonometry, and what kind of number an element is.

Gradients follow PyTorch's convention for complex numbers (conjugate Wirtinger)."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import int64
from ..table.dispatch import composite, primitive
from ..table.lifting import lift
from ..table.registry import Number
from ..table.samples import Sample, arr
from ..tensors.tensor import Tensor
from .arithmetic import _div, maximum, mul, neg, sign
from .arithmetic import abs as abs_op
from .common import BINARY, ONE, PAIRS, POWERS, UNARY, domain
from .compare import eq, lt, ne, where_op
from .complex import _c, _imag, _real
from .complex import complex as complex_op
from .create import cast, nothing


@primitive(saves="out", dtype="floating", method=True, inplace=True, samples=UNARY)
def exp(input: Tensor) -> Tensor:
    """e to the power of each element; integers give the default floating dtype."""


@exp.grad("input")
def _(g, out):
    return g * _c(out)


@primitive(saves="input", dtype="floating", method=True, inplace=True, samples=domain(0.1, 5))
def log(input: Tensor) -> Tensor:
    """The natural logarithm of each element."""


@log.grad("input")
def _(g, input):
    return g / _c(input)


@primitive(saves="input", dtype="floating", method=True, inplace=True, samples=domain(-0.9, 5))
def log1p(input: Tensor) -> Tensor:
    """log(1 + x) of each element, exact near 0."""


@log1p.grad("input")
def _(g, input):
    return g / _c(input + 1)


@primitive(saves="out", dtype="floating", method=True, inplace=True, samples=UNARY)
def expm1(input: Tensor) -> Tensor:
    """exp(x) - 1 of each element, exact near 0."""


@expm1.grad("input")
def _(g, out):
    return g * _c(out + 1)


@primitive(saves="out", dtype="floating", method=True, inplace=True, samples=domain(0.1, 5))
def sqrt(input: Tensor) -> Tensor:
    """The square root of each element; NaN for negative reals."""


@sqrt.grad("input")
def _(g, out):
    return g / (_c(out) * 2)


@primitive(saves="input", dtype="floating", method=True, inplace=True, samples=UNARY)
def sin(input: Tensor) -> Tensor:
    """The sine of each element, in radians."""


@sin.grad("input")
def _(g, input):
    return g * _c(cos(input))


@primitive(saves="input", dtype="floating", method=True, inplace=True, samples=UNARY)
def cos(input: Tensor) -> Tensor:
    """The cosine of each element, in radians."""


@cos.grad("input")
def _(g, input):
    return -g * _c(sin(input))


@primitive(saves="out", dtype="floating", method=True, inplace=True, samples=UNARY)
def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent of each element."""


@tanh.grad("input")
def _(g, out):
    return tanh_backward(g, out)


@composite(compute="float32", fusable=True, dtypes="floating", out=False, broadcast=True,
           samples=lambda: [Sample(arr(3), arr(3)), Sample(arr(), arr())])
def tanh_backward(grad: Tensor, out: Tensor) -> Tensor:
    """grad * (1 - out * out)."""
    return grad * _c(1 - out * out)


@primitive(name="pow", saves="input exponent out", dtypes="number", broadcast=True, samples=POWERS)
def _pow(input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    """Elementwise power, broadcast."""


@_pow.grad("input")
def _(g, input, exponent):
    flat = eq(exponent, 0)
    lower = where_op(flat, lift(exponent, 1), exponent) - 1
    return where_op(flat, lift(g, 0), g * _c(exponent * _pow(input, lower)))


@_pow.grad("exponent")
def _(g, input, exponent, out):
    flat = (input == 0) & ((_real(exponent) if exponent._kind.dtype.category == 3 else exponent) >= 0)
    slope = out * log(where_op(flat, lift(input, 1), input))
    return g * _c(where_op(flat, lift(slope, 0), slope))


@primitive(saves="input other", dtype="floating", dtypes="real", broadcast=True, method=True, inplace=True,
           samples=BINARY)
def atan2(input: Tensor, other: Tensor) -> Tensor:
    """The angle of the point (other, input), broadcast, in radians from -pi to pi."""


@atan2.grad("input")
def _(g, input, other):
    return g * other * _inverse_square(input, other)


@atan2.grad("other")
def _(g, input, other):
    return -g * input * _inverse_square(input, other)


def _inverse_square(x: Tensor, y: Tensor) -> Tensor:
    """1 / (x ** 2 + y ** 2), 0 where nothing is left of the squares, as in PyTorch."""
    squares = x * x + y * y
    gone = eq(squares, 0)
    return where_op(gone, lift(squares, 0), 1 / where_op(gone, lift(squares, 1), squares))


def square(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The square of each element; of booleans, as int64."""
    if not input._kind.dtype.category:
        input = input.to(int64)
    return mul(input, input, out=out)


@composite(saves="", dtype="bool", differentiable=False, method=True, samples=ONE)
def isnan(input: Tensor) -> Tensor:
    """Whether each element is NaN."""
    return ne(input, input)


@composite(saves="", dtype="bool", differentiable=False, method=True, samples=ONE)
def isinf(input: Tensor) -> Tensor:
    """Whether each element is infinite."""
    if input._kind.dtype.category < 2:
        return ne(input, input)
    if input._kind.dtype.category == 3:
        return isinf(_real(input)) | isinf(_imag(input))
    return eq(abs_op(input), math.inf)


@composite(saves="", dtype="bool", differentiable=False, method=True, samples=ONE)
def isfinite(input: Tensor) -> Tensor:
    """Whether each element is neither infinite nor NaN."""
    if input._kind.dtype.category < 2:
        return eq(input, input)
    size = abs_op(input) if input._kind.dtype.category == 2 else abs_op(_real(input)) + abs_op(_imag(input))
    return lt(size, math.inf)


@composite(name="nan_to_num", saves="input", dtypes="floating", samples=lambda: [
    Sample(arr(3), 0.0, 2.0, -2.0),
    Sample(arr(4, fill=[math.nan, math.inf, -math.inf, 1.0]), 0.5, 2.0, -2.0, gradcheck=False)])
def nan_to_num_op(input: Tensor, nan: float, posinf: float, neginf: float) -> Tensor:
    """NaN replaced by `nan`, infinities by `posinf` and `neginf`."""
    made = where_op(ne(input, input), lift(input, nan), input)
    made = where_op(eq(input, math.inf), lift(input, posinf), made)
    return where_op(eq(input, -math.inf), lift(input, neginf), made)


@nan_to_num_op.grad("input")
def _(g, input):
    return g * cast(isfinite(input), input._kind.dtype)


@composite(saves="", dtype="bool", dtypes="real", differentiable=False, fusable=True, method=True, samples=ONE)
def isposinf(input: Tensor) -> Tensor:
    """Whether each element is +inf."""
    return eq(input, math.inf) if input._kind.dtype.category == 2 else ne(input, input)


@composite(saves="", dtype="bool", dtypes="real", differentiable=False, fusable=True, method=True, samples=ONE)
def isneginf(input: Tensor) -> Tensor:
    """Whether each element is -inf."""
    return eq(input, -math.inf) if input._kind.dtype.category == 2 else ne(input, input)


@composite(saves="", dtype="bool", dtypes="real", differentiable=False, method=True, samples=ONE)
def signbit(input: Tensor) -> Tensor:
    """Whether each element is negative or -0."""
    if input._kind.dtype.category < 2:
        return lt(input, lift(input, 0))
    return lt(atan2(input, lift(input, -1)), lift(input, 0))


@composite(compute="float32",
           saves="input out", dtype="floating", dtypes="real", broadcast=True, method=True, inplace=True,
           samples=PAIRS)
def copysign(input: Tensor, other: Tensor | Number) -> Tensor:
    """The size of `input` with the sign of `other`, broadcast; a zero has a sign too."""
    size = abs_op(input)
    return where_op(signbit(other), neg(size), size)


@copysign.grad("input")
def _(g, input, out):
    flat = eq(input, 0)
    return g * where_op(flat, lift(g, 0), out / where_op(flat, lift(input, 1), input))


@copysign.grad("other")
def _(g):
    return nothing(g)


def _unary(samples: Any, saves: str = "input", dtypes: str = "all") -> Any:
    return composite(saves=saves, dtype="floating", dtypes=dtypes, method=True, inplace=True, samples=samples,
                     compute="float32")


@_unary(domain(-1.2, 1.2), saves="out")
def tan(input: Tensor) -> Tensor:
    """The tangent of each element, in radians."""
    return sin(input) / cos(input)


@tan.grad("input")
def _(g, out):
    return g * _c(out * out + 1)


def _parts(input: Tensor) -> tuple[Tensor, Tensor]:
    return _real(input), _imag(input)


def _roots(input: Tensor) -> tuple[Tensor, Tensor]:
    """sqrt(1 - z) and sqrt(1 + z), the signs of zeros kept, in which Kahan writes the inverse functions."""
    re, im = _parts(input)
    return sqrt(complex_op(1 - re, -im)), sqrt(complex_op(re + 1, im))


def _turned(input: Tensor) -> Tensor:
    """i * z, exactly."""
    re, im = _parts(input)
    return complex_op(-im, re)


def _turned_back(input: Tensor) -> Tensor:
    re, im = _parts(input)
    return complex_op(im, -re)


@_unary(domain(-0.95, 0.95))
def asin(input: Tensor) -> Tensor:
    """The angle, in radians from -pi/2 to pi/2, whose sine is each element; NaN beyond 1 for reals."""
    if input._kind.dtype.category == 3:
        less, more = _roots(input)
        return complex_op(atan2(_real(input), _real(less * more)), asinh(_imag(_c(less) * more)))
    return atan2(input, sqrt((1 - input) * (input + 1)))


@asin.grad("input")
def _(g, input):
    return g * _c(rsqrt(1 - input * input))


@_unary(domain(-0.95, 0.95))
def acos(input: Tensor) -> Tensor:
    """The angle, in radians from 0 to pi, whose cosine is each element; NaN beyond 1 for reals."""
    if input._kind.dtype.category == 3:
        less, more = _roots(input)
        return complex_op(atan2(_real(less), _real(more)) * 2, asinh(_imag(_c(more) * less)))
    return atan2(sqrt((1 - input) * (input + 1)), input)


@acos.grad("input")
def _(g, input):
    return -g * _c(rsqrt(1 - input * input))


@_unary(ONE)
def atan(input: Tensor) -> Tensor:
    """The angle, in radians from -pi/2 to pi/2, whose tangent is each element."""
    if input._kind.dtype.category == 3:
        return _turned_back(atanh(_turned(input)))
    return atan2(input, lift(input, 1))


@atan.grad("input")
def _(g, input):
    return g / _c(input * input + 1)


@_unary(ONE)
def sinh(input: Tensor) -> Tensor:
    """The hyperbolic sine of each element."""
    grown = expm1(abs_op(input)) if input._kind.dtype.category < 3 else None
    if grown is None:
        return (exp(input) - exp(-input)) * 0.5
    half = (grown + grown / (grown + 1)) * 0.5
    return where_op(eq(input, 0), input, sign(input) * where_op(lt(grown, math.inf), half, grown))


@sinh.grad("input")
def _(g, input):
    return g * _c(cosh(input))


@_unary(ONE)
def cosh(input: Tensor) -> Tensor:
    """The hyperbolic cosine of each element."""
    return (exp(input) + exp(-input)) * 0.5


@cosh.grad("input")
def _(g, input):
    return g * _c(sinh(input))


@_unary(ONE)
def asinh(input: Tensor) -> Tensor:
    """The inverse hyperbolic sine of each element."""
    if input._kind.dtype.category == 3:
        return _turned_back(asin(_turned(input)))
    size = abs_op(input)
    large = lt(lift(size, 1e6), size)
    safe = where_op(large, lift(size, 1), size)
    small = log1p(safe + safe * safe / (sqrt(safe * safe + 1) + 1))
    return copysign(where_op(large, log(size) + math.log(2), small), input)


@asinh.grad("input")
def _(g, input):
    return g * _c(rsqrt(input * input + 1))


@_unary(domain(1.1, 5))
def acosh(input: Tensor) -> Tensor:
    """The inverse hyperbolic cosine of each element; NaN below 1 for reals."""
    if input._kind.dtype.category == 3:
        less, more = sqrt(input - 1), sqrt(input + 1)
        return complex_op(asinh(_real(_c(less) * more)), atan2(_imag(less), _real(more)) * 2)
    large = lt(lift(input, 1e6), input)
    less = where_op(large, lift(input, 1), input) - 1
    return where_op(large, log(input) + math.log(2), log1p(less + sqrt(less) * sqrt(less + 2)))


@acosh.grad("input")
def _(g, input):
    if input._kind.dtype.category < 3:
        return g * rsqrt(input * input - 1)
    return g * _c(rsqrt(input - 1) * rsqrt(input + 1))  # one root of the product would lose the branch cut


@_unary(domain(-0.9, 0.9))
def atanh(input: Tensor) -> Tensor:
    """The inverse hyperbolic tangent of each element; NaN beyond 1 for reals."""
    if input._kind.dtype.category == 3:
        re, im = _parts(input)
        apart = square(1 - re) + square(im)
        return complex_op(log1p(re * 4 / apart) * 0.25, atan2(im * 2, (1 - re) * (re + 1) - square(im)) * 0.5)
    return (log1p(input) - log1p(-input)) * 0.5


@atanh.grad("input")
def _(g, input):
    return g / _c(1 - input * input)


@composite(compute="float32",
           saves="input other out", dtypes="real floating", broadcast=True, method=True, inplace=True, samples=PAIRS)
def hypot(input: Tensor, other: Tensor) -> Tensor:
    """sqrt(input ** 2 + other ** 2), broadcast, without overflow."""
    a, b = abs_op(input), abs_op(other)
    most = maximum(a, b)
    scale = where_op(eq(most, 0) | eq(most, math.inf), lift(most, 1), most)
    made = scale * sqrt(square(a / scale) + square(b / scale))
    return where_op(eq(a, math.inf) | eq(b, math.inf), lift(made, math.inf), made)


@hypot.grad("input")
def _(g, input, out):
    return g * input / out


@hypot.grad("other")
def _(g, other, out):
    return g * other / out


@_unary(ONE, saves="out")
def exp2(input: Tensor) -> Tensor:
    """2 to the power of each element."""
    return _pow(lift(input, 2.0), input)


@exp2.grad("input")
def _(g, out):
    return g * _c(out) * math.log(2)


def _quotient(input: Tensor, divisor: float) -> Tensor:
    """input / divisor, part by part: a complex quotient would make NaN of infinities."""
    if input._kind.dtype.category < 3:
        return input / divisor
    re, im = _parts(input)
    return complex_op(re / divisor, im / divisor)


@_unary(domain(0.1, 5))
def log2(input: Tensor) -> Tensor:
    """The logarithm to base 2 of each element."""
    return _quotient(log(input), math.log(2))


@log2.grad("input")
def _(g, input):
    return g / (_c(input) * math.log(2))


@_unary(domain(0.1, 5))
def log10(input: Tensor) -> Tensor:
    """The logarithm to base 10 of each element."""
    return _quotient(log(input), math.log(10))


@log10.grad("input")
def _(g, input):
    return g / (_c(input) * math.log(10))


@_unary(domain(0.1, 5), saves="out")
def rsqrt(input: Tensor) -> Tensor:
    """1 / sqrt(x) of each element."""
    return 1 / sqrt(input)


@rsqrt.grad("input")
def _(g, out):
    out = _c(out)
    return g * (out * out * out) * -0.5


@_unary(domain(0.1, 5), saves="out")
def reciprocal(input: Tensor) -> Tensor:
    """1 / x of each element."""
    return _div(lift(input, 1), input)


@reciprocal.grad("input")
def _(g, out):
    out = _c(out)
    return -g * (out * out)
