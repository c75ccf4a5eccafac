"""Bessel and Airy functions of real arguments, by the approximations of Moshier's Cephes Math Library.

Each is cut into a few ranges, and every range is computed for every element, of arguments moved into it; float32 is
computed in float32. Bounded by memory traffic: some 30 to 120 passes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..table.dispatch import composite
from ..table.lifting import lift
from ..table.samples import Sample, arr
from ..tensors.tensor import Tensor
from . import _bessel_tables as t
from .arithmetic import abs as abs_op
from .arithmetic import clamp_number, maximum, minimum, sign
from .common import chebyshev, floats, polynomial
from .compare import eq, le, lt, where_op
from .math import cos, exp, log, sin, sqrt

_ANYWHERE = (lambda: [
    Sample(arr(3)), Sample(arr(2, 3)), Sample(arr()), Sample(arr(0)),
    Sample(arr(3, low=10, high=30, requires_grad=False)),
    Sample(arr(6, fill=[-30.0, -8.0, -0.25, 0.0, 2.0, 5.0], requires_grad=False), dtypes=("signed",))])
_POSITIVE = (lambda: [
    Sample(arr(3, low=0.2, high=2)), Sample(arr(2, 3, low=1, high=6)), Sample(arr(low=0.2, high=3)), Sample(arr(0)),
    Sample(arr(5, fill=[0.0, 0.5, 2.0, 8.0, 25.0]), gradcheck=False)])


def _unary(**options: Any) -> Any:
    """Registers a function of one tensor that 16-bit floats go through in float32."""
    return composite(saves="input out", compute="float32", dtype="floating", dtypes="real", samples=_ANYWHERE,
                     **options)


def _unary_plain(samples: Any = _ANYWHERE) -> Any:
    """Registers a function of one tensor without a gradient, for float32 and float64, as PyTorch's."""
    return composite(saves="input", differentiable=False, dtype="floating", dtypes="real, not 16-bit", samples=samples)


# --- modified, first kind


def _scaled_i0(size: Tensor) -> Tensor:
    """exp(-x) i0(x) where x >= 0."""
    near = chebyshev(minimum(size, lift(size, 8)) * 0.5 - 2, t.I0_NEAR)
    far = maximum(size, lift(size, 8))
    return where_op(le(size, 8), near, chebyshev(32 / far - 2, t.I0_FAR) / sqrt(far))


def _scaled_i1(size: Tensor) -> Tensor:
    """exp(-x) i1(x) where x >= 0."""
    held = minimum(size, lift(size, 8))
    far = maximum(size, lift(size, 8))
    near = chebyshev(held * 0.5 - 2, t.I1_NEAR) * held
    return where_op(le(size, 8), near, chebyshev(32 / far - 2, t.I1_FAR) / sqrt(far))


@_unary(method=True, inplace=True)
def i0(input: Tensor) -> Tensor:
    """The modified Bessel function of the first kind and order 0 of each element."""
    size = abs_op(floats(input))
    return exp(size) * _scaled_i0(size)


@i0.grad("input")
def _(g, input):
    return g * i1(input)


@_unary()
def i0e(input: Tensor) -> Tensor:
    """exp(-|x|) i0(x) of each element, which does not overflow."""
    return _scaled_i0(abs_op(floats(input)))


@i0e.grad("input")
def _(g, input, out):
    return g * (i1e(input) - sign(input) * out)


@_unary()
def i1(input: Tensor) -> Tensor:
    """The modified Bessel function of the first kind and order 1 of each element."""
    x = floats(input)
    size = abs_op(x)
    return where_op(lt(x, 0), -exp(size) * _scaled_i1(size), exp(size) * _scaled_i1(size))


@i1.grad("input")
def _(g, input, out):
    tiny, safe = _away_from_zero(input)
    return where_op(tiny, g * 0.5, g * (i0(safe) - out / safe))


@_unary()
def i1e(input: Tensor) -> Tensor:
    """exp(-|x|) i1(x) of each element, which does not overflow."""
    x = floats(input)
    made = _scaled_i1(abs_op(x))
    return where_op(lt(x, 0), -made, made)


@i1e.grad("input")
def _(g, input, out):
    tiny, safe = _away_from_zero(input)
    return where_op(tiny, g * 0.5, g * (i0e(safe) - out * (sign(safe) + 1 / safe)))


def _away_from_zero(input: Tensor) -> tuple[Tensor, Tensor]:
    """Where an element is too small to divide by, and the elements with 1 in its place."""
    tiny = le(abs_op(input), 1.2e-7 if input._kind.dtype.itemsize < 8 else 2.3e-16)
    return tiny, where_op(tiny, lift(input, 1), input)


# --- modified, second kind


def _of_second_kind(x: Tensor, near: Callable[[Tensor], Tensor], far: Callable[[Tensor], Tensor]) -> Tensor:
    """`near` up to 2 and `far` beyond; infinity at 0, NaN below."""
    made = where_op(le(x, 2), near(clamp_number(x, 1e-37, 2)), far(maximum(x, lift(x, 2))))
    return where_op(lt(x, 0), lift(x, math.nan), where_op(eq(x, 0), lift(x, math.inf), made))


def _k0_near(x: Tensor) -> Tensor:
    return chebyshev(x * x - 2, t.K0_NEAR) - log(x * 0.5) * exp(x) * _scaled_i0(x)


def _k1_near(x: Tensor) -> Tensor:
    return log(x * 0.5) * exp(x) * _scaled_i1(x) + chebyshev(x * x - 2, t.K1_NEAR) / x


def _k_far(table: tuple[float, ...]) -> Callable[[Tensor], Tensor]:
    """exp(x) times the function."""
    return lambda x: chebyshev(8 / x - 2, table) / sqrt(x)


@_unary_plain()
def modified_bessel_i0(input: Tensor) -> Tensor:
    """`i0` for float32 and float64, without a gradient."""
    return i0(input)


@_unary_plain()
def modified_bessel_i1(input: Tensor) -> Tensor:
    """`i1` for float32 and float64, without a gradient."""
    return i1(input)


@_unary_plain(_POSITIVE)
def modified_bessel_k0(input: Tensor) -> Tensor:
    """The modified Bessel function of the second kind and order 0; infinity at 0, NaN below."""
    return _of_second_kind(floats(input), _k0_near, lambda x: exp(-x) * _k_far(t.K0_FAR)(x))


@_unary_plain(_POSITIVE)
def modified_bessel_k1(input: Tensor) -> Tensor:
    """The modified Bessel function of the second kind and order 1; infinity at 0, NaN below."""
    return _of_second_kind(floats(input), _k1_near, lambda x: exp(-x) * _k_far(t.K1_FAR)(x))


@_unary_plain(_POSITIVE)
def scaled_modified_bessel_k0(input: Tensor) -> Tensor:
    """exp(x) times `modified_bessel_k0`, which does not underflow."""
    return _of_second_kind(floats(input), lambda x: _k0_near(x) * exp(x), _k_far(t.K0_FAR))


@_unary_plain(_POSITIVE)
def scaled_modified_bessel_k1(input: Tensor) -> Tensor:
    """exp(x) times `modified_bessel_k1`, which does not underflow."""
    return _of_second_kind(floats(input), lambda x: _k1_near(x) * exp(x), _k_far(t.K1_FAR))


# --- first and second kind

_J0_ROOTS = 5.783185962946784521, 30.4712623436620863991  # the squares of the first two
_J1_ROOTS = 14.6819706421238932572, 49.2184563216946036703


def _waves(x: Tensor, order: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Beyond 5, P, Q and the cosine and sine of the angle, so that J is P cos - Q sin and Y is P sin + Q cos.

    The angle is x less an odd number of eighths of a turn, whose cosine and sine are sums of those of x itself.
    """
    s = 5 / x
    z = s * s
    tables = vars(t)
    p = polynomial(z, tables[f"{order}_P_TOP"]) / polynomial(z, tables[f"{order}_P_BOTTOM"])
    q = s * (polynomial(z, tables[f"{order}_Q_TOP"]) / polynomial(z, tables[f"{order}_Q_BOTTOM"]))
    falling = (1 / math.sqrt(math.pi)) / sqrt(x)
    c, d = cos(x), sin(x)
    along, across = (d + c, d - c) if order == "J0" else (d - c, -d - c)
    return p * falling, q * falling, along, across


def _j0_near(x: Tensor) -> Tensor:
    z = x * x
    return (z - _J0_ROOTS[0]) * (z - _J0_ROOTS[1]) * polynomial(z, t.J0_NEAR_TOP) / polynomial(z, t.J0_NEAR_BOTTOM)


def _j1_near(x: Tensor) -> Tensor:
    z = x * x
    made = polynomial(z, t.J1_NEAR_TOP) / polynomial(z, t.J1_NEAR_BOTTOM) * x
    return made * (z - _J1_ROOTS[0]) * (z - _J1_ROOTS[1])


def _j(size: Tensor, near: Callable[[Tensor], Tensor], order: str) -> Tensor:
    p, q, along, across = _waves(maximum(size, lift(size, 5)), order)
    return where_op(le(size, 5), near(minimum(size, lift(size, 5))), p * along - q * across)


@_unary_plain()
def bessel_j0(input: Tensor) -> Tensor:
    """The Bessel function of the first kind and order 0 of each element."""
    return _j(abs_op(floats(input)), _j0_near, "J0")


@_unary_plain()
def bessel_j1(input: Tensor) -> Tensor:
    """The Bessel function of the first kind and order 1 of each element."""
    x = floats(input)
    made = _j(abs_op(x), _j1_near, "J1")
    return where_op(lt(x, 0), -made, made)


def _y(x: Tensor, near: Callable[[Tensor], Tensor], order: str) -> Tensor:
    p, q, along, across = _waves(maximum(x, lift(x, 5)), order)
    made = where_op(le(x, 5), near(clamp_number(x, 1e-37, 5)), p * across + q * along)
    return where_op(lt(x, 0), lift(x, math.nan), where_op(eq(x, 0), lift(x, -math.inf), made))


def _y0_near(x: Tensor) -> Tensor:
    z = x * x
    return polynomial(z, t.Y0_NEAR_TOP) / polynomial(z, t.Y0_NEAR_BOTTOM) + log(x) * _j0_near(x) * (2 / math.pi)


def _y1_near(x: Tensor) -> Tensor:
    z = x * x
    regular = x * (polynomial(z, t.Y1_NEAR_TOP) / polynomial(z, t.Y1_NEAR_BOTTOM))
    return regular + (_j1_near(x) * log(x) - 1 / x) * (2 / math.pi)


@_unary_plain(_POSITIVE)
def bessel_y0(input: Tensor) -> Tensor:
    """The Bessel function of the second kind and order 0; minus infinity at 0, NaN below."""
    return _y(floats(input), _y0_near, "J0")


@_unary_plain(_POSITIVE)
def bessel_y1(input: Tensor) -> Tensor:
    """The Bessel function of the second kind and order 1; minus infinity at 0, NaN below."""
    return _y(floats(input), _y1_near, "J1")


@_unary_plain()
def spherical_bessel_j0(input: Tensor) -> Tensor:
    """sin(x) / x of each element, 1 at 0."""
    x = floats(input)
    small, infinite = lt(abs_op(x), 0.5), eq(abs_op(x), math.inf)
    held = where_op(small, x, lift(x, 0))
    series = polynomial(held * held, _SINC)
    safe = where_op(small | infinite, lift(x, 1), x)
    return where_op(small, series, where_op(infinite, lift(x, 0), sin(safe) / safe))


_SINC = tuple((-1) ** k / math.factorial(2 * k + 1) for k in range(7, -1, -1))


# --- Airy

_AI_0, _AI_SLOPE = 0.355028053887817239260, 0.258819403792806798405


@_unary_plain()
def airy_ai(input: Tensor) -> Tensor:
    """The Airy function Ai of each element; NaN at both infinities, as PyTorch's."""
    x = floats(input)
    made = where_op(lt(x, -2.09), _airy_wave(clamp_number(x, -1e30, -2.09)), _airy_series(clamp_number(x, -2.09, 2.09)))
    made = where_op(lt(x, 2.09), made, _airy_tail(clamp_number(x, 2.09, 103.892)))
    made = where_op(lt(lift(x, 103.892), x), lift(x, 0), made)
    return where_op(lt(abs_op(x), math.inf), made, lift(x, math.nan))


def _airy_wave(x: Tensor) -> Tensor:
    root = sqrt(-x)
    phase = x * root * (-2 / 3)
    s = 1 / phase
    z = s * s
    slow = 1 + z * polynomial(z, t.AIRY_SINE_TOP) / polynomial(z, t.AIRY_SINE_BOTTOM)
    fast = s * polynomial(z, t.AIRY_COSINE_TOP) / polynomial(z, t.AIRY_COSINE_BOTTOM)
    angle = phase + math.pi / 4
    return (1 / math.sqrt(math.pi)) / sqrt(root) * (sin(angle) * slow - cos(angle) * fast)


def _airy_tail(x: Tensor) -> Tensor:
    root = sqrt(x)
    phase = x * root * (2 / 3)
    made = polynomial(1 / phase, t.AIRY_TOP) / polynomial(1 / phase, t.AIRY_BOTTOM)
    return (1 / math.sqrt(math.pi)) * made / (2 * sqrt(root) * exp(phase))


def _airy_series(x: Tensor) -> Tensor:
    """The power series of both solutions, whose terms are below rounding after 14 for |x| <= 2.09."""
    cube = x * x * x
    even: Any = None
    odd: Any = None
    for k in range(42, 0, -3):  # 1 + z/(2*3) (1 + z/(5*6) (1 + …)) and x (1 + z/(3*4) (1 + z/(6*7) (1 + …)))
        even = 1 + cube * ((1.0 if even is None else even) / (k * (k - 1)))
        odd = 1 + cube * ((1.0 if odd is None else odd) / (k * (k + 1)))
    return even * _AI_0 - x * odd * _AI_SLOPE
