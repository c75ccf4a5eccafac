"""One check of derived cases: each on the backend, against the oracle, with signs of zeros where they are stated."""

from __future__ import annotations

from functools import partial

from flambeau.dtypes import DType
from flambeau.errors import FlambeauError
from flambeau.shapes import can_view

from .. import oracle
from ..check import PASSED, CheckFailed, require
from ..compare import within
from ..host import get, raw
from ..target import Target
from ..tolerances import granted, keeps_zeros
from ..values import refused, sensitivity_of, unchanged
from .case import Derived
from .repeating import one_period, stretches_checked
from .themes import cases_of


def run_theme(name: str, dtype: DType, theme: str, target: Target) -> str:
    """All cases of the op, the dtype and the theme."""
    for case in cases_of(name, dtype, theme):
        reason = target.refuses(name, dtype, case.dtypes)
        if reason:
            return refused(case, target, reason)
        case_checked(case, target)
    return PASSED


def case_checked(case: Derived, target: Target) -> None:
    """Raises CheckFailed where the case ends otherwise than on the oracle."""
    where = f"{case.id} ({case.how})"
    short = one_period(case) if case.repeats else case
    try:
        expected = oracle.expected(short, short.hosts)
    except FlambeauError as error:
        return _refuses_too(case, target, error, where)
    if case.repeats:
        return stretches_checked(case, short, expected[0], target, where)
    tensors = case.tensors(target.device)
    if case.op.name == "view" and not can_view(tensors[0].shape, tensors[0].stride(), case.sample.args[1]):
        return None
    before = [raw(t) for t in tensors]
    results = case.call(tensors, target.device)
    require(len(results) == len(expected), "outputs", f"{where}: {len(results)} results, expected {len(expected)}")
    for i, (result, wide) in enumerate(zip(results, expected, strict=True)):
        within(get(result, where), wide, granted(case.op, result.dtype), where, partial(_moves_of_result, case, i),
               keeps_zeros(case.op, case.hosts))
    unchanged(tensors, before, where)
    return None


def _moves_of_result(case: Derived, i: int) -> list[float] | None:
    return sensitivity_of(case, case.hosts)[i]


def _refuses_too(case: Derived, target: Target, expected: FlambeauError, where: str) -> None:
    """What the oracle refuses is refused, with the same class."""
    try:
        case.call(case.tensors(target.device), target.device)
    except Exception as error:
        require(isinstance(error, type(expected)), "error class",
                f"{where}: {type(error).__name__}, expected {type(expected).__name__}: {expected}")
        return
    raise CheckFailed("no error", f"{where}: the call worked; expected {type(expected).__name__}: {expected}")
