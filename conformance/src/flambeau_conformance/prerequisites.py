"""What a check rests on, and so which failure explains which.

A check's prerequisites are the kernels that it runs, beside those that it names in `requires`. They
are found by running it on the reference with every kernel slot keeping a record, and only for checks
that failed (or, after crashes, for those that are about to be tried).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from flambeau.table.registry import TABLE

from .cases import accepted, table
from .check import FULL, Check
from .record import BLOCKED, BROKEN, CRASH, FAIL, KNOWN, TIMEOUT, Record
from .target import Target

TRACER = "reference-with-a-record"
_SPOKEN_OF = {"assign": ("contract/assign/", "contract/assign-overlap/")}  # ops that no sample describes
_HOST = ("contract/round-trip/", "contract/layouts/", "contract/declared-dtypes/")
_STRIKES = 3


class Tracer:
    """The reference under another name; notes which ops' kernels ran."""

    def __init__(self) -> None:
        from .wrapped import wrapped

        self.target: Target = wrapped("reference", TRACER)
        self.seen: set[str] = set()
        for op in table():
            for dtype in accepted(op):
                kind = self.target.device.kinds[dtype]
                kernel = op.kernels[kind]
                if kernel is not None:
                    op.kernels[kind] = self._noting(op.name, kernel)

    def _noting(self, name: str, kernel: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arrays: Any, **attributes: Any) -> Any:
            self.seen.add(name)
            return kernel(*arrays, **attributes)

        return noted

    def trace(self, check: Check) -> frozenset[str]:
        """The ops whose kernels the check runs."""
        self.seen.clear()
        with suppress(Exception):  # of a promise that this target cannot keep, what ran until then counts
            check.run(self.target)
        return frozenset(self.seen)


@cache
def tracer() -> Tracer:
    """One for the process, made at first need."""
    return Tracer()


class Uses:
    """Which kernels checks run, remembered per op and group."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], frozenset[str]] = {}

    def of(self, check: Check) -> frozenset[str]:
        """Those of the check; checks of one op and group are taken to be alike.

        What takes long, or starts threads and processes, is not run for it.
        """
        if check.lane != FULL:
            return frozenset()
        key = (check.op, check.group) if check.op else (check.id.rpartition("/")[0] if check.dtype else check.id, "")
        if key not in self._known:
            self._known[key] = tracer().trace(check)
        return self._known[key]


class Breaker:
    """Counts the workers that each kernel has killed, and says when to try no more."""

    def __init__(self, checks: Iterable[Check], uses: Uses) -> None:
        self.checks = {c.id: c for c in checks}
        self.uses = uses
        self.strikes: dict[tuple[str, str], list[str]] = {}

    def note(self, answer: dict[str, Any]) -> None:
        """Takes notice of a crash or of a timeout."""
        check = self.checks[answer["id"]]
        if answer["outcome"] in (CRASH, TIMEOUT):
            self.strikes.setdefault((check.op or check.id, check.dtype), []).append(check.id)

    def blocked(self, wanted: str) -> dict[str, Any] | None:
        """The answer for a check that is not tried any more."""
        check = self.checks[wanted]
        for (op, dtype), victims in self.strikes.items():
            if len(victims) >= _STRIKES and dtype == check.dtype and (
                    op == check.op or (op in TABLE and op in self.uses.of(check))):
                return {"id": wanted, "outcome": BLOCKED, "kind": BLOCKED, "blocked_by": victims[0], "seconds": 0.0,
                        "message": f"{wanted}: not tried, {op} in {dtype} has ended {len(victims)} processes"}
        return None


def attribute(records: Sequence[Record], checks: Iterable[Check], uses: Uses) -> None:
    """Turns failures that another failure explains into `blocked`, and names what every failure rests on."""
    by_id = {c.id: c for c in checks}
    failed = {r.id: r for r in records if r.outcome in BROKEN or r.outcome == KNOWN}
    culprits = _culprits(failed.values())
    for record in failed.values():
        check = by_id[record.id]
        used = uses.of(check) - {check.op}
        record.prerequisites = sorted({*used, *check.requires})
        if record.outcome == FAIL:
            record.blocked_by = _explanation(record, check, used, culprits, failed, uses, by_id)
    for record in failed.values():
        if record.blocked_by:
            record.outcome, record.blocked_by = BLOCKED, _root(record, failed)


def _culprits(failed: Iterable[Record]) -> dict[str, list[Record]]:
    """Failures by the op that they are of, in the order of the contract."""
    found: dict[str, list[Record]] = {}
    for record in failed:
        if record.group == "values":
            found.setdefault(record.op, []).append(record)
        for op, heads in _SPOKEN_OF.items():
            if record.id.startswith(heads):
                found.setdefault(op, []).append(record)
    return found


def _explanation(record: Record, check: Check, used: frozenset[str], culprits: dict[str, list[Record]],
                 failed: dict[str, Record], uses: Uses, by_id: dict[str, Check]) -> str:
    for required in check.requires:
        if required in failed:
            return required
    hosts = [f"{head}{check.dtype}" for head in _HOST if check.dtype and not record.id.startswith("contract/")]
    for wanted in hosts:
        if wanted in failed:
            return wanted
    if record.group == "gradients" and record.id.removesuffix("/gradient") in failed:
        return next(r.id for r in culprits[record.op] if r.dtype == record.dtype)
    for op in sorted(used & set(culprits), key=lambda o: (TABLE[o].kind != "primitive", o)):
        found = _of_dtype(culprits[op], check)
        if found is not None and check.op not in uses.of(by_id[found.id]) and found.id != record.id:
            return found.id
    return ""


def _of_dtype(candidates: list[Record], check: Check) -> Record | None:
    """A failure in the check's dtype; any, where the check has none."""
    return next((r for r in candidates if not check.dtype or r.dtype == check.dtype), None)


def _root(record: Record, failed: dict[str, Record]) -> str:
    """The first cause in a chain of explanations."""
    seen, at = {record.id}, record.blocked_by
    while at in failed and failed[at].blocked_by and at not in seen:
        seen.add(at)
        at = failed[at].blocked_by
    return at


def causes(records: Iterable[Record]) -> list[dict[str, Any]]:
    """One row per failure that explains others, those with most first."""
    explained: dict[str, list[str]] = {}
    for record in records:
        if record.outcome == BLOCKED:
            explained.setdefault(record.blocked_by, []).append(record.id)
    rows = [{"id": cause, "explains": len(ids), "ids": ids} for cause, ids in explained.items()]
    return sorted(rows, key=lambda row: -len(row["ids"]))
