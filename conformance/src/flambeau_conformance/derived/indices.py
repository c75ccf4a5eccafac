"""Cases of ops that take indices, or many tensors: one to four dims, colliding and empty indices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from flambeau.dtypes import DType
from flambeau.shapes import numel
from flambeau.table.registry import OpDef
from flambeau.table.samples import arr

from .case import Derived, made
from .elementwise import LAYOUTS

Arguments = dict[str, Any]
_HOW_MANY = (1, 2, 9, 100)


def _places(shape: tuple[int, ...], size: int, random: Random, negative: bool = False) -> arr:
    """Indices into a dim of that size: few places, so that they collide."""
    signs = (0, 0, size) if negative else (0,)
    few = [random.randrange(size) - random.choice(signs) for _ in range(2 if size else 0)]
    return arr(*shape, dtype="int64", fill=[random.choice(few) for _ in range(numel(shape))])


def _index_shape(shape: tuple[int, ...], dim: int, count: int, random: Random) -> tuple[int, ...]:
    """The shape of an index for gather and its like: `count` along `dim`, no more than the input elsewhere."""
    return tuple(count if d == dim else random.randint(max(n - 1, 0), n) for d, n in enumerate(shape))


def _along(op: OpDef, shape: tuple[int, ...], dim: int, random: Random) -> Arguments:
    index_shape = _index_shape(shape, dim, random.choice((0, 1, 3, 5)), random)
    found: Arguments = {"input": arr(*shape), "dim": dim, "index": _places(index_shape, shape[dim], random)}
    if "src" in op.kinds:
        found["src"] = arr(*index_shape)
    for name in ("include_self", "largest"):
        if name in op.attributes:
            found[name] = random.random() < 0.5
    return found


def _take(op: OpDef, shape: tuple[int, ...], dim: int, random: Random) -> Arguments:
    index_shape = random.choice(((), (3,), (0,), (2, 3), (0, 2), (2, 0), (1, 2, 2)))
    return {"input": arr(*shape), "dim": dim, "index": _places(index_shape, shape[dim], random)}


def _add_dim(op: OpDef, shape: tuple[int, ...], dim: int, random: Random) -> Arguments:
    return {"input": arr(*shape), "dim": dim, "index": _places((shape[dim],), 4, random),
            "size": (*shape[:dim], 4, *shape[dim + 1:])}


def _advanced(op: OpDef, shape: tuple[int, ...], dim: int, random: Random) -> Arguments:
    """Indices for the leading dims, broadcast together; negative ones too."""
    count = dim + 1
    wanted = random.choice(((3,), (0,), (2, 3), (), (2, 1, 2)))
    parts = [wanted if i == 0 else tuple(1 if random.random() < 0.3 else n for n in wanted) for i in range(count)]
    indices = [_places(part, shape[i], random, negative=True) for i, part in enumerate(parts)]
    if op.name == "index":
        return {"input": arr(*shape), "indices": indices}
    whole = (*wanted, *shape[count:])
    accumulate = random.random() < 0.7
    values = whole[random.choice((0, 0, 1)):] if accumulate else ()  # which of several stays is not stated
    return {"input": arr(*shape), "values": arr(*values), "indices": indices, "accumulate": accumulate}


def _embedding(op: OpDef, shape: tuple[int, ...], dim: int, random: Random) -> Arguments:
    rows = max(shape[0], 1)
    found: Arguments = {"weight": arr(rows, 3), "indices": _places(random.choice(((4,), (0,), (2, 3))), rows, random)}
    return found | {"padding_idx": random.choice((-1, 0)), "scale_grad_by_freq": False}


def _masked(op: OpDef, shape: tuple[int, ...], dim: int, random: Random) -> Arguments:
    kept = random.choice((0.0, 0.5, 1.0))
    return {"input": arr(*shape), "mask": arr(*shape, dtype="bool", fill=[random.random() < kept for _ in range(24)])}


def _nonzero(op: OpDef, shape: tuple[int, ...], dim: int, random: Random) -> Arguments:
    return {"input": arr(*shape, fill=[random.choice((0, 0, 1, 2)) for _ in range(64)])}


_INDEXED: dict[str, Callable[[OpDef, tuple[int, ...], int, Random], Arguments]] = {
    **dict.fromkeys(("gather", "scatter", "scatter_add", "scatter_product", "scatter_extremum"), _along),
    "take": _take, "index_add_dim": _add_dim, "index": _advanced, "index_put": _advanced, "embedding": _embedding,
    "masked_select": _masked, "nonzero": _nonzero}


def each_index(op: OpDef, dtype: DType, random: Random) -> Iterator[Derived]:
    """Each dim of one to four, twice."""
    form = _INDEXED.get(op.name)
    if form is None:
        return
    for rank in range(1, 5):
        for dim in range(rank):
            for turn in range(2):
                shape = tuple(random.randint(2, 4 if rank < 4 else 3) for _ in range(rank))
                yield Derived(op, dtype, f"derived-indices-{rank}{dim}{turn}", made(op, form(op, shape, dim, random)),
                              LAYOUTS[(rank + dim + turn) % len(LAYOUTS)])
    if op.name in ("gather", "scatter", "scatter_add"):
        long = {"input": arr(2, 50), "dim": 1, "index": _places((2, 600), 50, random)}
        yield Derived(op, dtype, "derived-indices-long", made(op, long | ({"src": arr(2, 600)} if op.kinds.get("src")
                                                                          else {})))


def many(op: OpDef, dtype: DType, random: Random) -> Iterator[Derived]:
    """1, 2, 9 and 100 tensors of different sizes, the same tensor many times, tensors of none."""
    if op.name != "cat":
        return
    for at, count in enumerate(_HOW_MANY):
        for rank in range(1, 4):
            dim = random.randrange(-rank, rank)
            shape = [random.randint(1, 3) for _ in range(rank)]
            parts = []
            for _ in range(count):
                shape[dim] = random.choice((0, 1, 2, 3))
                parts.append(arr(*shape))
            yield Derived(op, dtype, f"derived-many-{at}{rank}", made(op, {"tensors": parts, "dim": dim}),
                          LAYOUTS[(at + rank) % len(LAYOUTS)])
    for how in ("same object", "shifted views"):
        parts = [arr(2, 3)] * 9
        yield Derived(op, dtype, f"derived-many-{how[:4]}", made(op, {"tensors": parts, "dim": 1}), sharing=how)
