"""What several subcommands share: arguments, and looking things up by name."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..check import Check
from ..record import Record, Report, read
from ..selection import contract_of, suggest_id


class UsageError(Exception):
    """Wrong use of the command line that argparse does not see."""


def add_backend(parser: argparse.ArgumentParser) -> None:
    """The backend's name."""
    parser.add_argument("backend", metavar="NAME", help="the backend's name, as flambeau.backends() lists it")


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Which checks: op, dtype, parts of IDs."""
    parser.add_argument("--op", metavar="PATTERN", default="*", help="only ops whose names match (shell pattern)")
    parser.add_argument("--dtype", metavar="D", default="", help="only checks of that dtype")
    parser.add_argument("-k", metavar="EXPRESSION", default="", help="only IDs that hold the words: 'view and not int'")


def check_named(wanted: str, backend: str = "reference") -> Check:
    """The check with that ID; raises UsageError, with a suggestion, where there is none."""
    checks = {c.id: c for c in contract_of(backend)}
    if wanted not in checks:
        raise UsageError(f"no check has the ID {wanted!r}{suggest_id(wanted, checks)}")
    return checks[wanted]


def report_at(path: str) -> Report:
    """The report in that file; raises ReportError."""
    return read(Path(path))


def record_in(report: Report | None, wanted: str) -> Record | None:
    """How the check ended in that report."""
    return next((r for r in report.records if r.id == wanted), None) if report else None
