"""Checks of the fuzz lane: seeds, for the profile `release`, and finds that are kept, for every run."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ..amalgam import NoScriptError, entry
from ..check import FULL, PASSED, RELEASE, Check
from ..oracle import reference
from ..target import Target
from .drawing import search
from .program import Program, from_json, read
from .running import bounds, compared, run

CORPUS = Path(__file__).parent / "corpus"
SEEDS, EXAMPLES = 40, 25


def checks() -> Iterator[Check]:
    """The kept finds, then one check per seed."""
    for path in sorted(CORPUS.glob("*.json")):
        yield Check(f"fuzz/kept/{path.stem}", "fuzz", partial(kept, path.name), lane=FULL)
    for start in range(SEEDS):
        yield Check(f"fuzz/seed-{start:02}", "fuzz", partial(drawn, start), lane=RELEASE)


def program_of(name: str) -> Program:
    """A kept find."""
    return read(CORPUS / name)


def kept(name: str, target: Target) -> str:
    """A program that once ended otherwise than on the reference ends like it."""
    return compared(program_of(name), target, reference())


def drawn(start: int, target: Target) -> str:
    """Programs drawn from a seed end like they do on the reference: the same numbers, gradients and errors."""
    search(target, start, EXAMPLES)
    return PASSED


def script(check: Check, backend: str, said: str) -> str:
    """The program behind a check, to be run without the suite; raises NoScriptError where no program fails."""
    function, (arguments, _) = entry(check)
    if function is kept:
        return shown(program_of(arguments[0]), backend)
    _, found, text = said.rpartition("; program ")
    if not found:
        raise NoScriptError(f"no program of {check.id} fails on {backend!r}")
    return shown(from_json(text), backend)


def shown(program: Program, backend: str) -> str:
    """The program as a script, with what each of its results may be off by."""
    ended = run(program, reference())
    return program.script(backend, bounds(program, ended, reference()) if ended.error is None else ())
