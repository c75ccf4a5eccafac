"""How gamma and Dirichlet draws move with their parameters, by implicit reparameterisation, in double.

A draw x of cdf F(x; a) stays at its quantile as the parameter a moves: dx/da = -(dF/da) / (dF/dx) (Figurnov, Mohamed
and Mnih, 2018). F and dF/da come from one power series whose terms are positive; in the far tail, where that would lose
its digits, from the asymptotic series of the other side.
"""

from __future__ import annotations

import math

_SMALL = 1e-17
_FAR = 18.0  # exp(-18): a tail beyond it has lost half the digits of a double
_MOST = 200_000  # terms of a series


def digamma(x: float) -> float:
    """The derivative of log gamma at x > 0: recurrence up to 10, then the asymptotic series."""
    shift = 0.0
    while x < 10.0:
        shift -= 1.0 / x
        x += 1.0
    s = 1.0 / (x * x)
    tail = s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s * (1 / 240 - s * (1 / 132 - s * (691 / 32760 - s / 12))))))
    return shift + math.log(x) - 0.5 / x - tail


def gamma_slope(alpha: float, x: float) -> float:
    """d x / d alpha of a standard gamma draw x of shape `alpha`."""
    if not (alpha > 0.0 and x > 0.0 and math.isfinite(x)):
        return 0.0 if x == 0.0 and alpha > 0.0 else math.nan
    ratio = x / alpha
    if x > alpha and x - alpha - alpha * math.log(ratio) > _FAR:
        return _gamma_slope_far(alpha, x)
    if alpha > 1e5:
        return _gamma_slope_of_many(alpha, x)
    total, moved, term, harmonic = 1.0, 0.0, 1.0, 0.0
    for n in range(1, _MOST):
        term *= x / (alpha + n)
        harmonic += 1.0 / (alpha + n)
        total += term
        moved += term * harmonic
        if term < _SMALL * total and x < alpha + n:
            break
    return ratio * (total * (digamma(alpha + 1.0) - math.log(x)) + moved)


def _gamma_slope_far(alpha: float, x: float) -> float:
    """The same from the upper tail, by the asymptotic series of the upper incomplete gamma function."""
    total, moved, term, slope = 1.0, 0.0, 1.0, 0.0  # slope: the derivative of the term
    for k in range(1, _MOST):
        factor = (alpha - k) / x
        slope = slope * factor + term / x
        term *= factor
        if abs(factor) >= 1.0 or (abs(term) < _SMALL and abs(slope) < _SMALL):
            break
        total += term
        moved += slope
    return total * (math.log(x) - digamma(alpha)) + moved


def _gamma_slope_of_many(alpha: float, x: float) -> float:
    """The same for large shapes, by the Cornish-Fisher expansion x = alpha + z sqrt(alpha) + (z^2 - 1) / 3 + ..."""
    root = math.sqrt(alpha)
    w = (x - alpha) / root
    z = w - (w * w - 1.0) / (3.0 * root)
    return 1.0 + z / (2.0 * root)


def beta_slope(x: float, alpha: float, beta: float) -> float:
    """d x / d alpha of a beta draw x, over 1 - x: what a Dirichlet draw's gradient is put together from."""
    if not (0.0 < x < 1.0 and alpha > 0.0 and beta > 0.0):
        return 0.0 if x == 0.0 else math.nan
    total, means = alpha + beta, digamma(alpha + beta) - digamma(alpha) + math.log(x)
    if x * (total + 2.0) <= alpha + 1.0:
        series, moved = _beta_series(x, alpha, total, both=True)
        return -x / alpha * (series * (means - 1.0 / alpha) + moved)
    series, moved = _beta_series(1.0 - x, beta, total, both=False)
    return x / beta * (series * means + moved)


def _beta_series(x: float, a: float, total: float, both: bool) -> tuple[float, float]:
    """The sum of x^n (total)_n / (a + 1)_n, and its derivative by the parameter in `total` and, if `both`, in `a`."""
    series, moved, term, harmonic = 1.0, 0.0, 1.0, 0.0
    for n in range(1, _MOST):
        ratio = x * (total + n - 1.0) / (a + n)
        term *= ratio
        harmonic += 1.0 / (total + n - 1.0) - (1.0 / (a + n) if both else 0.0)
        series += term
        moved += term * harmonic
        if ratio < 1.0 and term < _SMALL * series * (1.0 - ratio):
            break
    return series, moved
