"""Expected results: the reference backend in float64 on the same numbers.

Floating inputs are widened, which is exact; integers stay what they are, unless the op computes
with floats: then they are rounded to the default dtype first, as every backend does. The result is
rounded once, when it is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any

from flambeau import dtypes
from flambeau.contract.device import Device, resolve
from flambeau.dtypes import DType, get_default_dtype
from flambeau.table.registry import OpDef
from flambeau.table.settings import finfo

from .cases import Case, Place
from .draw import generator
from .host import Host, get, put, rounded

Function = Callable[[list[Host]], list[Host]]
_LEAST_STEP = 2.0**-24  # smaller changes of the inputs would drown in float64's own rounding
_TRIES = 6


@cache
def reference() -> Device:
    """The device of the oracle."""
    return resolve("reference")


def wide_dtype(dtype: DType) -> DType:
    """The widest dtype of its category that numbers of `dtype` are exact in."""
    if dtype.category < 2:
        return dtype
    return dtypes.complex128 if dtype.is_complex else dtypes.float64


def widened(case: Case, hosts: list[Host]) -> list[Host]:
    """The same numbers in double precision."""
    return [_wide(host, case.op, place) for host, place in zip(hosts, case.places, strict=True)]


def _wide(host: Host, op: OpDef, place: Place) -> Host:
    values, dtype = host.values, host.dtype
    if dtype.category < 2 and op.result[0] == "floating" and op.kinds.get(place.param.name) == "T":
        values, dtype = rounded([float(v) for v in values], get_default_dtype()), dtypes.float64
    return Host(values, host.shape, wide_dtype(dtype))


def function_of(case: Case) -> Function:
    """The case as a function of its numbers, computed by the reference.

    A `dtype=` of a composite is widened too, so that nothing inside is rounded early.
    """
    wide = case if case.op.kind == "primitive" else case.with_dtypes(wide_dtype)
    if not case.op.inputs:
        wide = Case(case.op, wide_dtype(case.dtype), case.label, case.sample)
    return lambda hosts: [get(t) for t in wide.call([put(h, reference()) for h in hosts], reference())]


def expected(case: Case, hosts: list[Host]) -> list[Host]:
    """The results in double precision."""
    return function_of(case)(widened(case, hosts))


def sensitivity(function: Function, hosts: list[Host], results: list[Host], case: Case) -> list[list[float] | None]:
    """For each result's elements, what a change of every input by one unit of the case's dtype does to it.

    The largest of a few changes: of all inputs alike, of every other one the other way, and random ones; None for
    results that are not floating. The changes are as large as rounding makes them, so that what is of second order in
    them is seen too (a variance of equal numbers, say); in float64 they are larger and the effect is scaled down.
    """
    random, unit = generator(f"sensitivity of {case.id}"), _unit(case.dtype)
    step = max(unit, _LEAST_STEP)
    found: list[list[float] | None] = [[0.0] * len(r.values) if r.dtype.category > 1 else None for r in results]
    for signs in _signs(len(hosts), random):
        changed = function([_nudged(h, sign, step) for h, sign in zip(hosts, signs, strict=True)])
        for held, before, after in zip(found, results, changed, strict=True):
            if held is not None:
                held[:] = map(max, held, _changes(before.values, after.values, unit / step))
    return found


def _unit(dtype: DType) -> float:
    """How far rounding to `dtype` moves the number one; integers are computed with in the default dtype."""
    return finfo(dtype.real if dtype.category > 1 else get_default_dtype()).eps


def _signs(count: int, random: Any) -> Iterator[list[Callable[[], int]]]:
    """For each try and input, what answers the next element's direction."""
    yield [lambda: 1] * count
    yield [partial(int, 1 - 2 * (i % 2)) for i in range(count)]
    for _ in range(_TRIES):
        yield [partial(random.choice, (-1, 1))] * count


def _nudged(host: Host, sign: Callable[[], int], step: float) -> Host:
    if host.dtype.category < 2:
        return host
    return Host([v * (1 + sign() * step) for v in host.values], host.shape, host.dtype)


def _changes(before: Sequence[Any], after: Sequence[Any], scale: float) -> list[float]:
    if len(before) != len(after):
        return [0.0] * len(before)
    changes = [abs(a - b) * scale for a, b in zip(after, before, strict=True)]
    return [c if c == c else 0.0 for c in changes]
