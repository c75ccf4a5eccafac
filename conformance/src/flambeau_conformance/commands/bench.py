"""`bench`: time per op beside another backend; no part of the verdict, unless `--fail-above` asks."""

from __future__ import annotations

import argparse
import fnmatch
import json
from pathlib import Path
from typing import Any

from .. import bench
from ..cases import table
from ..collection import verify_selection
from ..description import machine
from ..target import load
from ..verdict import PASSED, SLOWER, TOO_FEW
from .common import UsageError, add_backend, report_at


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser("bench", help="time every op on a backend, beside another")
    add_backend(parser)
    parser.add_argument("--against", metavar="NAME", default="reference", help="the other backend (default: reference)")
    parser.add_argument("--op", metavar="PATTERN", default="*", help="only ops whose names match (shell pattern)")
    parser.add_argument("--dtype", metavar="D", default="float32")
    parser.add_argument("--elements", metavar="N", type=int, default=0,
                        help="ops on each element, on N elements, instead of every op on its first sample")
    parser.add_argument("--rounds", metavar="N", type=int, default=7, help="measurements per op (default 7)")
    parser.add_argument("--json", metavar="FILE", help="write the rows and the hardware")
    parser.add_argument("--report", metavar="FILE", help="put the rows into that report of a run")
    parser.add_argument("--fail-above", metavar="RATIO", type=float, help="status 7 if an op takes more than so many"
                                                                          " times the other's time")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Measures and prints one row per op."""
    if options.rounds < 2:
        raise UsageError("--rounds must be at least 2")
    report = report_at(options.report) if options.report else None
    verify_selection(options.op, options.dtype)
    ops = [op for op in table() if fnmatch.fnmatchcase(op.name, options.op)]
    hardware = machine()
    print(f"{options.backend} beside {options.against}, {options.dtype}; {hardware['processor'] or hardware['tag']},"
          f" {hardware['cores']} cores, Python {hardware['python']}")
    print(f"{'op':32} {'call µs':>10} {'kernel':>10} {'dispatch':>10} {'spread':>8} {'other µs':>10} {'ratio':>8}")
    found = []
    for row in bench.rows(ops, options.dtype, load(options.backend), load(options.against), options.rounds,
                          options.elements):
        found.append(row)
        print(_line(row), flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps({"hardware": hardware, "rows": found}, indent=1) + "\n", "utf-8")
    if report is not None:
        report.bench = found
        Path(options.report).write_text(report.text(), "utf-8")
    return _status(found, options.fail_above)


def _line(row: dict[str, Any]) -> str:
    parts = [f"{row[k]:10.2f}" if k in row else f"{'–':>10}" for k in ("call_us", "kernel_us", "dispatch_us")]
    composed = "  composed" if row["composed"] else ""
    return (f"{row['op']:32} {' '.join(parts)} {row['spread']:8.1%} {row['against_us']:10.2f} {row['ratio']:8.3f}"
            f"{composed}")


def _status(found: list[dict[str, Any]], limit: float | None) -> int:
    if not found:
        print("no op was timed")
        return TOO_FEW
    slow = [row for row in found if limit is not None and row["ratio"] > limit]
    for row in slow:
        print(f"{row['op']} takes {row['ratio']:g} times the other's time; at most {limit:g} is asked")
    return SLOWER if slow else PASSED
