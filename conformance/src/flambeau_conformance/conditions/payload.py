"""What a program carries, whatever its condition: numbers that a bug would spoil, in layouts that it would misread."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan

from flambeau.dtypes import DType
from flambeau.table.settings import finfo, iinfo

from ..host import transposed, with_gaps
from .condition import VALUES, Aim, Condition, nothing
from .draft import Draft

Suits = Callable[[DType], bool]


def _mixed(draft: Draft) -> None:
    """Every third number is one that arithmetic stumbles over."""
    for i in draft.floats():
        dtype = draft.hosts[i].dtype
        if dtype.category == 2:
            _strewn(draft, i, [nan, inf, -inf, -0.0, 0.0, finfo(dtype).tiny / 4, -finfo(dtype).tiny / 2])
        elif dtype.category == 3:
            _strewn(draft, i, [complex(-0.0, 1.0), complex(0.5, -0.0), complex(-2.0, -3.0)])


def _wide(draft: Draft) -> None:
    """Every third integer is one that floats, or narrower integers, cannot hold."""
    for i in draft.floats():
        dtype = draft.hosts[i].dtype
        if dtype.category == 1 and all(p.spec.fill is None for p in draft.case.places):
            limits = iinfo(dtype)
            _strewn(draft, i, [v for v in (2**53 + 1, -(2**53) - 1, 2**24 + 1, 2**31 - 1, limits.max, limits.min, -7, 3)
                               if limits.min <= v <= limits.max])


def _strewn(draft: Draft, i: int, values: list[object]) -> None:
    spec = draft.case.places[i].spec
    if spec.fill is None and not spec.distinct:
        draft.fill(i, lambda n, v: draft.random.choice(values) if draft.random.random() < 0.35 else v)


def _strided(draft: Draft) -> None:
    """Inputs that have no layout yet lie in another order, or apart."""
    for i, host in enumerate(draft.hosts):
        if draft.placements[i] is None and not draft.alias and draft.case.op.name not in ("as_strided", "view"):
            draft.placements[i] = (transposed if len(host.shape) > 1 and draft.random.random() < 0.6 else with_gaps)(
                host.shape)


def _payload(name: str, aim: Aim) -> Condition:
    return Condition(name, name if name != "strided" else "layout: payload", lambda call: True, aim, scope=VALUES)


PLAIN, MIXED, WIDE = (_payload(n, a) for n, a in (("plain", nothing), ("mixed", _mixed), ("wide", _wide)))
STRIDED = Condition("strided", "layout: payload", lambda call: True, _strided)

# what a program carries, and in which dtypes
PAYLOADS: tuple[tuple[str, tuple[Condition, ...], Suits], ...] = (
    ("floats", (), lambda d: d.category == 2), ("mixed", (MIXED, STRIDED), lambda d: d.category == 2),
    ("wide", (WIDE,), lambda d: d.category == 1), ("complex", (MIXED,), lambda d: d.is_complex),
    ("strided", (STRIDED,), lambda d: True))
