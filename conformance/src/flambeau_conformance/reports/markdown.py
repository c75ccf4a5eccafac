"""Markdown: for a pull request or a page of documentation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from ..record import BROKEN, OUTCOMES, VACUOUS, Report
from ..verdict import notices
from .text import verdict

_SHOWN = 50


def render(report: Report) -> str:
    """The report as Markdown."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    machine = report.platform
    yield f"# Conformance of {report.name} {report.backend.get('version', '')}".rstrip()
    yield ""
    yield f"{verdict(report).capitalize()}."
    yield ""
    yield (f"Contract {report.contract}, profile {report.profile}, suite {report.suite}, Python"
           f" {machine.get('python', '')}, {machine.get('tag', '')}, {report.seconds:.0f} s.")
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
                        ("op", "dtype", "of", "elements", "maximum", "99 of 100"), _accuracy(report))
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
    return [(row["op"], row["dtype"], row["group"], str(row["elements"]), f"{row['max']:.3g}", f"{row['p99']:.3g}")
            for row in report.accuracy if row["max"]]
