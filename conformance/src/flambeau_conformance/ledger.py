"""Known failures: a TOML file of exact IDs, each with how it fails, why, where that is followed, and until when.

    [[known]]
    id = "erf/float16/sample-00"
    outcome = "fail"                      # fail, crash or timeout; fail if left out
    kind = "value"                        # as the report names it
    reason = "the library computes it in float16"
    link = "https://example.org/issues/12"
    expires = 2027-03-31
    platform = ["linux-x86_64"]           # everywhere, if left out

It is strict: what passes unexpectedly, fails in another way, names no check or has expired makes the
run fail, and the tool prints the patch.
"""

from __future__ import annotations

import datetime
import difflib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .record import BLOCKED, CRASH, FAIL, KNOWN, TIMEOUT, Record
from .selection import suggest_id

LEDGER = "flambeau-ledger.toml"
_MEMBERS = {"id", "outcome", "kind", "reason", "link", "expires", "platform"}
_NEEDED = ("id", "kind", "reason", "link", "expires")
_FAILING = (FAIL, CRASH, TIMEOUT)


class LedgerError(Exception):
    """A ledger that cannot be read: the message lists every fault."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One known failure."""

    id: str
    kind: str
    reason: str
    link: str
    expires: datetime.date
    outcome: str = FAIL
    platform: tuple[str, ...] = ()

    def here(self, tag: str) -> bool:
        """Whether it speaks of this platform."""
        return not self.platform or tag in self.platform

    def text(self) -> str:
        """The entry as TOML."""
        lines = ["[[known]]", f"id = {_quoted(self.id)}"]
        if self.outcome != FAIL:
            lines.append(f"outcome = {_quoted(self.outcome)}")
        lines += [f"kind = {_quoted(self.kind)}", f"reason = {_quoted(self.reason)}", f"link = {_quoted(self.link)}",
                  f"expires = {self.expires.isoformat()}"]
        if self.platform:
            lines.append(f"platform = [{', '.join(map(_quoted, self.platform))}]")
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an entry no longer holds, and what should stand in its place (None: nothing)."""

    entry: Entry
    why: str
    instead: Entry | None = None


@dataclass(slots=True)
class Verdict:
    """What a ledger made of a run."""

    problems: list[Problem] = field(default_factory=list)
    known: int = 0


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def read(path: Path) -> list[Entry]:
    """The entries; none where there is no file. Raises LedgerError."""
    if not path.is_file():
        return []
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise LedgerError(f"{path}: {error}") from error
    rows = data.get("known", [])
    faults = [f"[[known]] number {n + 1}: {fault}" for n, row in enumerate(rows) for fault in _faults(row)]
    faults += [f"unknown table {name!r}" for name in data if name != "known"]
    twice = {row["id"] for row in rows if "id" in row and sum(r.get("id") == row["id"] and
             r.get("platform") == row.get("platform") for r in rows) > 1}
    faults += [f"{name!r} is listed twice" for name in sorted(twice)]
    if faults:
        raise LedgerError(f"{path}: {'; '.join(faults)}")
    return [_entry(row) for row in rows]


def _faults(row: dict[str, Any]) -> list[str]:
    faults = [f"lacks {name!r}" for name in _NEEDED if not row.get(name)]
    faults += [f"has an unknown member {name!r}" for name in row if name not in _MEMBERS]
    if "expires" in row and type(row["expires"]) is not datetime.date:
        faults.append(f"expires is {row['expires']!r}, not a date such as 2027-03-31")
    if row.get("outcome", FAIL) not in _FAILING:
        faults.append(f"outcome is {row['outcome']!r}, not one of {', '.join(_FAILING)}")
    return faults


def _entry(row: dict[str, Any]) -> Entry:
    stated = row.get("platform", [])
    platform = (stated,) if isinstance(stated, str) else tuple(stated)
    return Entry(row["id"], row["kind"], row["reason"], row["link"], row["expires"], row.get("outcome", FAIL), platform)


def applied(entries: Iterable[Entry], records: Iterable[Record], known: Iterable[str], tag: str,
            today: datetime.date) -> Verdict:
    """Turns failures that the ledger has into known failures, and lists the entries that do not hold.

    `known` are the IDs of the whole contract: an entry of a check that merely did not run is left alone.
    """
    verdict, by_id, ids = Verdict(), {r.id: r for r in records}, set(known)
    for entry in entries:
        if entry.id not in ids:
            verdict.problems.append(Problem(entry, f"no check has this ID{suggest_id(entry.id, ids)}"))
        elif entry.id in by_id and entry.here(tag):
            _apply(entry, by_id[entry.id], today, verdict)
    return verdict


def _apply(entry: Entry, record: Record, today: datetime.date, verdict: Verdict) -> None:
    if record.outcome == BLOCKED:
        record.outcome = KNOWN  # not tried any more, after others of its kind have ended the process
        verdict.known += 1
    elif record.outcome not in _FAILING:
        verdict.problems.append(Problem(entry, f"it ends as {record.outcome} now"))
    elif (record.outcome, record.kind) != (entry.outcome, entry.kind):
        now = Entry(entry.id, record.kind, entry.reason, entry.link, entry.expires, record.outcome, entry.platform)
        verdict.problems.append(Problem(entry, f"it ends as {record.outcome} of kind {record.kind!r}, the ledger says"
                                               f" {entry.outcome} of kind {entry.kind!r}", now))
    elif entry.expires < today:
        verdict.problems.append(Problem(entry, f"it expired on {entry.expires.isoformat()}"))
    else:
        record.outcome = KNOWN
        record.message = f"{record.message} (known: {entry.reason}, {entry.link})"
        verdict.known += 1


def written(path: Path, problems: Iterable[Problem], added: Iterable[Entry] = ()) -> str:
    """The ledger's text after the problems are mended; comments and order stay."""
    old = path.read_text(encoding="utf-8") if path.is_file() else ""
    blocks = _blocks(old)
    for problem in problems:
        at = next((i for i, b in enumerate(blocks) if _is_of(b, problem.entry)), None)
        if at is not None:
            blocks[at] = problem.instead.text() + _after(blocks[at]) if problem.instead else ""
    text = "".join(blocks)
    for entry in added:
        text = text.rstrip("\n") + ("\n\n" if text.strip() else "") + entry.text()
    return text


def _blocks(text: str) -> list[str]:
    """What comes before the first entry, then one block per entry."""
    blocks = [""]
    for line in text.splitlines(keepends=True):
        if line.strip() == "[[known]]":
            blocks.append("")
        blocks[-1] += line
    return blocks


def _is_of(block: str, entry: Entry) -> bool:
    if not block.startswith("[[known]]"):
        return False
    (row,) = tomllib.loads(block)["known"]
    return row["id"] == entry.id and _entry(row).platform == entry.platform


def _after(block: str) -> str:
    """The blank lines that part a block from the next."""
    return "\n" * (len(block) - len(block.rstrip("\n")) - 1)


def patch(path: Path, problems: Iterable[Problem], added: Iterable[Entry] = ()) -> str:
    """The change that mends the ledger, as `patch -p0` takes it."""
    old = path.read_text(encoding="utf-8") if path.is_file() else ""
    new = written(path, problems, added)
    lines = difflib.unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), str(path), str(path))
    return "".join(lines)
