"""The table that is printed and the record that is written."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .measure import Timing
from .rows import Row

Results = Mapping[str, Mapping[str, Timing]]  # row name -> peer title -> timing
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def duration(seconds: float) -> str:
    """Three figures and a unit."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def cell(ours: Timing | None, theirs: Timing | None) -> str:
    """A peer's time and our time as a part of it; a dash where the peer cannot."""
    if theirs is None:
        return "–"
    ratio = "" if ours is None else f" {ours.best / theirs.best:6.2f}"
    return f"{duration(theirs.best):>8}{ratio}"


def table(rows: Sequence[Row], titles: Sequence[str], results: Results) -> str:
    """A line per row: flambeau's least time, then each peer's with the ratio flambeau / peer."""
    first, *peers = titles
    lines = [["", first, *[f"{p} (ratio)" for p in peers]]]
    for row in rows:
        timings = results[row.name]
        ours = timings.get(first)
        lines.append([row.title, cell(None, ours), *[cell(ours, timings.get(p)) for p in peers]])
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join("  ".join(text.ljust(w) if i == 0 else text.rjust(w)
                               for i, (text, w) in enumerate(zip(line, widths, strict=True))).rstrip()
                     for line in lines)


def processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def record(rows: Sequence[Row], versions: Mapping[str, str], missing: Mapping[str, str], results: Results,
           threads: int) -> dict[str, Any]:
    """Everything there is to know about a run, ready for JSON."""
    return {
        "hardware": {"processor": processor(), "cores": os.cpu_count(), "machine": platform.machine()},
        "software": {"python": sys.version.split()[0], "system": platform.system(), "release": platform.release(),
                     "versions": dict(versions), "missing": dict(missing)},
        "threads": threads, "environment": {name: os.environ.get(name) for name in THREAD_VARIABLES},
        "rows": [{"name": row.name, "title": row.title, "seconds": {
            peer: {"min": t.best, "median": t.median, "loops": t.loops, "samples": list(t.samples)}
            for peer, t in results[row.name].items()},
            "ratios": _ratios(results[row.name])} for row in rows],
    }


def _ratios(timings: Mapping[str, Timing]) -> dict[str, dict[str, float]]:
    ours = timings.get("flambeau")
    if ours is None:
        return {}
    return {peer: {"min": ours.best / t.best, "median": ours.median / t.median}
            for peer, t in timings.items() if t is not ours}
