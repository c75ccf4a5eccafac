"""Errors: every `Bad` sample raises what it says, and leaves everything as it was.

The class and the text are core's promise; that they appear on this backend, that its inputs are
untouched and that the next call is right, is the backend's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from flambeau import errors
from flambeau.errors import FlambeauError
from flambeau.table.registry import OpDef

from .cases import Case, bad_cases, good_cases
from .check import PASSED, Check, CheckFailed, require
from .host import put, raw
from .target import Target
from .values import refused, run_values, unchanged


def checks(op: OpDef) -> Iterator[Check]:
    """One check per sample that must raise."""
    for case in bad_cases(op):
        yield Check(case.id, "errors", partial(run_bad, case), op.name, case.dtype.name)


def run_bad(case: Case, target: Target) -> str:
    """The call raises as the sample says; afterwards inputs are unchanged and a good sample is right."""
    reason = target.refuses(case.op.name, case.dtype, case.dtypes)
    if reason:
        return refused(case, target, reason)
    tensors = [put(h, target.device) for h in case.hosts]
    before = [raw(t) for t in tensors]
    _as_promised(case, _raised(case, tensors, target))
    unchanged(tensors, before, case.id)
    following = next((c for c in good_cases(case.op) if c.dtype is case.dtype), None)
    return PASSED if following is None else run_values(following, target)


def _raised(case: Case, tensors: list[Any], target: Target) -> Exception:
    try:
        results = case.call(tensors, target.device)
    except Exception as error:
        return error
    shapes = ", ".join(str(getattr(r, "shape", r)) for r in results)
    raise CheckFailed("no error", f"{case.id}: expected {case.sample.raises}, but the call gave a result ({shapes})")


def _as_promised(case: Case, error: Exception) -> None:
    promised: Any = getattr(errors, case.sample.raises)
    said = f"{type(error).__name__}: {error}"
    require(isinstance(error, promised), "error class", f"{case.id}: expected {case.sample.raises}, got {said}")
    require(re.search(case.sample.match, str(error)), "error text",
            f"{case.id}: expected text that matches {case.sample.match!r}, got {said}")
    require(isinstance(error, FlambeauError) and error.code in str(error) and error.op, "error fields",
            f"{case.id}: the error names no code or no op: {said}")
