"""Draws have the distribution they say: moments and shares of many draws from fixed seeds.

The bound of every statistic is five of its standard deviations under the distribution itself, so
that one seed in two million would fail it by chance; with fixed seeds the verdict never changes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from math import erf, exp, sqrt
from typing import Any

from ..api import flambeau
from ..check import Check, require
from ..target import Target
from .promise import promise

CHECKS: list[Check] = []
_COUNT = 4000
_SIGMAS = 5.0


def _generator() -> Any:
    return flambeau.Generator().manual_seed(20240229)


def _share(name: str, values: list[float], below: float, expected: float) -> None:
    """The share of draws below a point, against the distribution function there."""
    found = sum(v < below for v in values) / len(values)
    allowed = _SIGMAS * sqrt(expected * (1 - expected) / len(values))
    require(abs(found - expected) <= allowed, "distribution",
            f"{name}: {found:.4f} of the draws are below {below:g}, expected {expected:.4f} within {allowed:.4f}")


def _independent(name: str, values: list[float]) -> None:
    """Neighbouring draws are not correlated: the first serial correlation is normal with deviation 1/sqrt(n)."""
    mean = sum(values) / len(values)
    spread = sum((v - mean) ** 2 for v in values)
    serial = sum((a - mean) * (b - mean) for a, b in pairwise(values)) / spread
    require(abs(serial) <= _SIGMAS / sqrt(len(values)), "distribution", f"{name}: neighbours correlate by {serial:.3f}")


_CONTINUOUS: dict[str, tuple[Callable[[Any], Any], Callable[[float], float]]] = {
    "uniform": (lambda place: flambeau.rand(_COUNT, generator=_generator(), device=place), lambda x: x),
    "uniform_": (lambda place: flambeau.empty(_COUNT, device=place).uniform_(-0.5, 1.5, generator=_generator()),
                 lambda x: (x + 0.5) / 2),
    "normal": (lambda place: flambeau.randn(_COUNT, generator=_generator(), device=place),
               lambda x: (1 + erf(x / sqrt(2))) / 2),
    "normal_": (lambda place: flambeau.empty(_COUNT, device=place).normal_(0.5, 0.25, generator=_generator()),
                lambda x: (1 + erf((x - 0.5) / 0.25 / sqrt(2))) / 2),
    "exponential": (lambda place: flambeau.empty(_COUNT, device=place).exponential_(2.0, generator=_generator()),
                    lambda x: 1 - exp(-2 * x))}


def _continuous(name: str, target: Target) -> None:
    """The shares below five points are those of the distribution function, and neighbours are independent."""
    draw, function = _CONTINUOUS[name]
    values = draw(target.device).tolist()
    for point in (0.1, 0.25, 0.5, 0.75, 0.9):
        _share(name, values, point, function(point))
    _independent(name, values)


for _name in _CONTINUOUS:
    promise(f"distributions/{_name}", CHECKS)(partial(_continuous, _name))


@promise("distributions/discrete", CHECKS)
def discrete(target: Target) -> None:
    """randint, bernoulli, multinomial and dropout give every value its share; randperm is a permutation."""
    place, n = target.device, _COUNT
    dice = flambeau.randint(0, 6, (n,), generator=_generator(), device=place).tolist()
    require(set(dice) == set(range(6)), "distribution", f"randint(0, 6) gave {sorted(set(dice))}")
    for face in range(1, 6):
        _share("randint", dice, face, face / 6)
    coins = flambeau.bernoulli(flambeau.full((n,), 0.3, device=place), generator=_generator()).tolist()
    _share("bernoulli", coins, 0.5, 0.7)
    weights = flambeau.tensor([1.0, 2.0, 3.0, 4.0], device=place)
    chosen = flambeau.multinomial(weights, n, True, generator=_generator()).tolist()
    for below, share in ((1, 0.1), (2, 0.3), (3, 0.6)):
        _share("multinomial", chosen, below, share)
    order = flambeau.randperm(n, generator=_generator(), device=place).tolist()
    require(sorted(order) == list(range(n)), "distribution", "randperm is not a permutation")
    _independent("randperm", [float(v) for v in order])
