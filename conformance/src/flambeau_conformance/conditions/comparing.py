"""Whether what two runs of a program saw is the same, as far as the contract says."""

from __future__ import annotations

from math import inf

from flambeau.dtypes import DType

from ..check import CheckFailed
from ..compare import compared
from ..host import Host
from ..tolerances import EXACT, Budget, granted, keeps_zeros
from ..values import sensitivity_of
from .draft import Draft
from .programs import Seen, rotated, turns
from .site import STEP, Site

_SMALL = 300  # elements of programs whose rounding errors are measured
_STEPS = Budget(8, 64, 64, 0, "a few steps of an optimizer", 1, 8)
_UNSIGNED = {"prod", "cumprod", "pow", "remainder", "fmod", "floor_divide"}  # whose rounding decides the sign of a zero
_ORDERS = {"sort", "topk"}  # which of two zeros comes first is open


def difference(site: Site, draft: Draft, found: Seen, expected: Seen, times: float = 1) -> str:
    """The first thing that differs by more than `times` the tolerance; empty if nothing does."""
    outputs = max(1, len(draft.case.op.outputs) - len(draft.case.op.auxiliary))
    for i, (mine, theirs) in enumerate(zip(found, expected, strict=True)):
        try:
            _compare(site, draft, mine, theirs, i, outputs, times)
        except CheckFailed as failed:
            return str(failed)
        except TypeError:
            return f"result {i} is no number of its dtype: {mine.values[:1]}"
    return ""


def _compare(site: Site, draft: Draft, mine: Host, theirs: Host, i: int, outputs: int, times: float) -> None:
    allowed, signed = _allowed(site, mine.dtype, times), _signed(site, draft)
    where = f"result {i}"
    try:
        compared(mine, theirs, allowed, where, None, signed, last=not allowed.spread)
    except CheckFailed:
        if not allowed.spread or mine.dtype.category < 2 or mine.shape != theirs.shape:
            raise
        turn = min(i // outputs, turns(draft) - 1)
        compared(mine, theirs, allowed, where, _spread(draft, theirs, turn, i % outputs), signed)


def _allowed(site: Site, dtype: DType, times: float) -> Budget:
    found = _STEPS if site.kind == STEP else granted(site.op, dtype) if site.op is not None else EXACT
    return Budget(times * found.half, times * found.single, times * found.double, times * found.spread, found.why,
                  times * found.underflows, times * found.cancels)


def _spread(draft: Draft, result: Host, turn: int, output: int) -> list[float]:
    """What rounding of the inputs does to each element: measured in small programs, guessed in large ones."""
    if draft.elements() <= _SMALL:
        try:
            hosts = [rotated(draft, i, turn) for i in range(len(draft.hosts))]
            found = sensitivity_of(draft.case, hosts)[output]
        except Exception:  # beyond what the oracle can do
            found = None
        if found is not None and len(found) == len(result.values):
            return found
    sizes = [abs(v) for v in result.values if abs(v) < inf]
    return [1e-3 * max(sizes, default=1.0)] * len(result.values)


def _signed(site: Site, draft: Draft) -> bool:
    """Whether zeros of either sign are told apart."""
    if site.op is None:
        return True
    if site.name in _ORDERS and len({str(v) for h in draft.hosts for v in h.values if v == 0}) > 1:
        return False
    return keeps_zeros(site.op, draft.hosts) and site.name not in _UNSIGNED
