"""The estimate: many mutants of one seed, the share that the suite kills, and what it overlooks, by class."""

from __future__ import annotations

import multiprocessing
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import sqrt

from ...check import RELEASE
from ...conditions.listing import conditions_of
from ...conditions.site import Site, sites_of
from ...selection import contract_of
from .board import Board
from .drawing import drawn, seeds
from .trace import Trace, traced
from .trial import Judge, Verdict, remembered

_QUANTILE = 1.959964  # of the normal distribution: 95 in 100 lie within


@dataclass(frozen=True, slots=True)
class Fate:
    """A verdict as it travels between processes."""

    seed: str
    bug: str
    sort: tuple[str, str]
    witness: str
    killer: str
    shown: int

    @property
    def counted(self) -> bool:
        """Whether a program tells it from the healthy backend."""
        return bool(self.witness)


@dataclass(slots=True)
class Estimate:
    """What became of the mutants of one seed on one backend."""

    base: str
    profile: str
    seed: int
    fates: list[Fate]
    unfounded: list[str] = field(default_factory=list)
    gaps: dict[str, list[str]] = field(default_factory=dict)  # class of conditions -> sites where none is ever met
    pairs: int = 0

    @property
    def counted(self) -> list[Fate]:
        """Those that are bugs."""
        return [f for f in self.fates if f.counted]

    @property
    def survivors(self) -> list[Fate]:
        """Those that no check noticed."""
        return [f for f in self.counted if not f.killer]

    def classes(self) -> dict[tuple[str, str], list[Fate]]:
        """The survivors by class, the largest first."""
        found: dict[tuple[str, str], list[Fate]] = defaultdict(list)
        for fate in self.survivors:
            found[fate.sort].append(fate)
        return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def interval(hits: int, count: int) -> tuple[float, float]:
    """Wilson's 95% interval of a share: right also where nearly all or nearly none hit.

    >>> [round(x, 3) for x in interval(97, 100)]
    [0.915, 0.99]
    """
    if not count:
        return 0.0, 1.0
    share, z = hits / count, _QUANTILE
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = z * sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def estimated(base: str, seed: int, count: int, profile: str, workers: int = 1,
              heard: Callable[[Fate], None] = lambda fate: None) -> Estimate:
    """Draws and judges `count` mutants. Raises UnusableError for an unknown backend."""
    fates: list[Fate] = []
    with remembered():
        judge, trace = _judge(base, profile)
        for fate in _judged(judge, seeds(seed, count), workers):
            fates.append(fate)
            heard(fate)
    gaps, pairs = uncovered(judge.board, trace)
    return Estimate(base, profile, seed, fates, trace.unfounded, gaps, pairs)


_judges: list[Judge] = []  # what forked workers find


def _judge(base: str, profile: str) -> tuple[Judge, Trace]:
    board, checks = Board(base), contract_of(base)
    checks = [c for c in checks if profile == RELEASE or c.lane != RELEASE]
    trace = traced(board, checks)
    return Judge(board, {c.id: c for c in checks}, trace), trace


def _judged(judge: Judge, batch: Sequence[str], workers: int) -> Iterable[Fate]:
    _judges[:] = [judge]
    if workers < 2 or "fork" not in multiprocessing.get_all_start_methods():
        yield from map(_fate, batch)
        return
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        yield from pool.imap(_fate, batch, 5)


def _fate(seed: str) -> Fate:
    judge = _judges[0]
    verdict: Verdict = judge.verdict(drawn(judge.board.base, seed))
    found = verdict.mutant
    return Fate(seed, found.bug, found.sort, verdict.witness, verdict.killer, verdict.shown)


def uncovered(board: Board, trace: Trace) -> tuple[dict[str, list[str]], int]:
    """By class of conditions, the sites at which no check meets any of them; and the number of all pairs."""
    met: dict[Site, int] = defaultdict(int)
    for masks in trace.met.values():
        for site, mask in masks.items():
            met[site] |= mask
    gaps: dict[str, list[str]] = defaultdict(list)
    pairs = 0
    for site in sites_of(board.base):
        by_sort: dict[str, bool] = {}
        for i, condition in enumerate(conditions_of(site)):
            by_sort[condition.sort] = by_sort.get(condition.sort, False) or bool(met[site] >> i & 1)
        pairs += len(by_sort)
        for sort, held in by_sort.items():
            if not held:
                gaps[sort].append(str(site))
    return dict(gaps), pairs
