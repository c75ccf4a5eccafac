"""Cases of ops that work on each element alone: every rank, every size, every class of values."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, nan
from random import Random
from typing import Any

from flambeau import dtypes
from flambeau.dtypes import DType
from flambeau.table.registry import OpDef
from flambeau.table.samples import arr
from flambeau.table.settings import finfo, iinfo

from ..tolerances import PRODUCTS, SUMS
from .case import Derived, like, made, seeds, under_test

Shape = tuple[int, ...]
LAYOUTS = ("contiguous", "transposed", "gaps", "offset", "mixed")
SMALL = (2, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 129)
LARGE = (4097, 65537)
_LARGE_IN = (dtypes.float32, dtypes.int64, dtypes.bool, dtypes.complex64)
_RANKS = 7


def applies(op: OpDef, dtype: DType) -> bool:
    """Whether the table says so, and there are samples to start from."""
    return "elementwise" in op.laws and bool(op.inputs) and bool(seeds(op, dtype))


def names(op: OpDef, seed: dict[str, Any]) -> list[str]:
    """The tensors whose shapes may be chosen."""
    return [n for n, v in seed.items() if isinstance(v, arr)]


def ranks(op: OpDef, dtype: DType, random: Random) -> Iterator[Derived]:
    """0 to 6 dims, broadcast against one another where the op broadcasts, each time in another layout."""
    if not applies(op, dtype):
        return
    found = [s for s in seeds(op, dtype) if names(op, s)]
    for rank in range(_RANKS):
        for n in range(1 if rank < 2 else 2):
            seed = found[(rank + n) % len(found)]
            whole = tuple(random.randint(1, 3 if rank < 5 else 2) for _ in range(rank))
            if n and op.broadcast:
                shapes = {name: _part(whole, random) for name in names(op, seed)}
            else:
                shapes = dict.fromkeys(names(op, seed), whole)
            yield Derived(op, dtype, f"derived-ranks-{rank}{n}", _shaped(op, seed, shapes),
                          LAYOUTS[(rank * 2 + n) % len(LAYOUTS)])


def _part(whole: Shape, random: Random) -> Shape:
    """A shape that broadcasts to `whole`."""
    kept = whole[random.choice((0, 0, 0, 1, 2, len(whole))):]
    return tuple(1 if random.random() < 0.35 else n for n in kept)


def _shaped(op: OpDef, seed: dict[str, Any], shapes: dict[str, Shape], **fills: Any) -> Any:
    arguments = {n: like(v, shapes[n], **({"fill": fills[n], "distinct": False} if n in fills else {}))
                 if n in shapes else v for n, v in seed.items()}
    return made(op, arguments)


def sizes(op: OpDef, dtype: DType, random: Random) -> Iterator[Derived]:
    """None, one, at and beside the widths of vectors, blocks and 16-bit counters, alone and broadcast."""
    if not applies(op, dtype):
        return
    seed = next(s for s in seeds(op, dtype) if names(op, s))
    counts = [*(SMALL if dtype is dtypes.float32 else random.sample(SMALL, 4)),
              *(random.randint(17, 140) for _ in range(4))]
    large = LARGE if dtype in _LARGE_IN else LARGE[:1] if random.random() < 0.3 else ()
    for at, count in enumerate((*counts, *large)):
        held = names(op, seed)
        shapes: dict[str, Shape] = dict.fromkeys(held, (count,))
        if op.broadcast and len(held) > 1 and at % 3:
            shapes = {n: (2, count) if i == at % 2 else (2, 1) if at % 3 == 1 else () for i, n in enumerate(held)}
        yield Derived(op, dtype, f"derived-sizes-{at:02}-{count}", _shaped(op, seed, shapes),
                      ("contiguous", "gaps", "offset")[at % 3], repeats=count if count in LARGE else 0)


def value_lists(op: OpDef, dtype: DType) -> list[list[Any]]:
    """The classes of values of a dtype that take part together.

    Composites and sums are spared the largest number, products the smallest too: what overflows inside them depends on
    how they are computed. Floating ops are spared wide integers, of which only the rounding would be left.
    """
    if dtype.category == 1:
        return [] if op.result[0] == "floating" else [list(held) for held in wide(dtype)]
    limits = finfo(dtype)
    largest = limits.max if op.kind == "composite" or op.name in SUMS | PRODUCTS else inf
    least = limits.tiny if op.name in PRODUCTS else 0.0
    return [[v for v in held if not (largest <= abs(v) < inf or 0 < abs(v) <= least)] for held in classes(dtype)]


def classes(dtype: DType) -> list[list[Any]]:
    """Of a floating dtype: everything; zeros of one sign; zeros of both among numbers; zeros above numbers."""
    limits = finfo(dtype)
    unit = limits.tiny * limits.eps
    every = [1.5, nan, -0.0, inf, 0.0, -inf, -2.5, unit, -unit, limits.max, -limits.max, limits.tiny, -1.0, 3.0]
    return [every, [-0.0] * 4, [-0.0, 2.0, -0.0, -3.0, 0.0, 1.0], [-0.0, -1.0, -2.0, -0.0]]


def wide(dtype: DType) -> list[list[int]]:
    """Integers that float64 does not tell apart, of either sign, and of one; small ones with large powers."""
    limits = iinfo(dtype)
    if dtype is not dtypes.int64:
        return [[limits.max, limits.min, 1, limits.max - 1, 0, limits.min + 1, 2, limits.max // 2]]
    big, huge = 2**53 + 1, 2**61 + 1
    primes = [19, 13, 11, 17, 7, 3, 15, 12]  # whose powers lie between
    return [primes, [big, -big, big - 1, 3, big + 1, 1 - big, 7, 2 - big],
            [huge, huge + 1, huge - 1, 2, huge, 5, huge + 2, 1]]


def element_values(op: OpDef, dtype: DType, random: Random) -> Iterator[Derived]:
    """The classes of values in the samples that have attributes, or dtypes, of their own.

    Ops without attributes have `special` and `extremes` for that.
    """
    if not applies(op, dtype) or dtype.is_complex or not dtype.category:
        return
    found = [s for s in seeds(op, dtype) if names(op, s)]
    lists = value_lists(op, dtype)
    for at, held in enumerate(lists):
        for turn, seed in enumerate(found[:3]):
            shapes: dict[str, Shape] = dict.fromkeys(names(op, seed), (len(held),))
            fills = {n: random.sample(held, len(held)) for n in shapes
                     if under_test(op, n, seed[n]) and not (dtype.category == 1 and seed[n].nonzero)}
            yield Derived(op, dtype, f"derived-values-{at}{turn}", _shaped(op, seed, shapes, **fills),
                          ("contiguous", "gaps")[turn % 2])
