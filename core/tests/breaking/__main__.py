"""The lane: `python -m breaking --seconds 480 --seed 0 [--part saves] [--trial 17] [--markdown FILE]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import files, memory, saves, signals, threads, workers
from .report import page, table
from .trials import Tally, Trial, run

PARTS: dict[str, Trial] = {"files": files.trial, "saves": saves.trial, "workers": workers.trial,
                           "signals": signals.trial, "threads": threads.trial, "memory": memory.trial}


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="breaking", description=__doc__)
    parser.add_argument("--seconds", type=float, default=480.0, help="for all parts together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--part", choices=list(PARTS), action="append", help="only this one; may be repeated")
    parser.add_argument("--trial", type=int, help="only the trial of this number")
    parser.add_argument("--markdown", type=Path, help="a page, whose figures are written anew")
    return parser.parse_args()


def main() -> int:
    """Prints what became of the trials, and of every kind of violation the first; 1 where there was one."""
    asked = arguments()
    names = asked.part or list(PARTS)
    tallies: list[Tally] = []
    for name in names:
        trials = 1 if asked.trial is not None else float("inf")
        tallies.append(run(name, PARTS[name], asked.seed, asked.seconds / len(names), trials, asked.trial or 0))
        print(table(tallies[-1:]), flush=True)
        for kind, detail in tallies[-1].examples.items():
            print(f"\n{name}, {kind}: {detail}\n", flush=True)
    if asked.markdown:
        asked.markdown.write_text(page(asked.markdown.read_text(), tallies, asked.seed, asked.seconds))
    return int(any(tally.violations for tally in tallies))


if __name__ == "__main__":
    sys.exit(main())
