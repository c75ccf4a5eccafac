"""Drawing mutants from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from flambeau.contract.backend import Backend

from ...conditions.condition import Condition
from ...conditions.listing import conditions_of
from ...conditions.site import KERNEL, Site, sites_of
from .corruption import Corruption
from .corruptions import corruptions

_KERNELS = 0.85  # the share of mutants that are put into kernels


@dataclass(frozen=True, slots=True)
class Drawn:
    """One mutant."""

    seed: str  # by which it can be drawn again
    site: Site
    condition: Condition
    corruption: Corruption

    @property
    def sort(self) -> tuple[str, str]:
        """The class that a score is broken down by."""
        return self.condition.sort, self.corruption.name

    @property
    def bug(self) -> str:
        """What is wrong, in words."""
        return f"{self.site}, when {self.condition.name}: {self.corruption.name}"


@cache
def _corruptions_of(site: Site) -> tuple[Corruption, ...]:
    return tuple(c for c in corruptions() if c.fits(site))


def drawn(base: Backend, seed: str) -> Drawn:
    """The mutant of that seed: a site, a class of conditions and one of them, a corruption; all alike likely."""
    random = Random(seed)
    sites = sites_of(base)
    wanted = random.random() < _KERNELS
    site = random.choice([s for s in sites if (s.kind == KERNEL) == wanted])
    condition = _one(random, conditions_of(site))
    return Drawn(seed, site, condition, random.choice(_corruptions_of(site)))


def _one(random: Random, conditions: Sequence[Condition]) -> Condition:
    sort = random.choice(list(dict.fromkeys(c.sort for c in conditions)))
    return random.choice([c for c in conditions if c.sort == sort])


def seeds(seed: int, count: int, start: int = 0) -> list[str]:
    """The names of the mutants of a run."""
    return [f"{seed}.{i}" for i in range(start, start + count)]
