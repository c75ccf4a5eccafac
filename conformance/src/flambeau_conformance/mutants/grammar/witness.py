"""Looking for a program that tells a mutant from the healthy backend; without one the mutant is an equivalent.

Programs are drawn: a sample of the op, bent until the mutant's condition holds and its corruption
has something to corrupt, run on both. What differs must differ by more than twice the tolerance.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from time import process_time

from flambeau import dtypes
from flambeau.dtypes import DType

from ...conditions.comparing import difference
from ...conditions.condition import Condition
from ...conditions.draft import Draft
from ...conditions.drafting import drafted
from ...conditions.listing import by_name
from ...conditions.programs import performed, told
from .board import Board, Fault
from .drawing import Drawn

TRIES, SECONDS = 60, 4.0

# What a corruption needs to have something to corrupt: a condition to aim at, by a pattern of its name.
_NEEDS = (("sign of zero", "some-negative-zero"), ("lost NaN|NaN as", "some-nan"), ("infinity", "some-+inf"),
          ("subnormals", "some-subnormal"), ("through float64", "some-beyond-2**53"),
          ("through float32", "some-beyond-2**24"), ("lost sign$", "some-negative"), ("unstable", "elements-equal"),
          ("transposed|wrong dim", "square"), ("0: strides", "transposed[0]"), ("1: strides", "transposed[1]"),
          ("forward", "one-storage"), ("overrun", "offset[0]"))


def witness(board: Board, mutant: Drawn) -> str:
    """A program on which the two differ, in a line; empty if none of so many does."""
    random, started = Random(f"witness {mutant.seed}"), process_time()
    for _ in range(TRIES):
        draft = drafted(board.clean, mutant.site, _aims(mutant, random), random, _dtypes(mutant))
        if draft is not None:
            found = _tells(board, mutant, draft)
            if found:
                return found
        if process_time() - started > SECONDS:
            break
    return ""


def _aims(mutant: Drawn, random: Random) -> list[Condition]:
    aims = [mutant.condition]
    if random.random() < 0.8:
        aims += [by_name()[name] for pattern, name in _NEEDS if re.search(pattern, mutant.corruption.name)]
    return aims


def _dtypes(mutant: Drawn) -> Callable[[DType], bool]:
    """The dtypes in which the condition and the corruption mean something."""
    text = f"{mutant.condition.name} {mutant.corruption.name}"
    if re.search(r"2\*\*53|float64", text):
        return lambda d: d is dtypes.int64
    if re.search(r"2\*\*24|float32", text):
        return lambda d: d in (dtypes.int32, dtypes.int64)
    if re.search("some-least|some-most", text):
        return lambda d: d.category == 1
    if "conjugated" in text:
        return lambda d: d.is_complex
    if re.search("NaN|nan|zero|inf|subnormal|tolerance|precision|half-way|large|tiny", text):
        return lambda d: d.category > 1
    return lambda d: True


def _tells(board: Board, mutant: Drawn, draft: Draft) -> str:
    """The program and what differs, if something does while the condition holds."""
    try:
        right = performed(draft, mutant.site, board.target.device)
    except Exception:  # no program
        return ""
    fault = Fault(board, mutant.site, mutant.condition, mutant.corruption)
    try:
        with board.under(fault, mutant.site) as target:
            wrong = performed(draft, mutant.site, target.device)
    except Exception as error:
        return f"{told(draft)} raises {type(error).__name__}" if fault.met else ""
    found = difference(mutant.site, draft, wrong, right, 2) if fault.met else ""
    return f"{told(draft)}: {found[:160]}" if found else ""
