"""Markdown: for a pull request or a page of documentation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from flambeau.dtypes import BY_NAME
from flambeau.table.registry import TABLE

from ..record import BROKEN, OUTCOMES, VACUOUS, Report
from ..tolerances import gradient_budget, granted
from ..verdict import notices
from .text import provenance, ulps_shown, verdict

_SHOWN = 50


def render(report: Report) -> str:
    """The report as Markdown."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"# Conformance of {report.name} {report.backend.get('version', '')}".rstrip()
    yield ""
    yield f"{verdict(report).capitalize()}."
    yield ""
    yield f"{provenance(report)}; profile {report.profile}, {report.seconds:.0f} s."
    yield from _section("Outcomes", ("outcome", "checks"), [(o, str(n)) for o, n in report.totals().items() if n])
    yield from _delegated(report)
    yield from _section("Capabilities", ("capability", "manifest", "executed", "refused", "outcome"),
                        [tuple(str(row[k]) for k in ("name", "stated", "executed", "refused", "outcome"))
                         for row in report.capabilities])
    yield from _section("Causes", ("failure", "explains"), [(c["id"], str(c["explains"])) for c in report.causes])
    yield from _failures(report)
    yield from _section("By op family", ("family", *OUTCOMES), _families(report))
    yield from _section("Loosened tolerances", ("op", "dtype", "standard", "granted", "cap", "measured", "reason"),
                        [tuple(_cell(d[k]) for k in ("op", "dtype", "standard", "granted", "cap", "measured", "reason"))
                         for d in report.debt])
    yield from _section("Accuracy (ulps from the correctly rounded result)",
                        ("op", "dtype", "of", "elements", "allowed", "maximum", "99 of 100"), _accuracy(report))
    for line in notices(report):
        yield from ("", f"Note: {line}.")


def _cell(value: object) -> str:
    shown = f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)
    return shown.replace("|", "\\|").replace("\n", " ")


def _section(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    held = list(rows)
    if not held:
        return
    yield from ("", f"## {title}", "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}")
    yield from (f"| {' | '.join(map(_cell, row))} |" for row in held)


def _delegated(report: Report) -> Iterator[str]:
    """Every kernel that another backend computes: the author's list of what is left to write."""
    found = report.backend.get("delegated", [])
    if found:
        yield from ("", f"## Delegated kernels ({len(found)} of {report.backend.get('required')})", "",
                    ", ".join(f"`{name}`" for name in found))


def _failures(report: Report) -> Iterator[str]:
    failed = [r for r in report.records if r.outcome in BROKEN or r.outcome == VACUOUS]
    rows = [(f"`{r.id}`", r.outcome, r.blocked_by or r.message[:300]) for r in failed[:_SHOWN]]
    yield from _section("Failures", ("check", "outcome", "what happened"), rows)
    if len(failed) > _SHOWN:
        yield from ("", f"… and {len(failed) - _SHOWN} more.")


def _families(report: Report) -> list[tuple[str, ...]]:
    counted = Counter((r.family or r.group, r.outcome) for r in report.records)
    names = dict.fromkeys(name for name, _ in counted)
    return [(name, *(str(counted[name, o] or "") for o in OUTCOMES)) for name in names]


def _accuracy(report: Report) -> list[tuple[str, ...]]:
    return [(row["op"], row["dtype"], row["group"], str(row["elements"]), _allowed(row), ulps_shown(row["max"]),
             ulps_shown(row["p99"])) for row in report.accuracy if row["max"]]


def _allowed(row: dict[str, Any]) -> str:
    """The bound, in ulps of the result; more is allowed where rounded inputs are amplified."""
    op, dtype = TABLE.get(row["op"]), BY_NAME.get(row["dtype"])
    if op is None or dtype is None:
        return ""
    held = gradient_budget(op) if row["group"] == "gradients" else granted(op, dtype)
    return f"{held.ulps(dtype):g}" + (" and cancellation" if held.spread else "")
