"""The normal distribution's integral, its logarithm and its inverse, and the terms of entropies.

Bounded by memory traffic: 10 to 90 passes.
"""

from __future__ import annotations

import math

from ..table.dispatch import composite
from ..table.lifting import lift
from ..table.registry import Number
from ..table.samples import Sample, arr
from ..tensors.tensor import Tensor
from .arithmetic import abs as abs_op
from .arithmetic import clamp_number, maximum, minimum
from .common import domain, floats, polynomial
from .compare import eq, le, lt, where_op
from .math import copysign, exp, log, log1p, sqrt
from .special import erf, erfc, exp_of_square, scaled_erfc

_ANYWHERE = (lambda: [
    Sample(arr(3)), Sample(arr(2, 3)), Sample(arr()), Sample(arr(0)),
    Sample(arr(6, fill=[-20.0, -1.5, -0.25, 0.0, 0.75, 5.0]), dtypes=("floating",))])
_INSIDE = (lambda: [
    Sample(arr(3, low=-0.6, high=0.6)), Sample(arr(2, 3, low=0.75, high=0.95)), Sample(arr(low=-0.5, high=0.5)),
    Sample(arr(0)), Sample(arr(5, fill=[-1.0, -0.96875, 0.0, 1.0, 2.0]), dtypes=("floating",), gradcheck=False)])
_ROOT_PI = math.sqrt(math.pi)
_ROOT_HALF = math.sqrt(0.5)


# --- error functions

# Pavlis's start for Newton's method (Indiana University, 1996), highest power first
_CENTRE_TOP = -0.140543331, 0.914624893, -1.645349621, 0.886226899
_CENTRE_BOTTOM = 0.012229801, -0.329097515, 1.442710462, -2.118377725, 1.0
_EDGE_TOP = 1.641345311, 3.429567803, -1.624906493, -1.970840454
_EDGE_BOTTOM = 1.637067800, 3.543889200, 1.0


@composite(compute="float32", saves="out", dtype="floating", dtypes="real", method=True, inplace=True, samples=_INSIDE)
def erfinv(input: Tensor) -> Tensor:
    """The number whose error function is each element; infinite at 1 and -1, NaN beyond."""
    y = floats(input)
    size = abs_op(y)
    made = where_op(le(size, 0.7), _erfinv_centre(clamp_number(y, -0.7, 0.7)), copysign(_erfinv_edge(size), y))
    made = where_op(eq(size, 1), y * math.inf, made)
    return where_op(le(size, 1), made, lift(y, math.nan))


def _erfinv_centre(y: Tensor) -> Tensor:
    z = y * y
    x = y * polynomial(z, _CENTRE_TOP) / polynomial(z, _CENTRE_BOTTOM)
    for _ in range(2):
        x = x - (erf(x) - y) * exp(x * x) * (_ROOT_PI / 2)
    return x


def _erfinv_edge(size: Tensor) -> Tensor:
    """From what is left to 1, which has its digits where `size` has lost them."""
    rest = 1 - clamp_number(size, 0.7, 1 - (2.0 ** -53 if size._kind.dtype.itemsize == 8 else 2.0 ** -24))
    z = sqrt(-log(rest * 0.5))
    x = polynomial(z, _EDGE_TOP) / polynomial(z, _EDGE_BOTTOM)
    for _ in range(2):
        step = (erfc(x) - rest) * exp_of_square(x) * (_ROOT_PI / 2)
        x = x + step / (1 - step * x)  # Halley's: the second derivative is -2 x times the first
    return x


@erfinv.grad("input")
def _(g, out):
    return g * exp(out * out) * (_ROOT_PI / 2)


@composite(saves="input out", dtype="floating", dtypes="real, not 16-bit", samples=_ANYWHERE)
def erfcx(input: Tensor) -> Tensor:
    """exp(x * x) * erfc(x) of each element, which does not underflow."""
    x = floats(input)
    low = clamp_number(x, -30, 0.5)
    made = where_op(lt(x, 0.5), exp_of_square(low) * erfc(low), scaled_erfc(clamp_number(x, 0.5, 28)))
    far = maximum(x, lift(x, 28))
    small = 0.5 / far / far
    return where_op(le(x, 28), made, polynomial(small, _FALLING) / far / _ROOT_PI)


_FALLING = 10395.0, -945.0, 105.0, -15.0, 3.0, -1.0, 1.0


@erfcx.grad("input")
def _(g, input, out):
    return g * (input * out * 2 - 2 / _ROOT_PI)


# --- the integral of the normal density


@composite(compute="float32", saves="input", dtype="floating", dtypes="real", samples=_ANYWHERE)
def ndtr(input: Tensor) -> Tensor:
    """The area under the normal density up to each element."""
    return erfc(floats(input) * -_ROOT_HALF) * 0.5


@ndtr.grad("input")
def _(g, input):
    return g * exp(input * input * -0.5) / math.sqrt(2 * math.pi)


@composite(saves="input", dtype="floating", dtypes="real, not 16-bit", samples=_ANYWHERE)
def log_ndtr(input: Tensor) -> Tensor:
    """The logarithm of `ndtr`, also where that has underflowed."""
    x = floats(input)
    t = x * _ROOT_HALF
    low, high = minimum(t, lift(t, -_ROOT_HALF)), maximum(t, lift(t, -_ROOT_HALF))
    return where_op(lt(x, -1), log(erfcx(-low) * 0.5) - low * low, log1p(erfc(high) * -0.5))


@log_ndtr.grad("input")
def _(g, input):
    return g / erfcx(input * -_ROOT_HALF) * math.sqrt(2 / math.pi)


# Moshier's Cephes (ndtri.c): in the middle, for areas down to exp(-2), exp(-32) and beyond; highest power first
_MIDDLE_TOP = (
    -59.96335010141079, 98.00107541859997, -56.67628574690703, 13.931260938727968, -1.2391658386738125)
_MIDDLE_BOTTOM = (
    1.0, 1.9544885833814176, 4.676279128988815, 86.36024213908905, -225.46268785411937, 200.26021238006066,
    -82.03722561683334, 15.90562251262117, -1.1833162112133)
_TAIL_TOP = (
    4.0554489230596245, 31.525109459989388, 57.16281922464213, 44.08050738932008, 14.684956192885803,
    2.1866330685079025, -0.1402560791713545, -0.03504246268278482, -0.0008574567851546854)
_TAIL_BOTTOM = (
    1.0, 15.779988325646675, 45.39076351288792, 41.3172038254672, 15.04253856929075, 2.504649462083094,
    -0.14218292285478779, -0.03808064076915783, -0.0009332594808954574)
_FAR_TOP = (
    3.2377489177694603, 6.915228890689842, 3.9388102529247444, 1.3330346081580755, 0.20148538954917908,
    0.012371663481782003, 0.00030158155350823543, 2.6580697468673755e-06, 6.239745391849833e-09)
_FAR_BOTTOM = (
    1.0, 6.02427039364742, 3.6798356385616087, 1.3770209948908132, 0.21623699359449663, 0.013420400608854318,
    0.00032801446468212774, 2.8924786474538068e-06, 6.790194080099813e-09)


@composite(saves="out", dtype="floating", dtypes="real, not 16-bit", samples=domain(0.05, 0.95))
def ndtri(input: Tensor) -> Tensor:
    """The number up to which the normal density has each element as its area; infinite at 0 and 1, NaN beyond."""
    y = floats(input)
    edge = math.exp(-2)
    upper = lt(lift(y, 1 - edge), y)
    area = where_op(upper, 1 - y, y)
    tail = _ndtri_tail(clamp_number(area, 1e-320 if y._kind.dtype.itemsize == 8 else 1e-45, edge))
    middle = _ndtri_middle(clamp_number(y, edge, 1 - edge))
    made = where_op(lt(lift(y, edge), area), middle, where_op(upper, tail, -tail))
    made = where_op(eq(y, 0), lift(y, -math.inf), where_op(eq(y, 1), lift(y, math.inf), made))
    return where_op(le(abs_op(y - 0.5), 0.5), made, lift(y, math.nan))


def _ndtri_middle(y: Tensor) -> Tensor:
    y = y - 0.5
    z = y * y
    return (y + y * (z * polynomial(z, _MIDDLE_TOP) / polynomial(z, _MIDDLE_BOTTOM))) * math.sqrt(2 * math.pi)


def _ndtri_tail(area: Tensor) -> Tensor:
    x = sqrt(log(area) * -2)
    z = 1 / x
    tail = polynomial(z, _TAIL_TOP) / polynomial(z, _TAIL_BOTTOM)
    far = polynomial(z, _FAR_TOP) / polynomial(z, _FAR_BOTTOM)
    return x - log(x) / x - z * where_op(lt(x, 8), tail, far)


@ndtri.grad("input")
def _(g, out):
    return g * exp(out * out * 0.5) * math.sqrt(2 * math.pi)


# --- terms of entropies


@composite(compute="float32", saves="input", dtype="floating", dtypes="real", samples=lambda: [
    Sample(arr(3, low=0.1, high=3)), Sample(arr(2, 3, low=0.1, high=3)), Sample(arr(low=0.1, high=3)), Sample(arr(0)),
    Sample(arr(3, fill=[0.0, -1.0, 2.0]), dtypes=("signed",), gradcheck=False)])
def entr(input: Tensor) -> Tensor:
    """-x log(x) of each element; 0 at 0, minus infinity below."""
    x = floats(input)
    positive = lt(lift(x, 0), x)
    made = -x * log(where_op(positive, x, lift(x, 1)))
    return where_op(positive | ~eq(x, x), made, where_op(eq(x, 0), lift(x, 0), lift(x, -math.inf)))


@entr.grad("input")
def _(g, input):
    return g * (-log(input) - 1)


@composite(compute="float32", saves="input other", dtype="floating", dtypes="real", broadcast=True, samples=lambda: [
    Sample(arr(3), arr(3, low=-0.5, high=3)), Sample(arr(2, 3), arr(3, low=-0.5, high=3)),
    Sample(arr(3, fill=[0.0, 0.0, 1.0]), arr(3, fill=[-1.0, 2.0, 1.0]), dtypes=("signed",), gradcheck=False)])
def xlog1py(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input * log(1 + other), broadcast; 0 where input is 0 and other is a number."""
    flat = eq(input, 0) & eq(other, other)
    return where_op(flat, lift(input, 0), input * log1p(where_op(flat, lift(other, 1), other)))


@xlog1py.grad("input")
def _(g, input, other):
    return where_op(eq(input, 0) & le(other, lift(other, -1)), lift(g, 0), g * log1p(other))


@xlog1py.grad("other")
def _(g, input, other):
    return g * input / (other + 1)
