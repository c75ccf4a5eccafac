"""Cases in which the inputs of an op are one object, or views of one another."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from flambeau.dtypes import DType
from flambeau.table.registry import OpDef

from .case import SAME, SHIFTED, TRANSPOSED, Derived, like, made, seeds
from .elementwise import applies, names

_IN_COMMON = ((), (5,), (3, 3), (2, 3, 2), (19,))


def sharing_inputs(op: OpDef, dtype: DType, random: Random) -> Iterator[Derived]:
    """Every sample whose inputs can be one object; shapes in common for what works on each element alone."""
    count = 0
    for seed in seeds(op, dtype):
        for how in (SAME, SHIFTED, TRANSPOSED):
            case = Derived(op, dtype, f"derived-sharing-{count:02}", made(op, seed), sharing=how)
            if len(case.sharers) > 1:
                count += 1
                yield case
    if not applies(op, dtype):
        return
    for shape in _IN_COMMON:
        seed = random.choice([s for s in seeds(op, dtype) if names(op, s)])
        arguments = {n: v if n not in names(op, seed) else like(v, shape) for n, v in seed.items()}
        for how in (SAME, SHIFTED, TRANSPOSED):
            case = Derived(op, dtype, f"derived-sharing-{count:02}", made(op, arguments), sharing=how)
            if len(case.sharers) > 1:
                count += 1
                yield case

