"""Two reports side by side: two backends, or one before and after an upgrade."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .record import BROKEN, KNOWN, OUTCOMES, PASS, PROBATION, UNSUPPORTED, VACUOUS, Record, Report

_GOOD = frozenset({PASS, UNSUPPORTED})
_BAD = BROKEN | {VACUOUS, KNOWN}
_SHOWN = 200


def by_id(report: Report) -> dict[str, Record]:
    """The records by ID."""
    return {r.id: r for r in report.records}


def breaks(old: Report, new: Report) -> list[Record]:
    """What was good or absent and counts as broken now."""
    before = by_id(old)
    return [r for r in new.records if r.counts and r.outcome in BROKEN | {VACUOUS}
            and (r.id not in before or before[r.id].outcome in _GOOD or not before[r.id].counts)]


def diff(old: Report, new: Report) -> Iterator[str]:
    """What an upgrade from `old` to `new` breaks, mends, adds and removes."""
    before, after = by_id(old), by_id(new)
    yield f"{_label(old)} -> {_label(new)}"
    yield from _listed("breaks", [f"{r.id}: {_was(before, r)} -> {r.outcome}  {_first_line(r)}"
                                  for r in breaks(old, new)])
    mended = [r for r in new.records if r.outcome in _GOOD and r.id in before and before[r.id].outcome in _BAD]
    yield from _listed("mends", [f"{r.id}: {before[r.id].outcome} -> {r.outcome}" for r in mended])
    changed = [r for r in new.records if r.id in before and r.outcome in _BAD and before[r.id].outcome in _BAD
               and (r.outcome, r.kind) != (before[r.id].outcome, before[r.id].kind)]
    yield from _listed("fails otherwise", [f"{r.id}: {before[r.id].outcome} {before[r.id].kind} -> {r.outcome} {r.kind}"
                                           for r in changed])
    waiting = [r for r in new.records if r.status == PROBATION and r.outcome in _BAD]
    yield from _listed("will break with the next contract (on probation now)", [r.id for r in waiting])
    yield from _listed("new checks", [f"{r.id}: {r.outcome}" for r in new.records if r.id not in before])
    yield from _listed("checks that are gone", [i for i in before if i not in after])
    yield from _listed("less accurate", list(_worse(old, new)))


def _was(before: dict[str, Record], record: Record) -> str:
    return before[record.id].outcome if record.id in before else "absent"


def _first_line(record: Record) -> str:
    return record.message.partition("\n")[0][:160]


def _label(report: Report) -> str:
    return (f"{report.name} {report.backend.get('version', '')} (suite {report.suite}, contract {report.contract},"
            f" {report.profile})")


def _listed(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield f"{title} ({len(lines)}):"
        yield from (f"  {line}" for line in lines[:_SHOWN])
        if len(lines) > _SHOWN:
            yield f"  … and {len(lines) - _SHOWN} more"


def _worse(old: Report, new: Report) -> Iterator[str]:
    before = {(r["op"], r["dtype"], r["group"]): r for r in old.accuracy}
    for row in new.accuracy:
        was = before.get((row["op"], row["dtype"], row["group"]))
        if was and row["max"] > 2 * was["max"] + 0.5:
            yield f"{row['op']}/{row['dtype']} ({row['group']}): at most {was['max']:g} -> {row['max']:g} ulp"


def compare(a: Report, b: Report) -> Iterator[str]:
    """Counts, differing outcomes, accuracy and time of two backends, in columns."""
    yield f"{'':28} {_label(a)[:34]:>34}  {_label(b)[:34]:>34}"
    totals = a.totals(), b.totals()
    for outcome in OUTCOMES:
        if any(t[outcome] for t in totals):
            yield f"{outcome:28} {totals[0][outcome]:34}  {totals[1][outcome]:34}"
    yield f"{'seconds':28} {a.seconds:34.1f}  {b.seconds:34.1f}"
    yield from _listed("what took part, where it differs", _origins(a, b))
    mine, theirs = by_id(a), by_id(b)
    yield from _listed("outcomes that differ", [
        f"{i}: {r.outcome} | {theirs[i].outcome}" for i, r in mine.items()
        if i in theirs and theirs[i].outcome != r.outcome])
    yield from _listed(f"checks of {a.name} alone", [i for i in mine if i not in theirs])
    yield from _listed(f"checks of {b.name} alone", [i for i in theirs if i not in mine])
    yield from _accuracies(a, b)
    yield from _times(a, b)


def _origins(a: Report, b: Report) -> list[str]:
    """Versions, machines and declarations of two reports, where they are not the same."""
    def told(report: Report) -> dict[str, Any]:
        stated = {k: v for k, v in report.backend.items() if k not in ("name", "libraries")}
        return {**stated, **report.backend.get("libraries", {}), "contract of the verdict": report.contract,
                "suite": report.suite, "profile": report.profile, **report.platform}

    mine, theirs = told(a), told(b)
    return [f"{name}: {mine.get(name, 'none')} | {theirs.get(name, 'none')}" for name in {**mine, **theirs}
            if mine.get(name) != theirs.get(name)]


def _accuracies(a: Report, b: Report) -> Iterator[str]:
    theirs = {(r["op"], r["dtype"], r["group"]): r for r in b.accuracy}
    rows = [(r, theirs[key]) for r in a.accuracy if (key := (r["op"], r["dtype"], r["group"])) in theirs]
    lines = [f"{x['op']}/{x['dtype']} ({x['group']}): max {x['max']:g} | {y['max']:g}, p99 {x['p99']:g} | {y['p99']:g}"
             for x, y in rows if (x["max"], x["p99"]) != (y["max"], y["p99"])]
    yield from _listed("accuracy in ulps, where it differs", lines)


def _times(a: Report, b: Report) -> Iterator[str]:
    theirs = {(r["op"], r["dtype"]): r for r in b.bench}
    yield from _listed("time per call in µs", [
        f"{r['op']}/{r['dtype']}: {r['call_us']:g} | {theirs[r['op'], r['dtype']]['call_us']:g}"
        for r in a.bench if (r["op"], r["dtype"]) in theirs])
