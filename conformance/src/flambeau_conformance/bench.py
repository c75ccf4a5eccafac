"""Time per op on a backend beside another, in one process, rounds interleaved.

A call's time is parted in two: the kernel, called on the same native arrays with the same
attributes, and what dispatch adds. An op that the backend has no kernel for is timed as its
composition. Times are medians over rounds; the spread is the distance between the quartiles,
relative to the median.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from statistics import quantiles
from time import perf_counter
from typing import Any

from flambeau.dtypes import BY_NAME
from flambeau.table.registry import OpDef
from flambeau.table.samples import Sample, arr

from .cases import Case, filled, good_cases
from .host import put
from .target import Target
from .tolerances import ELEMENTWISE

BATCH = 0.0004  # seconds that a batch of calls takes at least
Call = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """An op on a backend, ready to be called: as a user does, and its kernel alone."""

    call: Call
    kernel: Call | None
    composed: bool
    synchronize: Call


def case_for(op: OpDef, dtype: str, elements: int = 0) -> Case | None:
    """The sample that an op is timed on: its first, or `elements` numbers for ops on each element."""
    cases = [c for c in good_cases(op) if c.dtype.name == dtype]
    if not cases or not elements or op.family not in ELEMENTWISE or op.attributes:
        return cases[0] if cases and not elements else None
    places = [p.spec for p in cases[0].places]
    sized = [arr(elements, dtype=s.dtype, low=s.low, high=s.high) for s in places]
    return Case(op, BY_NAME[dtype], f"elements-{elements}", Sample(*sized)) if places else None


def prepared(case: Case, target: Target) -> Prepared:
    """The case on that backend."""
    op, device = case.op, target.device
    tensors = [put(h, device) for h in case.hosts]
    rest = iter(tensors)
    args = [filled(a, rest) for a in case.sample.args]
    kwargs = {k: filled(v, rest) for k, v in case.sample.kwargs.items()}
    if not op.inputs:
        call: Call = lambda: case.call([], device)  # noqa: E731
    else:
        call = lambda: op.call(*args, **kwargs)  # noqa: E731
    own = target.backend.kernel(op.name, case.dtype) is not None
    return Prepared(call, _kernel_of(case, target, call), not own, target.backend.synchronize)


def _kernel_of(case: Case, target: Target, call: Call) -> Call | None:
    """The kernel with the arrays and attributes that a call hands it; None where the call runs no kernel of its own."""
    seen: list[tuple[Any, Any, Any]] = []
    slots = {kind: k for kind, k in case.op.kernels.items() if kind.device is target.device and k is not None}
    call()
    slots = {kind: k for kind, k in case.op.kernels.items() if kind.device is target.device and k is not None} or slots

    def noting(kernel: Any) -> Any:
        def noted(*arrays: Any, **attributes: Any) -> Any:
            seen.append((kernel, arrays, attributes))
            return kernel(*arrays, **attributes)

        return noted

    case.op.kernels.update({kind: noting(k) for kind, k in slots.items()})
    try:
        call()
    finally:
        case.op.kernels.update(slots)
    if not seen:
        return None
    kernel, arrays, attributes = seen[0]
    return lambda: kernel(*arrays, **attributes)


def timed(call: Call, synchronize: Call, count: int) -> float:
    """Seconds per call."""
    started = perf_counter()
    for _ in range(count):
        call()
    synchronize()
    return (perf_counter() - started) / count


def _count(call: Call, synchronize: Call) -> int:
    once = min(timed(call, synchronize, 1), timed(call, synchronize, 3))
    return max(1, int(BATCH / max(once, 1e-8)))


def measure(mine: Prepared, theirs: Prepared, rounds: int) -> dict[str, Any]:
    """Medians in µs, the spread, the ratio."""
    ways: dict[str, tuple[Call, Call]] = {"call": (mine.call, mine.synchronize),
                                          "against": (theirs.call, theirs.synchronize)}
    if mine.kernel is not None:
        ways["kernel"] = mine.kernel, mine.synchronize
    counts = {name: _count(*way) for name, way in ways.items()}
    times: dict[str, list[float]] = {name: [] for name in ways}
    enabled = gc.isenabled()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, way in ways.items():
                times[name].append(timed(*way, counts[name]) * 1e6)
    finally:
        if enabled:
            gc.enable()
    return _row(times, mine.composed)


def _row(times: dict[str, list[float]], composed: bool) -> dict[str, Any]:
    quartiles = {name: quantiles(values, n=4, method="inclusive") for name, values in times.items()}
    call, against = quartiles["call"][1], quartiles["against"][1]
    row = {"call_us": round(call, 3), "spread": round((quartiles["call"][2] - quartiles["call"][0]) / call, 3),
           "against_us": round(against, 3), "ratio": round(call / against, 3), "composed": composed}
    if "kernel" in quartiles:
        kernel = quartiles["kernel"][1]
        row |= {"kernel_us": round(kernel, 3), "dispatch_us": round(max(call - kernel, 0.0), 3)}
    return row


def rows(ops: Iterable[OpDef], dtype: str, target: Target, other: Target, rounds: int,
         elements: int = 0) -> Iterator[dict[str, Any]]:
    """One row per op that takes the dtype and that both backends offer."""
    for op in ops:
        case = case_for(op, dtype, elements)
        if case is None or any(t.refuses(op.name, case.dtype, case.dtypes) for t in (target, other)):
            continue
        measured = measure(prepared(case, target), prepared(case, other), rounds)
        yield {"op": op.name, "dtype": dtype, "sample": case.label, "against": other.name, **measured}
