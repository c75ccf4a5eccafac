"""Conditions on how large tensors are and how many dims they have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flambeau.shapes import numel

from .condition import Condition
from .draft import Draft
from .site import ITEM, Site

_ABOVE = (2, 3, 5, 8, 12, 16, 20, 33, 50, 64, 100, 150, 256, 500, 1000, 2000, 4096, 10_000, 65_536)
_BESIDE = (*((m, r) for m in (4, 8, 16, 32) for r in range(1, m, 1 if m < 16 else 5)), (8, 0), (16, 15), (32, 31))


def _not_item(site: Site) -> bool:
    return site.kind != ITEM


def conditions() -> Iterator[Condition]:
    """Every condition of this module."""
    yield from map(_above, _ABOVE)
    yield from map(_inner_above, _ABOVE[:-2])
    yield from (_beside(m, r) for m, r in _BESIDE)
    yield Condition("size==0", "no elements", lambda c: any(0 in s for s in c.shapes), emptied, _not_item)
    yield Condition("size==1", "one element", lambda c: c.size == 1 and c.rank > 0, _single, _not_item)
    yield from map(_of_rank, range(7))
    yield from map(_above_rank, (2, 3, 4))
    yield Condition("square", "square", lambda c: any(len(s) > 1 and s[-1] == s[-2] > 1 for s in c.shapes), squared,
                    _not_item)
    yield Condition("extent-1", "extent of one", lambda c: any(len(s) > 1 and 1 in s and numel(s) > 1
                                                               for s in c.shapes), _thinned, _not_item)


def _above(n: int) -> Condition:
    return Condition(f"size>{n}", "size above a bound", lambda c: c.size > n, _grown(lambda size: size > n, n + 1),
                     _not_item)


def _inner_above(n: int) -> Condition:
    return Condition(f"inner>{n}", "inner dim above a bound", lambda c: any(s[-1] > n for s in c.shapes if s),
                     lambda d: _inner(d, n), _not_item)


def _beside(m: int, r: int) -> Condition:
    return Condition(f"size%{m}=={r}", "size beside a multiple", lambda c: c.size > m and c.size % m == r,
                     _grown(lambda size: size > m and size % m == r, m + 1), _not_item)


def _of_rank(k: int) -> Condition:
    return Condition(f"rank=={k}", "rank", lambda c: c.rank == k and bool(c.shapes), lambda d: ranked(d, k), _not_item)


def _above_rank(k: int) -> Condition:
    return Condition(f"rank>{k}", "rank", lambda c: c.rank > k, lambda d: ranked(d, k + d.random.randint(1, 2)),
                     _not_item)


def _grown(wanted: Callable[[int], bool], least: int) -> Callable[[Draft], None]:
    """One extent exchanged for the first that makes the number of elements right."""
    def aim(draft: Draft) -> None:
        extents = sorted({n for s in draft.shapes for n in s if n > 0})
        if not extents:
            return ranked(draft, 1, least + draft.random.randrange(4))
        old = draft.random.choice(extents)
        start = max(1, least // max(1, draft.elements() // old)) + draft.random.randrange(3)
        for new in range(start, start + 70):
            if wanted(max(numel(tuple(new if n == old else n for n in s)) for s in draft.shapes)):
                return draft.resize(old, new)
        return None

    return aim


def _inner(draft: Draft, n: int) -> None:
    last = [s[-1] for s in draft.shapes if s]
    if last:
        draft.resize(draft.random.choice(last), n + 1 + draft.random.randrange(5))


def emptied(draft: Draft) -> None:
    """One extent becomes 0."""
    extents = sorted({n for s in draft.shapes for n in s})
    if extents:
        draft.resize(draft.random.choice(extents), 0)


def _thinned(draft: Draft) -> None:
    extents = sorted({n for s in draft.shapes if len(s) > 1 for n in s})
    if extents:
        draft.resize(draft.random.choice(extents), 1)


def _single(draft: Draft) -> None:
    draft.reshape(lambda i, s: (1,) * len(s))


def ranked(draft: Draft, rank: int, extent: int = 0) -> None:
    """All tensors with more or fewer leading dims, so that the largest rank is `rank`; new dims have that extent."""
    most = max(map(len, draft.shapes), default=0)
    extents = tuple(extent or draft.random.choice((1, 2, 2, 3)) for _ in range(6))

    def change(i: int, shape: tuple[int, ...]) -> tuple[int, ...]:
        wanted = max(0, len(shape) + rank - most)
        return (*extents[: wanted - len(shape)], *shape) if wanted >= len(shape) else shape[len(shape) - wanted :]

    draft.reshape(change)
    name, follow = _FOLLOWS.get(draft.case.op.name, ("", None))
    if follow is not None and draft.shapes:
        draft.set_attribute(name, follow(draft.shapes[0], draft))


# what ops are told of every dim of their input, for an input of another shape
_FOLLOWS: dict[str, tuple[str, Callable[[tuple[int, ...], Draft], Any]]] = {
    "permute": ("dims", lambda s, d: tuple(d.random.sample(range(len(s)), len(s)))),
    "view": ("size", lambda s, d: d.random.choice((s, (*s, 1), (numel(s),), s[::-1]))),
    "reshape": ("size", lambda s, d: d.random.choice(((numel(s),), s[::-1]))),
    "expand": ("size", lambda s, d: (2, *(3 if n == 1 else n for n in s))),
    "slice": ("index", lambda s, d: tuple(d.random.choice((slice(0, n, 1), slice(n // 2, n, 1), slice(0, n, 2), 0))
                                          for n in s)),
    "pad": ("padding", lambda s, d: tuple((d.random.randrange(2), d.random.randrange(3)) for _ in s)),
    "as_strided": ("storage_offset", lambda s, d: 0)}


def squared(draft: Draft) -> None:
    """The last two extents become alike."""
    pair = next((s[-2:] for s in draft.shapes if len(s) > 1 and s[-1] != s[-2]), None)
    if pair:
        draft.resize(*(pair if draft.random.random() < 0.5 else pair[::-1]))
