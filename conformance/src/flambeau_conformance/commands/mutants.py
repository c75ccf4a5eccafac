"""`mutants`: whether the suite notices the bugs of the catalogue, put into a backend one at a time."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..check import FULL, RELEASE
from ..mutants import SIGN, catalogue
from ..mutants.page import page, summary
from ..mutants.promises import idle, kills, outlived
from ..mutants.score import Result, scored
from ..selection import contract_of
from ..target import suggestion
from ..verdict import FAILED, PASSED
from .common import UsageError

STOCK = ("reference", "numpy", "array-api-strict")


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser("mutants", help="put known bugs into backends and see that the suite notices each")
    parser.add_argument("backends", metavar="BACKEND", nargs="*", default=STOCK,
                        help=f"backends to put the bugs into (default: {' '.join(STOCK)})")
    parser.add_argument("--mutant", metavar="NAME", action="append", default=[], help="only this bug (may be repeated)")
    parser.add_argument("--list", action="store_true", help="list the bugs and run nothing")
    parser.add_argument("-n", metavar="WORKERS", type=int, default=min(os.cpu_count() or 1, 8),
                        help="bugs tried at a time (default: one per core, at most 8)")
    parser.add_argument("-q", action="store_true", help="only what survives, and the score")
    parser.add_argument("--markdown", metavar="FILE", help="write the page: which check killed which mutant")
    parser.add_argument("--random", metavar="N", type=int, default=0,
                        help="draw N bugs from a grammar instead, and estimate the share that the suite kills")
    parser.add_argument("--seed", metavar="S", type=int, default=0, help="the seed of what is drawn (default: 0)")
    parser.add_argument("--profile", choices=(FULL, RELEASE), default=FULL, help="the checks that they are shown")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Status 1 if a mutant survives or, in a whole run on the stock backends, if a promise kills none."""
    if options.list:
        return _listed()
    _verify(options)
    if options.random:
        return _estimated(options)
    results = scored(options.backends, options.mutant, options.n, _told if not options.q else lambda result: None)
    whole = not options.mutant and set(STOCK) <= set(options.backends)
    by_promise = kills(results, contract_of("reference"))
    print(summary(results))
    if whole:
        _tell_promises(by_promise)
    if options.markdown:
        Path(options.markdown).write_text(page(results, by_promise), encoding="utf-8")
    survived = any(r.survived for r in results)
    return FAILED if survived or (whole and (idle(by_promise) or outlived(by_promise))) else PASSED


def _verify(options: argparse.Namespace) -> None:
    known = catalogue()
    if options.n < 1:
        raise UsageError("-n must be positive")
    if options.random < 0:
        raise UsageError("--random must be positive")
    if options.random and options.mutant:
        raise UsageError("--random draws its bugs; --mutant names one of the catalogue")
    for name in options.mutant:
        if name not in known:
            raise UsageError(f"no mutant is called {name!r}{suggestion(name, list(known))}")
    for name in options.backends:
        if SIGN in name:
            raise UsageError(f"{name!r} is a mutant already; name the backend, and the bug with --mutant")


def _estimated(options: argparse.Namespace) -> int:
    """Status 1 if a mutant survives that a program tells from the healthy backend."""
    from ..mutants.grammar.estimate import estimated
    from ..mutants.grammar.page import page as estimate_page
    from ..mutants.grammar.page import text

    found = []
    for base in options.backends:
        found.append(estimated(base, options.seed, options.random, options.profile, options.n))
        print("\n".join(text(found[-1])), flush=True)
    if options.markdown:
        Path(options.markdown).write_text(estimate_page(found), encoding="utf-8")
    return FAILED if any(e.survivors for e in found) else PASSED


def _listed() -> int:
    for name, found in catalogue().items():
        print(f"{name:28} {found.sort:26} {found.bug}")
    return PASSED


def _told(result: Result) -> None:
    how = "SURVIVED"
    for check, kind in list(result.killers.items())[:1]:
        how = f"killed by {len(result.killers)} of {result.shown}, first {check} ({kind:.60})"
    print(f"{result.base:18} {result.mutant.name:28} {how}", file=sys.stderr, flush=True)


def _tell_promises(found: dict[str, list[str]]) -> None:
    _tell("promises that killed no mutant and give no reason", idle(found))
    _tell("promises with a reason that they do not need", outlived(found))


def _tell(what: str, names: Sequence[str]) -> None:
    if names:
        print(f"{what}: {', '.join(names)}")
