"""Cases of ops that take dims: every dim and pair of dims, of inputs in every order; long dims in half precision."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from random import Random
from typing import Any

from flambeau import dtypes
from flambeau.dtypes import DType
from flambeau.table.registry import OpDef
from flambeau.table.samples import arr

from .case import Derived, seeds, specs_in, taken, under_test
from .elementwise import LAYOUTS, value_lists

_SIZES = (2, 3, 4, 1)
_SIXTEEN_BITS = (dtypes.float16, dtypes.bfloat16)
_ATTRIBUTES = {"k": 1, "rank": 0}  # that fit every size


def role(op: OpDef) -> tuple[str, str]:
    """The attribute that names dims and its annotation, for ops of one tensor; empty strings for others."""
    for param in op.params:
        if param.name == "dim" and (param.annotation in ("Dim", "Dims", "Dim | None") or op.name == "glu"):
            return param.name, param.annotation
    return "", ""


def tensors_of(op: OpDef, seed: dict[str, Any]) -> list[str]:
    """The tensors of the dtype under test; none where an op has others, or several of different shapes."""
    held = [n for n, v in seed.items() if under_test(op, n, v)]
    every = list(specs_in(seed))
    return held if len(held) == len(every) and len({s.shape for s in every}) == 1 else []


def seed_of(op: OpDef, dtype: DType) -> dict[str, Any]:
    """A sample that can be given any shape; empty where there is none."""
    name, _ = role(op)
    return next((s for s in seeds(op, dtype) if name and tensors_of(op, s)), {})


def each_dim(op: OpDef, dtype: DType, random: Random) -> Iterator[Derived]:
    """Ranks 1 to 5: each dim, each pair (and three) where the op takes several, kept or not, in every layout."""
    found = [s for s in seeds(op, dtype) if role(op)[0] and tensors_of(op, s)]
    if not found:
        return
    for at, (shape, dim) in enumerate(_drawn_dims(op, dtype, random)):
        seed = found[at % len(found)]
        changed: dict[str, Any] = {role(op)[0]: dim} | {n: v for n, v in _ATTRIBUTES.items() if n in op.attributes}
        changed |= {p.name: random.random() < 0.5 for p in op.params if p.annotation == "bool"}
        shapes = dict.fromkeys(tensors_of(op, seed), shape)
        yield taken(op, seed, dtype, shapes, f"derived-dims-{at:02}", LAYOUTS[at % 4], **changed)


def _drawn_dims(op: OpDef, dtype: DType, random: Random) -> list[tuple[tuple[int, ...], Any]]:
    several = role(op)[1] == "Dims"
    found: list[tuple[tuple[int, ...], Any]] = []
    for rank in range(1, 6):
        shape = tuple(random.choice(_SIZES[: 4 if rank < 4 else 2]) if op.name != "glu" else 2 for _ in range(rank))
        found += [(shape, random.choice((d, d - rank))) for d in range(rank)]
        if several and rank > 2:
            found += [(shape, pair) for pair in combinations(range(rank), 2)]
            found += [(shape, (0, rank // 2, rank - 1))] if rank > 3 else []
    if dtype in (dtypes.float32, dtypes.int64):
        return [*found, *(pair for pair in found if len(pair[0]) < 4)]
    return random.sample(found, len(found) // 2)


def dim_lengths(op: OpDef, dtype: DType, random: Random) -> Iterator[Derived]:
    """Dims of 100, 300 and 1025 elements, whole in the middle, at the end, apart; half precision the same."""
    seed = seed_of(op, dtype)
    if not seed or not (dtype in _SIXTEEN_BITS or dtype in (dtypes.float32, dtypes.int64)):
        return
    changed = {n: v for n, v in _ATTRIBUTES.items() if n in op.attributes}
    for at, (shape, dim) in enumerate((((100,), 0), ((2, 300), 1), ((300, 2), 0), ((2, 100, 2), 1), ((1025,), 0))):
        layout = random.choice(("contiguous", "transposed", "gaps"))
        shapes = dict.fromkeys(tensors_of(op, seed), shape if op.name != "glu" else tuple(n + n % 2 for n in shape))
        narrow = {n: arr(*s, low=0.9, high=1.1) for n, s in shapes.items()} if op.name in ("prod", "cumprod") else {}
        given: dict[str, Any] = {**changed, **narrow, role(op)[0]: dim}
        yield taken(op, seed, dtype, {} if narrow else shapes, f"derived-lengths-{at}", layout, **given)


def dim_values(op: OpDef, dtype: DType, random: Random) -> Iterator[Derived]:
    """The classes of floating values, and wide integers, along each of two dims and over everything."""
    seed = seed_of(op, dtype)
    if not seed or dtype.is_complex or not dtype.category:
        return
    changed = {n: v for n, v in _ATTRIBUTES.items() if n in op.attributes}
    lists = value_lists(op, dtype)
    for at, held in enumerate(lists):
        for dim, shape in ((1, (2, len(held))), (0, (len(held), 2)), (0, (len(held),))):
            fills = {n: arr(*shape, fill=random.sample(held * len(shape), len(held) * len(shape)))
                     for n in tensors_of(op, seed)}
            if op.name == "glu" and shape[dim] % 2:
                continue
            given: dict[str, Any] = {**changed, **fills, role(op)[0]: dim}
            yield taken(op, seed, dtype, {}, f"derived-values-{at}{dim}{len(shape)}", ("contiguous", "transposed")[dim],
                        **given)
