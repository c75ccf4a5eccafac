"""Random numbers: on CPU backends the same seed gives PyTorch's numbers.

The values were recorded from PyTorch 2.13 (CPU), from a generator seeded with 1234. Uniforms,
integers, permutations and masks agree bit for bit, normals and exponentials within 4 ulp of float32.
A backend of another device type draws by a standard of its own, but takes a CPU generator when the
same numbers are wanted, which is what these checks hand it.
"""

from __future__ import annotations

from typing import Any

from flambeau import dtypes

from ..api import flambeau
from ..check import Check
from ..compare import compared
from ..host import Host, get
from ..target import Target
from ..tolerances import Budget
from .promise import promise

CHECKS: list[Check] = []
SEED = 1234

_BITS = Budget(0, 0, 0, 0, "the draws are defined bit by bit")
_LOGARITHMS = Budget(4, 4, 4, 0, "Box-Muller and the exponential end in a library's log, sin and cos")

UNIFORM = [0.028979241847991943, 0.4018985629081726, 0.25984418392181396, 0.3666413426399231, 0.05830073356628418]
UNIFORM64 = [0.2318341720884639, 0.07875386135027063, 0.46640616040796923]
NORMAL5 = [0.0461304634809494, 0.4024028182029724, -1.0115290880203247, 0.2167382389307022, -0.612273097038269]
NORMAL20 = [
    -0.1117185652256012, -0.49659010767936707, 0.16307370364665985, -0.8816877603530884, 0.2890971899032593,
    0.4898708462715149, -0.38527461886405945, -0.7120345830917358, 0.6369126439094543, -0.7140800952911377,
    -1.0831243991851807, -0.5547242164611816, -1.3248119354248047, 0.6969805359840393, -0.6630538702011108,
    1.215756893157959, -2.5273351669311523, 1.477784276008606, -0.16962362825870514, -0.9918573498725891]
INTEGERS = [775, 171, 806, 365, 316, 564]
PERMUTATION = [7, 5, 2, 3, 4, 6, 1, 0]
COINS = [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0]
EXPONENTIAL = [0.13187482953071594, 0.041014011949300766, 0.31406015157699585, 0.26754164695739746]
CHOICES = [1, 0, 2, 2, 2, 1]


def _generator() -> Any:
    return flambeau.Generator().manual_seed(SEED)


def _drawn(made: Any, values: list[Any], dtype: Any, budget: Budget = _BITS) -> None:
    compared(get(made), Host(values, (len(values),), dtype), budget, f"seed {SEED}")


@promise("random/uniform", CHECKS)
def uniform(target: Target) -> None:
    """rand in float32 and float64."""
    place = target.device
    _drawn(flambeau.rand(5, generator=_generator(), device=place), UNIFORM, dtypes.float32)
    if not target.lacks(dtypes.float64):
        drawn = flambeau.rand(3, generator=_generator(), dtype=dtypes.float64, device=place)
        _drawn(drawn, UNIFORM64, dtypes.float64)


@promise("random/normal", CHECKS)
def normal(target: Target) -> None:
    """randn of fewer than sixteen numbers, and of more with a tail."""
    for values in (NORMAL5, NORMAL20):
        drawn = flambeau.randn(len(values), generator=_generator(), device=target.device)
        _drawn(drawn, values, dtypes.float32, _LOGARITHMS)


@promise("random/integers", CHECKS)
def integers(target: Target) -> None:
    """randint and randperm."""
    place = target.device
    _drawn(flambeau.randint(0, 1000, (6,), generator=_generator(), device=place), INTEGERS, dtypes.int64)
    _drawn(flambeau.randperm(8, generator=_generator(), device=place), PERMUTATION, dtypes.int64)


@promise("random/choices", CHECKS)
def choices(target: Target) -> None:
    """bernoulli and multinomial."""
    place = target.device
    chance = flambeau.full((8,), 0.3, device=place)
    _drawn(flambeau.bernoulli(chance, generator=_generator()), COINS, dtypes.float32)
    weights = flambeau.tensor([0.1, 0.2, 0.3, 0.4], device=place)
    _drawn(flambeau.multinomial(weights, 6, True, generator=_generator()), CHOICES, dtypes.int64)


@promise("random/exponential", CHECKS)
def exponential(target: Target) -> None:
    """exponential_ in place."""
    drawn = flambeau.empty(4, device=target.device).exponential_(2.0, generator=_generator())
    _drawn(drawn, EXPONENTIAL, dtypes.float32, _LOGARITHMS)
