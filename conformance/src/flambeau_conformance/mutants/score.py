"""The score: every mutant on every backend, which checks it fails, and which it survives.

A mutant is run in a worker process of its own, like any backend, so one that crashes or hangs is
killed by the check that it takes down. It is shown the checks that its patterns name. What fails on
the healthy wrapper too says nothing of the bug and does not count.
"""

from __future__ import annotations

import fnmatch
import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ..check import Check
from ..pool import NotLoadableError, Pool
from ..record import BROKEN, VACUOUS
from ..selection import contract_of
from ..target import load
from . import HEALTHY, SIGN, catalogue
from .mutant import Mutant, pointless

LOADING = "loading the backend"  # what kills a mutant that core refuses


@dataclass(slots=True)
class Result:
    """What became of one mutant on one backend: the IDs of the checks that it failed, and how."""

    base: str
    mutant: Mutant
    shown: int = 0
    killers: dict[str, str] = field(default_factory=dict)
    pointless: str = ""  # why the bug makes no difference on this backend

    @property
    def killed(self) -> bool:
        """Whether any check noticed."""
        return bool(self.killers)

    @property
    def survived(self) -> bool:
        """Whether a check should have noticed, and none did."""
        return not self.killers and not self.pointless


Heard = Callable[[Result], None]


def checks_for(found: Mutant, checks: Iterable[Check]) -> list[str]:
    """The IDs that the mutant is shown to."""
    return [c.id for c in checks if any(fnmatch.fnmatchcase(c.id, p) for p in found.checks)]


def tried(base: str, found: Mutant, ids: Sequence[str]) -> Result:
    """Runs the checks on the mutant; raises NotLoadableError where it cannot be built, unless that is the bug."""
    result = Result(base, found, len(ids))

    def heard(answer: dict[str, str]) -> bool:
        if answer["outcome"] in BROKEN or answer["outcome"] == VACUOUS:
            result.killers[answer["id"]] = answer["kind"] or answer["outcome"]
        return False

    with Pool(f"{base}{SIGN}{found.name}", 1, found.limit, lambda _: None, heard) as pool:
        try:
            pool.hello()
        except NotLoadableError as error:
            if ids:
                raise
            result.killers[LOADING] = str(error)
            return result
        pool.run(ids)
    result.killers = {i: result.killers[i] for i in ids if i in result.killers}
    return result


def scored(bases: Sequence[str], names: Iterable[str] = (), workers: int = 1,
           heard: Heard = lambda result: None) -> list[Result]:
    """Every mutant (or those named) on every base, in the catalogue's order.

    Raises UnusableError for a base that cannot be loaded.
    """
    everything = catalogue()
    chosen = [everything[n] for n in names] or list(everything.values())
    results: list[Result] = []
    for base in bases:
        target, checks = load(base), contract_of(base)
        skipped = {m.name: pointless(m, target) for m in chosen}
        jobs = [(base, m, checks_for(m, checks)) for m in chosen if not skipped[m.name]]
        found = {r.mutant.name: r for r in _all(jobs, workers, heard)}
        _without_unfounded(base, list(found.values()))
        results += [found.get(m.name) or Result(base, m, pointless=skipped[m.name]) for m in chosen]
    return results


def _all(jobs: Sequence[tuple[str, Mutant, list[str]]], workers: int, heard: Heard) -> list[Result]:
    waiting: queue.SimpleQueue[tuple[str, Mutant, list[str]]] = queue.SimpleQueue()
    for job in jobs:
        waiting.put(job)
    results: list[Result] = []
    errors: list[Exception] = []

    def work() -> None:
        while not errors:
            try:
                results.append(tried(*waiting.get_nowait()))
            except queue.Empty:
                return
            except Exception as error:
                errors.append(error)
                return
            heard(results[-1])

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def _without_unfounded(base: str, results: list[Result]) -> None:
    """Takes out the killers that fail on the healthy wrapper as well."""
    ids = sorted({i for r in results for i in r.killers if i != LOADING})
    unfounded = tried(base, HEALTHY, ids).killers if ids else {}
    for result in results:
        result.killers = {i: kind for i, kind in result.killers.items() if i not in unfounded}
