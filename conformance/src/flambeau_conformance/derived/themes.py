"""The themes of derived cases, and which ops and dtypes have any."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from random import Random

from flambeau.dtypes import DType
from flambeau.table.registry import TABLE, OpDef

from ..draw import generator
from . import bounds, dims, elementwise, indices, sharing
from .case import Derived

Maker = Callable[[OpDef, DType, Random], Iterator[Derived]]

THEMES: dict[str, tuple[Maker, ...]] = {
    "sharing": (sharing.sharing,),
    "ranks": (elementwise.ranks,),
    "sizes": (elementwise.sizes,),
    "dims": (dims.dims,),
    "lengths": (dims.lengths, bounds.lengths),
    "values": (elementwise.values, dims.values, bounds.values),
    "indices": (indices.indices,),
    "many": (indices.many,),
    "bounds": (bounds.bounds,),
}


def cases_of(name: str, dtype: DType, theme: str) -> list[Derived]:
    """The cases of an op in a dtype: the same in every run, drawn from a generator seeded by the check's ID."""
    random = generator(f"{name}/{dtype.name}/derived-{theme}")
    return [case for maker in THEMES[theme] for case in maker(TABLE[name], dtype, random)]


@cache
def _has(name: str, dtype: DType, theme: str) -> bool:
    """Whether the makers of the theme have anything for the op: asked for the listing, so only for the first case."""
    random = generator(f"{name}/{dtype.name}/derived-{theme}")
    return any(next(maker(TABLE[name], dtype, random), None) is not None for maker in THEMES[theme])


def has(op: OpDef, dtype: DType, theme: str) -> bool:
    """Whether there are cases of the theme for the op in that dtype."""
    return _has(op.name, dtype, theme)
