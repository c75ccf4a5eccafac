"""Trigonometry, powers and logarithms beyond the primitives, and PyTorch's other names for elementwise functions.

Ops with a rule are one node on the tape; the rest are short expressions in other ops. Bounded by memory traffic and
the transcendental functions of the backend.
"""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..dispatch import composite, lift
from ..errors import DTypeError
from ..registry import Number
from ..samples import Bad, Sample, arr
from ..tensor import Tensor
from . import arithmetic, mutate
from . import elementwise as e
from .activation import sigmoid
from .bounds import clamp_number, copysign
from .compare import eq, le, lt, where_op
from .elementwise import _c
from .logic import widened
from .tails import erfc_from_half

_ONE = (lambda: [Sample(arr(3)), Sample(arr(2, 3)), Sample(arr()), Sample(arr(0))])
_PAIRS = (lambda: [Sample(arr(3), arr(3)), Sample(arr(2, 3), arr(3)), Sample(arr(), arr(2)), Sample(arr(0, 3), arr(3)),
                   Bad(arr(2), arr(3), raises="ShapeError", match="broadcast")])


def _domain(low: float, high: float) -> Any:
    return lambda: [Sample(arr(3, low=low, high=high)), Sample(arr(2, 3, low=low, high=high)),
                    Sample(arr(low=low, high=high)), Sample(arr(0, low=low, high=high))]


def _unary(samples: Any, saves: str = "input", dtypes: str = "all") -> Any:
    return composite(saves=saves, dtype="floating", dtypes=dtypes, method=True, inplace=True, samples=samples)


# --- trigonometry


@_unary(_domain(-1.2, 1.2), saves="out")
def tan(input: Tensor) -> Tensor:
    """The tangent of each element, in radians."""
    return e.sin(input) / e.cos(input)


@tan.grad("input")
def _(g, out):
    return g * _c(out * out + 1)


def _parts(input: Tensor) -> tuple[Tensor, Tensor]:
    return e._real(input), e._imag(input)


def _roots(input: Tensor) -> tuple[Tensor, Tensor]:
    """sqrt(1 - z) and sqrt(1 + z), the signs of zeros kept, in which Kahan writes the inverse functions."""
    re, im = _parts(input)
    return e.sqrt(e.complex(1 - re, -im)), e.sqrt(e.complex(re + 1, im))


def _turned(input: Tensor) -> Tensor:
    """i * z, exactly."""
    re, im = _parts(input)
    return e.complex(-im, re)


def _turned_back(input: Tensor) -> Tensor:
    re, im = _parts(input)
    return e.complex(im, -re)


@_unary(_domain(-0.95, 0.95))
def asin(input: Tensor) -> Tensor:
    """The angle, in radians from -pi/2 to pi/2, whose sine is each element; NaN beyond 1 for reals."""
    if input._kind.dtype.category == 3:
        less, more = _roots(input)
        return e.complex(e.atan2(e._real(input), e._real(less * more)), asinh(e._imag(_c(less) * more)))
    return e.atan2(input, e.sqrt((1 - input) * (input + 1)))


@asin.grad("input")
def _(g, input):
    return g * _c(rsqrt(1 - input * input))


@_unary(_domain(-0.95, 0.95))
def acos(input: Tensor) -> Tensor:
    """The angle, in radians from 0 to pi, whose cosine is each element; NaN beyond 1 for reals."""
    if input._kind.dtype.category == 3:
        less, more = _roots(input)
        return e.complex(e.atan2(e._real(less), e._real(more)) * 2, asinh(e._imag(_c(more) * less)))
    return e.atan2(e.sqrt((1 - input) * (input + 1)), input)


@acos.grad("input")
def _(g, input):
    return -g * _c(rsqrt(1 - input * input))


@_unary(_ONE)
def atan(input: Tensor) -> Tensor:
    """The angle, in radians from -pi/2 to pi/2, whose tangent is each element."""
    if input._kind.dtype.category == 3:
        return _turned_back(atanh(_turned(input)))
    return e.atan2(input, lift(input, 1))


@atan.grad("input")
def _(g, input):
    return g / _c(input * input + 1)


@_unary(_ONE)
def sinh(input: Tensor) -> Tensor:
    """The hyperbolic sine of each element."""
    grown = e.expm1(e.abs(input)) if input._kind.dtype.category < 3 else None
    if grown is None:
        return (e.exp(input) - e.exp(-input)) * 0.5
    half = (grown + grown / (grown + 1)) * 0.5
    return e.sign(input) * where_op(lt(grown, math.inf), half, grown)


@sinh.grad("input")
def _(g, input):
    return g * _c(cosh(input))


@_unary(_ONE)
def cosh(input: Tensor) -> Tensor:
    """The hyperbolic cosine of each element."""
    return (e.exp(input) + e.exp(-input)) * 0.5


@cosh.grad("input")
def _(g, input):
    return g * _c(sinh(input))


@_unary(_ONE)
def asinh(input: Tensor) -> Tensor:
    """The inverse hyperbolic sine of each element."""
    if input._kind.dtype.category == 3:
        return _turned_back(asin(_turned(input)))
    size = e.abs(input)
    large = lt(lift(size, 1e6), size)
    safe = where_op(large, lift(size, 1), size)
    small = e.log1p(safe + safe * safe / (e.sqrt(safe * safe + 1) + 1))
    return copysign(where_op(large, e.log(size) + math.log(2), small), input)


@asinh.grad("input")
def _(g, input):
    return g * _c(rsqrt(input * input + 1))


@_unary(_domain(1.1, 5))
def acosh(input: Tensor) -> Tensor:
    """The inverse hyperbolic cosine of each element; NaN below 1 for reals."""
    if input._kind.dtype.category == 3:
        less, more = e.sqrt(input - 1), e.sqrt(input + 1)
        return e.complex(asinh(e._real(_c(less) * more)), e.atan2(e._imag(less), e._real(more)) * 2)
    large = lt(lift(input, 1e6), input)
    less = where_op(large, lift(input, 1), input) - 1
    return where_op(large, e.log(input) + math.log(2), e.log1p(less + e.sqrt(less) * e.sqrt(less + 2)))


@acosh.grad("input")
def _(g, input):
    if input._kind.dtype.category < 3:
        return g * rsqrt(input * input - 1)
    return g * _c(rsqrt(input - 1) * rsqrt(input + 1))  # one root of the product would lose the branch cut


@_unary(_domain(-0.9, 0.9))
def atanh(input: Tensor) -> Tensor:
    """The inverse hyperbolic tangent of each element; NaN beyond 1 for reals."""
    if input._kind.dtype.category == 3:
        re, im = _parts(input)
        apart = square(1 - re) + square(im)
        return e.complex(e.log1p(re * 4 / apart) * 0.25, e.atan2(im * 2, (1 - re) * (re + 1) - square(im)) * 0.5)
    return (e.log1p(input) - e.log1p(-input)) * 0.5


@atanh.grad("input")
def _(g, input):
    return g / _c(1 - input * input)


def deg2rad(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Degrees to radians."""
    return e.mul(widened(input), math.pi / 180, out=out)


def rad2deg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Radians to degrees."""
    return e.mul(widened(input), 180 / math.pi, out=out)


@composite(saves="input other", dtypes="real floating", broadcast=True, method=True, inplace=True, samples=_PAIRS)
def hypot(input: Tensor, other: Tensor) -> Tensor:
    """sqrt(input ** 2 + other ** 2), broadcast, without overflow."""
    a, b = e.abs(input), e.abs(other)
    most = e.maximum(a, b)
    scale = where_op(eq(most, 0) | eq(most, math.inf), lift(most, 1), most)
    made = scale * e.sqrt(square(a / scale) + square(b / scale))
    return where_op(eq(a, math.inf) | eq(b, math.inf), lift(made, math.inf), made)


@hypot.grad("input")
def _(g, input, other):
    return g * (input / hypot(input, other))


@hypot.grad("other")
def _(g, input, other):
    return g * (other / hypot(input, other))


square = arithmetic.square


# --- powers and logarithms


@_unary(_ONE, saves="out")
def exp2(input: Tensor) -> Tensor:
    """2 to the power of each element."""
    return e._pow(lift(input, 2.0), input)


@exp2.grad("input")
def _(g, out):
    return g * _c(out) * math.log(2)


@_unary(_domain(0.1, 5))
def log2(input: Tensor) -> Tensor:
    """The logarithm to base 2 of each element."""
    return e.log(input) / math.log(2)


@log2.grad("input")
def _(g, input):
    return g / (_c(input) * math.log(2))


@_unary(_domain(0.1, 5))
def log10(input: Tensor) -> Tensor:
    """The logarithm to base 10 of each element."""
    return e.log(input) / math.log(10)


@log10.grad("input")
def _(g, input):
    return g / (_c(input) * math.log(10))


@_unary(_domain(0.1, 5), saves="out")
def rsqrt(input: Tensor) -> Tensor:
    """1 / sqrt(x) of each element."""
    return 1 / e.sqrt(input)


@rsqrt.grad("input")
def _(g, out):
    out = _c(out)
    return g * (out * out * out) * -0.5


@_unary(_domain(0.1, 5), saves="out")
def reciprocal(input: Tensor) -> Tensor:
    """1 / x of each element."""
    return 1 / input


@reciprocal.grad("input")
def _(g, out):
    out = _c(out)
    return -g * (out * out)


@_unary(_ONE, dtypes="real")
def erfc(input: Tensor) -> Tensor:
    """1 - erf(x) of each element, also where that difference has no digits left."""
    near = 1 - e.erf(input)
    x = input if input.dtype is near.dtype else input.to(near.dtype)
    return where_op(lt(x, 0.5), near, erfc_from_half(x))


@erfc.grad("input")
def _(g, input):
    return g * (e.exp(-input * input) * -1.1283791670955126)


@composite(saves="input", dtype="floating", dtypes="real", method=True, inplace=True, samples=_domain(0.1, 0.9))
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """log(x / (1 - x)) of each element; with `eps`, x is first limited to [eps, 1 - eps]."""
    if eps is not None:
        input = clamp_number(input, eps, 1 - eps)
    return e.log(input / (1 - input))


@logit.grad("input")
def _(g, input, *, eps):
    slope = g / (input * (1 - input))
    if eps is None:
        return where_op(lt(input, lift(input, 0)) | lt(lift(input, 1), input), lift(g, math.nan), slope)
    return where_op(lt(input, lift(input, eps)) | lt(lift(input, 1 - eps), input), lift(g, 0), slope)


def float_power(input: Any, exponent: Any, *, out: Tensor | None = None) -> Tensor:
    """input to the power of exponent, broadcast, in float64 (complex128 where either is complex)."""
    wide = dtypes.complex128 if any_complex(input, exponent) else dtypes.float64
    base, power = (t.to(wide) if isinstance(t, Tensor) else t for t in (input, exponent))
    return arithmetic.pow(base, power, out=out)


def any_complex(*values: Any) -> Any:
    """Whether one of the numbers or tensors is complex."""
    return any(v.is_complex() if isinstance(v, Tensor) else isinstance(v, complex) for v in values)


@composite(saves="input other", dtypes="floating", broadcast=True, method=True, samples=_PAIRS)
def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """log(exp(input) + exp(other)), broadcast, without overflow."""
    if input._kind.dtype.category == 3:
        swap = lt(e._real(input), e._real(other))
        most, least = where_op(swap, other, input), where_op(swap, input, other)
        return most + e.log1p(e.exp(least - most))
    return _log_add(input, other, e.exp, e.log1p)


def _log_add(input: Tensor, other: Tensor, power: Any, log_of_more: Any) -> Tensor:
    most, least = e.maximum(input, other), e.minimum(input, other)
    infinite = eq(e.abs(most), math.inf)
    gap = where_op(infinite, lift(most, 0), least - most)
    return where_op(infinite, most, most + log_of_more(power(gap)))


@logaddexp.grad("input")
def _(g, input, other):
    return g * _c(sigmoid(input - other))


@logaddexp.grad("other")
def _(g, input, other):
    return g * _c(sigmoid(other - input))


@composite(saves="input other", dtypes="real floating", broadcast=True, method=True, samples=_PAIRS)
def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """log2(2 ** input + 2 ** other), broadcast, without overflow."""
    return _log_add(input, other, exp2, lambda x: e.log1p(x) / math.log(2))


@logaddexp2.grad("input")
def _(g, input, other):
    return g * sigmoid((input - other) * math.log(2))


@logaddexp2.grad("other")
def _(g, input, other):
    return g * sigmoid((other - input) * math.log(2))


@composite(saves="input other", dtype="floating", dtypes="real", broadcast=True, method=True, inplace=True,
           samples=lambda: [Sample(arr(3), arr(3, low=0.1, high=3)), Sample(arr(2, 3), arr(3, low=0.1, high=3)),
                            Sample(arr(3, fill=[0.0, 0.0, 1.0]), arr(3, fill=[0.0, 2.0, 1.0]), gradcheck=False)])
def xlogy(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input * log(other), broadcast; 0 where input is 0 and other is a number."""
    flat = eq(input, 0) & eq(other, other)
    return where_op(flat, lift(input, 0), input * e.log(where_op(flat, lift(other, 1), other)))


@xlogy.grad("input")
def _(g, input, other):
    flat = eq(input, 0) & le(other, lift(other, 0))
    return where_op(flat, lift(g, 0), g * e.log(where_op(flat, lift(other, 1), other)))


@xlogy.grad("other")
def _(g, input, other):
    return g * input / other


@composite(saves="input", dtype="floating", method=True, inplace=True, samples=_ONE)
def sinc(input: Tensor) -> Tensor:
    """sin(pi * x) / (pi * x) of each element, 1 at 0."""
    flat = eq(input, 0)
    angle = where_op(flat, lift(input, 1), input) * math.pi
    return where_op(flat, lift(angle, 1), e.sin(angle) / angle)


@sinc.grad("input")
def _(g, input):
    flat = eq(input, 0)
    angle = where_op(flat, lift(input, 1), input) * math.pi
    slope = (angle * e.cos(angle) - e.sin(angle)) / (angle * angle) * math.pi
    return where_op(flat, lift(g, 0), g * _c(slope))


# --- other names and methods

fix, absolute, negative = e.trunc, e.abs, e.neg
arcsin, arccos, arctan, arctan2, arcsinh, arccosh, arctanh = asin, acos, atan, e.atan2, asinh, acosh, atanh
_ALIASES = {"fix": "trunc", "absolute": "abs", "negative": "neg", "arcsin": "asin", "arccos": "acos", "arctan": "atan",
            "arctan2": "atan2", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh"}


def _real_abs(input: Tensor) -> Tensor:
    if input._kind.dtype.category == 3:
        raise DTypeError("In-place abs is not supported for complex tensors.", op="abs_")
    return e.abs(input)


def _float_power_kept(input: Tensor, exponent: Any) -> Tensor:
    made = float_power(input, exponent)
    if made.dtype is not input.dtype:
        raise DTypeError(f"the base given to float_power_ has dtype {input.dtype!r} but the operation's result requires"
                         f" dtype {made.dtype!r}", op="float_power_")
    return made


def _attach() -> None:
    for function in (float_power, deg2rad, rad2deg):
        setattr(Tensor, function.__name__, function)
    for name, changing in (("deg2rad", deg2rad), ("rad2deg", rad2deg), ("abs", _real_abs),
                           ("float_power", _float_power_kept)):
        mutate.in_place(name, changing)
    for alias, of in _ALIASES.items():
        setattr(Tensor, alias, getattr(Tensor, of))
        setattr(Tensor, f"{alias}_", getattr(Tensor, f"{of}_"))


_attach()

__all__ = [
    "absolute",
    "acos",
    "acosh",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "cosh",
    "deg2rad",
    "erfc",
    "exp2",
    "fix",
    "float_power",
    "hypot",
    "log2",
    "log10",
    "logaddexp",
    "logaddexp2",
    "logit",
    "negative",
    "rad2deg",
    "reciprocal",
    "rsqrt",
    "sinc",
    "sinh",
    "tan",
    "xlogy",
]
