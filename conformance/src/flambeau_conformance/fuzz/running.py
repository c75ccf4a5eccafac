"""Runs a program on a device, and compares how it ends there with how it ends on the reference."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import isfinite, isnan
from typing import Any

from flambeau.dtypes import BY_NAME
from flambeau.settings import finfo

from ..api import flambeau
from ..check import require
from ..host import Host, Placement, get, put, transposed, with_gaps, with_offset
from .program import SLACK, Leaf, Program
from .steps import Place, line

_PLACED: dict[str, Callable[[tuple[int, ...]], Placement | None]] = {
    "contiguous": lambda shape: None, "transposed": transposed, "gaps": with_gaps, "offset": with_offset}
_EXACT_UNIT = 4  # numbers that are multiples of a quarter, and not too large, are exact


@dataclass(slots=True)
class Ended:
    """How a program ended: all tensors, the gradients of the leaves, or the exception."""

    tensors: list[Any] = field(default_factory=list)
    gradients: list[Any] = field(default_factory=list)
    error: Exception | None = None
    at: str = ""


def placed(leaf: Leaf, device: Any) -> Any:
    """The leaf's tensor in its layout."""
    dtype = BY_NAME[leaf.dtype]
    placement: Placement | None = _PLACED[leaf.layout](leaf.shape) if leaf.values else None
    tensor = put(Host(list(leaf.values), leaf.shape, dtype), device, placement)
    return tensor.requires_grad_() if leaf.requires_grad else tensor


def run(program: Program, device: Any) -> Ended:
    """The program on the device; an exception ends it."""
    ended = Ended([placed(leaf, device) for leaf in program.leaves])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for text in program.lines:
            if not step(text, ended):
                return ended
        _walk(program, ended)
    return ended


def step(text: str, ended: Ended) -> bool:
    """One line; whether it went well."""
    scope = {"flambeau": flambeau, **{f"t{i}": t for i, t in enumerate(ended.tensors)}}
    try:
        ended.tensors.append(eval(text, scope))
    except Exception as error:
        ended.error, ended.at = error, text
    return ended.error is None


def _walk(program: Program, ended: Ended) -> None:
    """The gradients of the sum of all tensors that have one."""
    roots = [t for t in ended.tensors if t.requires_grad and t.is_floating_point()]
    leaves = [t for leaf, t in zip(program.leaves, ended.tensors, strict=False) if leaf.requires_grad]
    if not roots or not leaves:
        return
    try:
        sums = [t.sum() for t in roots]
        ended.gradients = list(flambeau.autograd.grad(sums, leaves, allow_unused=True))
    except Exception as error:
        ended.error, ended.at = error, "the walk back"


def built(leaves: tuple[Leaf, ...], numbers: list[tuple[int, ...]], device: Any, offered: Sequence[str]) -> Program:
    """The program that the numbers describe, line by line on the reference; it ends where a line fails.

    A line that would make a dtype other than those offered ends it too.
    """
    ended = Ended([placed(leaf, device) for leaf in leaves])
    exact = [True] * len(leaves)
    lines: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for drawn in numbers:
            text, keeps = line(drawn, [_place(i, t, exact[i]) for i, t in enumerate(ended.tensors)])
            lines.append(text)
            if not step(text, ended):
                break
            made = ended.tensors[-1]
            if made.numel() > 400 or made.dtype.name not in offered:
                lines.pop()
                break
            exact.append(keeps and _representable(made))
            if "_(" in text:  # a write may have reached every tensor
                exact = [e and _representable(t) for e, t in zip(exact, ended.tensors, strict=True)]
    return Program(leaves, tuple(lines))


def _place(i: int, tensor: Any, exact: bool) -> Place:
    writable = not tensor.is_leaf or not tensor.requires_grad
    return Place(f"t{i}", tuple(tensor.shape), tensor.dtype.name, exact, writable)


def _representable(tensor: Any) -> bool:
    if not tensor.is_floating_point():
        return True
    top = 1 / finfo(tensor.dtype).eps
    return all(isfinite(v) and (v * _EXACT_UNIT).is_integer() and abs(v) * _EXACT_UNIT < top
               for v in get(tensor.detach()).values)


def compared(program: Program, device: Any, reference: Any) -> None:
    """Raises CheckFailed where the program ends otherwise on the device than on the reference."""
    expected, found = run(program, reference), run(program, device)
    said = f"program {program.to_json()}"
    if expected.error is not None or found.error is not None:
        _same_error(found, expected, said)
        return
    narrow = [finfo(t.dtype).eps for t in expected.tensors if t.is_floating_point()]
    bound = SLACK * max(narrow, default=0.0) * _largest([*expected.tensors, *expected.gradients])
    for i, (mine, theirs) in enumerate(zip(found.tensors, expected.tensors, strict=True)):
        _same(mine, theirs, bound, f"t{i}", said)
    for i, (mine, theirs) in enumerate(zip(found.gradients, expected.gradients, strict=True)):
        require((mine is None) == (theirs is None), "gradient", f"gradient {i} is {mine}, expected {theirs}; {said}")
        if theirs is not None:
            _same(mine, theirs, bound, f"gradient {i}", said)


def _same_error(found: Ended, expected: Ended, said: str) -> None:
    mine, theirs = type(found.error).__name__, type(expected.error).__name__
    require(mine == theirs, "error", f"at {found.at or expected.at!r}: {mine} ({found.error}), expected {theirs}"
                                     f" ({expected.error}); {said}")


def _largest(tensors: list[Any]) -> float:
    sizes = [abs(v) for t in tensors if t is not None and t.is_floating_point() for v in get(t.detach()).values]
    return max([1.0, *[s for s in sizes if isfinite(s)]])


def _same(mine: Any, theirs: Any, bound: float, what: str, said: str) -> None:
    found, expected = get(mine.detach(), what), get(theirs.detach(), what)
    require(found.dtype is expected.dtype, "dtype",
            f"{what} is {found.dtype.name}, expected {expected.dtype.name}; {said}")
    require(found.shape == expected.shape, "shape", f"{what} has shape {found.shape}, expected {expected.shape}; {said}")
    allowed = bound if expected.dtype.category == 2 else 0.0
    wrong = [i for i, (f, e) in enumerate(zip(found.values, expected.values, strict=True))
             if not (f == e or (isnan(f) and isnan(e)) or abs(f - e) <= allowed)]
    require(not wrong, "value", f"{what} is {found.values}, expected {expected.values} (at {wrong[:3]}); {said}")
