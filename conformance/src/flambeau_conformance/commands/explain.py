"""`explain ID`: what a check promises, on which data, within which bounds, and how it ended."""

from __future__ import annotations

import argparse
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

from flambeau.table.registry import TABLE

from .. import bad_input, gradients, rules, tolerances, values, versions
from ..amalgam import entry
from ..check import Check
from ..layouts import layouts
from ..prerequisites import Uses
from ..record import Report
from .common import check_named, record_in, report_at

_PROMISES = {
    "values": ("The op gives the oracle's numbers, in every memory layout, in memory of its own, and leaves its inputs"
               " as they were.", values),
    "gradients": ("The gradients that reach the inputs are those of the reference in float64.", gradients),
    "errors": ("Bad input raises the error that the sample names; inputs are unchanged and the next call is right.",
               bad_input),
    "rules": ("The gradient rule agrees with central differences at order 1 and 2 (checked on the reference).", rules)}


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser("explain", help="say what a check promises and how it ended")
    parser.add_argument("id", metavar="ID")
    parser.add_argument("--report", metavar="FILE", help="the JSON of a run, to say how the check ended in it")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Prints the explanation."""
    check = check_named(options.id)
    report = report_at(options.report) if options.report else None
    print("\n".join(_explained(check, report)))
    return 0


def case_of(check: Check) -> Any:
    """The case of a check that is made of a sample; None for a promise of the contract."""
    return check.run.args[0] if check.group in _PROMISES else None  # type: ignore[attr-defined]  # a partial


def _explained(check: Check, report: Report | None) -> Iterator[str]:
    version = versions.parsed(versions.current())
    yield f"{check.id}  ({check.group}, {versions.status(check, version)} since contract {check.since})"
    case = case_of(check)
    if case is None:
        function, _ = entry(check)
        yield _indented(inspect.getdoc(function) or "")
        yield f"  written in {function.__module__}, function {function.__name__}"
    else:
        yield _indented(_PROMISES[check.group][0])
        yield f"  op {check.op}: {TABLE[check.op].doc.strip().splitlines()[0]}"
        yield f"  sample: {case.sample!r}"
        yield from _data(check, case)
    used = sorted(Uses().of(check) - {check.op})
    yield f"  rests on: {', '.join([*used, *check.requires]) or 'nothing but the host transfer'}"
    yield from _ended(check, report)
    yield f"  to see it alone: flambeau-conformance repro {check.id} --backend NAME"


def _indented(text: str) -> str:
    return textwrap.indent(text, "  ")


def _data(check: Check, case: Any) -> Iterator[str]:
    for place, host in zip(case.places, case.hosts, strict=True):
        shown = ", ".join(map(repr, host.values[:6])) + (", …" if len(host.values) > 6 else "")
        yield f"  {place.param.name}: {host.dtype.name} {list(host.shape)}: {shown}"
    if check.group == "values":
        yield f"  layouts: {', '.join(name for name, _ in layouts(case))}"
    if check.group in ("values", "gradients") and case.dtype.category > 1:
        rule = tolerances.gradient_budget(case.op) if check.group == "gradients" else tolerances.budget(case.op)
        spread = f", and {rule.spread:g} times what rounding the inputs does to it" if rule.spread else ""
        yield f"  allowed: {rule.ulps(case.dtype):g} ulp{spread}, because: {rule.why}"


def _ended(check: Check, report: Report | None) -> Iterator[str]:
    record = record_in(report, check.id)
    if report is None:
        return
    if record is None:
        yield f"  in the report on {report.name!r}: it did not run"
        return
    yield f"  in the report on {report.name!r}: {record.outcome}, {record.seconds:.3f} s"
    if record.message:
        yield _indented(_indented(record.message))
    if record.blocked_by:
        yield f"    explained by {record.blocked_by}"
    if record.ulps:
        yield f"    off by at most {record.ulps['max']:g} ulp, 99 of 100 by at most {record.ulps['p99']:g}"
