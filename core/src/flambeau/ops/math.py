"""More elementwise mathematics: trigonometry, logarithms, bounds, tests, and PyTorch's other names for what is there.

Ops with a rule are one node on the tape; the rest are short expressions in other ops. Bounded by memory traffic and
the transcendental functions of the backend.
"""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes, views
from ..dispatch import composite, into, lift
from ..dtypes import DType, get_default_dtype, promote_types
from ..errors import ArgumentError, DTypeError, ValueRangeError
from ..registry import Number
from ..samples import Bad, Sample, arr
from ..tensor import Tensor
from . import arithmetic, compare, mutate
from . import elementwise as e
from .activation import sigmoid
from .compare import eq, le, logical_not, lt, ne, where_op
from .create import cast
from .elementwise import _c
from .movement import copy

_ONE = (lambda: [Sample(arr(3)), Sample(arr(2, 3)), Sample(arr()), Sample(arr(0))])
_PAIRS = (lambda: [Sample(arr(3), arr(3)), Sample(arr(2, 3), arr(3)), Sample(arr(), arr(2)), Sample(arr(0, 3), arr(3)),
                   Bad(arr(2), arr(3), raises="ShapeError", match="broadcast")])


def _domain(low: float, high: float) -> Any:
    return lambda: [Sample(arr(3, low=low, high=high)), Sample(arr(2, 3, low=low, high=high)),
                    Sample(arr(low=low, high=high)), Sample(arr(0, low=low, high=high))]


def _unary(samples: Any, saves: str = "input", dtypes: str = "all") -> Any:
    return composite(saves=saves, dtype="floating", dtypes=dtypes, method=True, inplace=True, samples=samples)


def _widened(input: Tensor) -> Tensor:
    """Floating as it is; integers and booleans in the default floating dtype."""
    return input if input._kind.dtype.category > 1 else cast(input, get_default_dtype())


# --- trigonometry


@_unary(_domain(-1.2, 1.2), saves="out")
def tan(input: Tensor) -> Tensor:
    """The tangent of each element, in radians."""
    return e.sin(input) / e.cos(input)


@tan.grad("input")
def _(g, out):
    return g * _c(out * out + 1)


@_unary(_domain(-0.95, 0.95), dtypes="real")
def asin(input: Tensor) -> Tensor:
    """The angle, in radians from -pi/2 to pi/2, whose sine is each element; NaN beyond 1."""
    return e.atan2(input, e.sqrt((1 - input) * (input + 1)))


@asin.grad("input")
def _(g, input):
    return g * rsqrt(1 - input * input)


@_unary(_domain(-0.95, 0.95), dtypes="real")
def acos(input: Tensor) -> Tensor:
    """The angle, in radians from 0 to pi, whose cosine is each element; NaN beyond 1."""
    return e.atan2(e.sqrt((1 - input) * (input + 1)), input)


@acos.grad("input")
def _(g, input):
    return -g * rsqrt(1 - input * input)


@_unary(_ONE, dtypes="real")
def atan(input: Tensor) -> Tensor:
    """The angle, in radians from -pi/2 to pi/2, whose tangent is each element."""
    return e.atan2(input, lift(input, 1))


@atan.grad("input")
def _(g, input):
    return g / (input * input + 1)


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


@_unary(_ONE, dtypes="real")
def asinh(input: Tensor) -> Tensor:
    """The inverse hyperbolic sine of each element."""
    size = e.abs(input)
    large = lt(lift(size, 1e6), size)
    safe = where_op(large, lift(size, 1), size)
    small = e.log1p(safe + safe * safe / (e.sqrt(safe * safe + 1) + 1))
    return copysign(where_op(large, e.log(size) + math.log(2), small), input)


@asinh.grad("input")
def _(g, input):
    return g * rsqrt(input * input + 1)


@_unary(_domain(1.1, 5), dtypes="real")
def acosh(input: Tensor) -> Tensor:
    """The inverse hyperbolic cosine of each element; NaN below 1."""
    large = lt(lift(input, 1e6), input)
    less = where_op(large, lift(input, 1), input) - 1
    return where_op(large, e.log(input) + math.log(2), e.log1p(less + e.sqrt(less) * e.sqrt(less + 2)))


@acosh.grad("input")
def _(g, input):
    return g * rsqrt(input * input - 1)


@_unary(_domain(-0.9, 0.9), dtypes="real")
def atanh(input: Tensor) -> Tensor:
    """The inverse hyperbolic tangent of each element; NaN beyond 1."""
    return (e.log1p(input) - e.log1p(-input)) * 0.5


@atanh.grad("input")
def _(g, input):
    return g / (1 - input * input)


def deg2rad(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Degrees to radians."""
    return e.mul(_widened(input), math.pi / 180, out=out)


def rad2deg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Radians to degrees."""
    return e.mul(_widened(input), 180 / math.pi, out=out)


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
    """1 - erf(x) of each element."""
    return 1 - e.erf(input)


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


@composite(saves="input other", dtypes="real floating", broadcast=True, method=True, samples=_PAIRS)
def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """log(exp(input) + exp(other)), broadcast, without overflow."""
    return _log_add(input, other, e.exp, e.log1p)


def _log_add(input: Tensor, other: Tensor, power: Any, log_of_more: Any) -> Tensor:
    most, least = e.maximum(input, other), e.minimum(input, other)
    infinite = eq(e.abs(most), math.inf)
    gap = where_op(infinite, lift(most, 0), least - most)
    return where_op(infinite, most, most + log_of_more(power(gap)))  # type: ignore[no-any-return]


@logaddexp.grad("input")
def _(g, input, other):
    return g * sigmoid(input - other)


@logaddexp.grad("other")
def _(g, input, other):
    return g * sigmoid(other - input)


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


# --- bounds

_BOUNDS = (lambda: [Sample(arr(4), -0.5, 0.5, dtypes=("real floating",)), Sample(arr(4), 0, 3),
                    Sample(arr(2, 3), None, 0.5, dtypes=("real floating",)), Sample(arr(2, 3), 0, None),
                    Sample(arr(), 0, 1), Sample(arr(0), 0, 1)])


@composite(name="clamp", saves="input", dtypes="real number", samples=_BOUNDS)
def clamp_number(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Each element limited to [min, max], numbers that the dtype can hold; NaN stays NaN."""
    if min is not None:
        input = e.maximum(input, lift(input, min))
    return input if max is None else e.minimum(input, lift(input, max))


@clamp_number.grad("input")
def _(g, input, *, min, max):
    return clamp_backward(g, input, min, max)


@composite(dtypes="real floating", fusable=True, out=False, broadcast=True,
           samples=lambda: [Sample(arr(3), arr(3), -0.5, 0.5)])
def clamp_backward(grad: Tensor, input: Tensor, min: Any, max: Any) -> Tensor:
    """`grad` where `input` lies within the bounds, 0 elsewhere."""
    within = None if min is None else le(lift(input, min), input)
    below = None if max is None else le(input, lift(input, max))
    if within is not None and below is not None:
        within = within & below
    return where_op(below if within is None else within, grad, lift(grad, 0))


@composite(name="clamp_min", saves="input min", dtypes="real", broadcast=True, grad_name="ClampMinBackward1",
           samples=_PAIRS)
def clamp_min_tensor(input: Tensor, min: Tensor) -> Tensor:
    """The larger of each pair, broadcast; at ties the gradient goes to `input`."""
    return e.maximum(input, min)


@clamp_min_tensor.grad("input")
def _(g, input, min):
    return where_op(le(min, input), g, lift(g, 0))


@clamp_min_tensor.grad("min")
def _(g, input, min):
    return where_op(lt(input, min), g, lift(g, 0))


@composite(name="clamp_max", saves="input max", dtypes="real", broadcast=True, grad_name="ClampMaxBackward1",
           samples=_PAIRS)
def clamp_max_tensor(input: Tensor, max: Tensor) -> Tensor:
    """The smaller of each pair, broadcast; at ties the gradient goes to `input`."""
    return e.minimum(input, max)


@clamp_max_tensor.grad("input")
def _(g, input, max):
    return where_op(le(input, max), g, lift(g, 0))


@clamp_max_tensor.grad("max")
def _(g, input, max):
    return where_op(lt(max, input), g, lift(g, 0))


def clamp(input: Tensor, min: Any = None, max: Any = None, *, out: Tensor | None = None) -> Tensor:
    """Each element limited to [min, max], numbers or tensors, either of which may be left out; NaN stays NaN.

    >>> import flambeau
    >>> flambeau.clamp(flambeau.tensor([-1.0, 0.5, 2.0]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if min is None and max is None:
        raise ValueRangeError("At least one of 'min' or 'max' must not be None", op="clamp")
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        made = input if min is None else clamp_min_tensor(input, _as_tensor(input, min))
        made = made if max is None else clamp_max_tensor(made, _as_tensor(input, max))
        return made if out is None else into(clamp_number.op, out, made)  # type: ignore[no-any-return]
    kind = input._kind.dtype
    if kind.category < 2 and (isinstance(min, float) or isinstance(max, float)):
        input = cast(input, get_default_dtype())
    return clamp_number(input, min, max, out=out)  # type: ignore[no-any-return]


def _as_tensor(like: Tensor, value: Any) -> Any:
    return value if isinstance(value, Tensor) else lift(like, value)


def clamp_min(input: Tensor, min: Any, *, out: Tensor | None = None) -> Tensor:
    """Each element limited to at least `min`, a number or a tensor."""
    return clamp(input, min, None, out=out)


def clamp_max(input: Tensor, max: Any, *, out: Tensor | None = None) -> Tensor:
    """Each element limited to at most `max`, a number or a tensor."""
    return clamp(input, None, max, out=out)


# --- tests


@composite(saves="", dtype="bool", differentiable=False, method=True, samples=_ONE)
def isnan(input: Tensor) -> Tensor:
    """Whether each element is NaN."""
    return ne(input, input)


@composite(saves="", dtype="bool", differentiable=False, method=True, samples=_ONE)
def isinf(input: Tensor) -> Tensor:
    """Whether each element is infinite."""
    if input._kind.dtype.category < 2:
        return ne(input, input)
    if input._kind.dtype.category == 3:
        return isinf(e._real(input)) | isinf(e._imag(input))
    return eq(e.abs(input), math.inf)


@composite(saves="", dtype="bool", differentiable=False, method=True, samples=_ONE)
def isfinite(input: Tensor) -> Tensor:
    """Whether each element is neither infinite nor NaN."""
    if input._kind.dtype.category < 2:
        return eq(input, input)
    size = e.abs(input) if input._kind.dtype.category == 2 else e.abs(e._real(input)) + e.abs(e._imag(input))
    return lt(size, math.inf)


@composite(saves="", dtype="bool", dtypes="real", differentiable=False, method=True, samples=_ONE)
def isposinf(input: Tensor) -> Tensor:
    """Whether each element is +inf."""
    return eq(input, math.inf) if input._kind.dtype.category == 2 else ne(input, input)


@composite(saves="", dtype="bool", dtypes="real", differentiable=False, method=True, samples=_ONE)
def isneginf(input: Tensor) -> Tensor:
    """Whether each element is -inf."""
    return eq(input, -math.inf) if input._kind.dtype.category == 2 else ne(input, input)


def isreal(input: Tensor) -> Tensor:
    """Whether each element has no imaginary part."""
    return eq(e._imag(input), 0) if input._kind.dtype.category == 3 else eq(input, input) | ne(input, input)


@composite(saves="", dtype="bool", dtypes="real", differentiable=False, method=True, samples=_ONE)
def signbit(input: Tensor) -> Tensor:
    """Whether each element is negative or -0."""
    if input._kind.dtype.category < 2:
        return lt(input, lift(input, 0))
    return lt(e.atan2(input, lift(input, -1)), lift(input, 0))


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Whether |input - other| <= atol + rtol * |other| for each pair, broadcast."""
    if input._kind.dtype is not other._kind.dtype:
        raise DTypeError(f"{input.dtype!r} did not match {other.dtype!r}", op="isclose")
    for name, value in (("rtol", rtol), ("atol", atol)):
        if value < 0:
            raise ValueRangeError(f"{name} must be greater than or equal to zero, but got {value}", op="isclose")
    close = eq(input, other)
    if equal_nan:
        close = close | (ne(input, input) & ne(other, other))
    if not rtol and not atol:
        return close  # type: ignore[no-any-return]
    a, b = _widened(input), _widened(other)
    apart = e.abs(a - b)
    near = le(apart, e.abs(b) * rtol + atol) & isfinite(apart)
    return close | near  # type: ignore[no-any-return]


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Whether all pairs are close, as `isclose` has it; a Python bool."""
    return bool(isclose(input, other, rtol, atol, equal_nan).all().item())


def equal(input: Tensor, other: Tensor) -> Any:
    """Whether two tensors have the same size and elements; a Python bool. NaN equals nothing."""
    if not isinstance(other, Tensor):
        raise ArgumentError(f"other must be a Tensor, got {type(other).__name__}", op="equal")
    if tuple(input._array.shape) != tuple(other._array.shape):
        return False
    return bool(eq(input, other).all().item())


# --- logic


def _logical(name: str, function: Any, doc: str) -> Any:
    def body(input: Tensor, other: Tensor) -> Tensor:
        return function(ne(input, 0), ne(other, 0))  # type: ignore[no-any-return]

    body.__name__, body.__doc__ = name, doc
    made = composite(saves="", dtype="bool", broadcast=True, method=True, differentiable=False, samples=_PAIRS)(body)
    mutate.in_place(name, lambda self, other: made(self, other).to(self.dtype))
    return made


logical_and = _logical("logical_and", compare.bitwise_and, "Whether both of each pair are not zero, broadcast.")
logical_or = _logical("logical_or", compare.bitwise_or, "Whether one of each pair is not zero, broadcast.")
logical_xor = _logical("logical_xor", compare.bitwise_xor, "Whether just one of each pair is not zero, broadcast.")
mutate.in_place("logical_not", lambda self: logical_not(self).to(self.dtype))


# --- combinations


def _floats_agree(op: str, input: Tensor, value: Any) -> None:
    if isinstance(value, float) and input._kind.dtype.category < 2:
        raise DTypeError(f"for integral input tensors, argument value must not be a floating point number, got {value}",
                         op=op)


def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1, out: Tensor | None = None) -> Tensor:
    """input + value * tensor1 * tensor2, broadcast."""
    _floats_agree("addcmul", input, value)
    product = tensor1 * tensor2
    return e._add(input, product if value == 1 else product * value, out=out)  # type: ignore[no-any-return]


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1, out: Tensor | None = None) -> Tensor:
    """input + value * tensor1 / tensor2, broadcast. Raises DTypeError for two integer tensors."""
    if tensor1._kind.dtype.category < 2 and tensor2._kind.dtype.category < 2:
        raise DTypeError("Integer division with addcdiv is no longer supported, and in a future release addcdiv will"
                         " perform a true division of tensor1 and tensor2.", op="addcdiv")
    quotient = tensor1 / tensor2
    return e._add(input, quotient if value == 1 else quotient * value, out=out)  # type: ignore[no-any-return]


def lerp(input: Tensor, end: Tensor, weight: Any, *, out: Tensor | None = None) -> Tensor:
    """input + weight * (end - input), broadcast; exact at both ends."""
    if input._kind.dtype is not end._kind.dtype:
        raise DTypeError(f"expected dtype {input.dtype!r} for `end` but got dtype {end.dtype!r}", op="lerp")
    if isinstance(weight, Tensor):
        made = _lerp_tensor(input, end, weight)
    elif abs(weight) < 0.5:
        made = input + (end - input) * weight
    else:
        made = end - (end - input) * (1 - weight)
    return made if out is None else into(e._add.op, out, made)  # type: ignore[no-any-return]


def _lerp_tensor(input: Tensor, end: Tensor, weight: Tensor) -> Tensor:
    if input._kind.dtype is not weight._kind.dtype:
        raise DTypeError(f"expected dtype {input.dtype!r} for `weight` but got dtype {weight.dtype!r}", op="lerp")
    near = lt(e.abs(weight), 0.5)
    return where_op(near, input + (end - input) * weight, end - (end - input) * (1 - weight))  # type: ignore[no-any-return]


def frac(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The part of each element after the point, with its sign."""
    return e._sub(input, e.trunc(input), out=out)  # type: ignore[no-any-return]


@composite(saves="input out", dtype="floating", dtypes="real", broadcast=True, method=True, inplace=True,
           samples=_PAIRS)
def copysign(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """The size of `input` with the sign of `other`, broadcast; a zero has a sign too."""
    size = e.abs(input)
    return where_op(signbit(other), e.neg(size), size)


@copysign.grad("input")
def _(g, input, out):
    return where_op(eq(input, 0), lift(g, 0), g * where_op(eq(signbit(input), signbit(out)), lift(g, 1), lift(g, -1)))


@copysign.grad("other")
def _(g):
    return g * 0


def nan_to_num(input: Tensor, nan: float | None = 0.0, posinf: float | None = None, neginf: float | None = None, *,
               out: Tensor | None = None) -> Tensor:
    """NaN replaced by `nan`, infinities by the numbers given or the dtype's largest and smallest."""
    from ..settings import finfo

    if input._kind.dtype.category < 2:
        return copy(input, out=out)  # type: ignore[no-any-return]
    limits = finfo(input.dtype)
    high, low = (limits.max if posinf is None else posinf), (limits.min if neginf is None else neginf)
    made = where_op(ne(input, input), lift(input, nan or 0.0), input)
    made = where_op(eq(input, math.inf), lift(input, high), made)
    made = where_op(eq(input, -math.inf), lift(input, low), made)
    return made if out is None else into(e._add.op, out, made)  # type: ignore[no-any-return]


@composite(saves="", dtypes="real", broadcast=True, method=True, inplace=True, differentiable=False, samples=_PAIRS)
def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 where the first of each pair is negative, 1 where positive, the second where it is 0; broadcast."""
    return where_op(eq(input, 0), values, cast(lt(lift(input, 0), input), input._kind.dtype))


def positive(input: Tensor) -> Tensor:
    """The tensor itself. Raises DTypeError for booleans."""
    if not input._kind.dtype.category:
        raise DTypeError("The `+` operator, on a bool tensor is not supported.", op="positive")
    return input


def fmax(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The larger of each pair, broadcast; of a NaN and a number the number."""
    return _ignoring_nan(e.maximum, input, other, out)


def fmin(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smaller of each pair, broadcast; of a NaN and a number the number."""
    return _ignoring_nan(e.minimum, input, other, out)


def _ignoring_nan(function: Any, input: Tensor, other: Tensor, out: Tensor | None) -> Tensor:
    made = where_op(ne(other, other), input, where_op(ne(input, input), other, function(input, other)))
    return made if out is None else into(function.op, out, made)  # type: ignore[no-any-return]


def result_type(tensor1: Any, tensor2: Any) -> DType:
    """The dtype that an operation on the two, tensors or numbers, gives."""
    from ..dispatch import result_dtype

    first = tensor1 if isinstance(tensor1, Tensor) else None
    anchor = first if first is not None else tensor2
    if not isinstance(anchor, Tensor):
        return promote_types(dtypes.of_scalar(tensor1), dtypes.of_scalar(tensor2))
    return result_dtype([_as_tensor(anchor, tensor1), _as_tensor(anchor, tensor2)])


# --- other names and methods

expit, fix, absolute, negative = sigmoid, e.trunc, e.abs, e.neg
arcsin, arccos, arctan, arctan2, arcsinh, arccosh, arctanh = asin, acos, atan, e.atan2, asinh, acosh, atanh
clip, greater, greater_equal, less, less_equal, not_equal = (clamp, compare.gt, compare.ge, compare.lt, compare.le,
                                                              compare.ne)

_FUNCTIONS = (clamp, clamp_min, clamp_max, isclose, allclose, equal, isreal, addcmul, addcdiv, lerp, frac, nan_to_num,
              positive, fmax, fmin, float_power, deg2rad, rad2deg)
_CHANGING = (clamp, clamp_min, clamp_max, addcmul, addcdiv, lerp, frac, nan_to_num, float_power, deg2rad, rad2deg)
_ALIASES = {"clip": clamp, "fix": e.trunc, "absolute": e.abs, "negative": e.neg, "arcsin": asin, "arccos": acos,
            "arctan": atan, "arctan2": e.atan2, "arcsinh": asinh, "arccosh": acosh, "arctanh": atanh,
            "greater": compare.gt, "greater_equal": compare.ge, "less": compare.lt, "less_equal": compare.le,
            "not_equal": compare.ne}


def _attach() -> None:
    for function in _FUNCTIONS:
        setattr(Tensor, function.__name__, function)
    for function in _CHANGING:
        mutate.in_place(function.__name__, function)
    for alias, function in _ALIASES.items():
        setattr(Tensor, alias, function)
        changing = getattr(Tensor, f"{function.__name__}_", None)
        if changing is not None:
            setattr(Tensor, f"{alias}_", changing)


_attach()

__all__ = [
    "absolute", "acos", "acosh", "addcdiv", "addcmul", "allclose", "arccos", "arccosh", "arcsin", "arcsinh", "arctan",
    "arctan2", "arctanh", "asin", "asinh", "atan", "atanh", "clamp", "clamp_max", "clamp_min", "clip", "copysign",
    "cosh", "deg2rad", "equal", "erfc", "exp2", "fix", "float_power", "fmax", "fmin", "frac", "greater",
    "greater_equal", "heaviside", "hypot", "isclose", "isfinite", "isinf", "isnan", "isneginf", "isposinf", "isreal",
    "lerp", "less", "less_equal", "log10", "log2", "logaddexp", "logaddexp2", "logical_and", "logical_or",
    "logical_xor", "logit", "nan_to_num", "negative", "not_equal", "positive", "rad2deg", "reciprocal", "result_type",
    "rsqrt", "signbit", "sinc", "sinh", "tan", "xlogy",
]
