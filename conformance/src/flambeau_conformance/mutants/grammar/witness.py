"""Looking for a program that tells a mutant from the healthy backend; without one the mutant is an equivalent.

Programs are drawn: a sample of the op, bent until the mutant's condition holds and its corruption
has something to corrupt, run on both. What differs must differ by more than twice the tolerance.
"""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random
from typing import Any

from flambeau import dtypes
from flambeau.contract.backend import Backend
from flambeau.dtypes import DType
from flambeau.table.registry import ACCEPTS
from flambeau.table.samples import Sample, arr

from ...cases import Case, good_cases
from ...check import CheckFailed
from ...compare import compared
from ...host import Host
from ...target import Target
from ...tolerances import EITHER_ZERO, EXACT, Budget, budget, granted
from ...values import sensitivity_of
from .board import Board, Fault
from .condition import VALUES, Condition
from .conditions import structural
from .draft import Draft
from .drawing import Drawn
from .numbers import numeric
from .programs import ASSIGN, Seen, performed
from .sites import ITEM, STEP, WRITER, Site

TRIES = 60
_SMALL = 300  # elements of programs whose rounding errors are measured
_LARGEST = 70_000
# Of a sum of zeros, and of what is computed by way of sums, the contract leaves the sign open.
_UNSIGNED = {"sum", "prod", "matmul", "fold", "cumsum", "cumprod", "scatter_add", "index_put", "pow", "remainder",
             "fmod", "floor_divide", *EITHER_ZERO}

# What a corruption needs to have something to corrupt: a condition to aim at, by a pattern of its name.
_NEEDS = (("sign of zero", "some-negative-zero"), ("lost NaN|NaN as", "some-nan"), ("infinity", "some-+inf"),
          ("subnormals", "some-subnormal"), ("through float64", "some-beyond-2**53"),
          ("through float32", "some-beyond-2**24"), ("lost sign$", "some-negative"), ("unstable", "elements-equal"),
          ("transposed|wrong dim", "square"), ("0: strides", "transposed[0]"), ("1: strides", "transposed[1]"),
          ("forward", "one-storage"), ("overrun", "offset[0]"))


def witness(board: Board, mutant: Drawn, tries: int = TRIES) -> str:
    """A program on which the two differ, in a line; empty if none of so many does."""
    random = Random(f"witness {mutant.seed}")
    for _ in range(tries):
        draft = _drafted(board.clean, mutant, random)
        if draft is not None and draft.elements() <= _LARGEST:
            found = _tells(board, mutant, draft)
            if found:
                return found
    return ""


def _drafted(target: Target, mutant: Drawn, random: Random) -> Draft | None:
    case = _case(target, mutant, random)
    if case is None:
        return None
    draft = Draft(case, random)
    try:
        for condition in _aims(mutant, random):
            condition.aim(draft)
    except (ValueError, IndexError, KeyError, OverflowError, ZeroDivisionError):
        return None  # the sample cannot be bent that way
    return draft


def _aims(mutant: Drawn, random: Random) -> list[Condition]:
    """Shapes first, since new shapes draw new numbers, then numbers, then layouts."""
    aims = [mutant.condition]
    if random.random() < 0.8:
        by_name = {c.name: c for c in [*structural(), *numeric()]}
        aims += [by_name[name] for pattern, name in _NEEDS if re.search(pattern, mutant.corruption.name)]
    return sorted(aims, key=lambda c: 1 if c.scope == VALUES else 2 if c.sort.startswith("layout") else 0)


def _case(target: Target, mutant: Drawn, random: Random) -> Case | None:
    site = mutant.site
    wanted = mutant.condition.name.removeprefix("dtype==") if mutant.condition.sort == "dtype" else ""
    suits = _dtypes(mutant)
    if site.op is None or site.name == "assign" or site.kind == STEP:
        return _made(target, site, wanted, suits, random)
    cases = [c for c in _cases(target.backend, target, site) if not wanted or c.dtype.name == wanted]
    fitting = [c for c in cases if suits(c.dtype)] or cases
    return random.choice(fitting) if fitting else None


def _dtypes(mutant: Drawn) -> Any:
    """The dtypes in which the condition and the corruption mean something."""
    text = f"{mutant.condition.name} {mutant.corruption.name}"
    if re.search("2\\*\\*53|float64", text):
        return lambda d: d is dtypes.int64
    if re.search("2\\*\\*24|float32", text):
        return lambda d: d in (dtypes.int32, dtypes.int64)
    if re.search("some-least|some-most", text):
        return lambda d: d.category == 1
    if "conjugated" in text:
        return lambda d: d.is_complex
    if re.search("NaN|nan|zero|inf|subnormal|tolerance|precision|half-way|large|tiny", text):
        return lambda d: d.category > 1
    return lambda d: True


_known: dict[tuple[int, str], list[Case]] = {}


def _cases(base: Backend, target: Target, site: Site) -> list[Case]:
    key = id(base), str(site)
    if key not in _known:
        op: Any = site.op
        _known[key] = [c for c in good_cases(op) if not target.refuses(op.name, c.dtype, c.dtypes)
                       and (site.kind != WRITER or base.writer(op.name, c.dtype) is not None)]
    return _known[key]


def _made(target: Target, site: Site, wanted: str, suits: Any, random: Random) -> Case | None:
    """A case of what no sample describes: a pair of tensors."""
    accepted = "real floating" if site.kind == STEP else "floating" if site.name == "accumulate" else "all"
    found = [d for d in dtypes.ALL if not target.lacks(d) and ACCEPTS[accepted](d) and wanted in ("", d.name)]
    found = [d for d in found if suits(d)] or found
    if not found:
        return None
    shape = tuple(random.choice((1, 2, 3, 4, 5)) for _ in range(random.choice((1, 1, 2, 2, 3))))
    if site.kind == ITEM:
        shape = ()
    sample = Sample(arr(*shape), arr(*shape))
    return Case(ASSIGN, random.choice(found), f"drawn-{random.randrange(1 << 30)}", sample)


# --- the same program on both


def _tells(board: Board, mutant: Drawn, draft: Draft) -> str:
    try:
        right = performed(draft, mutant.site, board.target.device)
    except Exception:  # no program
        return ""
    fault = Fault(board, mutant.site, mutant.condition, mutant.corruption)
    try:
        with board.under(fault, mutant.site) as target:
            wrong = performed(draft, mutant.site, target.device)
    except Exception as error:
        return f"{_told(draft)} raises {type(error).__name__}" if fault.met else ""
    if not fault.met:
        return ""
    difference = _difference(mutant.site, draft, right, wrong)
    return f"{_told(draft)}: {difference}" if difference else ""


def _told(draft: Draft) -> str:
    sample = draft.case.sample
    how = [draft.alias, "strided" if any(draft.placements) else "", "threaded" if draft.threaded else "",
           "after an error" if draft.after_error else "", f"{draft.repeats} times" if draft.repeats > 1 else ""]
    rest = ", ".join(h for h in how if h)
    return f"{draft.case.op.name} {draft.case.dtype.name} {sample!r}" + (f" ({rest})" if rest else "")


def _difference(site: Site, draft: Draft, right: Seen, wrong: Seen) -> str:
    outputs = max(1, len(draft.case.op.outputs) - len(draft.case.op.auxiliary))
    for i, (mine, theirs) in enumerate(zip(wrong, right, strict=True)):
        if mine.dtype is not theirs.dtype:
            return f"dtype {mine.dtype.name}"
        try:
            compared(mine, theirs, _allowed(site, theirs.dtype), "result", _spread(site, draft, theirs, i % outputs),
                     _signed(site, draft))
        except CheckFailed as failed:
            return str(failed)[:160]
        except TypeError:  # not a number of its dtype
            return "another type"
    return ""


def _allowed(site: Site, dtype: DType) -> Budget:
    if site.kind == STEP:
        return Budget(8, 64, 64, 0, "a few steps", 1, 8)
    found = granted(site.op, dtype) if site.op is not None else EXACT
    return replace(found, half=2 * found.half, single=2 * found.single, double=2 * found.double,
                   spread=2 * found.spread, underflows=2 * found.underflows, cancels=2 * found.cancels)


def _spread(site: Site, draft: Draft, result: Host, i: int) -> list[float] | None:
    """What rounding of the inputs does to each element: measured in small programs, guessed in large ones."""
    if site.op is None or not budget(site.op).spread or result.dtype.category < 2:
        return None
    if draft.elements() <= _SMALL:
        try:
            found = sensitivity_of(draft.case, draft.hosts)[i]
        except Exception:  # beyond what the oracle can do
            found = None
        if found is not None and len(found) == len(result.values):
            return found
    sizes = [abs(v) for v in result.values if abs(v) < float("inf")]
    return [1e-3 * max(sizes, default=1.0)] * len(result.values)


def _signed(site: Site, draft: Draft) -> bool:
    """Whether zeros of either sign are told apart."""
    if site.op is None:
        return True
    zeros = {str(v) for h in draft.hosts for v in h.values if v == 0}
    if site.name in ("amax", "amin", "cummax", "cummin", "sort", "topk") and len(zeros) > 1:
        return False
    return (site.op.kind == "primitive" or site.op.family in ("movement", "index", "sort")) \
        and site.name not in _UNSIGNED
