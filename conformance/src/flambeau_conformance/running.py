"""A whole run: the backend's description, the checks in workers, then what their outcomes amount to."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from flambeau.table.registry import TABLE

from . import accuracy, capabilities, ledger, prerequisites, tolerances, versions
from .check import FULL, Check
from .description import machine, suite_version
from .pool import BrokenOffError, Pool
from .record import Record, Report
from .selection import SMOKE, Selection, contract_of, selected
from .verdict import verdict_of

Progress = Callable[[int, int, Record], None]


@dataclass(frozen=True, slots=True)
class Request:
    """What a run is asked to do."""

    backend: str
    profile: str = FULL
    selection: Selection = field(default_factory=Selection)
    contract: str = ""
    workers: int = 1
    limit: float = 60.0
    stop_early: bool = False
    ledger: Path | None = None  # None: the one beside the manifest
    use_ledger: bool = True


class Run:
    """Executes a request."""

    def __init__(self, request: Request, progress: Progress | None = None) -> None:
        self.request, self.progress = request, progress
        every = contract_of(request.backend)
        self.version = versions.chosen(request.contract, every)
        self.status = {c.id: s for c in every if (s := versions.status(c, self.version))}
        self.every = [c for c in every if c.id in self.status]
        asked = selected(self.every, request.profile, request.selection)
        self.checks = [c for c in asked if self.status[c.id] != "retired"]
        self.by_id = {c.id: c for c in self.checks}
        self.ledger = request.ledger
        self.entries: list[ledger.Entry] = []
        self.uses = prerequisites.Uses()
        self.breaker = prerequisites.Breaker(self.checks, self.uses)
        self.records: dict[str, Record] = {}
        self.broke_off = ""

    def execute(self) -> Report:
        """Runs everything; raises NotLoadableError, or LedgerError."""
        started = perf_counter()
        with Pool(self.request.backend, self.request.workers, self.request.limit, self.breaker.blocked,
                  self._heard) as pool:
            backend = pool.hello()
            self._read_ledger(pool.folder)
            try:
                pool.run([c.id for c in self.checks])
            except KeyboardInterrupt:
                self.broke_off = "interrupted"
            except BrokenOffError as error:
                self.broke_off = str(error)
        return self._report(backend, perf_counter() - started)

    def _read_ledger(self, folder: str) -> None:
        if self.ledger is None and folder:
            self.ledger = Path(folder) / ledger.LEDGER
        if self.ledger is not None and self.request.use_ledger:
            self.entries = ledger.read(self.ledger)

    def _heard(self, answer: dict[str, Any]) -> bool:
        self.breaker.note(answer)
        record = self._record(self.by_id[answer["id"]], answer)
        self.records[record.id] = record
        if self.progress is not None:
            self.progress(len(self.records), len(self.checks), record)
        return self.request.stop_early and record.broken and not any(e.id == record.id for e in self.entries)

    def _record(self, check: Check, answer: dict[str, Any]) -> Record:
        family = TABLE[check.op].family if check.op else ""
        return Record(check.id, check.group, answer["outcome"], check.op, check.dtype, family, answer["kind"],
                      answer["message"], answer.get("blocked_by", ""), answer["seconds"], check.since,
                      self.status[check.id], ulps=answer.get("ulps") or {})

    def _report(self, backend: dict[str, Any], seconds: float) -> Report:
        records = [self.records[c.id] for c in self.checks if c.id in self.records]
        held = ledger.applied(self.entries, records, [c.id for c in self.every], machine()["tag"],
                              datetime.date.today())
        prerequisites.attribute(records, self.checks, self.uses)
        report = Report(backend, versions.shown(self.version), self.request.profile, records,
                        self.request.selection.to_json(), suite_version(), machine(), round(seconds, 2))
        report.causes = prerequisites.causes(records)
        report.accuracy = accuracy.table(records)
        report.debt = _measured_debt(backend, report.accuracy)
        if self.request.selection.whole and self.request.profile != SMOKE:
            report.capabilities = capabilities.verified(backend["capabilities"], records)
        report.ledger = self._ledger(held)
        report.verdict = verdict_of(report, len(self.checks), self.broke_off)
        return report

    def _ledger(self, held: ledger.Verdict) -> dict[str, Any]:
        path = self.ledger if self.entries else None
        problems = [{"id": p.entry.id, "why": p.why} for p in held.problems]
        return {"path": str(path or ""), "entries": len(self.entries), "known": held.known, "problems": problems,
                "patch": ledger.patch(path, held.problems) if path and problems else ""}


def _measured_debt(backend: dict[str, Any], table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    measured = {(row["op"], row["dtype"]): row["max"] for row in table if row["group"] == "values"}
    rows = tolerances.debt({"tolerances": backend.get("tolerances", [])})
    return [{**row, "measured": measured.get((row["op"], row["dtype"]))} for row in rows]


