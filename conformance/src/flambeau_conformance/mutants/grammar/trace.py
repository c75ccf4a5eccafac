"""Which checks meet which conditions at which sites: found once per backend, by running the suite on it.

A mutant is then shown only checks that can notice it, and what no check meets is a gap that can be
named before any mutant is drawn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from operator import eq
from typing import Any

from flambeau.contract.backend import Kernel

from ...check import Check
from ...conditions.call import Call
from ...conditions.condition import STATE, STRUCTURE
from ...conditions.listing import conditions_of
from ...conditions.site import UPLOAD, Site
from ...outcome import executed
from ...record import BROKEN
from .board import Board, flat

# Promises about time, growth, processes and freed memory: they take long, and see no wrong number.
UNSHOWN = ("contract/growth", "contract/graph", "contract/processes", "contract/out-of-memory")

Masks = dict[Site, int]


@dataclass(slots=True)
class Trace:
    """By check, and for every site that it reaches, which of the site's conditions held, as bits; and its seconds."""

    met: dict[str, Masks] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    unfounded: list[str] = field(default_factory=list)  # checks that fail on the healthy copy too

    def checks_for(self, site: Site, place: int) -> list[str]:
        """The IDs of checks in which the site's condition of that place held."""
        bit = 1 << place
        return [i for i, masks in self.met.items() if masks.get(site, 0) & bit]


class Tracer:
    """A hook that answers as the backend does, and notes."""

    def __init__(self, board: Board) -> None:
        self.base = board.base
        self.masks: dict[Site, int] = defaultdict(int)
        self._structure: dict[Any, int] = {}
        self._rows = {scope: _by_scope(partial(eq, scope)) for scope in ("values", STRUCTURE, STATE)}

    def __call__(self, site: Site, kernel: Kernel, arrays: tuple[Any, ...], attributes: dict[str, Any]) -> Any:
        if site.kind != UPLOAD:
            self._note(site, Call(self.base, site.name, flat(arrays), attributes))
            return kernel(*arrays, **attributes)
        result = kernel(*arrays, **attributes)
        self._note(site, Call(self.base, site.name, (result,), {}))
        return result

    def _note(self, site: Site, call: Call) -> None:
        key = (site, _signature(call))
        found = self._structure.get(key)
        if found is None:
            found = self._structure[key] = self._held(site, call, STRUCTURE) | sum(
                1 << i for i, _ in self._rows[STATE](site))
        self.masks[site] |= found | self._held(site, call, "values")

    def _held(self, site: Site, call: Call, scope: str) -> int:
        return sum(1 << i for i, condition in self._rows[scope](site) if condition.holds(call))


def _by_scope(wanted: Callable[[str], bool]) -> Callable[[Site], list[Any]]:
    known: dict[Site, list[Any]] = {}

    def rows(site: Site) -> list[Any]:
        if site not in known:
            known[site] = [(i, c) for i, c in enumerate(conditions_of(site)) if wanted(c.scope)]
        return known[site]

    return rows


def _signature(call: Call) -> Any:
    """All that conditions of structure look at."""
    places = range(len(call.arrays))
    same = tuple(next(k for k in places if call.arrays[k] is call.arrays[i]) for i in places)
    storages = [call.storage(i) for i in places] if len(call.arrays) > 1 else []
    shared = tuple(storages.index(s) if s else -1 for s in storages)
    return (tuple(call.shapes), tuple(call.base.dtype_of(a).name for a in call.arrays),
            tuple(call.layout(i) for i in places), same, shared, repr(call.attributes))


def traced(board: Board, checks: Iterable[Check], heard: Callable[[int], None] = lambda done: None) -> Trace:
    """Runs the checks once."""
    trace, tracer = Trace(), Tracer(board)
    with board.under(tracer) as target:
        for done, check in enumerate(shown(checks)):
            tracer.masks = defaultdict(int)
            answer = executed(check, target)
            trace.met[check.id], trace.seconds[check.id] = dict(tracer.masks), answer["seconds"]
            if answer["outcome"] in BROKEN:
                trace.unfounded.append(check.id)
            heard(done)
    for name in trace.unfounded:
        del trace.met[name]
    return trace


def shown(checks: Iterable[Check]) -> list[Check]:
    """The checks that a mutant may be shown to."""
    return [c for c in checks if not c.id.startswith(UNSHOWN)]
