"""`flambeau-bench`: times the rows on every peer that is installed and prints the ratios."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

PEERS = ["flambeau", "torch", "hips", "mygrad"]
NEEDS = {"flambeau": "flambeau-numpy", "torch": "torch", "hips": "autograd", "mygrad": "mygrad"}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="flambeau-bench", description=__doc__)
    made.add_argument("--rows", help="names of rows, separated by commas (default: all; --list shows them)")
    made.add_argument("--peers", default=",".join(PEERS), help="of flambeau,torch,hips,mygrad (default: all)")
    made.add_argument("--repeat", type=int, default=15, help="samples per row and peer (default: 15)")
    made.add_argument("--threads", type=int, default=1, help="threads of BLAS and PyTorch (default: 1)")
    made.add_argument("--json", type=Path, metavar="PATH", help="where to write everything measured")
    made.add_argument("--list", action="store_true", help="show the rows and end")
    return made


def limit_threads(threads: int) -> None:
    """Sets what BLAS and OpenMP read when they are loaded: only before any peer is imported does it count."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
        os.environ[name] = str(threads)


class Peers:
    """The peers that could be imported, and why the others could not."""

    def __init__(self, names: Sequence[str], threads: int) -> None:
        self.versions: dict[str, str] = {}
        self.missing: dict[str, str] = {}
        self.cases: dict[str, dict[str, Callable[[], Any]]] = {}
        self.to_numpy: dict[str, Callable[[Any], Any]] = {}
        for name in names:
            self._load(name, threads)

    def _load(self, name: str, threads: int) -> None:
        module = importlib.import_module(f".peers.{name}", __package__)
        try:
            version, cases, to_numpy = module.load(threads)
        except ImportError as error:
            self.missing[module.TITLE] = f"{error} (python -m pip install {NEEDS[name]})"
            return
        self.versions[module.TITLE] = version
        self.cases[module.TITLE], self.to_numpy[module.TITLE] = cases, to_numpy


def chosen(text: str | None, known: Sequence[str], what: str) -> list[str]:
    """The names in a comma-separated list; ends the program for one that is not known."""
    names = list(known) if text is None else [n.strip() for n in text.split(",") if n.strip()]
    unknown = [n for n in names if n not in known]
    if unknown:
        sys.exit(f"flambeau-bench: unknown {what} {', '.join(unknown)}; known: {', '.join(known)}")
    return names


def run(arguments: argparse.Namespace) -> None:
    """Measures, prints the table, writes the record."""
    from .measure import interleaved
    from .report import record, table
    from .rows import ROWS

    rows = [r for r in ROWS if r.name in chosen(arguments.rows, [r.name for r in ROWS], "row")]
    peers = Peers(chosen(arguments.peers, PEERS, "peer"), arguments.threads)
    for title, why in peers.missing.items():
        print(f"{title} is left out: {why}", file=sys.stderr)
    results: dict[str, dict[str, Any]] = {}
    for row in rows:
        print(f"measuring: {row.title}", file=sys.stderr)
        able = [title for title in peers.cases if row.name in peers.cases[title]]
        timings = interleaved([peers.cases[title][row.name]() for title in able], arguments.repeat)
        results[row.name] = dict(zip(able, timings, strict=True))
    print(table(rows, list(peers.versions), results))
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        made = record(rows, peers.versions, peers.missing, results, arguments.threads)
        arguments.json.write_text(json.dumps(made, indent=1) + "\n")
        print(f"written to {arguments.json}", file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> None:
    """The command."""
    arguments = parser().parse_args(argv)
    limit_threads(arguments.threads)
    if arguments.list:
        from .rows import ROWS

        print("\n".join(f"{row.name:15} {row.title}" for row in ROWS))
        return
    run(arguments)


if __name__ == "__main__":
    main()
