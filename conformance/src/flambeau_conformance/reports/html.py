"""One self-contained HTML page: op × dtype × outcome, with the failing cases and scripts that show them."""

from __future__ import annotations

import json
from collections import Counter
from html import escape
from importlib.resources import files
from typing import Any

from flambeau.dtypes import BY_NAME

from ..record import (
    BLOCKED,
    BROKEN,
    CRASH,
    FAIL,
    KNOWN,
    PASS,
    REQUIRED,
    TIMEOUT,
    UNSUPPORTED,
    VACUOUS,
    Record,
    Report,
)
from .text import counted, provenance, verdict

WORST = (CRASH, TIMEOUT, FAIL, VACUOUS, BLOCKED, KNOWN, UNSUPPORTED, PASS)
_SCRIPTS = 60  # embedded; of the other failures the page shows the command that prints theirs


def render(report: Report) -> str:
    """The page."""
    page = files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    data = json.dumps(_data(report), ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    return page.replace("@NAME@", escape(report.name)).replace("@DATA@", data)


def _data(report: Report) -> dict[str, Any]:
    ops = list(dict.fromkeys(r.op for r in report.records))
    dtypes = ["", *(d for d in BY_NAME if any(r.dtype == d for r in report.records))]
    groups = list(dict.fromkeys(r.group for r in report.records))
    scripts = _scripts(report)
    about = f"{counted(report)}; {provenance(report)}; profile {report.profile}, {report.seconds:.0f} s"
    return {
        "name": report.name, "title": f"{report.name} {report.backend.get('version', '')}".strip(),
        "verdict": verdict(report), "about": about, "worst": WORST, "dtypes": dtypes, "groups": groups,
        "causes": [{"id": c["id"], "explains": c["explains"]} for c in report.causes[:10]],
        "facts": _facts(report), "families": _families(report),
        "ops": [_op(report, name) for name in ops],
        "records": [[ops.index(r.op), dtypes.index(r.dtype), r.id, groups.index(r.group), WORST.index(r.outcome),
                     round(r.seconds * 1000, 2), *_more(r, scripts)] for r in report.records]}


def _facts(report: Report) -> list[list[str]]:
    """What a reader who must trust the verdict wants to know beside it: a title and a text each."""
    stated = [f"{row['name']}: {row['stated']}, {row['executed']} executed, {row['refused']} refused, {row['outcome']}"
              for row in report.capabilities]
    ledger = report.ledger
    held = [f"{ledger['entries']} entries, {ledger['known']} known failures here",
            *(f"{p['id']}: {p['why']}" for p in ledger["problems"])] if ledger.get("entries") else []
    debts = [f"{d['op']}/{d['dtype']}: {d['granted']:g} ulp instead of {d['standard']:g} ({d['reason']})"
             for d in report.debt]
    found = [("Capabilities", stated), ("Ledger", held), ("Delegated kernels", report.backend.get("delegated", [])),
             ("Loosened tolerances", debts)]
    return [[title, "; ".join(lines) or "none"] for title, lines in found]


def _families(report: Report) -> list[list[Any]]:
    """Per op family (or group): its name, and how many checks passed, were refused as declared, there are."""
    counts: dict[str, Counter[str]] = {}
    for record in report.records:
        counts.setdefault(record.family or record.group, Counter())[record.outcome] += 1
    return [[name, c[PASS], c[UNSUPPORTED], c.total()] for name, c in counts.items()]


def _op(report: Report, name: str) -> dict[str, Any]:
    """The row of an op: its family, its worst accuracy, its times."""
    family = next((r.family for r in report.records if r.op == name), "")
    accuracy = [row for row in report.accuracy if row["op"] == name and row["group"] == "values"]
    row: dict[str, Any] = {"name": name, "family": family}
    if name in report.backend.get("delegated", []):
        row["delegated"] = True
    if accuracy:
        row |= {"max": max(a["max"] for a in accuracy), "p99": max(a["p99"] for a in accuracy)}
    timed = next((b for b in report.bench if b["op"] == name), None)
    return row | {k: timed[k] for k in ("call_us", "kernel_us", "ratio") if k in timed} if timed else row


def _more(record: Record, scripts: dict[str, str]) -> list[dict[str, Any]]:
    """What only some records have."""
    more: dict[str, Any] = {k: v for k in ("message", "blocked_by") if (v := getattr(record, k))}
    if record.status != REQUIRED:
        more["status"] = record.status
    if record.id in scripts:
        more["script"] = scripts[record.id]
    if record.ulps and record.ulps["max"]:
        more["ulps"] = [record.ulps["max"], record.ulps["p99"]]
    return [more] if more else []


def _scripts(report: Report) -> dict[str, str]:
    """Programs that show the failures, for the first of them."""
    from ..amalgam import NoScriptError
    from ..scripts import layout_in, script
    from ..selection import contract_of

    failed = [r for r in report.records if r.outcome in BROKEN and r.outcome != BLOCKED][:_SCRIPTS]
    checks = {c.id: c for c in contract_of(report.name)} if failed else {}
    found = {}
    for record in failed:
        if record.id in checks:
            try:
                found[record.id] = script(checks[record.id], report.name, layout_in(record.message), record.message)
            except NoScriptError:
                continue  # the page shows the command, which says why
    return found
