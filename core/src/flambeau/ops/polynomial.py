"""Orthogonal polynomials of a degree that is a tensor, too: by their recurrence, up to the largest degree.

Beyond degree 8 Chebyshev's between -1 and 1 are cosines and sines. Degrees are truncated to integers; a negative one
gives 0. Bounded by memory traffic: four passes a degree.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..table.dispatch import composite
from ..table.lifting import lift
from ..table.registry import Number
from ..table.samples import Sample, arr
from ..tensors.tensor import Tensor, unmapped
from .arithmetic import abs as abs_op
from .arithmetic import clamp_number, floor, trunc
from .common import floats
from .compare import eq, le, lt, where_op
from .math import acos, cos, sin

_LOOKED = 64  # after so many degrees it is asked whether any is left that has not overflown
_STEEP = 8  # the degree above which the angle is used
_COUNTED = 2.0**24  # below it float32 holds every degree


def _samples() -> list[Any]:
    return [Sample(arr(3), arr(3, low=0, high=12, nonzero=True)), Sample(arr(2, 1), arr(3, fill=[0.0, 1.0, 2.0])),
            Sample(arr(3, low=-0.9, high=0.9), 10), Sample(0.5, arr(2, fill=[3.0, 14.0])), Sample(arr(), arr(0)),
            Sample(arr(4, fill=[1.0, -1.0, 0.0, 2.0]), arr(4, fill=[9.0, 11.0, -1.0, 3.0]), dtypes=("signed",))]


def _composite() -> Any:
    """Registers a function of x and the degree, without a gradient and not for 16-bit floats, as PyTorch's."""
    return composite(saves="input", differentiable=False, dtype="floating", dtypes="real, not 16-bit", broadcast=True,
                     samples=_samples)


Step = Callable[[Tensor, Any, Any, int], Tensor]


def _risen(x: Tensor, n: Tensor, second: Tensor, step: Step) -> Tensor:
    """The polynomials of degree n, from those of degree 0 (1) and 1 (`second`); `step(x, p1, p0, k)` gives degree k."""
    n = trunc(n)
    before, made = x * 0 + 1, second
    found = where_op(lt(n, 0), lift(x, 0), where_op(eq(n, 0), lift(x, 1), second))
    largest = unmapped(n).amax().item() if n.numel() else 0
    for k in range(2, int(min(largest, 1e6)) + 1 if largest == largest else 2):
        before, made = made, step(x, made, before, k)
        found = where_op(eq(n, k), made, found)
        if not k % _LOOKED and not bool(unmapped(lt(lift(n, k), n) & eq(made, made)).any()):
            return where_op(lt(lift(n, k), n), made, found)  # overflown, and so at any higher degree
    return found


def _twice(x: Tensor, p: Tensor, before: Tensor, k: int) -> Tensor:
    return x * p * 2 - before


def _chebyshev(x: Tensor, n: Tensor, second: Tensor, steep: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """The recurrence, and `steep(angle, n)` for high degrees where |x| < 1, the ends from the recurrence's limits.

    At 0 it comes round every four degrees, where the angle would be off by the rounding of pi / 2, n times.
    """
    n = trunc(n)
    at_zero = eq(x, 0) & le(lift(n, 0), n) & lt(n, _COUNTED)
    by_angle = lt(lift(n, _STEEP), n) & lt(abs_op(x), 1) & ~at_zero
    angle = acos(where_op(by_angle, x, lift(x, 0)))
    at_end = eq(abs_op(x), 1)
    low = where_op(at_zero, n - floor(n * 0.25) * 4, where_op(by_angle | at_end, lift(n, 0), n))
    made = where_op(by_angle, steep(angle, n), _risen(x, low, second, _twice))
    return where_op(at_end, _at_end(x, n, second), made)


def _at_end(x: Tensor, n: Tensor, second: Tensor) -> Tensor:
    """At 1 and -1: the value at degree n grows by as much each degree as from 0 to 1, and turns its sign below."""
    size = 1 + n * (abs_op(second) - 1)
    odd = ~eq(floor(n * 0.5) * 2, n)
    made = where_op(odd & lt(x, 0), -size, size)
    return where_op(lt(n, 0), lift(x, 0), made)


def _t(x: Tensor, n: Tensor) -> Tensor:
    return _chebyshev(x, n, x, lambda angle, n: cos(n * angle))


def _u(x: Tensor, n: Tensor) -> Tensor:
    return _chebyshev(x, n, x * 2, lambda angle, n: sin((n + 1) * angle) / sin(angle))


def _v(x: Tensor, n: Tensor) -> Tensor:
    return _chebyshev(x, n, x * 2 - 1, lambda angle, n: cos((n + 0.5) * angle) / cos(angle * 0.5))


def _w(x: Tensor, n: Tensor) -> Tensor:
    return _chebyshev(x, n, x * 2 + 1, lambda angle, n: sin((n + 0.5) * angle) / sin(angle * 0.5))


@_composite()
def chebyshev_polynomial_t(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """Chebyshev's polynomial of the first kind and degree `n`: cos(n a) where input is cos(a)."""
    return _t(floats(input), floats(n))


@_composite()
def chebyshev_polynomial_u(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """Chebyshev's polynomial of the second kind and degree `n`: sin((n + 1) a) / sin(a) where input is cos(a)."""
    return _u(floats(input), floats(n))


@_composite()
def chebyshev_polynomial_v(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """Chebyshev's polynomial of the third kind: cos((n + 1/2) a) / cos(a / 2) where input is cos(a)."""
    return _v(floats(input), floats(n))


@_composite()
def chebyshev_polynomial_w(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """Chebyshev's polynomial of the fourth kind: sin((n + 1/2) a) / sin(a / 2) where input is cos(a)."""
    return _w(floats(input), floats(n))


@_composite()
def shifted_chebyshev_polynomial_t(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """`chebyshev_polynomial_t` of 2 input - 1."""
    return _t(floats(input) * 2 - 1, floats(n))


@_composite()
def shifted_chebyshev_polynomial_u(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """`chebyshev_polynomial_u` of 2 input - 1."""
    return _u(floats(input) * 2 - 1, floats(n))


@_composite()
def shifted_chebyshev_polynomial_v(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """`chebyshev_polynomial_v` of 2 input - 1."""
    return _v(floats(input) * 2 - 1, floats(n))


@_composite()
def shifted_chebyshev_polynomial_w(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """`chebyshev_polynomial_w` of 2 input - 1."""
    return _w(floats(input) * 2 - 1, floats(n))


_HIGHEST = {4: 128, 8: 512}  # the degree by the size of an element beyond which Hermite's are NaN, as in PyTorch


def _hermite(x: Tensor, n: Tensor, second: Tensor, step: Step) -> Tensor:
    highest = _HIGHEST[x._kind.dtype.itemsize]
    made = _risen(x, clamp_number(n, -1, highest), second, step)
    return where_op(lt(lift(n, highest), trunc(n)), lift(x, math.nan), made)


@_composite()
def hermite_polynomial_h(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """The physicists' Hermite polynomial of degree `n`; NaN beyond 128 in float32, 512 in float64."""
    x = floats(input)
    return _hermite(x, floats(n), x * 2, lambda x, p, before, k: x * p * 2 - before * (2 * k - 2))


@_composite()
def hermite_polynomial_he(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """The probabilists' Hermite polynomial of degree `n`; NaN beyond 128 in float32, 512 in float64."""
    x = floats(input)
    return _hermite(x, floats(n), x, lambda x, p, before, k: x * p - before * (k - 1))


@_composite()
def laguerre_polynomial_l(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """Laguerre's polynomial of degree `n`."""
    x = floats(input)
    return _risen(x, floats(n), 1 - x, lambda x, p, before, k: p + ((p - before) * (k - 1) - x * p) / k)


@_composite()
def legendre_polynomial_p(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """Legendre's polynomial of degree `n`."""
    x = floats(input)
    made = _risen(x, floats(n), x, lambda x, p, before, k: (x * p * (2 * k - 1) - before * (k - 1)) / k)
    return where_op(eq(abs_op(x), 1) & le(lift(n, 0), n), _at_end(x, trunc(floats(n)), x), made)
