"""Conditions on the numbers of a call: kinds of values among its inputs, and places that indices name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from math import copysign, inf, nan
from typing import Any

from flambeau import dtypes
from flambeau.contract.backend import decode
from flambeau.dtypes import DType
from flambeau.table.registry import ACCEPTS
from flambeau.table.settings import finfo, iinfo

from .call import Call
from .condition import VALUES, Aim, Condition
from .draft import Draft
from .site import STEP, Site

Make = Callable[[DType], Any]
Fits = Callable[[DType], bool]


def _is_float(dtype: DType) -> bool:
    return dtype.category > 1


def _is_number(dtype: DType) -> bool:
    return dtype.category > 0


# kind -> a number of that kind, and the dtypes that have one; `described` says which kinds an array holds
_KINDS: dict[str, tuple[Make, Fits]] = {
    "negative-zero": (lambda d: -0.0, _is_float), "zero": (lambda d: 0, _is_number), "nan": (lambda d: nan, _is_float),
    "+inf": (lambda d: inf, _is_float), "-inf": (lambda d: -inf, _is_float),
    "subnormal": (lambda d: finfo(d.real).tiny / 4, _is_float), "half-way": (lambda d: 2.5, _is_float),
    "large": (lambda d: finfo(d.real).max / 2, _is_float), "tiny": (lambda d: finfo(d.real).tiny * 4, _is_float),
    "negative": (lambda d: -3, lambda d: d.category > 1 or d.is_signed),
    "beyond-2**53": (lambda d: 2**53 + 1, lambda d: d.name == "int64"),
    "beyond-2**24": (lambda d: 2**24 + 1, lambda d: d.name in ("int32", "int64")),
    "least": (lambda d: iinfo(d).min, lambda d: d.category == 1),
    "most": (lambda d: iinfo(d).max, lambda d: d.category == 1)}


@lru_cache(200_000)
def described(data: bytes, dtype: DType) -> frozenset[str]:
    """Which kinds of numbers these elements are."""
    values = decode(data, dtype)
    found = set(_order(values, dtype))
    for value in {str(v): v for v in values}.values():
        found.update(_integer(value, dtype) if dtype.category == 1 else
                     _float(value.real if dtype.is_complex else value, dtype) if dtype.category > 1 else ())
    return frozenset(found)


def _order(values: list[Any], dtype: DType) -> Iterator[str]:
    distinct = len(set(map(str, values)))
    if distinct < len(values):
        yield "equal"
    if distinct == 1 < len(values):
        yield "all-equal"
    if 0 < dtype.category < 3 and len(values) > 2 and distinct > 1 and values == sorted(values):
        yield "ascending"


def _integer(value: int, dtype: DType) -> Iterator[str]:
    limits = iinfo(dtype)
    rows = {"zero": value == 0, "negative": value < 0, "least": value == limits.min, "most": value == limits.max,
            "beyond-2**53": abs(value) > 2**53, "beyond-2**24": abs(value) > 2**24}
    return (name for name, held in rows.items() if held)


def _float(value: float, dtype: DType) -> Iterator[str]:
    limits, size = finfo(dtype.real), abs(value)
    rows = {"zero": size == 0, "negative-zero": size == 0 and copysign(1, value) < 0, "nan": value != value,
            "+inf": value == inf, "-inf": value == -inf, "negative": value < 0, "subnormal": 0 < size < limits.tiny,
            "half-way": size < 2**20 and value % 1 == 0.5, "large": limits.max**0.5 < size < inf,
            "tiny": 0 < size < limits.tiny**0.5}
    return (name for name, held in rows.items() if held)


def conditions() -> Iterator[Condition]:
    """Every condition of this module."""
    yield from map(_holding, _KINDS)
    for kind, sort, aim in (("equal", "value: ties", _partly_tied), ("all-equal", "value: ties", _tied),
                            ("ascending", "value: order", _ascending)):
        yield _ordered(kind, sort, aim)
    yield from map(_naming, _PLACES)
    yield Condition("index-rank>1", "index: rank", lambda c: any(len(c.shapes[i]) > 1 for i in c.indices()),
                    fits=_indexed)
    yield Condition("several-indices", "index: several", lambda c: len(c.indices()) > 1,
                    fits=lambda s: s.name in ("index", "index_put"))


def _holding(name: str) -> Condition:
    make, fits = _KINDS[name]
    return Condition(f"some-{name}", f"value: {name}", lambda c: _some(c, name, fits), lambda d: _put(d, make, fits),
                     _takes(fits), VALUES)


def _ordered(kind: str, sort: str, aim: Aim) -> Condition:
    return Condition(f"elements-{kind}", sort, lambda c: _some(c, kind, _is_number), aim, _takes(_is_number), VALUES)


def _takes(fits: Fits) -> Callable[[Site], bool]:
    return lambda site: site.kind != STEP and (site.op is None or (
        bool(site.op.inputs) and any(fits(d) and ACCEPTS[site.op.accepts](d) for d in dtypes.ALL)))


def _some(call: Call, kind: str, fits: Fits) -> bool:
    places = set(call.indices())
    return any(kind in described(*call.ends(i)) for i in range(len(call.arrays))
               if i not in places and fits(call.base.dtype_of(call.arrays[i])))


def _put(draft: Draft, make: Make, fits: Fits) -> None:
    places = [i for i in draft.floats() if fits(draft.hosts[i].dtype) and draft.hosts[i].values]
    for i in [i for i in places if draft.random.random() < 0.7] or places:
        _strewn(draft, i, make(draft.hosts[i].dtype))


def _strewn(draft: Draft, i: int, value: Any) -> None:
    """The value at one place for sure, and at others by chance."""
    dtype, count = draft.hosts[i].dtype, len(draft.hosts[i].values)
    value = complex(value, 1.0) if dtype.is_complex else value * 1.0 if dtype.category == 2 else value
    often = draft.random.choice((0.05, 0.5, 1.0))
    sure = draft.random.choice((0, count - 1, draft.random.randrange(count)))
    draft.fill(i, lambda n, v: value if n == sure or draft.random.random() < often else v)


def _tied(draft: Draft, often: float = 1.0) -> None:
    for i in draft.floats():
        values = draft.hosts[i].values
        if values:
            _equalled(draft, i, values[0], often)


def _partly_tied(draft: Draft) -> None:
    _tied(draft, 0.5)


def _equalled(draft: Draft, i: int, one: Any, often: float) -> None:
    draft.fill(i, lambda n, v: one if n == 0 or draft.random.random() < often else v)


def _ascending(draft: Draft) -> None:
    for i in draft.floats():
        values = draft.hosts[i].values
        if draft.hosts[i].dtype.category < 3 and all(v == v for v in values):
            _replaced(draft, i, sorted(values))


def _replaced(draft: Draft, i: int, values: list[Any]) -> None:
    draft.fill(i, lambda n, v: values[n])


# --- what indices name


def _indexed(site: Site) -> bool:
    return site.op is not None and "int64" in site.op.kinds.values()


_PLACES: dict[str, tuple[Callable[[list[int]], bool], Callable[[list[int]], list[int]]]] = {
    "collides": (lambda v: len(v) > len(set(v)), lambda v: [v[i // 2] for i in range(len(v))]),
    "negative": (lambda v: any(i < 0 for i in v), lambda v: [-1 if n % 2 else i for n, i in enumerate(v)]),
    "descends": (lambda v: len(v) > 1 and v == sorted(v, reverse=True) and v[0] > v[-1],
                 lambda v: sorted(v, reverse=True)),
    "empty": (lambda v: not v, lambda v: v)}


def _naming(name: str) -> Condition:
    holds, make = _PLACES[name]

    def aim(draft: Draft) -> None:
        for i, place in enumerate(draft.case.places):
            if draft.case.op.kinds.get(place.param.name) == "int64":
                _replaced(draft, i, make(list(draft.hosts[i].values)))

    return Condition(f"index-{name}", f"index: {name}", lambda c: any(holds(c.values(i)) for i in c.indices()), aim,
                     _indexed, VALUES)
