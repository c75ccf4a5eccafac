"""Activation functions, elementwise but for `glu`.

Most are one node on the tape. Their gradients are composites of their own (`..._backward`): run as one kernel where a
backend has it, and differentiable like any other expression at second order. Bounded by memory traffic, the smooth
ones by the exponential.
"""

from __future__ import annotations

from ..errors import DTypeError, ValueRangeError
from ..table.dispatch import composite
from ..table.exact import lift_exact
from ..table.lifting import lift
from ..table.samples import Bad, Sample, arr
from ..tensors.tensor import Tensor
from .arithmetic import abs as abs_op
from .arithmetic import maximum, minimum, mul, neg
from .common import CURVES, TWO
from .compare import eq, le, lt, where_op
from .complex import _c
from .math import exp, expm1, log1p, tanh
from .movement import cat_op, narrow
from .special import erf, sigmoid

_NUMBERS = (lambda: [Sample(arr(3), dtypes=("real number",)), Sample(arr(2, 3), dtypes=("real number",)),
                     Sample(arr(), dtypes=("real number",)), Sample(arr(0), dtypes=("real number",)),
                     Sample(arr(5, fill=[-100.0, -3.5, -0.0, 0.5, 100.0]), dtypes=("real number",), gradcheck=False)])
_FLOATING = "real floating"


def _zero(like: Tensor) -> Tensor:
    return lift(like, 0)


@composite(saves="out", dtypes="real", method=True, inplace=True, samples=_NUMBERS)
def relu(input: Tensor) -> Tensor:
    """max(x, 0) of each element; NaN stays NaN. No gradient at 0.

    >>> import flambeau
    >>> flambeau.relu(flambeau.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    if input.dtype.category == 0:
        raise DTypeError("Boolean inputs not supported for relu", op="relu", dtype=input.dtype)
    return maximum(input, _zero(input))


@relu.grad("input")
def _(g, out):
    return relu_backward(g, out)


@composite(dtypes="real floating", fusable=True, out=False, broadcast=True, samples=TWO)
def relu_backward(grad: Tensor, out: Tensor) -> Tensor:
    """`grad` where `out` is not zero or less, 0 elsewhere."""
    return where_op(le(out, _zero(out)), _zero(grad), grad)


@composite(saves="input", dtypes=_FLOATING, samples=CURVES)
def leaky_relu(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """x where positive, negative_slope * x elsewhere."""
    return where_op(lt(_zero(input), input), input, mul(input, negative_slope))


@leaky_relu.grad("input")
def _(g, input, *, negative_slope):
    return leaky_relu_backward(g, input, negative_slope)


@composite(dtypes="real floating", fusable=True, out=False, broadcast=True,
           samples=lambda: [Sample(arr(3), arr(3), 0.1)])
def leaky_relu_backward(grad: Tensor, input: Tensor, negative_slope: float) -> Tensor:
    """`grad` where `input` is positive, negative_slope * grad elsewhere."""
    return where_op(lt(_zero(input), input), grad, mul(grad, negative_slope))


@composite(saves="input", dtypes="real number", samples=lambda: [Sample(arr(3), 0.5, 2.0), Sample(arr(2, 3), 0, 1)])
def threshold(input: Tensor, threshold: float, value: float) -> Tensor:
    """x where it exceeds `threshold`, `value` elsewhere."""
    kind = input._kind.dtype
    dtype = input._kind.dtype
    made = where_op(le(input, lift_exact(input, threshold, dtype)), lift_exact(input, value, dtype), input)
    return made if made._kind.dtype is kind else made.to(kind)


@threshold.grad("input")
def _(g, input, *, threshold):
    return where_op(le(input, lift(input, threshold)), _zero(g), g)


@composite(saves="input", dtypes="real number", samples=lambda: [
    Sample(arr(4), dtypes=("signed",)), Sample(arr(2, 3), -0.5, 0.25, dtypes=("signed",)),
    Sample(arr(), 0.0, 1.0), Sample(arr(0), 0.0, 6.0),
    Bad(arr(2), 1.0, -1.0, raises="ValueRangeError", match="min_val cannot be greater than max_val")])
def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """x limited to [min_val, max_val]; no gradient at the limits."""
    if min_val > max_val:
        raise ValueRangeError("min_val cannot be greater than max_val", op="hardtanh")
    dtype = input._kind.dtype
    made = minimum(maximum(input, lift_exact(input, min_val, dtype)), lift_exact(input, max_val, dtype))
    return made if made._kind.dtype is input._kind.dtype else made.to(input._kind.dtype)


@hardtanh.grad("input")
def _(g, input, *, min_val, max_val):
    limited = le(input, lift(input, min_val)) | le(lift(input, max_val), input)
    return where_op(limited, _zero(g), g)


@composite(name="prelu", alike="all", saves="input weight", dtypes=_FLOATING, broadcast=True,
           grad_name="PreluKernelBackward0",
           samples=lambda: [Sample(arr(3), arr(1)), Sample(arr(2, 3, 4), arr(1, 3, 1)), Sample(arr(), arr())])
def prelu_op(input: Tensor, weight: Tensor) -> Tensor:
    """x where positive, weight * x elsewhere; the weight broadcasts."""
    return where_op(lt(_zero(input), input), input, weight * input)


@prelu_op.grad("input")
def _(g, input, weight):
    return where_op(lt(_zero(input), input), g, weight * g)


@prelu_op.grad("weight")
def _(g, input):
    bent = where_op(eq(input, _zero(input)), _zero(input), input)  # at 0 the second derivative is 0
    return where_op(lt(_zero(input), input), _zero(g), bent * g)


@composite(compute="float32", saves="input", dtypes=_FLOATING, samples=CURVES)
def elu(input: Tensor, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Tensor:
    """scale * x where positive, scale * alpha * (exp(input_scale * x) - 1) elsewhere."""
    low = le(input, _zero(input))
    bent = mul(expm1(mul(where_op(low, input, _zero(input)), input_scale)), alpha * scale)
    return where_op(low, bent, mul(input, scale))


@elu.grad("input")
def _(g, input, *, alpha, scale, input_scale):
    return elu_backward(g, input, alpha, scale, input_scale)


@composite(compute="float32", dtypes="real floating", fusable=True, out=False, broadcast=True,
           samples=lambda: [Sample(arr(3), arr(3), 1.0, 1.0, 1.0)])
def elu_backward(grad: Tensor, input: Tensor, alpha: float, scale: float, input_scale: float) -> Tensor:
    """The gradient of `elu`; exp is taken of negative numbers only, so none overflows."""
    low = le(input, _zero(input))
    below = where_op(lt(input, _zero(input)), input, _zero(input))  # at 0 the second derivative is 0
    slope = mul(exp(mul(below, input_scale)), alpha * scale * input_scale)
    return where_op(low, mul(grad, slope), mul(grad, scale))


@composite(compute="float32", saves="input", samples=CURVES, dtypes="floating")
def silu(input: Tensor) -> Tensor:
    """x * sigmoid(x), also called swish."""
    return input * sigmoid(input)


@silu.grad("input")
def _(g, input):
    return silu_backward(g, input)


@composite(compute="float32", fusable=True, out=False, broadcast=True, samples=TWO)
def silu_backward(grad: Tensor, input: Tensor) -> Tensor:
    """grad * s * (1 + x * (1 - s)) with s the sigmoid of x."""
    input = _c(input)
    s = sigmoid(input)
    return grad * (s * (input * (1 - s) + 1))


@composite(compute="float32", saves="input", dtypes=_FLOATING, grad_name="LogSigmoidBackward0", samples=CURVES)
def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(x)) of each element, without overflow."""
    return minimum(input, _zero(input)) - log1p(exp(neg(abs_op(input))))


@logsigmoid.grad("input")
def _(g, input):
    return g * sigmoid(neg(input))


@composite(compute="float32", saves="input", dtypes=_FLOATING, samples=lambda: [
    Sample(arr(3)), Sample(arr(2, 3), 2.0, 1.0), Sample(arr()), Sample(arr(0)),
    Sample(arr(4, fill=[-1e4, -30.0, 30.0, 1e4]), gradcheck=False)])
def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta * x)) / beta; x itself where beta * x exceeds `threshold`."""
    scaled = input if beta == 1 else mul(input, beta)
    bent = log1p(exp(scaled))
    return where_op(lt(lift(scaled, threshold), scaled), input, bent if beta == 1 else bent / beta)


@softplus.grad("input")
def _(g, input, *, beta, threshold):
    return softplus_backward(g, input, beta, threshold)


@composite(compute="float32", dtypes="real floating", fusable=True, out=False, broadcast=True,
           samples=lambda: [Sample(arr(3), arr(3), 1.0, 20.0)])
def softplus_backward(grad: Tensor, input: Tensor, beta: float, threshold: float) -> Tensor:
    """grad * sigmoid(beta * x); grad itself where beta * x exceeds `threshold`."""
    scaled = input if beta == 1 else mul(input, beta)
    return where_op(lt(lift(scaled, threshold), scaled), grad, grad * sigmoid(scaled))


@composite(compute="float32", saves="input", dtypes=_FLOATING, samples=CURVES)
def mish(input: Tensor) -> Tensor:
    """x * tanh(softplus(x))."""
    return input * tanh(softplus(input))


@mish.grad("input")
def _(g, input):
    t = tanh(softplus(input))
    return g * (t + input * sigmoid(input) * (1 - t * t))


@composite(compute="float32", saves="input", dtypes=_FLOATING, samples=CURVES)
def hardsigmoid(input: Tensor) -> Tensor:
    """min(max(x + 3, 0), 6) / 6."""
    return minimum(maximum(input + 3, _zero(input)), lift(input, 6)) / 6


@hardsigmoid.grad("input")
def _(g, input):
    return where_op(lt(lift(input, -3), input) & lt(input, lift(input, 3)), g / 6, _zero(g))


@composite(compute="float32", saves="input", dtypes=_FLOATING, samples=CURVES)
def hardswish(input: Tensor) -> Tensor:
    """x * min(max(x + 3, 0), 6) / 6."""
    return input * minimum(maximum(input + 3, _zero(input)), lift(input, 6)) / 6


@hardswish.grad("input")
def _(g, input):
    bent = where_op(le(input, lift(input, -3)), _zero(g), g * (input / 3 + 0.5))
    return where_op(lt(input, lift(input, 3)), bent, g)


@composite(compute="float32", saves="input", dtypes=_FLOATING, samples=lambda: [
    Sample(arr(3)), Sample(arr(2, 3), approximate="tanh"), Sample(arr()), Sample(arr(0)),
    Sample(arr(4, fill=[-100.0, -5.0, 5.0, 100.0]), gradcheck=False),
    Bad(arr(2), approximate="cubic", raises="ValueRangeError", match="approximate argument must be either none or")])
def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x times the normal distribution's cumulative probability of x, exact or by the `tanh` formula."""
    _check_approximate(approximate)
    if approximate == "tanh":
        return input * (tanh(_gelu_inner(input)) + 1) * 0.5
    return input * (erf(input * _SQRT_HALF) + 1) * 0.5


_SQRT_HALF, _INV_SQRT_TAU = 0.7071067811865476, 0.3989422804014327
_GELU_BETA, _GELU_KAPPA = 0.7978845608028654, 0.044715  # sqrt(2 / pi); Hendrycks and Gimpel, 2016


def _check_approximate(approximate: str) -> None:
    if approximate not in ("none", "tanh"):
        raise ValueRangeError(f"approximate argument must be either none or tanh, got {approximate!r}", op="gelu")


def _gelu_inner(input: Tensor) -> Tensor:
    return _GELU_BETA * (input + _GELU_KAPPA * (input * input * input))


@gelu.grad("input")
def _(g, input, *, approximate):
    return gelu_backward(g, input, approximate)


@composite(compute="float32", dtypes="real floating", fusable=True, out=False, broadcast=True,
           samples=lambda: [Sample(arr(3), arr(3), "none"), Sample(arr(3), arr(3), "tanh")])
def gelu_backward(grad: Tensor, input: Tensor, approximate: str = "none") -> Tensor:
    """The gradient of `gelu`."""
    square = input * input
    if approximate == "none":
        slope = (erf(input * _SQRT_HALF) + 1) * 0.5 + input * (exp(square * -0.5) * _INV_SQRT_TAU)
        return grad * slope
    t = tanh(_gelu_inner(input))
    inner = _GELU_BETA * (3 * _GELU_KAPPA * square + 1)
    return grad * (0.5 * ((t + 1) + input * (1 - t * t) * inner))


@composite(saves="input", dtypes=_FLOATING, method=True, samples=lambda: [
    Sample(arr(3)), Sample(arr(2, 3), 1.0), Sample(arr()), Sample(arr(0))])
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x outside [-lambd, lambd], 0 within."""
    return where_op(_within(input, lambd), _zero(input), input)


@hardshrink.grad("input")
def _(g, input, *, lambd):
    return where_op(_within(input, lambd), _zero(g), g)


def _within(input: Tensor, limit: float) -> Tensor:
    return le(lift(input, -limit), input) & le(input, lift(input, limit))


@composite(saves="input", dtypes=_FLOATING, samples=lambda: [
    Sample(arr(3)), Sample(arr(2, 3), 1.0), Sample(arr()), Sample(arr(0)),
    Bad(arr(2), -1.0, raises="ValueRangeError", match="lambda must be greater or equal to 0, but found to be -1")])
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x moved towards 0 by lambd, 0 within [-lambd, lambd]."""
    if lambd < 0:
        raise ValueRangeError(f"lambda must be greater or equal to 0, but found to be {lambd}.", op="softshrink")
    above = lt(lift(input, lambd), input)
    below = lt(input, lift(input, -lambd))
    return where_op(above, input - lambd, where_op(below, input + lambd, abs_op(input) * 0))


@softshrink.grad("input")
def _(g, input, *, lambd):
    return where_op(_within(input, lambd), _zero(g), g)


@composite(laws="items:input", compute="float32", name="glu", saves="input", dtypes=_FLOATING,
           samples=lambda: [Sample(arr(4), 0), Sample(arr(2, 6), 1), Sample(arr(2, 0), 1)])
def glu_op(input: Tensor, dim: int) -> Tensor:
    """The first half along `dim` times the sigmoid of the second."""
    first, second = _halves(input, dim)
    return first * sigmoid(second)


@glu_op.grad("input")
def _(g, input, *, dim):
    first, second = _halves(input, dim)
    s = sigmoid(second)
    return cat_op([g * s, g * first * (s * (1 - s))], dim)


def _halves(input: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    half = input._array.shape[dim] // 2
    return narrow(input, dim, 0, half), narrow(input, dim, half, half)
