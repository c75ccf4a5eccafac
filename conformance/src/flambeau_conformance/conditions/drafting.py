"""Drafts of programs: a sample of the op, bent until conditions hold; and whether what two runs see is the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from flambeau import dtypes
from flambeau.dtypes import DType
from flambeau.table.registry import ACCEPTS
from flambeau.table.samples import Sample, arr

from ..cases import Case, good_cases
from ..target import Target
from .condition import VALUES, Condition
from .draft import Draft
from .programs import ASSIGN
from .site import ITEM, STEP, Site

UNBENDABLE = (ValueError, IndexError, KeyError, OverflowError, ZeroDivisionError, TypeError)


def drafted(target: Target, site: Site, conditions: Iterable[Condition], random: Random,
            suits: Callable[[DType], bool] = lambda dtype: True) -> Draft | None:
    """A program; None where no sample fits, or the one drawn cannot be bent that way."""
    conditions = list(conditions)
    wanted = next((c.name.removeprefix("dtype==") for c in conditions if c.sort == "dtype"), "")
    case = _case(target, site, wanted, suits, random)
    if case is None:
        return None
    draft = Draft(case, random, target.backend.shared_views)
    try:
        for condition in sorted(conditions, key=_turn):
            condition.aim(draft)
    except UNBENDABLE:
        return None
    return draft


def _turn(condition: Condition) -> int:
    """Shapes first, since new shapes draw new numbers; then numbers; then layouts."""
    return 1 if condition.scope == VALUES else 2 if condition.sort.startswith("layout") else 0


def _case(target: Target, site: Site, wanted: str, suits: Callable[[DType], bool], random: Random) -> Case | None:
    if site.op is None or site.name == "assign" or site.kind == STEP:
        return _made(target, site, wanted, suits, random)
    cases = [c for c in _cases(target, site) if not wanted or c.dtype.name == wanted]
    fitting = [c for c in cases if suits(c.dtype)] or cases
    if not fitting:
        return None
    dtype = random.choice(sorted({c.dtype.name for c in fitting}))
    return random.choice([c for c in fitting if c.dtype.name == dtype])


_known: dict[tuple[str, Site], list[Case]] = {}


def _cases(target: Target, site: Site) -> list[Case]:
    key = target.name, site
    if key not in _known:
        op: Any = site.op
        _known[key] = [c for c in good_cases(op) if not target.refuses(op.name, c.dtype, c.dtypes)]
    return _known[key]


def _made(target: Target, site: Site, wanted: str, suits: Callable[[DType], bool], random: Random) -> Case | None:
    """A case of what no sample describes: a few tensors of one shape."""
    accepted = "real floating" if site.kind == STEP else "floating" if site.name == "accumulate" else "all"
    found = [d for d in dtypes.ALL if not target.lacks(d) and ACCEPTS[accepted](d) and wanted in ("", d.name)]
    found = [d for d in found if suits(d)] or found
    if not found:
        return None
    shape = tuple(random.choice((1, 2, 3, 4, 5)) for _ in range(random.choice((1, 1, 2, 2, 3))))
    shape = () if site.kind == ITEM else shape
    return Case(ASSIGN, random.choice(found), f"drawn-{random.randrange(1 << 30)}", Sample(arr(*shape), arr(*shape)))
