"""`ledger`: holds the list of known failures against a report, and prints or writes the change that mends it."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import Any

from .. import ledger
from ..description import machine
from ..record import CRASH, FAIL, KNOWN, TIMEOUT, Report
from ..selection import contract_of
from ..verdict import PASSED, STALE_LEDGER
from .common import UsageError, record_in, report_at

_DAYS = 90  # that a new entry holds, unless said


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser("ledger", help="check the list of known failures against a report, and mend it")
    parser.add_argument("report", metavar="REPORT", help="the JSON of a run")
    parser.add_argument("--ledger", metavar="FILE", help=f"the ledger (default: the report's, or {ledger.LEDGER})")
    parser.add_argument("--add", metavar="ID", action="append", default=[], help="take a failure up (may be repeated)")
    parser.add_argument("--reason", default="", help="why it fails; goes with --add")
    parser.add_argument("--link", default="", help="where it is followed; goes with --add")
    parser.add_argument("--expires", metavar="DATE", type=datetime.date.fromisoformat,
                        default=datetime.date.today() + datetime.timedelta(_DAYS),
                        help=f"until when it is known (default: in {_DAYS} days); goes with --add")
    parser.add_argument("--write", action="store_true", help="change the file instead of printing the patch")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Prints what is stale and the patch; the status is that of a stale ledger unless it was mended or is fine."""
    report = report_at(options.report)
    path = Path(options.ledger or report.ledger.get("path") or ledger.LEDGER)
    if options.ledger and not path.is_file() and not options.add:
        raise UsageError(f"there is no ledger {path}")
    problems = _held(ledger.read(path), report)
    added = [_entry(report, wanted, options) for wanted in options.add]
    for problem in problems:
        print(f"{problem.entry.id}: {problem.why}")
    if not problems and not added:
        print(f"{path}: {len(ledger.read(path))} entries, all of which hold")
        return PASSED
    if options.write:
        path.write_text(ledger.written(path, problems, added), encoding="utf-8")
        print(f"wrote {path}")
        return PASSED
    print(ledger.patch(path, problems, added), end="")
    return STALE_LEDGER if problems else PASSED


def _held(entries: list[ledger.Entry], report: Report) -> list[ledger.Problem]:
    """The entries that do not hold; what the report says is known is a failure again for that."""
    for record in report.records:
        if record.outcome == KNOWN:
            entry = next((e for e in entries if e.id == record.id), None)
            record.outcome = entry.outcome if entry else FAIL
    known = [c.id for c in contract_of(report.name)]
    tag = report.platform.get("tag") or machine()["tag"]
    return ledger.applied(entries, report.records, known, tag, datetime.date.today()).problems


def _entry(report: Report, wanted: str, options: argparse.Namespace) -> ledger.Entry:
    record = record_in(report, wanted)
    if record is None or record.outcome not in (FAIL, CRASH, TIMEOUT, "blocked"):
        how = f"ended as {record.outcome}" if record else "is not"
        raise UsageError(f"{wanted} {how} in the report: nothing to add")
    if not options.reason or not options.link:
        raise UsageError("--add needs --reason and --link: an entry says why, and where it is followed")
    outcome = record.outcome if record.outcome in (CRASH, TIMEOUT) else FAIL
    return ledger.Entry(record.id, record.kind, options.reason, options.link, options.expires, outcome)
