"""`run`: the suite on an installed backend."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from ..check import FULL
from ..record import BROKEN, VACUOUS, Record, Report
from ..reports import FORMATS
from ..reports.text import summary
from ..running import Request, Run
from ..selection import PROFILES, Selection
from .common import UsageError, add_backend, add_selection


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser("run", help="run the suite on an installed backend")
    add_backend(parser)
    add_selection(parser)
    parser.add_argument("--id", metavar="ID", action="append", default=[], help="only this check (may be repeated)")
    parser.add_argument("--profile", choices=PROFILES, default=FULL,
                        help="smoke: seconds; full: the whole contract; release: fuzz, threads and memory too")
    parser.add_argument("--contract", metavar="VERSION", default="", help="the verdict of that version of the contract")
    parser.add_argument("-n", metavar="WORKERS", type=int, default=min(os.cpu_count() or 1, 8),
                        help="worker processes (default: one per core, at most 8)")
    parser.add_argument("--timeout", metavar="SECONDS", type=float, default=60.0, help="per check (default 60)")
    parser.add_argument("-x", action="store_true", help="stop at the first failure")
    parser.add_argument("-q", action="store_true", help="no progress")
    parser.add_argument("--ledger", metavar="FILE", help="known failures (default: flambeau-ledger.toml beside the"
                                                         " backend's manifest)")
    parser.add_argument("--no-ledger", action="store_true", help="count known failures as failures")
    for name in FORMATS:
        parser.add_argument(f"--{name}", metavar="FILE", help=f"write the report as {name}")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Runs, writes what was asked for, prints the summary."""
    if options.n < 1 or options.timeout <= 0:
        raise UsageError("-n and --timeout must be positive")
    if options.ledger and not Path(options.ledger).is_file():
        raise UsageError(f"there is no ledger {options.ledger}")
    report = Run(_request(options), None if options.q else Progress()).execute()
    write(report, options)
    print(summary(report))
    return int(report.verdict["status"])


def _request(options: argparse.Namespace) -> Request:
    selection = Selection(options.op, options.dtype, options.k, tuple(options.id))
    return Request(options.backend, options.profile, selection, options.contract, options.n, options.timeout,
                   options.x, Path(options.ledger) if options.ledger else None, not options.no_ledger)


def write(report: Report, options: argparse.Namespace) -> None:
    """The report in every form that was asked for."""
    for name, render in FORMATS.items():
        path = getattr(options, name)
        if path:
            Path(path).write_text(render(report), encoding="utf-8")


class Progress:
    """A line that is written over on a terminal; elsewhere one line per tenth of the way."""

    def __init__(self) -> None:
        self.failed = 0
        self.tenths = 0
        self.live = sys.stderr.isatty()

    def __call__(self, done: int, of: int, record: Record) -> None:
        """Says how far the run is."""
        self.failed += record.outcome in BROKEN or record.outcome == VACUOUS
        line = f"{done}/{of} checks, {self.failed} failed"
        if self.live:
            print(f"\r{line}  {record.id[:60]:60}", end="\n" if done == of else "", file=sys.stderr, flush=True)
        elif done * 10 // of > self.tenths:
            self.tenths = done * 10 // of
            print(line, file=sys.stderr, flush=True)
