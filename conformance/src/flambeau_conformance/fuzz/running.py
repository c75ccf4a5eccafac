"""Runs a program on a device, and compares how it ends there with how it ends on the reference.

What no rounding has touched must be equal. Elsewhere the reference runs the program a second time in
float64, and how far its two results lie apart says how far rounding may carry the backend's.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Any

from flambeau.dtypes import BY_NAME, DType
from flambeau.errors import UnsupportedError
from flambeau.table.settings import finfo

from ..api import flambeau
from ..check import PASSED, UNSUPPORTED, require
from ..host import Host, Placement, get, put, transposed, with_gaps, with_offset
from ..target import Target
from .places import Place
from .program import Leaf, Program, widened
from .steps import line, rounds, unsettled

_PLACED: dict[str, Callable[[tuple[int, ...]], Placement | None]] = {
    "contiguous": lambda shape: None, "transposed": transposed, "gaps": with_gaps, "offset": with_offset}
_ULPS = 32.0  # units of rounding of the largest number in the program, where something rounds
_SPREAD = 16.0  # times what rounding does to the reference's own results
_GROSS = 400.0  # units of rounding, by which the reference's own results may be off
_EXACT_UNIT = 4  # numbers that are multiples of a quarter, and not too large, are exact


@dataclass(slots=True)
class Ended:
    """How a program ended: all tensors, the gradients of the leaves, or the exception."""

    tensors: list[Any] = field(default_factory=list)
    gradients: list[Any] = field(default_factory=list)
    error: Exception | None = None
    at: str = ""

    @property
    def all(self) -> list[Any]:
        """Tensors, then gradients."""
        return [*self.tensors, *self.gradients]


def placed(leaf: Leaf, device: Any) -> Any:
    """The leaf's tensor in its layout."""
    dtype = BY_NAME[leaf.dtype]
    placement: Placement | None = _PLACED[leaf.layout](leaf.shape) if leaf.values else None
    tensor = put(Host(list(leaf.values), leaf.shape, dtype), device, placement)
    return tensor.requires_grad_() if leaf.requires_grad else tensor


def run(program: Program, device: Any) -> Ended:
    """The program on the device; an exception ends it."""
    ended = Ended()
    try:
        ended.tensors = [placed(leaf, device) for leaf in program.leaves]
    except UnsupportedError as error:
        ended.error, ended.at = error, "a leaf"
        return ended
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


def built(leaves: tuple[Leaf, ...], numbers: list[tuple[int, ...]], device: Any, offered: Sequence[str],
          shared: bool) -> Program:
    """The program that the numbers describe, line by line on the reference; it ends where a line fails.

    A line that would make a dtype other than those offered ends it too. `shared`: whether views share memory.
    """
    ended = Ended([placed(leaf, device) for leaf in leaves])
    exact = [True] * len(leaves)
    lines: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for drawn in numbers:
            settled = not any(unsettled(done, shared) for done in lines)
            text, keeps = line(drawn, [_place(i, t, exact[i], settled) for i, t in enumerate(ended.tensors)])
            if not shared and "_(1)" in text and "detach()" in text:
                continue
            lines.append(text)
            if not step(text, ended):
                break
            made = ended.tensors[-1]
            if made.numel() > 400 or made.dtype.name not in offered:
                lines.pop()
                break
            exact.append(keeps and _representable(made))
            if "_(" in text:  # a write may have reached every tensor
                exact = [keeps and e and _representable(t) for e, t in zip(exact, ended.tensors, strict=True)]
    return Program(leaves, tuple(lines))


def _place(i: int, tensor: Any, exact: bool, settled: bool) -> Place:
    """Nothing is written into once it is unsettled what shares memory."""
    writable = settled and not (tensor.is_leaf and tensor.requires_grad)
    return Place(f"t{i}", tuple(tensor.shape), tensor.dtype.name, exact, writable)


def _representable(tensor: Any) -> bool:
    if not tensor.is_floating_point():
        return True
    top = 1 / finfo(tensor.dtype).eps
    return all(isfinite(v) and (v * _EXACT_UNIT).is_integer() and abs(v) * _EXACT_UNIT < top
               for v in get(tensor.detach()).values)


def compared(program: Program, target: Target, reference: Any) -> str:
    """Raises CheckFailed where the program ends otherwise on the backend than on the reference.

    What the manifest says no to must be refused, and ends the comparison as verified.
    """
    expected, found = run(program, reference), run(program, target.device)
    said = f"program {program.to_json()}"
    if _refused(program, found, target, said):
        return UNSUPPORTED
    if expected.error is not None or found.error is not None:
        _same_error(found, expected, said)
        return PASSED
    allowed = bounds(program, expected, reference)
    if target.device is reference:
        _near_the_wide_result(program, expected, said)
    names = [f"t{i}" for i in range(len(expected.tensors))] + [f"gradient {i}" for i in range(len(expected.gradients))]
    rows = zip(names, found.all, expected.all, allowed, strict=True)
    for what, mine, theirs, bound in rows:
        require((mine is None) == (theirs is None), "gradient", f"{what} is {mine}, expected {theirs}; {said}")
        if theirs is not None:
            _same(mine, theirs, bound, what, said)
    return PASSED


def _refused(program: Program, found: Ended, target: Target, said: str) -> bool:
    """Whether the backend refused what its manifest says no to; raises CheckFailed where it did not."""
    error = found.error
    if isinstance(error, UnsupportedError):
        dtype = error.fields.get("dtype")
        require(isinstance(dtype, DType) and target.refuses(error.op or "", dtype), "refusal",
                f"at {found.at!r}: {error}, which the manifest does not declare; {said}")
        return True
    lacking = [leaf.dtype for leaf in program.leaves if target.lacks(BY_NAME[leaf.dtype])]
    require(not lacking, "refusal", f"the manifest says no to {lacking}, but nothing raised UnsupportedError; {said}")
    return False


def bounds(program: Program, expected: Ended, reference: Any) -> list[float]:
    """How far each tensor and gradient may lie from the reference's: 0 where no step of the program rounds."""
    wide = _wide(program, reference)
    apart = [_apart(a, b) for a, b in zip(expected.all, wide.all, strict=False)]
    if not any(apart) and not any(map(rounds, program.lines)):
        return [0.0] * len(expected.all)
    apart += [0.0] * (len(expected.all) - len(apart))
    floats = [t for t in expected.all if t is not None and t.is_floating_point()]
    unit = max([finfo(t.dtype).eps for t in floats], default=0.0)
    return [_ULPS * unit * _largest(floats) + _SPREAD * (a if isfinite(a) else 0.0) for a in apart]


def _wide(program: Program, reference: Any) -> Ended:
    """How the program ends in float64."""
    default = flambeau.get_default_dtype()
    flambeau.set_default_dtype(flambeau.float64)
    try:
        return run(widened(program), reference)
    finally:
        flambeau.set_default_dtype(default)


def _apart(one: Any, other: Any) -> float:
    """The largest distance of finite elements; infinity where there is none to tell."""
    if one is None or other is None or one.shape != other.shape:
        return 0.0 if one is other else inf
    pairs = zip(get(one.detach()).values, get(other.detach()).values, strict=True)
    return max([abs(float(a) - float(b)) for a, b in pairs if isfinite(a) and isfinite(b)], default=0.0)


def _near_the_wide_result(program: Program, ended: Ended, said: str) -> None:
    """The reference's own results, of which nobody else judges, are at least not grossly off."""
    wide = _wide(program, ended.tensors[0]._kind.device)
    if wide.error is not None:
        return
    floats = [t for t in ended.all if t is not None and t.is_floating_point()]
    bound = _GROSS * max([finfo(t.dtype).eps for t in floats], default=0.0) * _largest(floats)
    for i, (mine, theirs) in enumerate(zip(ended.all, wide.all, strict=True)):
        far = _apart(mine, theirs)
        require(far <= bound, "value", f"result {i} lies {far:.3g} from that of the program in float64; {said}")


def _same_error(found: Ended, expected: Ended, said: str) -> None:
    mine, theirs = type(found.error).__name__, type(expected.error).__name__
    require(mine == theirs, "error", f"at {found.at or expected.at!r}: {mine} ({found.error}), expected {theirs}"
                                     f" ({expected.error}); {said}")


def _largest(tensors: list[Any]) -> float:
    sizes: list[float] = [abs(v) for t in tensors for v in get(t.detach()).values]
    return max([1.0, *[s for s in sizes if isfinite(s)]])


def _same(mine: Any, theirs: Any, bound: float, what: str, said: str) -> None:
    found, expected = get(mine.detach(), what), get(theirs.detach(), what)
    require(found.dtype is expected.dtype, "dtype",
            f"{what} is {found.dtype.name}, expected {expected.dtype.name}; {said}")
    require(found.shape == expected.shape, "shape",
            f"{what} has shape {found.shape}, expected {expected.shape}; {said}")
    allowed = bound if expected.dtype.category == 2 else 0.0
    wrong = [i for i, (f, e) in enumerate(zip(found.values, expected.values, strict=True))
             if not (f == e or (f != f and e != e) or abs(f - e) <= allowed)]
    require(not wrong, "value", f"{what} is {found.values}, expected {expected.values} give or take {allowed:.3g}"
                                f" (at {wrong[:3]}); {said}")
