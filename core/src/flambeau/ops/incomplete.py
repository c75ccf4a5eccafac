"""The incomplete gamma functions: the shares of the integral of t^(a - 1) exp(-t) below and above x.

After Maddock and others (Boost) and SciPy's Cephes: where a is large and x near it, Temme's uniform expansion; else a
power series for one share or a continued fraction for the other, until every element has settled. Arguments outside
a formula's region are replaced by some within it. Bounded by the number of terms of the slowest element, below 2,000.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ..table.dispatch import composite
from ..table.lifting import lift
from ..table.samples import Sample, arr
from ..tensors.tensor import Tensor, unmapped
from ._incomplete_tables import TEMME
from .arithmetic import abs as abs_op
from .arithmetic import clamp_number, maximum
from .common import polynomial, underived
from .compare import eq, le, lt, where_op
from .gamma import digamma, lgamma
from .math import exp, expm1, log, sqrt
from .special import erfc

_PAIRS = (lambda: [
    Sample(arr(3, low=0.3, high=9, requires_grad=False), arr(3, low=0.2, high=12)),
    Sample(arr(2, 1, low=25, high=90, requires_grad=False), arr(3, low=25, high=90)),
    Sample(arr(low=0.3, high=1, requires_grad=False), arr(low=0.1, high=1)),
    Sample(arr(0, requires_grad=False), arr(0)),
    Sample(arr(7, fill=[0.0, 0.0, 2.0, 1.0, -1.0, 300.0, 0.25], requires_grad=False),
           arr(7, fill=[0.0, 1.0, 0.0, -1.0, 1.0, 290.0, 0.125], requires_grad=False))])
_BLOCK, _LONGEST = 16, 2000  # terms between two looks at whether all have settled, and terms in all
_PLACE = {4: 1.2e-7, 8: 2.3e-16}  # a unit in the last place of 1, by the size of an element


class _Shares(NamedTuple):
    """Below x and above it; each computed where it is the smaller, and the other what is left to 1."""

    below: Tensor
    above: Tensor


@composite(compute="float32", saves="input other", dtypes="real floating", broadcast=True, method=True, inplace=True,
           samples=_PAIRS)
def igamma(input: Tensor, other: Tensor) -> Tensor:
    """The lower incomplete gamma function of `input` up to `other`, over the whole; NaN for negative numbers."""
    return _shares(input, other).below


@composite(compute="float32", saves="input other", dtypes="real floating", broadcast=True, method=True, inplace=True,
           samples=_PAIRS)
def igammac(input: Tensor, other: Tensor) -> Tensor:
    """The upper incomplete gamma function of `input` from `other`, over the whole; NaN for negative numbers."""
    return _shares(input, other).above


@composite(compute="float32", saves="input other out", dtypes="real floating", broadcast=True, out=False,
           samples=lambda: [Sample(arr(3, low=0.5, high=9), arr(3, low=0.2, high=12)), Sample(arr(0), arr(0)),
                            Sample(arr(3, low=25, high=90), arr(3, low=25, high=90))])
def gamma_density(input: Tensor, other: Tensor) -> Tensor:
    """x^(a - 1) exp(-x) / gamma(a): how the shares change with x."""
    near, close = _near_front(input, other)
    return where_op(near, close * input / other, exp((input - 1) * log(other) - other - lgamma(input)))


@gamma_density.grad("input")
def _(g, input, other, out):
    return g * out * (log(other) - digamma(input))


@gamma_density.grad("other")
def _(g, input, other, out):
    return g * out * ((input - 1) / other - 1)


@igamma.grad("other")
def _(g, input, other):
    return g * gamma_density(input, other)


@igammac.grad("other")
def _(g, input, other):
    return -g * gamma_density(input, other)


underived(igamma, "input")
underived(igammac, "input")


def _shares(a: Tensor, x: Tensor) -> _Shares:
    """Both shares, the edges of the region as limits."""
    inside = lt(lift(a, 0), a) & lt(lift(x, 0), x) & lt(a, math.inf) & lt(x, math.inf)
    found = _inside(where_op(inside, a, lift(a, 1)), where_op(inside, x, lift(x, 1)))
    nothing = eq(x, 0) | eq(a, math.inf)  # below x
    whole = eq(a, 0) | eq(x, math.inf)
    none, all_of = lift(x, 0), lift(x, 1)
    below = where_op(inside, found.below, where_op(nothing, none, all_of))
    above = where_op(inside, found.above, where_op(nothing, all_of, none))
    bad = ~(le(lift(a, 0), a) & le(lift(x, 0), x)) | (nothing & whole)
    return _Shares(where_op(bad, lift(x, math.nan), below), where_op(bad, lift(x, math.nan), above))


def _inside(a: Tensor, x: Tensor) -> _Shares:
    apart = abs_op(x - a) / a
    near = where_op(lt(a, 200), lt(apart, 0.3), lt(apart, 4.5 / sqrt(a))) & lt(lift(a, 20), a)
    small = where_op(le(x, 0.5), ~lt(-0.4 / log(clamp_number(x, 1e-30, 0.5)), a), ~lt(x * 1.1, a)) & le(x, 1.1)
    fraction = ~near & ~small & le(a, x) & lt(lift(x, 1.1), x)
    found = _series(a, x, ~near & ~small & ~fraction)
    for region, formula in ((fraction, _fraction), (small, _small), (near, _uniform)):
        if bool(unmapped(region).any()):
            like = _LIKE[formula]
            other = formula(where_op(region, a, lift(a, like[0])), where_op(region, x, lift(x, like[1])))
            found = _Shares(where_op(region, other.below, found.below), where_op(region, other.above, found.above))
    return found


def _front(a: Tensor, x: Tensor) -> Tensor:
    """x^a exp(-x) / gamma(a + 1): where a is large and near x by Stirling's formula, whose powers do not cancel."""
    near, close = _near_front(a, x)
    return where_op(near, close, exp(a * log(x) - x - lgamma(a + 1)))


def _near_front(a: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """Where a > 10 and x is near it, and x^a exp(-x) / gamma(a + 1) there."""
    large = maximum(a, lift(a, 10))
    ratio = clamp_number((x - large) / large, -0.5, 0.5)
    rest = polynomial(1 / (large * large), _STIRLING) / large
    close = exp(-large * _excess(ratio) - rest) / sqrt(large * (2 * math.pi))
    return lt(lift(a, 10), a) & lt(abs_op(x - a), a * 0.4), close


def _excess(ratio: Tensor) -> Tensor:
    """ratio - log(1 + ratio) between -0.5 and 0.5, by the series of the logarithm in ratio / (2 + ratio)."""
    u = ratio / (ratio + 2)
    z = u * u
    return z * 2 / (1 - u) - u * z * 2 * polynomial(z, _ATANH)


_ATANH = tuple(1 / k for k in range(29, 2, -2))
_STIRLING = 1 / 156, -691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12


def _series(a: Tensor, x: Tensor, region: Tensor) -> _Shares:
    """1 + x / (a + 1) + x^2 / ((a + 1) (a + 2)) + …, in front of which stands the share below."""
    a, x = where_op(region, a, lift(a, 2)), where_op(region, x, lift(x, 1))
    total = term = x * 0 + 1
    for k in range(1, _LONGEST):
        term = term * (x / (a + k))
        total = total + term
        if k % _BLOCK == 0 and bool(unmapped(le(term, total * (_PLACE[x._kind.dtype.itemsize] / 2))).all()):
            break
    below = total * _front(a, x)
    return _Shares(below, 1 - below)


def _small(a: Tensor, x: Tensor) -> _Shares:
    """The share above from the series of the share below, with the leading 1 taken off beforehand."""
    term: Any = lift(x, 1)
    total: Any = 0
    for k in range(1, 33):
        term = term * (-x / k)
        total = total + term / (a + k)
    power = a * log(x)
    above = -expm1(power - lgamma(a + 1)) - exp(power - lgamma(a)) * total
    return _Shares(1 - above, above)


def _fraction(a: Tensor, x: Tensor) -> _Shares:
    """The continued fraction of the share above, from the front by Lentz's rule: both quotients stay near 1."""
    start = x + 1 - a
    ratio = total = 1 / start
    upper: Any = start + 1e30
    moving = eq(x, x)
    for k in range(1, _LONGEST):
        weight, start = (a - k) * k, start + 2
        ratio = 1 / (start + weight * ratio)
        upper = start + weight / upper
        factor = upper * ratio
        moving = moving & lt(lift(x, _PLACE[x._kind.dtype.itemsize]), abs_op(factor - 1))
        total = where_op(moving, total * factor, total)  # one that has settled would gather rounding errors
        if k % _BLOCK == 0 and not bool(unmapped(moving).any()):
            break
    above = total * _front(a, x) * a
    return _Shares(1 - above, above)


def _uniform(a: Tensor, x: Tensor) -> _Shares:
    eta = sqrt(_excess((x - a) / a) * 2)
    eta = where_op(lt(x, a), -eta, eta)
    total: Any = None
    for row in reversed(TEMME):
        made = polynomial(eta, row) if len(row) > 1 else row[0]
        total = made if total is None else total / a + made
    rest = exp(a * eta * eta * -0.5) * total / sqrt(a * (2 * math.pi))
    at = eta * sqrt(a * 0.5)
    return _Shares(erfc(-at) * 0.5 - rest, erfc(at) * 0.5 + rest)


_LIKE = {_fraction: (2, 9), _small: (1, 0.5), _uniform: (50, 50)}
