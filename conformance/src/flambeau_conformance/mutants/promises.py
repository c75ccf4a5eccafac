"""By promise: which mutants it kills. One that kills none is removed, or has its reason here."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from flambeau.dtypes import BY_NAME
from flambeau.table.registry import TABLE

from ..check import Check
from ..contract.determinism import families
from .score import LOADING, Result

# promise -> why no mutant of the catalogue fails it, and why it stays
JUSTIFIED: dict[str, str] = {
    "contract/kernels": "core refuses such a backend when it is loaded, before any check can run (`missing-primitive`,"
                        " `unknown-kernel`); the check says the same of backends that come into core another way",
    "contract/out-dtype": "core compares the dtypes before any kernel runs, so no backend can fail it alone; it stays"
                          " because a backend's users rely on it",
    "contract/devices-do-not-mix": "core compares the devices before any kernel runs, so no backend can fail it alone;"
                                   " it stays because a backend's users rely on it",
    "contract/out-of-memory": "core refuses what exceeds the host's memory before any kernel runs, so no backend on the"
                              " host can fail it alone; a device's own memory can",
    "contract/writers-counted": "core counts the changes itself, so no backend can fail it alone; it stays because"
                                " gradients rely on it",
    "contract/processes/spawn": "a mutant lives in the process that built it, so a process started from outside finds"
                                " neither it nor the healthy wrapper",
    **{f"contract/when/{part}": "it is there for bugs that nobody wrote down: mutants that are drawn are shown to it"
       for part in ("sizes", "memory", "arguments", "numbers", "history", "options")}}

_SORTS = {"gradient": "gradients", "special": "special numbers", "extremes": "extreme integers", "rule": "rules"}


@cache
def _variants() -> set[str]:
    return {*BY_NAME, *families()}


def promise_of(check_id: str) -> str:
    """The promise that a check belongs to: `contract/NAME` without dtype, family or op, or its sort."""
    head, *rest = check_id.split("/")
    if head == "contract":
        if rest[0] == "halves":  # one check per op
            return "contract/halves"
        if rest[0] == "when":  # one check per site and kind of condition
            return f"contract/when/{rest[1]}"
        return "/".join(["contract", *rest[:1], *[part for part in rest[1:] if part not in _variants()]])
    return _SORTS.get(rest[-1], "errors" if rest[-1].startswith("bad") else "values")


def kills(results: Iterable[Result], checks: Iterable[Check]) -> dict[str, list[str]]:
    """The names of the mutants that each promise killed on any backend, in the order of the contract."""
    found: dict[str, list[str]] = {promise_of(check.id): [] for check in checks}
    for result in results:
        for promise in {promise_of(i) for i in result.killers if i != LOADING}:
            if result.mutant.name not in found[promise]:
                found[promise].append(result.mutant.name)
    return found


def kills_by_op(results: Iterable[Result]) -> dict[str, list[str]]:
    """The names of the mutants that the checks of each op killed on any backend, in the order of the op table."""
    found: dict[str, list[str]] = {}
    for result in results:
        for op in {i.partition("/")[0] for i in result.killers} & set(TABLE):
            if result.mutant.name not in found.setdefault(op, []):
                found[op].append(result.mutant.name)
    return {op: found[op] for op in TABLE if op in found}


def idle(found: dict[str, list[str]]) -> list[str]:
    """Promises that killed no mutant and have no reason."""
    return [promise for promise, names in found.items() if not names and promise not in JUSTIFIED]


def outlived(found: dict[str, list[str]]) -> list[str]:
    """Reasons that are not needed any more: the promise kills mutants, or does not exist."""
    return [promise for promise in JUSTIFIED if found.get(promise, ["gone"])]
