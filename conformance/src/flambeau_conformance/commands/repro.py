"""`repro ID`: a minimal script that shows how one check ends, without this suite."""

from __future__ import annotations

import argparse
from typing import Any

from ..check import Check
from ..record import Record
from ..running import Request, Run
from ..selection import Selection
from .common import check_named, record_in, report_at

_LAYOUTS = ("contiguous", "transposed", "gaps", "offset", "mixed", "expanded")


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser("repro", help="print a script that shows one check, and needs no suite")
    parser.add_argument("id", metavar="ID")
    parser.add_argument("--backend", metavar="NAME", default="", help="the backend (default: the report's)")
    parser.add_argument("--report", metavar="FILE", help="the JSON of a run: how the check failed in it; without it"
                                                         " the check is run once, in a process of its own")
    parser.add_argument("--layout", choices=_LAYOUTS, help="the memory layout of the inputs (default: the failing one)")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Prints the script."""
    from ..amalgam import NoScriptError
    from ..scripts import layout_in, script
    from .common import UsageError

    report = report_at(options.report) if options.report else None
    backend = options.backend or (report.name if report else "")
    if not backend:
        raise UsageError("repro needs --backend NAME or --report FILE")
    check = check_named(options.id, backend)
    record = record_in(report, options.id) or _tried(check, backend)
    said = record.message if record else ""
    try:
        print(script(check, backend, options.layout or layout_in(said), said), end="")
    except NoScriptError as error:
        raise UsageError(f"{error}; run it in the suite: flambeau-conformance run {backend} --id {check.id}") from None
    return 0


def _tried(check: Check, backend: str) -> Record | None:
    """How the check ends now."""
    request = Request(backend, selection=Selection(ids=(check.id,)), use_ledger=False)
    return record_in(Run(request).execute(), check.id)
