"""16-bit floats: whatever an op accumulates, its result is what float32 gives, rounded once.

Every op that sums, averages, normalises, multiplies matrices or scatters is given numbers at which
accumulation in 16 bits shows: ones beside a number that swallows them, numbers whose sum or square
overflows where the result fits, large numbers that cancel, small differences of large numbers. So
are its gradient rules, recorded (`create_graph`) and not.

The bound has no ulp to spare. Let e be the result of the oracle, in float64 from the same numbers,
and s what float32 may be off by: `_ROUNDINGS` times a unit of float32 in e and in every input,
amplified as the oracle amplifies them, and as much again as the oracle is off when it computes in
float32. Then the result is no smaller than e - s and no larger than e + s, each rounded to the dtype.
Where s is nothing, that is one number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from math import isfinite

from flambeau import dtypes
from flambeau.dtypes import DType
from flambeau.table.registry import OpDef
from flambeau.table.settings import finfo

from .. import oracle
from ..cases import Case, Place, good_cases, table
from ..check import PASSED, Check, require
from ..gradients import Pullback, incoming_like, tracked
from ..host import Host, get, put, rounded
from ..target import Target
from ..values import refused

HALVES = (dtypes.float16, dtypes.bfloat16)
FAMILIES = {"reduce", "linalg", "conv", "norm", "loss", "pool", "embedding"}
OTHERS = {"scatter_add", "index_put", "index_add_dim", "take", "gather", "index", "scatter_extremum",
          "scatter_product", "expand"}  # of other families, those that sum, or whose gradients do
_ROUNDINGS = 8.0  # of float32 on the way to one number: as many as `tolerances.COMPOSED` allows
_SINGLE = finfo(dtypes.float32).eps


def accumulating(op: OpDef) -> bool:
    """Whether the op, or its gradient, sums or multiplies many numbers into one."""
    return op.family in FAMILIES or op.name in OTHERS


# --- numbers


def _swallowed(i: int, dtype: DType) -> float:
    """A number beside which a one is lost, then ones."""
    return 2 / finfo(dtype).eps if i % 5 == 0 else 1.0


def _beyond(i: int, dtype: DType) -> float:
    """Numbers near float16's largest: two are too many, their mean is not."""
    return 50000.0 + 1000 * (i * 7 % 11)


def _cancelling(i: int, dtype: DType) -> float:
    """Large numbers that cancel but for a little."""
    return (60000.0 if i % 4 < 2 else -60000.0) + 64 * (i * 5 % 7)


def _square(i: int, dtype: DType) -> float:
    """Numbers whose squares float16 cannot hold."""
    return (300.0 + i * 37 % 101) * (-1 if i % 3 == 1 else 1)


def _apart(i: int, dtype: DType) -> float:
    """Numbers that differ in their last digits only."""
    return (1 + finfo(dtype).eps * (i * 11 % 7)) / finfo(dtype).eps / 4


PATTERNS: tuple[Callable[[int, DType], float] | None, ...] = (
    None, _swallowed, _beyond, _cancelling, _square, _apart)  # None: as everywhere else


def numbers(case: Case, turn: int) -> list[Host]:
    """The numbers of the case, every free input under another pattern than its neighbour."""
    hosts, free = [], 0
    for place, host in zip(case.places, case.hosts, strict=True):
        pattern = PATTERNS[(turn + free) % len(PATTERNS)] if _is_free(place, host) else None
        free += _is_free(place, host)
        if pattern is not None:
            host = replace(host, values=rounded([pattern(i, host.dtype) for i in range(len(host.values))], host.dtype))
        hosts.append(host)
    return hosts


def _is_free(place: Place, host: Host) -> bool:
    """Whether any number may stand for the input."""
    spec = place.spec
    return host.dtype.category == 2 and spec.fill is None and spec.low is None and spec.high is None


# --- the bound


@dataclass(frozen=True)
class Expected:
    """Results in double precision, and how far small changes of the inputs move them."""

    results: list[Host]
    sensitivity: Callable[[], list[list[float] | None]]


def rounded_once(found: Host, expected: Expected, n: int, where: str) -> None:
    """Raises CheckFailed unless the n-th result lies where one rounding of float32's result lies."""
    wide = expected.results[n]
    require(found.shape == wide.shape, "shape", f"{where}: result has shape {found.shape}, expected {wide.shape}")
    if found.dtype not in HALVES:
        return
    once = rounded(wide.values, found.dtype)
    wrong = [i for i, (f, e) in enumerate(zip(found.values, once, strict=True)) if f != e and (f == f or e == e)]
    if wrong:
        slack = expected.sensitivity()[n] or []
        wrong = [i for i in wrong if not _between(found.values[i], wide.values[i], slack[i], found.dtype)]
    require(not wrong, "accumulation", f"{where}: " + "; ".join(
        f"element {i} is {found.values[i]!r}, expected {once[i]!r} ({wide.values[i]!r} rounded once)"
        for i in wrong[:3]))


def _between(found: float, wide: float, moved: float, dtype: DType) -> bool:
    slack = _ROUNDINGS * (_SINGLE * abs(wide) + moved)
    low, high = rounded([wide - slack, wide + slack], dtype)
    return bool(low <= found <= high)


def moved_in_single(function: oracle.Function, hosts: list[Host], results: list[Host], case: Case,
           unit: DType = dtypes.float32) -> list[list[float] | None]:
    """How far each result moves with a unit of float32 in the inputs, and with float32's own rounding."""
    moved = oracle.sensitivity(function, hosts, results, Case(case.op, unit, case.label, case.sample))
    again = function([replace(h, dtype=dtypes.float32) if h.dtype.category == 2 else h for h in hosts])
    for held, exact, found in zip(moved, results, again, strict=True):
        if held is not None:
            off = max(map(_off, found.values, exact.values), default=0.0)
            held[:] = [m + off for m in held]
    return moved


def _off(found: float, exact: float) -> float:
    distance = abs(found - exact)
    return distance if isfinite(distance) else 0.0


def _read_by_rules(case: Case) -> DType:
    """The dtype that gradient rules read in: the case's own where they read a result and cannot compute it anew."""
    op = case.op
    rounded_ones = {"out", *op.outputs} - set(op.ungraded) - {"indices"}
    anew = {p.name for p in op.inputs} <= set(op.saves)
    return case.dtype if rounded_ones & set(op.saves) and not anew else dtypes.float32


# --- checks


def _values(case: Case, hosts: list[Host], target: Target, where: str) -> None:
    wide, function = oracle.widened(case, hosts), oracle.function_of(case)
    results = function(wide)
    expected = Expected(results, partial(moved_in_single, function, wide, results, case))
    found = case.call([put(h, target.device) for h in hosts], target.device)
    for n, result in enumerate(found):
        rounded_once(get(result, where), expected, n, where)


def _gradients(case: Case, hosts: list[Host], target: Target, where: str, create_graph: bool) -> None:
    pull, wide = Pullback(case, oracle.reference()), oracle.widened(case, hosts)
    _, leaves, made = pull.forward(wide)
    if not made:
        return
    incoming = incoming_like(made, case)
    results = [get(g) for g in pull.pull(leaves, made, [put(w, pull.device) for w in incoming])]

    def function(given: list[Host]) -> list[Host]:
        return pull(given[: len(wide)], given[len(wide) :])

    moved = partial(moved_in_single, function, [*wide, *incoming], results, case, _read_by_rules(case))
    expected = Expected(results, moved)
    mine = Pullback(case, target.device)
    _, leaves, made = mine.forward(hosts)
    sent = [put(Host(w.values, w.shape, r.dtype), target.device) for w, r in zip(incoming, made, strict=True)]
    for n, g in enumerate(mine.pull(leaves, made, sent, create_graph)):
        rounded_once(get(g.detach(), where), expected, n, f"{where}, {case.places[mine.inputs[n]].param.name}")


def _run(op: OpDef, dtype: DType, target: Target) -> str:
    cases = [c for c in good_cases(op) if c.dtype is dtype]
    reason = target.refuses(op.name, dtype)
    if reason:
        return refused(cases[0], target, reason)
    for n, case in enumerate(cases):
        for turn in range(len(PATTERNS)):
            hosts = numbers(case, turn)
            _values(case, hosts, target, f"{case.id}, numbers {turn}")
            if tracked(case) and (len(cases) == 1 or (turn + n) % 2 == 0):
                _gradients(case, hosts, target, f"gradient of {case.id}, numbers {turn}", (turn // 2 + n) % 2 == 1)
    return PASSED


def _checks() -> Iterator[Check]:
    for op in filter(accumulating, table()):
        for dtype in HALVES:
            if any(c.dtype is dtype for c in good_cases(op)):
                yield Check(f"contract/halves/{op.name}/{dtype.name}", "contract", partial(_run, op, dtype), "",
                            dtype.name)


CHECKS = list(_checks())
