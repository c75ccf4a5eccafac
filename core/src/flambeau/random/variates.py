"""Draws by rejection, and how gamma and Dirichlet draws move with their parameters; one value after another, in double.

The order of uniform and normal draws is PyTorch's on the CPU, so the doubles agree where the C library's do.
"""

from __future__ import annotations

import math

from .draws import standard_normal, to_single, uniform
from .mt19937 import Engine

_THIRD = 0.3333333432674408  # PyTorch's third, a float32
_SQUEEZE = 0.07  # below it the hat is left behind: Hörmann's transformed rejection


def gamma(engine: Engine, alpha: float, single: bool = False) -> float:
    """A draw of shape `alpha` and scale 1: Marsaglia and Tsang (2000); below 1 boosted by a power of a uniform.

    0 gives 0, a negative shape nan. `single`: what is made of the shape alone is rounded to float32, as PyTorch's is
    for all but float64 shapes.
    """
    if not alpha > 0.0:
        return 0.0 if alpha == 0.0 else math.nan
    held = to_single if single else float
    boost = 1.0
    if alpha < 1.0:
        boost = _power(1.0 - uniform(engine), held(1.0 / alpha))
        alpha = held(alpha + 1.0)
    d = held(alpha - _THIRD)
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        x, y = _above_minus_one(engine, c)
        v, square = y * y * y, x * x
        u = 1.0 - uniform(engine)
        if u < 1.0 - 0.0331 * square * square or math.log(u) < 0.5 * square + d * (1.0 - v + math.log(v)):
            return boost * d * v


def _above_minus_one(engine: Engine, c: float) -> tuple[float, float]:
    """A normal x, and 1 + c x, which is positive."""
    while True:
        x = standard_normal(engine)
        y = 1.0 + c * x
        if y > 0.0:
            return x, y


def _power(base: float, exponent: float) -> float:
    return base**exponent if math.isfinite(exponent) else 0.0


def poisson(engine: Engine, rate: float) -> float:
    """How many events happen where `rate` are expected: a product of uniforms, from 10 on transformed rejection."""
    if not rate or math.isinf(rate):
        return rate
    if rate >= 10.0:
        return _poisson_by_rejection(engine, rate)
    bound, product, events = math.exp(-rate), uniform(engine), 0.0
    while product > bound:
        product *= uniform(engine)
        events += 1.0
    return events


def _poisson_by_rejection(engine: Engine, rate: float) -> float:
    """PTRS of Hörmann, The transformed rejection method for generating Poisson random variables (1993)."""
    logarithm = math.log(rate)
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    quick = 0.9277 - 3.6224 / (b - 2.0)
    while True:
        u, v = uniform(engine) - 0.5, uniform(engine)
        us = 0.5 - abs(u)
        k = math.floor((2.0 * a / us + b) * u + rate + 0.43) if us else -1
        if us >= _SQUEEZE and v <= quick:
            return float(k)
        if k < 0 or (us < 0.013 and v > us):
            continue
        height = _log(v) + math.log(inverse_alpha) - math.log(a / (us * us) + b)
        if height <= -rate + k * logarithm - math.lgamma(k + 1.0):
            return float(k)


def _log(x: float) -> float:
    return math.log(x) if x else -math.inf


def binomial(engine: Engine, trials: float, p: float) -> float:
    """How many of `trials` events of probability `p` happen; nan where either is nan, of endless trials all."""
    if math.isnan(trials) or math.isnan(p):
        return math.nan
    if trials <= 0.0 or p <= 0.0:
        return 0.0
    if p >= 1.0 or math.isinf(trials):
        return trials
    rare = min(p, 1.0 - p)
    draw = _binomial_by_rejection if trials * rare >= 10.0 else _binomial_by_waiting
    drawn = draw(engine, trials, rare)
    return trials - drawn if p > 0.5 else drawn


def _binomial_by_waiting(engine: Engine, trials: float, p: float) -> float:
    """The events that fit into the trials, by the geometric waiting times between them."""
    scale, used, events = math.log1p(-p), 0.0, -1.0
    while used <= trials:
        wait = _log(uniform(engine)) / scale
        used += math.ceil(wait) if math.isfinite(wait) else wait
        events += 1.0
    return events


def _binomial_by_rejection(engine: Engine, trials: float, p: float) -> float:
    """BTRS of Hörmann, The generation of binomial random variates (1993)."""
    stddev = math.sqrt(trials * p * (1.0 - p))
    b = 1.15 + 2.53 * stddev
    a = -0.0873 + 0.0248 * b + 0.01 * p
    center, quick = trials * p + 0.5, 0.92 - 4.2 / b
    odds, alpha = p / (1.0 - p), (2.83 + 5.1 / b) * stddev
    mode = math.floor((trials + 1.0) * p)
    while True:
        u, v = uniform(engine) - 0.5, uniform(engine)
        us = 0.5 - abs(u)
        k = math.floor((2.0 * a / us + b) * u + center) if us else -1
        if us >= _SQUEEZE and v <= quick:
            return float(k)
        if k < 0 or k > trials:
            continue
        if _log(v * alpha / (a / (us * us) + b)) <= _log_height(trials, mode, k, odds):
            return float(k)


def _log_height(trials: float, mode: float, k: float, odds: float) -> float:
    """The logarithm of the probability of `k` over that of the mode."""
    return ((mode + 0.5) * math.log((mode + 1.0) / (odds * (trials - mode + 1.0)))
            + (trials + 1.0) * math.log((trials - mode + 1.0) / (trials - k + 1.0))
            + (k + 0.5) * math.log(odds * (trials - k + 1.0) / (k + 1.0))
            + _stirling_rest(mode) + _stirling_rest(trials - mode) - _stirling_rest(k) - _stirling_rest(trials - k))


_RESTS = (0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211,
          0.0138761288230707, 0.0118967099458917, 0.0104112652619720, 0.00925546218271273, 0.00833056343336287)


def _stirling_rest(k: float) -> float:
    """log k! less Stirling's approximation of it."""
    if k <= 9:
        return _RESTS[int(k)]
    square = (k + 1) * (k + 1)
    return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1)
