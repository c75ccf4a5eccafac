"""Timing: peers take turns, so that what disturbs the machine disturbs all of them.

Every sample is a loop long enough for the clock; the collector rests inside a sample (but for rows
that are about it) and runs between them. The minimum is the least disturbed sample, the median says how typical it is.
"""

from __future__ import annotations

import gc
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from .rows import Case

SAMPLE_SECONDS = 0.02


@dataclass(frozen=True)
class Timing:
    """Seconds per call: every sample, in the order taken, and how many calls each was."""

    samples: tuple[float, ...]
    loops: int

    @property
    def best(self) -> float:
        """The least."""
        return min(self.samples)

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.samples)


def sample(case: Case, loops: int) -> float:
    """Seconds per call over `loops` calls."""
    work, turns = case.work, range(loops)
    with case.within():
        gc.collect()
        if not case.collecting:
            gc.disable()
        try:
            start = perf_counter()
            for _ in turns:
                work()
            return (perf_counter() - start) / loops
        finally:
            gc.enable()


def loops_for(case: Case, seconds: float) -> int:
    """How many calls take about that long, after a few calls to warm up."""
    sample(case, 3)
    loops = 1
    while True:
        took = sample(case, loops) * loops
        if took >= seconds / 4 or loops >= 1 << 20:
            return max(1, round(loops * seconds / max(took, 1e-9)))
        loops *= 4


def interleaved(cases: Sequence[Case], repeat: int, seconds: float = SAMPLE_SECONDS) -> list[Timing]:
    """`repeat` samples of every case, taken in turns, each round beginning with another case."""
    gc.collect()
    gc.freeze()  # what the peers loaded is not searched again before every sample
    loops = [loops_for(case, seconds) for case in cases]
    samples: list[list[float]] = [[] for _ in cases]
    for turn in range(repeat):
        for i in range(len(cases)):
            at = (turn + i) % len(cases)
            samples[at].append(sample(cases[at], loops[at]))
    gc.unfreeze()
    return [Timing(tuple(s), n) for s, n in zip(samples, loops, strict=True)]
