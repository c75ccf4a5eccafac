"""The themes of derived cases, and which ops and dtypes have any."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from random import Random

from flambeau.dtypes import DType
from flambeau.table.registry import TABLE, OpDef

from ..draw import generator
from .bounds import at_bounds, inner_lengths, moved_values
from .case import Derived
from .dims import dim_lengths, dim_values, each_dim
from .elementwise import element_values, ranks, sizes
from .indices import each_index, many
from .sharing import sharing_inputs

Maker = Callable[[OpDef, DType, Random], Iterator[Derived]]

THEMES: dict[str, tuple[Maker, ...]] = {
    "sharing": (sharing_inputs,),
    "ranks": (ranks,),
    "sizes": (sizes,),
    "dims": (each_dim,),
    "lengths": (dim_lengths, inner_lengths),
    "values": (element_values, dim_values, moved_values),
    "indices": (each_index,),
    "many": (many,),
    "bounds": (at_bounds,),
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
