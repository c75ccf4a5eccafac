"""How far results were off: distances in ulps from the correctly rounded result, as a histogram.

`compare` reports the distance of every element that differs; a record keeps the histogram of its
check, so that percentiles of an op over all its checks are exact up to the two digits kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import inf
from typing import Any

from .record import Record


class _Running:
    def __init__(self) -> None:
        self.histogram: Counter[float] = Counter()


_running = _Running()


def start() -> None:
    """Forgets what was measured."""
    _running.histogram = Counter()


def note(distances: Iterable[float], equal: int) -> None:
    """Adds elements that were off by so many ulps, and `equal` ones that were not."""
    if equal:
        _running.histogram[0.0] += equal
    _running.histogram.update(_binned(d) for d in distances)


def _binned(distance: float) -> float:
    """Two digits, upwards where it is the last of few."""
    return float(f"{distance:.2g}") if distance == distance else inf


def measured() -> dict[str, Any]:
    """Maximum, 99th percentile and histogram since the start; empty where nothing was compared."""
    return summary(_running.histogram) if _running.histogram else {}


def summary(histogram: Counter[float]) -> dict[str, Any]:
    """The record's form of a histogram."""
    return {"max": _number(max(histogram)), "p99": _number(percentile(histogram, 0.99)),
            "histogram": [[_number(d), n] for d, n in sorted(histogram.items())]}


def _number(value: float) -> float:
    return value if value != inf else 1e300  # JSON has no infinity


def percentile(histogram: Counter[float], part: float) -> float:
    """The smallest distance that `part` of the elements do not exceed."""
    wanted, seen = part * histogram.total(), 0
    for distance, count in sorted(histogram.items()):
        seen += count
        if seen >= wanted:
            return distance
    return 0.0


def table(records: Iterable[Record]) -> list[dict[str, Any]]:
    """Maximum and 99th percentile per op, dtype and group (values or gradients), over all checks."""
    merged: dict[tuple[str, str, str], Counter[float]] = {}
    for record in records:
        if record.ulps and record.op:
            held = merged.setdefault((record.op, record.dtype, record.group), Counter())
            held.update({float(d): n for d, n in record.ulps["histogram"]})
    return [{"op": op, "dtype": dtype, "group": group, "elements": h.total(), "max": _number(max(h)),
             "p99": _number(percentile(h, 0.99))} for (op, dtype, group), h in merged.items()]
