"""One check, run to its end: an outcome, a failure's kind and message, the time, the distances measured."""

from __future__ import annotations

import traceback
from time import perf_counter
from typing import Any

from . import accuracy
from .check import Check, CheckFailed, Evidence
from .record import FAIL, PASS, VACUOUS
from .target import Target

_FRAMES = 3  # of a traceback, in a message


def executed(check: Check, target: Target) -> dict[str, Any]:
    """Runs the check; the result has `outcome`, `kind`, `message`, `seconds` and `ulps`."""
    Evidence.count = 0
    accuracy.start()
    started = perf_counter()
    kind = message = ""
    try:
        outcome = check.run(target)
    except CheckFailed as error:
        outcome, kind, message = FAIL, error.kind, str(error)
    except (Exception, SystemExit) as error:
        outcome, kind, message = FAIL, type(error).__name__, _told(check, error)
    if outcome == PASS and not Evidence.count:
        outcome, kind, message = VACUOUS, "vacuous", f"{check.id} ended without having looked at anything"
    return {"id": check.id, "outcome": outcome, "kind": kind, "message": message,
            "seconds": round(perf_counter() - started, 6), "ulps": accuracy.measured()}


def _told(check: Check, error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = " < ".join(f"{f.name} ({f.filename.rpartition('/')[2]}:{f.lineno})" for f in reversed(frames))
    return f"{check.id}: unexpected {type(error).__name__}: {error}; in {places}"
