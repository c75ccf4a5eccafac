"""`fuzz`: random programs on a backend, for as long as asked; the shortest that fails is printed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import monotonic
from typing import Any

from ..check import UNSUPPORTED, CheckFailed
from ..fuzz.checks import shown
from ..fuzz.drawing import search
from ..fuzz.program import Program, ProgramError, from_json, read
from ..fuzz.running import compared
from ..oracle import reference
from ..target import Target, load
from ..verdict import FAILED, PASSED
from .common import UsageError, add_backend

_ROUND = 50  # programs per seed


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser("fuzz", help="random programs, on the backend and on the reference")
    add_backend(parser)
    parser.add_argument("--examples", metavar="N", type=int, default=1000, help="how many programs (default 1000)")
    parser.add_argument("--minutes", metavar="M", type=float, default=0.0, help="as many as fit instead")
    parser.add_argument("--seed", metavar="S", type=int, default=0, help="the first seed; one more every 50 programs")
    parser.add_argument("--keep", metavar="FILE", help="write the shortest failing program there, as JSON")
    parser.add_argument("--replay", metavar="FILE", action="append", default=[], help="only run kept programs")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Searches; prints the find as a script, and its seed."""
    if options.examples < 1 or options.minutes < 0:
        raise UsageError("--examples and --minutes must be positive")
    target = load(options.backend)
    if options.replay:
        return _replayed(options.replay, target)
    done, start, ends = 0, options.seed, monotonic() + 60 * options.minutes
    while monotonic() < ends if options.minutes else done < options.examples:
        count = _ROUND if options.minutes else min(_ROUND, options.examples - done)
        try:
            search(target, start, count)
        except CheckFailed as error:
            return _found(error, start, target, options.keep)
        done, start = done + count, start + 1
    print(f"{done} programs ended on {target.name!r} as on the reference (seeds {options.seed} to {start - 1})")
    return PASSED


def _found(error: CheckFailed, start: int, target: Target, keep: str | None) -> int:
    message, _, text = str(error).rpartition("; program ")
    program = from_json(text)
    print(f"seed {start}: {message}", file=sys.stderr)
    if keep:
        Path(keep).write_text(program.to_json() + "\n", encoding="utf-8")
        print(f"wrote {keep}", file=sys.stderr)
    print(shown(program, target.name), end="")
    return FAILED


def _replayed(files: list[str], target: Target) -> int:
    status = PASSED
    for file in files:
        try:
            program: Program = read(Path(file))
        except ProgramError as error:
            raise UsageError(str(error)) from error
        try:
            refused = compared(program, target, reference()) == UNSUPPORTED
            print(f"{file}: {'refused, as the manifest says' if refused else 'as on the reference'}")
        except CheckFailed as error:
            print(f"{file}: {str(error).rpartition('; program ')[0]}")
            status = FAILED
    return status
