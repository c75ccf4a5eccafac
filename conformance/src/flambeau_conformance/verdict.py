"""What a report amounts to: conformant or not, why, and the exit status."""

from __future__ import annotations

from typing import Any

from .record import BROKEN, OUTCOMES, PASS, PROBATION, UNSUPPORTED, VACUOUS, Report

PASSED, FAILED, USAGE, UNUSABLE, TOO_FEW, BROKE_OFF, STALE_LEDGER, SLOWER, DELEGATED = range(9)
STATUSES = {
    PASSED: "every check passed, was refused as declared, or fails as the ledger says",
    FAILED: "some checks failed, crashed, ran out of time or are blocked",
    USAGE: "usage: unknown command, option, op, dtype, check, version or file (with a suggestion)",
    UNUSABLE: "the backend is unknown (with a suggestion) or cannot be loaded (with the reason)",
    TOO_FEW: "too few checks ran: none, a vacuous one, or none for a capability that the manifest promises",
    BROKE_OFF: "the run broke off: interrupted, or no worker stayed alive",
    STALE_LEDGER: "nothing failed that is not known, but the ledger no longer holds (the patch is printed)",
    SLOWER: "`bench --fail-above`: slower than asked",
    DELEGATED: "the whole contract was run and nothing failed, but kernels are delegated: not conformant",
}


def verdict_of(report: Report, asked: int, broke_off: str = "") -> dict[str, Any]:
    """The exit status, the reasons in words, and whether the backend may be called conformant."""
    broken = sum(r.broken for r in report.records)
    vacuous = [r.id for r in report.records if r.counts and r.outcome == VACUOUS]
    idle = [row["name"] for row in report.capabilities if row["outcome"] == VACUOUS]
    reasons = _reasons(report, broken, vacuous, idle)
    status = FAILED if broken else PASSED
    if not status and (vacuous or idle or not report.records):
        status = TOO_FEW
    if not status and report.ledger.get("problems"):
        status = STALE_LEDGER
    if broke_off:
        status, reasons = BROKE_OFF, [f"the run broke off after {len(report.records)} of {asked} checks: {broke_off}",
                                      *reasons]
    whole = not report.selection and report.profile != "smoke" and len(report.records) == asked
    if not status and whole and report.backend.get("delegated"):
        status = DELEGATED
    return {"status": status, "passed": status in (PASSED, DELEGATED), "conformant": status == PASSED and whole,
            "reasons": reasons, "asked": asked, "ran": len(report.records)}


def _reasons(report: Report, broken: int, vacuous: list[str], idle: list[str]) -> list[str]:
    counted = {o: sum(r.counts and r.outcome == o for r in report.records) for o in OUTCOMES}
    parts = ", ".join(f"{counted[o]} {o}" for o in OUTCOMES if o in BROKEN and counted[o])
    reasons = [f"{broken} checks failed ({parts})"] if broken else []
    if vacuous:
        reasons.append(f"{len(vacuous)} checks looked at nothing: {', '.join(vacuous[:5])}")
    reasons += [f"capability {name!r}: no check was executed for it" for name in idle]
    if not report.records:
        reasons.append("no check ran")
    reasons += [f"ledger: {p['id']}: {p['why']}" for p in report.ledger.get("problems", [])]
    delegated = report.backend.get("delegated", [])
    if delegated:
        shown = ", ".join(delegated[:8]) + (f" and {len(delegated) - 8} others" if len(delegated) > 8 else "")
        required = report.backend.get("required") or "the"
        reasons.append(f"{len(delegated)} of {required} required kernels are delegated to another backend: {shown}")
    return reasons


def notices(report: Report) -> list[str]:
    """What does not decide the verdict now, and will later."""
    waiting = [r.id for r in report.records if r.status == PROBATION and r.outcome not in (PASS, UNSUPPORTED)]
    if not waiting:
        return []
    return [f"{len(waiting)} checks on probation would fail from the next contract on: {', '.join(waiting[:5])}"]
