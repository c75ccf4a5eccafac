"""What `run` prints: counts, causes, failures, the verdict."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from ..record import BLOCKED, BROKEN, OUTCOMES, VACUOUS, Record, Report
from ..verdict import notices

_SHOWN = 15
_MESSAGE = 600
_CANCELLED = 1e6


def summary(report: Report) -> str:
    """The whole of it."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    part = "".join(f", {k} {v}" for k, v in report.selection.items() if v and (k, v) != ("op", "*"))
    yield f"conformance of {report.name!r} with contract {report.contract}, profile {report.profile}{part}"
    yield f"  {counted(report)}; {report.seconds:.1f} s"
    yield f"  {provenance(report)}"
    yield from _causes(report)
    yield from _failures(report)
    if report.debt:
        yield "loosened tolerances:"
        yield from (f"  {d['op']}/{d['dtype']}: {d['granted']:g} ulp instead of {d['standard']:g} ({d['reason']})"
                    for d in report.debt)
    if report.ledger.get("patch"):
        yield "the ledger no longer holds; this mends it:"
        yield report.ledger["patch"].rstrip("\n")
    yield from (f"note: {line}" for line in notices(report))
    yield verdict(report)


def counted(report: Report) -> str:
    """`812 pass, 40 unsupported-verified, 0 failed, of 852 checks`."""
    totals = report.totals()
    always = f"{totals['pass']} passed, {totals['unsupported-verified']} unsupported-verified"
    failed = sum(r.outcome in BROKEN or r.outcome == VACUOUS for r in report.records)
    detail = ", ".join(f"{totals[o]} {o}" for o in OUTCOMES if totals[o] and (o in BROKEN or o == VACUOUS))
    known = f", {totals['known-failure']} known failures" if totals["known-failure"] else ""
    return (f"{always}, {failed} failed{f' ({detail})' if detail else ''}{known}, of"
            f" {report.verdict.get('asked', len(report.records))} checks")


def provenance(report: Report) -> str:
    """What the verdict is about: versions of all that took part, the machine and the date."""
    backend, machine = report.backend, report.platform
    of = f" of {backend['distribution']}" if backend.get("distribution") else ""
    parts = [f"{report.name} {backend.get('version', '')}".rstrip() + of,
             *(f"{name} {version}".rstrip() for name, version in backend.get("libraries", {}).items()),
             f"contract {report.contract}", f"suite {report.suite}",
             f"{machine.get('implementation', 'Python')} {machine.get('python', '')}", machine.get("tag", ""),
             machine.get("processor", ""), f"{machine.get('cores', '?')} cores", machine.get("date", "")]
    return ", ".join(part for part in parts if part)


def ulps_shown(value: float) -> str:
    """A distance in ulps; where a result is what is left after numbers cancel, its own ulp says nothing."""
    return f"{value:.3g}" if value < _CANCELLED else "cancellation: judged by what rounding the inputs does"


def verdict(report: Report) -> str:
    """The last line."""
    said = report.verdict
    what = "conformant" if said.get("conformant") else "passed" if said.get("passed") else "not conformant"
    if what == "passed" and report.backend.get("delegated"):
        what = "passed, but not conformant"
    reasons = "; ".join(said.get("reasons", []))
    return f"verdict: {what}: {reasons}" if reasons else f"verdict: {what}"


def _causes(report: Report) -> Iterator[str]:
    if report.causes:
        yield "causes:"
    for cause in report.causes[:_SHOWN]:
        failures = "failure" if cause["explains"] == 1 else "failures"
        yield f"  {cause['id']} explains {cause['explains']} {failures}"


def _failures(report: Report) -> Iterator[str]:
    failed = [r for r in report.records if (r.outcome in BROKEN or r.outcome == VACUOUS) and r.outcome != BLOCKED]
    if failed:
        yield "failures:"
    for record in failed[:_SHOWN]:
        yield from _failure(record)
    if len(failed) > _SHOWN:
        yield f"  … and {len(failed) - _SHOWN} more; --json, --html or --markdown have them all"
    if failed:
        yield f"to see one alone: flambeau-conformance repro {failed[0].id} --backend {report.name}"


def _failure(record: Record) -> Iterator[str]:
    probation = "" if record.counts else f" ({record.status})"
    yield f"  {record.outcome} {record.id}{probation}"
    yield textwrap.indent(record.message[:_MESSAGE], "    ")
