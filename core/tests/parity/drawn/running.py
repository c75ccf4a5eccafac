"""One program on both libraries, in step."""

from __future__ import annotations

import warnings
from typing import Any

import torch

import flambeau

from . import comparing
from .comparing import Disagreement
from .program import Line, Program


class Found(Exception):
    """A program that disagrees: on what, at which line."""

    def __init__(self, kind: str, line: Line, text: str) -> None:
        super().__init__(f"{kind} at `{line.text}`: {text}")
        self.kind, self.line = kind, line

    @property
    def key(self) -> tuple[str, str]:
        """What finds of one kind have in common."""
        return self.kind, self.line.rule


SAME, REFUSED, LAYOUT = "same", "PyTorch refuses more", "a layout of the backend's own"
END = Line("# what the gradients are at the end", "the walk back")
SHARING = Line("# who sees what is written", "sharing")


def run(program: Program, device: str) -> str:
    """Raises Found at the first line after which the two differ; says whether it came to the end."""
    mine: dict[str, Any] = {"lib": flambeau}
    theirs: dict[str, Any] = {"lib": torch}
    with warnings.catch_warnings(), flambeau.device(device):
        warnings.simplefilter("ignore")
        try:
            if all(_step(line, mine, theirs) for line in program) and _guarded(END, _walk, mine, theirs):
                _guarded(SHARING, _write, mine, theirs)
        except comparing.RefusedAlone:
            return REFUSED
        except comparing.OwnLayout:
            return LAYOUT
    return SAME


def _step(line: Line, mine: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """One line; whether the program goes on."""
    before = _held(theirs)
    expected = line.run(theirs)
    if isinstance(expected, NameError):  # of a line that the minimiser took away
        return True
    found = line.run(mine)
    if comparing.refused_by_pytorch_alone(expected) or (expected and not _same(before, _held(theirs))):
        raise comparing.RefusedAlone
    _guarded(line, comparing.errors, found, expected)
    _guarded(line, _compare, mine, theirs)
    return not (line.walks and expected)


def _held(space: dict[str, Any]) -> dict[str, torch.Tensor]:
    return {n: x.detach().clone() for n, x in space.items() if isinstance(x, torch.Tensor) and not comparing.stale(x)}


def _same(before: dict[str, torch.Tensor], now: dict[str, torch.Tensor]) -> bool:
    return all(x.shape == now[n].shape and x.dtype == now[n].dtype and torch.allclose(x, now[n], 0, 0, equal_nan=True)
               for n, x in before.items() if n in now)


def _guarded(line: Line, check: Any, *arguments: Any) -> bool:
    try:
        return check(*arguments) is not False
    except Disagreement as error:
        raise Found(error.kind, line, str(error)) from error


def _names(space: dict[str, Any]) -> list[str]:
    return [name for name in space if name.startswith("t") and name[1:].isdigit()]


def _compare(mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    near = comparing.tolerance(list(theirs.values()))
    for name in _names(theirs):
        comparing.tensors(mine[name], theirs[name], name, near)
        comparing.gradients(mine[name], theirs[name], name, near)


def _walk(mine: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Back from a sum in which every element counts differently; whether the program goes on."""
    names = [n for n in _names(theirs) if isinstance(theirs[n], torch.Tensor) and theirs[n].requires_grad]
    parts = " + ".join(f"({n} * {i + 1.5}).sum() + {n}.sum() * 0.25" for i, n in enumerate(names))
    if not parts:
        return True
    back = Line(f"lib.autograd.backward([lib.view_as_real(s)[0] if s.is_complex() else s for s in [{parts}]])", "walk")
    expected = back.run(theirs)
    if comparing.refused_by_pytorch_alone(expected):
        raise comparing.RefusedAlone
    comparing.errors(back.run(mine), expected)
    if expected is None:
        _compare(mine, theirs)
    return expected is None


def _write(mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Fills every tensor in turn: what shares its memory sees it."""
    for i, name in enumerate(_names(theirs)):
        if isinstance(theirs[name], torch.Tensor) and not theirs[name].is_inference():
            line = Line(f"with lib.no_grad(): {name}.detach().fill_({i + 1})", "sharing")
            comparing.errors(line.run(mine), line.run(theirs))
            _compare(mine, theirs)
