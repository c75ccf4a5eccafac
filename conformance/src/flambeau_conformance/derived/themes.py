"""The themes of derived cases, and which ops and dtypes have any."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from flambeau.dtypes import DType, float32, int64
from flambeau.table.registry import TABLE, OpDef

from ..cases import samples, wanted
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


def has(op: OpDef, dtype: DType, theme: str) -> bool:
    """Whether there are cases of the theme for the op in that dtype: asked for the listing, so only of the first case.

    Dtypes are alike here if the same samples are for them and the makers do not tell them apart.
    """
    alike = (op.name, theme, dtype.category, dtype.itemsize if dtype.category == 2 else 0, dtype in (float32, int64),
             tuple(wanted(s, dtype) for _, s in samples(op.name)[0]))
    if alike not in _KNOWN:
        random = generator(f"{op.name}/{dtype.name}/derived-{theme}")
        _KNOWN[alike] = any(next(maker(op, dtype, random), None) is not None for maker in THEMES[theme])
    return _KNOWN[alike]


_KNOWN: dict[tuple[object, ...], bool] = {}
