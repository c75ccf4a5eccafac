"""Results: one record per check, and what a run as a whole is known by.

The JSON form is described by `schema.json`, which is published with the package. Empty members of
a record are left out of it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

PASS, FAIL, CRASH, TIMEOUT = "pass", "fail", "crash", "timeout"
KNOWN, UNSUPPORTED, BLOCKED, VACUOUS = "known-failure", "unsupported-verified", "blocked", "vacuous"
OUTCOMES = (PASS, FAIL, CRASH, TIMEOUT, KNOWN, UNSUPPORTED, BLOCKED, VACUOUS)
BROKEN = frozenset({FAIL, CRASH, TIMEOUT, BLOCKED})  # the backend did not do what it should
PROBATION, REQUIRED, RETIRED = "probation", "required", "retired"
FORMAT = 1  # of the JSON; a reader refuses what is newer


class ReportError(Exception):
    """A file that is not a report, or one of a newer format."""


@dataclass(slots=True)
class Record:
    """How one check ended. `kind` names the way it failed; `ulps` has `max`, `p99` and a histogram."""

    id: str
    group: str
    outcome: str
    op: str = ""
    dtype: str = ""
    family: str = ""
    kind: str = ""
    message: str = ""
    blocked_by: str = ""
    seconds: float = 0.0
    since: str = "1.0"
    status: str = REQUIRED
    prerequisites: list[str] = field(default_factory=list)
    ulps: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The members that say something."""
        members = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: value for name, value in members.items() if value or name == "seconds"}

    @property
    def counts(self) -> bool:
        """Whether it can decide the verdict: what is on probation only reports."""
        return self.status == REQUIRED

    @property
    def broken(self) -> bool:
        """Whether the verdict suffers from it."""
        return self.counts and self.outcome in BROKEN


@dataclass(slots=True)
class Report:
    """One run: which backend, where, what was asked, and the records in the order of the contract."""

    backend: dict[str, Any]
    contract: str
    profile: str
    records: list[Record]
    selection: dict[str, Any] = field(default_factory=dict)
    suite: str = ""
    platform: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    verdict: dict[str, Any] = field(default_factory=dict)
    capabilities: list[dict[str, Any]] = field(default_factory=list)
    causes: list[dict[str, Any]] = field(default_factory=list)
    ledger: dict[str, Any] = field(default_factory=dict)
    accuracy: list[dict[str, Any]] = field(default_factory=list)
    debt: list[dict[str, Any]] = field(default_factory=list)
    bench: list[dict[str, Any]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The backend's name."""
        return str(self.backend.get("name", ""))

    def totals(self) -> dict[str, int]:
        """How many records have each outcome."""
        return totals(self.records)

    def to_json(self) -> dict[str, Any]:
        """What `schema.json` describes."""
        members = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "records"}
        return {"format": FORMAT, **members, "totals": self.totals(), "records": [r.to_json() for r in self.records]}

    def text(self) -> str:
        """The JSON form, one record a line."""
        data = self.to_json()
        records = ",\n".join(json.dumps(r, ensure_ascii=False) for r in data.pop("records"))
        head = json.dumps(data, ensure_ascii=False, indent=1)
        return f'{head[:-2]},\n "records": [\n{records}\n ]\n}}\n'


def totals(records: Iterable[Record]) -> dict[str, int]:
    """How many records have each outcome, all outcomes named."""
    counted = Counter(r.outcome for r in records)
    return {outcome: counted[outcome] for outcome in OUTCOMES}


def read(path: Path) -> Report:
    """The report in a file; raises ReportError where there is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ReportError(f"{path} is not JSON: {error}") from error
    if not isinstance(data, dict) or "records" not in data:
        raise ReportError(f"{path} is not a conformance report")
    if data.get("format", 0) > FORMAT:
        raise ReportError(f"{path} has format {data['format']}; this suite reads up to {FORMAT}")
    known = {f.name for f in fields(Report)} - {"records"}
    return Report(records=[_record(r) for r in data["records"]], **{k: v for k, v in data.items() if k in known})


def _record(data: dict[str, Any]) -> Record:
    known = {f.name for f in fields(Record)}
    return Record(**{k: v for k, v in data.items() if k in known})


def schema() -> dict[str, Any]:
    """The published JSON schema of a report."""
    from importlib.resources import files

    found: dict[str, Any] = json.loads((files(__package__) / "schema.json").read_text(encoding="utf-8"))
    return found
