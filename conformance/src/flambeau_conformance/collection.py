"""All checks of a target, by group; what the plugin and the command line run."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator

from flambeau.dtypes import BY_NAME
from flambeau.table.registry import OpDef

from . import bad_input, contract, derived, gradients, laws, rules, values
from .cases import table
from .check import Check
from .fuzz import checks as fuzz
from .target import Target, suggestion

_PER_OP: dict[str, Callable[[OpDef], Iterator[Check]]] = {
    "values": values.checks, "derived": derived.checks, "laws": laws.checks,
    "gradients": gradients.checks, "rules": rules.checks, "errors": bad_input.checks}
_WHOLE: dict[str, Callable[[], Iterator[Check]]] = {"contract": contract.checks, "fuzz": fuzz.checks}
GROUPS = (*_PER_OP, *_WHOLE)


class SelectionError(Exception):
    """An op pattern or a dtype that selects nothing."""


def collected(group: str, target: Target, op: str = "*", dtype: str = "") -> list[Check]:
    """The group's checks of the ops whose names match `op`, for one dtype or all."""
    if group in _WHOLE:
        found = _WHOLE[group]() if op == "*" else iter(())
    elif group == "rules" and target.name.partition("+")[0] != "reference":
        found = iter(())  # rules are core's; once, on the oracle, is enough
    else:
        make = _PER_OP[group]
        found = (c for row in table() if fnmatch.fnmatchcase(row.name, op) for c in make(row))
    return [c for c in found if not dtype or c.dtype == dtype]


def verify_selection(op: str, dtype: str) -> None:
    """Raises SelectionError, with a suggestion, for names that do not exist."""
    names = [row.name for row in table()]
    if not fnmatch.filter(names, op):
        raise SelectionError(f"no op matches {op!r}{suggestion(op, names)}")
    if dtype and dtype not in BY_NAME:
        raise SelectionError(f"no dtype is called {dtype!r}{suggestion(dtype, list(BY_NAME))}")
