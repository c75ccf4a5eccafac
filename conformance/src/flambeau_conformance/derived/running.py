"""One check of derived cases: each on the backend, against the oracle, with signs of zeros where they are stated."""

from __future__ import annotations

from functools import partial
from typing import Any

from flambeau.dtypes import DType
from flambeau.errors import FlambeauError
from flambeau.shapes import can_view

from .. import oracle
from ..aliasing import stays
from ..check import PASSED, CheckFailed, require
from ..compare import within
from ..contract.halves import HALVES, Expected, accumulating, moved_in_single, rounded_once
from ..host import Host, get, raw
from ..target import Target
from ..tolerances import granted, keeps_zeros
from ..values import operands_named, refused, sensitivity_of, unchanged
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
    if case.dtype in HALVES and "-lengths-" in case.label and accumulating(case.op):
        _rounds_once(case, results, expected, where)
    for i, (result, wide) in enumerate(zip(results, expected, strict=True)):
        with operands_named(case, case.hosts):
            within(get(result, where), wide, granted(case.op, result.dtype), where, partial(_moves_of_result, case, i),
                   keeps_zeros(case.op, case.hosts))
    unchanged(tensors, before, where)
    if not (case.op.view or case.op.inlined) and target.backend.shared_views and tensors and not case.repeats:
        stays(case, tensors, results)
    return None


def _rounds_once(case: Derived, results: list[Any], wide: list[Host], where: str) -> None:
    """What accumulates in 16-bit floats does so in float32."""
    hosts, function = oracle.widened(case, case.hosts), oracle.function_of(case)
    expected = Expected(wide, partial(moved_in_single, function, hosts, wide, case))
    for n, result in enumerate(results):
        rounded_once(get(result, where), expected, n, where)


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
