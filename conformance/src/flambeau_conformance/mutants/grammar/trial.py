"""One mutant against the suite: the checks that can notice it, until the first does."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ... import oracle, values
from ...check import Check
from ...conditions.listing import conditions_of
from ...outcome import executed
from ...record import BROKEN
from ...target import Target, UnusableError
from .board import Board, Fault
from .drawing import Drawn, drawn
from .trace import Trace
from .witness import witness

EQUIVALENT = ""
_LONG = 2000  # elements, beyond which an answer is not kept


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant: the program that tells it from the healthy backend, and the check that did."""

    mutant: Drawn
    witness: str = EQUIVALENT  # empty: no program of the grammar tells it
    killer: str = ""
    shown: int = 0

    @property
    def counted(self) -> bool:
        """Whether it is a bug at all."""
        return self.witness != EQUIVALENT

    @property
    def survived(self) -> bool:
        """Whether the suite overlooked it."""
        return self.counted and not self.killer


class Judge:
    """Judges mutants of one backend, one after the other."""

    def __init__(self, board: Board, checks: Mapping[str, Check], trace: Trace) -> None:
        self.board, self.checks, self.trace = board, checks, trace

    def verdict(self, mutant: Drawn) -> Verdict:
        """Whether it can be told at all, and if so which check notices it first."""
        told = witness(self.board, mutant)
        if not told:
            return Verdict(mutant)
        ids = self._order(mutant)
        return Verdict(mutant, told, self._killer(mutant, ids), len(ids))

    def _order(self, mutant: Drawn) -> list[str]:
        """First the op's own checks, then promises, then what else runs the site; the quick ones first."""
        place = conditions_of(mutant.site).index(mutant.condition)
        found = self.trace.checks_for(mutant.site, place)
        return sorted(found, key=lambda i: (self._rank(i, mutant.site.name), self.trace.seconds[i]))

    def _rank(self, wanted: str, op: str) -> int:
        check = self.checks[wanted]
        return 0 if check.op == op else 1 if not check.op else 2

    def _killer(self, mutant: Drawn, ids: Iterable[str]) -> str:
        fault = Fault(self.board, mutant.site, mutant.condition, mutant.corruption)
        with self.board.under(fault, mutant.site) as target:
            for wanted in ids:
                if executed(self.checks[wanted], target)["outcome"] in BROKEN:
                    return wanted
        return ""


def planted(base: str, seed: str, name: str) -> Target:
    """The backend with that mutant in it for good; raises UnusableError for what is no seed."""
    if not re.fullmatch(r"\d+\.\d+", seed):
        raise UnusableError(f"{seed!r} draws no mutant: a seed, a point, the number of the mutant, as in"
                            f" {base}+random-7.12")
    board = Board(base, name)
    mutant = drawn(board.base, seed)
    board.hook, board.only = Fault(board, mutant.site, mutant.condition, mutant.corruption), mutant.site
    return board.target


@contextmanager
def remembered(size: int = 40_000) -> Any:
    """The oracle's answers are kept: one mutant after another asks for the same."""
    expected, measured = oracle.expected, values.sensitivity_of

    def once(function: Any) -> Any:
        known: dict[str, Any] = {}

        def ask(case: Any, hosts: Any) -> Any:
            if sum(len(h.values) for h in hosts) > _LONG or len(known) > size:
                return function(case, hosts)
            key = f"{case.id} {case.sample!r} {[(h.values, h.shape) for h in hosts]!r}"
            if key not in known:
                known[key] = function(case, hosts)
            return known[key]

        return ask

    oracle.expected, values.sensitivity_of = once(expected), once(measured)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", "(divide by zero|overflow|underflow|invalid value) encountered",
                                    RuntimeWarning)
            yield
    finally:
        oracle.expected, values.sensitivity_of = expected, measured
