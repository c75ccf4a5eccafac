"""Small programs that take a library, run on PyTorch and on flambeau, and what they return compared."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import opinfo
import torch

import flambeau

Program = Callable[[Any], Any]


def outcome(library: Any, program: Program) -> Any:
    """What the program returns from seed 0, or the exception it raises."""
    library.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return program(library)
        except Exception as error:
            return error


def agree(program: Program) -> None:
    """Fails unless both libraries return the same: tensors within tolerance, texts but for the library's name."""
    mine, theirs = outcome(flambeau, program), outcome(torch, program)
    if isinstance(mine, Exception) and not isinstance(theirs, Exception):
        raise mine
    assert not isinstance(theirs, Exception), theirs
    assert len(mine) == len(theirs)
    for place, (got, wanted) in enumerate(zip(mine, theirs, strict=True)):
        if isinstance(wanted, str):
            assert got.replace("flambeau.", "torch.") == wanted, place
        else:
            opinfo.compare(f"result {place}", got, wanted)


def refuse(program: Program) -> None:
    """Fails unless both libraries raise, flambeau a coded error of PyTorch's builtin class."""
    mine, theirs = outcome(flambeau, program), outcome(torch, program)
    assert isinstance(theirs, Exception), "PyTorch does not raise"
    assert isinstance(mine, type(theirs)), mine
    assert isinstance(mine, flambeau.errors.FlambeauError)


def trained(library: Any, module: Any, x: Any, steps: int = 2) -> list[Any]:
    """The losses of a few steps on `module`, whose hooks and parametrizations run in each."""
    optimizer, losses = library.optim.SGD(module.parameters(), 0.01), []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = module(x).square().sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return losses


def state(module: Any) -> list[Any]:
    """The module's tensors, their names, and how it prints."""
    found = module.state_dict()
    return [*found.values(), " ".join(found), repr(module)]
