"""The logarithm of the gamma function, its derivatives, and Hurwitz's zeta function.

Between 1 and 2 a function is a polynomial in (x - sqrt 2) / (x + sqrt 2), which moves the poles far away; the
recurrence carries it to 0 < x < 3, where all subtractions are exact; beyond 3 what is left of Stirling's formula is a
polynomial in 1 / x^2; negative numbers are reflected. Bounded by memory traffic: 60 to 90 passes.
"""

from __future__ import annotations

import math

from ..table.dispatch import composite
from ..table.lifting import lift
from ..table.registry import Number
from ..table.samples import Sample, arr
from ..tensors.tensor import Tensor, unmapped
from . import _gamma_tables as t
from .arithmetic import abs as abs_op
from .arithmetic import clamp_number, floor, maximum
from .common import floats, polynomial, underived
from .compare import eq, le, lt, where_op
from .math import _pow, log, sin

_HALF_LOG = 0.5 * math.log(2 * math.pi) - 0.5
_REAL = (lambda: [
    Sample(arr(3, low=0.1, high=4)), Sample(arr(2, 3, low=3, high=20)), Sample(arr(low=0.1, high=4)), Sample(arr(0)),
    Sample(arr(4, fill=[-0.25, -1.5, -2.75, -8.625]), dtypes=("floating",)),
    Sample(arr(4, fill=[0.0, 1.0, 2.0, 100.0]), gradcheck=False)])


def _moved(x: Tensor) -> Tensor:
    """1 <= x <= 2 as -1 … 1."""
    return (x - math.sqrt(2)) / (x + math.sqrt(2)) * t.NARROW


def _near(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """x between 0 and 3, whether it lies below 1, and x less 0, 1 or 2, so that it lies between 0 and 1; exactly."""
    x = clamp_number(x, 0, 3)
    below = lt(x, 1)
    return x, below, where_op(below, x, where_op(lt(x, 2), x - 1, x - 2))


def _over_square(x: Tensor) -> Tensor:
    """18 / x^2 - 1 for x >= 3."""
    s = 3 / x
    return s * s * 2 - 1


@composite(compute="float32", saves="input", dtype="floating", dtypes="real", method=True, inplace=True, samples=_REAL)
def lgamma(input: Tensor) -> Tensor:
    """The logarithm of the absolute value of the gamma function; infinity at 0, -1, -2, …"""
    x = floats(input)
    size = abs_op(x)
    made = _log_gamma(size)
    mirrored = math.log(math.pi) - log(size) - log(_sine(size)) - made
    made = where_op(lt(x, 0), mirrored, made)
    return where_op(eq(x, 0) | eq(size, math.inf), lift(x, math.inf), made)


@lgamma.grad("input")
def _(g, input):
    return g * digamma(input)


def _sine(size: Tensor) -> Tensor:
    """|sin(pi x)|: of the distance to the nearest integer."""
    rest = size - floor(size)
    return sin(where_op(lt(rest, 0.5), rest, 1 - rest) * math.pi)


def _log_gamma(x: Tensor) -> Tensor:
    """lgamma where x >= 0."""
    held, below, rest = _near(x)
    near = rest * (rest - 1) * polynomial(_moved(rest + 1), t.LOG_GAMMA)
    step = log(where_op(below, held, where_op(lt(held, 2), lift(held, 1), held - 1)))
    near = where_op(below, near - step, near + step)
    far = maximum(x, lift(x, 3))
    large = (far - 0.5) * (log(far) - 1) + _HALF_LOG + polynomial(_over_square(far), t.STIRLING) / far
    return where_op(lt(x, 3), near, large)


@composite(compute="float32", saves="input", dtype="floating", dtypes="real", method=True, inplace=True, samples=_REAL)
def digamma(input: Tensor) -> Tensor:
    """The derivative of the logarithm of the gamma function; NaN at negative integers, infinite at 0."""
    x = floats(input)
    negative = lt(x, 0)
    up = where_op(negative, 1 - x, x)
    rest = x - floor(x + 0.5)
    made = _digamma(up)
    made = where_op(negative, made - _cot(where_op(eq(rest, 0), lift(x, 0.25), rest)) * math.pi, made)
    made = where_op(negative & eq(rest, 0), lift(x, math.nan), made)
    return where_op(eq(x, 0), -1 / x, made)


@digamma.grad("input")
def _(g, input):
    return g * polygamma(1, input)


def _digamma(x: Tensor) -> Tensor:
    """digamma where x >= 0."""
    held, below, rest = _near(x)
    from_root = (rest + (1 - t.ROOT)) - t.ROOT_REST
    near = from_root * polynomial(_moved(rest + 1), t.DIGAMMA)
    step = 1 / where_op(below, where_op(eq(held, 0), lift(held, 1), held), held - 1 + lt(held, 2))
    near = where_op(below, near - step, where_op(lt(held, 2), near, near + step))
    far = maximum(x, lift(x, 3))
    large = log(far) - 0.5 / far - polynomial(_over_square(far), t.DIGAMMA_FAR) / (far * far)
    return where_op(lt(x, 3), near, large)


# --- higher derivatives


@composite(name="polygamma", compute="float32", saves="input", dtype="floating", dtypes="real", samples=lambda: [
    Sample(1, arr(3, low=0.2, high=4)), Sample(2, arr(2, 3, low=0.5, high=9)), Sample(3, arr(low=1, high=4)),
    Sample(1, arr(3, fill=[-0.25, -1.5, -2.75]), dtypes=("floating",)), Sample(4, arr(0)),
    Sample(2, arr(3, fill=[-0.25, -1.25, -2.75]), dtypes=("floating",))])
def polygamma_op(n: int, input: Tensor) -> Tensor:
    """The derivative of `digamma` of order `n` >= 1."""
    x = floats(input)
    sign = 1.0 if n % 2 else -1.0
    negative = lt(x, 0)
    up = where_op(negative, 1 - x, x)
    made = _hurwitz(lift(x, n + 1), up) * (sign * math.exp(math.lgamma(n + 1)))
    return where_op(negative, made * (-1.0) ** n - _cotangent(n, x), made)


def _cotangent(n: int, x: Tensor) -> Tensor:
    """(-1)^n times what reflection adds: the n-th derivative of pi cot(pi x), a polynomial in the cotangent."""
    coefficients = [1.0, 0.0]
    for _ in range(n):  # of c: minus pi (1 + c^2) d/dc
        slope = [c * k for c, k in zip(coefficients, range(len(coefficients) - 1, 0, -1), strict=False)]
        widened, own = [*slope, 0.0, 0.0], [0.0, 0.0, *slope]
        coefficients = [-math.pi * (a + b) for a, b in zip(widened, own, strict=True)]
    return polynomial(_cot(x - floor(x + 0.5)), coefficients) * math.pi


def _cot(x: Tensor) -> Tensor:
    """The cotangent of pi x for |x| <= 1/2, the cosine as a sine, which is exact where it vanishes."""
    return sin((0.5 - abs_op(x)) * math.pi) / sin(x * math.pi)


@polygamma_op.grad("input")
def _(g, input, *, n):
    return g * polygamma_op(n + 1, input)


def polygamma(n: int, input: Tensor) -> Tensor:
    """`digamma` and its derivatives."""
    return polygamma_op(n, input) if n else digamma(input)


# --- zeta

# (2k)! / B_2k for k = 1 … 12: the terms of Euler and Maclaurin's sum, as in Moshier's Cephes (zeta.c)
_EULER = (12.0, -720.0, 30240.0, -1209600.0, 47900160.0, -1.8924375803183791606e9, 7.47242496e10,
          -2.950130727918164224e12, 1.1646782814350067249e14, -4.5979787224074726105e15, 1.8152105401943546773e17,
          -7.1661652561756670113e18)
_TERMS = 10


def _hurwitz(s: Tensor, q: Tensor) -> Tensor:
    """The sum of (q + k)^-s over k >= 0, for s > 1 and q >= 0: ten terms, and the rest as an integral."""
    made = _pow(q, -s)
    for k in range(1, _TERMS):
        made = made + _pow(q + k, -s)
    w = q + _TERMS
    term = _pow(w, -s)
    made = made + term * w / (s - 1) + term * 0.5
    rising = s / w
    for k, divisor in enumerate(_EULER):
        made = made + term * rising / divisor
        rising = rising * ((s + (2 * k + 1)) / w) * ((s + (2 * k + 2)) / w)
    return made


@composite(saves="input other", dtype="floating", dtypes="real, not 16-bit", broadcast=True, samples=lambda: [
    Sample(arr(3, low=1.5, high=6, requires_grad=False), arr(3, low=0.5, high=9)),
    Sample(arr(2, 1, low=2, high=4, requires_grad=False), arr(3, low=0.5, high=4)),
    Sample(arr(low=2, high=3, requires_grad=False), arr(0)),
    Sample(arr(6, fill=[1.0, 0.5, 2.0, 3.0, 2.0, 2.5], requires_grad=False),
           arr(6, fill=[2.0, 2.0, -1.0, -1.5, -2.25, -1.5], requires_grad=False), dtypes=("floating",))])
def zeta(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Hurwitz's zeta function, the sum of (other + k) ** -input over k >= 0; NaN for input < 1, infinity at 1.

    Where `other` is negative `input` must be an integer.
    """
    s, q = floats(input), floats(other)
    order = where_op(lt(lift(s, 1), s), s, lift(s, 2))
    first = q - floor(q)
    beyond = where_op(lt(q, 0) & lt(abs_op(q), math.inf), first, q)
    made = _hurwitz(order, maximum(beyond, lift(q, 0)))
    if bool(unmapped(lt(q, 0)).any()):
        made = made + where_op(lt(q, 0), _below_zero(order, q, first), lift(made, 0))
    made = where_op(le(q, 0) & eq(q, floor(q)), lift(made, math.inf), made)
    made = where_op(lt(q, 0) & ~eq(q, floor(q)) & ~eq(s, floor(s)), lift(made, math.nan), made)
    made = where_op(eq(s, 1), lift(made, math.inf), made)
    return where_op(lt(lift(s, 1), s) | eq(s, 1), made, lift(made, math.nan))


def _below_zero(s: Tensor, q: Tensor, first: Tensor) -> Tensor:
    """The terms with q + k < 0, s an integer: up to the sign, two sums over positive numbers less one another."""
    held = clamp_number(q, -1e30, 0)
    even = eq(s - floor(s * 0.5) * 2, 0)
    made = _hurwitz(s, 1 - first) - _hurwitz(s, 1 - held)
    return where_op(even, made, -made)


underived(zeta, "input")


@zeta.grad("other")
def _(g, input, other):
    return -g * input * zeta(input + 1, other)
