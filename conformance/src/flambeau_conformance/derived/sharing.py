"""Cases in which the inputs of an op are one object, or views of one another."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from random import Random
from typing import Any

from flambeau.dtypes import DType
from flambeau.table.registry import OpDef
from flambeau.table.samples import Sample

from .bounds import at_bounds
from .case import SAME, SHIFTED, TRANSPOSED, Derived, like, made, seeds, under_test
from .elementwise import applies, names, value_lists

_IN_COMMON = ((), (5,), (3, 3), (2, 3, 2), (19,))


def sharing_inputs(op: OpDef, dtype: DType, random: Random) -> Iterator[Derived]:
    """Every sample whose inputs can be one object; of elementwise ops more shapes, and NaN and zeros."""
    found = chain((made(op, seed) for seed in seeds(op, dtype)), (c.sample for c in at_bounds(op, dtype, random)),
                  _more(op, dtype, random) if applies(op, dtype) else ())
    count = 0
    for sample in found:
        for how in (SAME, SHIFTED, TRANSPOSED):
            case = Derived(op, dtype, f"derived-sharing-{count:02}", sample, sharing=how)
            if len(case.sharers) > 1:
                count += 1
                yield case


def _more(op: OpDef, dtype: DType, random: Random) -> Iterator[Sample]:
    for shape in _IN_COMMON:
        yield _filled_alike(op, random.choice(seeds(op, dtype)), shape, {})
    for held in value_lists(op, dtype)[:1] if dtype.category == 2 else ():
        yield _filled_alike(op, random.choice(seeds(op, dtype)), (len(held),), {"fill": held, "distinct": False})


def _filled_alike(op: OpDef, seed: dict[str, Any], shape: tuple[int, ...], fields: dict[str, Any]) -> Sample:
    mine = {n for n in names(op, seed) if under_test(op, n, seed[n])}
    return made(op, {n: like(v, shape, **(fields if n in mine else {})) if n in names(op, seed) else v
                     for n, v in seed.items()})
