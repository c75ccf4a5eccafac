"""Conditions on how a call is made: sizes, ranks, layouts, aliases, broadcasting, options, history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from flambeau import dtypes
from flambeau.shapes import numel
from flambeau.table.registry import ACCEPTS, MISSING, OpDef

from ...host import Placement, contiguous, expanded, positions, transposed, with_gaps, with_offset
from .call import Call
from .condition import ALWAYS, STATE, Condition
from .draft import Draft
from .sites import ITEM, KERNEL, WRITER, Site

_ABOVE = (3, 8, 16, 33, 64, 100, 256, 1000, 4096, 65536)
_BESIDE = tuple((m, r) for m in (4, 8, 16, 32) for r in (1, m - 1))
_TABULATED = (KERNEL, WRITER)


def _tabulated(site: Site) -> bool:
    return site.kind in _TABULATED or site.name == "assign"


def _not_item(site: Site) -> bool:
    return site.kind != ITEM


@cache
def structural() -> list[Condition]:
    """Every condition of this module."""
    return [ALWAYS, *_sizes(), *_ranks(), *_layouts(), *_aliases(), *_broadcasts(), *_counts(), *_types(), *_history()]


# --- how large, how many dims


def _grown(wanted: Callable[[int], bool], least: int) -> Callable[[Draft], None]:
    """One extent exchanged for the first that makes the number of elements right."""
    def aim(draft: Draft) -> None:
        extents = sorted({n for s in draft.shapes for n in s if n > 0})
        if not extents:
            return draft.reshape(lambda i, s: (least + draft.random.randrange(4),))
        old = draft.random.choice(extents)
        for new in _candidates(draft, old, least):
            size = max(numel(tuple(new if n == old else n for n in s)) for s in draft.shapes)
            if wanted(size):
                return draft.resize(old, new)
        return None

    return aim


def _candidates(draft: Draft, old: int, least: int) -> Iterator[int]:
    rest = max(1, draft.elements() // old)
    start = max(1, least // rest) + draft.random.randrange(3)
    return iter(range(start, start + 70))


def _sizes() -> Iterator[Condition]:
    for n in _ABOVE:
        yield Condition(f"size>{n}", "size above a bound", lambda c, n=n: c.size > n,
                        _grown(lambda size, n=n: size > n, n + 1), _not_item)
        if n <= 4096:
            yield Condition(f"inner>{n}", "inner dim above a bound",
                            lambda c, n=n: any(s[-1] > n for s in c.shapes if s),
                            lambda d, n=n: _inner(d, n), _not_item)
    for m, r in _BESIDE:
        yield Condition(f"size%{m}=={r}", "size beside a multiple", lambda c, m=m, r=r: c.size > m and c.size % m == r,
                        _grown(lambda size, m=m, r=r: size > m and size % m == r, m + 1), _not_item)
    yield Condition("size==0", "no elements", lambda c: any(0 in s for s in c.shapes), _emptied, _not_item)
    yield Condition("size==1", "one element", lambda c: c.size == 1 and c.rank > 0,
                    lambda d: d.reshape(lambda i, s: (1,) * len(s)), _not_item)


def _inner(draft: Draft, n: int) -> None:
    last = [s[-1] for s in draft.shapes if s]
    if last:
        draft.resize(draft.random.choice(last), n + 1 + draft.random.randrange(5))


def _emptied(draft: Draft) -> None:
    extents = sorted({n for s in draft.shapes for n in s})
    if extents:
        draft.resize(draft.random.choice(extents), 0)


def _ranks() -> Iterator[Condition]:
    for k in range(7):
        yield Condition(f"rank=={k}", "rank", lambda c, k=k: c.rank == k and bool(c.shapes),
                        lambda d, k=k: _ranked(d, k), _not_item)
    for k in (2, 3):
        yield Condition(f"rank>{k}", "rank", lambda c, k=k: c.rank > k,
                        lambda d, k=k: _ranked(d, k + d.random.randint(1, 2)), _not_item)
    yield Condition("square", "square", lambda c: any(len(s) > 1 and s[-1] == s[-2] > 1 for s in c.shapes), _squared,
                    _not_item)


def _ranked(draft: Draft, rank: int) -> None:
    most = max(map(len, draft.shapes), default=0)
    extents = [draft.random.choice((1, 2, 2, 3)) for _ in range(6)]

    def change(i: int, shape: tuple[int, ...]) -> tuple[int, ...]:
        grown = max(0, len(shape) + rank - most)
        return (*extents[: grown - len(shape)], *shape) if grown >= len(shape) else shape[len(shape) - grown :]

    draft.reshape(change)
    _sizes_follow(draft)


def _sizes_follow(draft: Draft) -> None:
    """Sizes that an op is told: the first tensor's shape where that may do."""
    for param in draft.case.op.params:
        if param.annotation == "Size" and param.name == "size" and draft.shapes:
            draft.set_attribute("size", draft.shapes[0])


def _squared(draft: Draft) -> None:
    pair = next((s[-2:] for s in draft.shapes if len(s) > 1 and s[-1] != s[-2]), None)
    if pair:
        draft.resize(*(pair if draft.random.random() < 0.5 else pair[::-1]))


# --- where the elements lie


def _swapped(shape: tuple[int, ...]) -> Placement:
    """The last two dims exchanged in memory."""
    if len(shape) < 2:
        return contiguous(shape)
    inner = contiguous((*shape[:-2], shape[-1], shape[-2]))
    return Placement((*inner.strides[:-2], inner.strides[-1], inner.strides[-2]), 0, inner.size)


def _apart(shape: tuple[int, ...]) -> Placement:
    """Rows with room between them."""
    if len(shape) < 2:
        return with_gaps(shape)
    wide = contiguous((*shape[:-1], shape[-1] + 3))
    return Placement(wide.strides, 0, wide.size)


def _repeated(shape: tuple[int, ...]) -> Placement:
    return expanded(shape) if any(n > 1 for n in shape) else contiguous(shape)


def _layouts() -> Iterator[Condition]:
    for which in (0, 1):
        for name, held, placed in (
                ("transposed", lambda c, i: len(c.shapes[i]) > 1 and c.layout(i)[0][-1] > 1 and not c.ordered(i),
                 transposed),
                ("swapped-tail", lambda c, i: len(c.shapes[i]) > 2 and c.layout(i)[0][-1] > c.layout(i)[0][-2] > 0,
                 _swapped),
                ("gaps", lambda c, i: bool(c.shapes[i]) and c.layout(i)[0][-1] > 1 and c.shapes[i][-1] > 1, with_gaps),
                ("rows-apart", lambda c, i: len(c.shapes[i]) > 1 and c.layout(i)[0][-1] == 1 and not c.ordered(i),
                 _apart),
                ("offset", lambda c, i: c.layout(i)[1] > 0, with_offset),
                ("repeated", lambda c, i: any(s == 0 and n > 1 for s, n in zip(c.layout(i)[0], c.shapes[i],
                                                                              strict=True)), _repeated)):
            yield Condition(f"{name}[{which}]", f"layout: {name}",
                            lambda c, w=which, h=held: len(c.arrays) > w and bool(h(c, w)),
                            lambda d, w=which, p=placed: _placed(d, w, p),
                            lambda site, w=which: (site.inputs > w and _tabulated(site)) or (w == 0 and site.kind != ITEM))
    yield Condition("layouts-differ", "layouts differ",
                    lambda c: len(c.arrays) > 1 and len({c.ordered(i) for i in range(len(c.arrays))}) > 1,
                    lambda d: _placed(d, d.random.randrange(2), transposed), lambda site: site.inputs > 1)


def _placed(draft: Draft, which: int, make: Callable[[tuple[int, ...]], Placement]) -> None:
    if len(draft.hosts) <= which:
        return
    if len(draft.shapes[which]) < 2 and make in (transposed, _swapped, _apart):
        _ranked(draft, 3)
    place = make(draft.hosts[which].shape)
    draft.placements[which] = place
    if make is _repeated:
        _repeat_numbers(draft, which, place)


def _repeat_numbers(draft: Draft, which: int, place: Placement) -> None:
    host = draft.hosts[which]
    held = dict(zip(positions(host.shape, place.strides, place.offset), host.values, strict=True))
    draft.fill(which, lambda n, v, at=positions(host.shape, place.strides, place.offset): held[at[n]])


# --- which memory is the same


def _alike(call: Call) -> bool:
    return any(a is b for i, a in enumerate(call.arrays) for b in call.arrays[:i])


def _overlapping(call: Call) -> bool:
    found = [call.storage(i) for i in range(len(call.arrays))]
    return any(at and at == found[k] and call.arrays[i] is not call.arrays[k]
               for i, at in enumerate(found) for k in range(i))


def _aliases() -> Iterator[Condition]:
    several = lambda site: site.inputs > 1 and _tabulated(site)  # noqa: E731
    yield Condition("same-object", "same object twice", _alike, lambda d: _aliased(d, "same"), several)
    yield Condition("one-storage", "overlapping views", _overlapping, lambda d: _aliased(d, "overlap"), several)


def _aliased(draft: Draft, how: str) -> None:
    first = draft.shapes[0] if draft.shapes else ()
    kinds = [draft.case.op.kinds.get(p.param.name) for p in draft.case.places]
    if how == "same" and not draft.case.op.broadcast and len(set(draft.shapes)) == 1:
        draft.alias = how
        return
    draft.reshape(lambda i, s: first if kinds[i] == "T" else s)
    draft.alias = how


# --- broadcasting


def _broadcasts() -> Iterator[Condition]:
    spread = lambda site: site.inputs > 1 and site.op is not None and (  # noqa: E731
        site.op.broadcast or site.name == "assign")
    patterns: dict[str, tuple[Callable[[tuple[int, ...], tuple[int, ...]], bool], Any]] = {
        "scalar": (lambda a, b: len(a) > 0 and b == (), lambda s: ()),
        "row": (lambda a, b: len(a) > 1 and b == a[-1:] and a[-1] > 1, lambda s: s[-1:]),
        "column": (lambda a, b: len(a) > 1 and len(b) == len(a) and b[-1] == 1 < a[-1], lambda s: (*s[:-1], 1)),
        "outer": (lambda a, b: len(a) == len(b) > 1 and b[0] == 1 < a[0], lambda s: (1, *s[1:])),
        "middle": (lambda a, b: len(a) == len(b) > 2 and b[1] == 1 < a[1], lambda s: (s[0], 1, *s[2:])),
        "one": (lambda a, b: len(a) > 0 and len(b) > 0 and numel(b) == 1 < numel(a), lambda s: (1,) * len(s))}
    for name, (holds, shape) in patterns.items():
        for first in (0, 1):
            yield Condition(f"broadcast-{name}[{1 - first}]", "broadcasting",
                            lambda c, f=first, h=holds: len(c.shapes) > 1 and h(c.shapes[f], c.shapes[1 - f]),
                            lambda d, f=first, s=shape: _spread(d, f, s), spread)
    yield Condition("broadcast-both", "broadcasting",
                    lambda c: len(c.shapes) > 1 and numel(c.shapes[0]) > 0 and c.shapes[0] != c.shapes[1]
                    and c.size < _joined(c.shapes), _spread_both, spread)


def _joined(shapes: list[tuple[int, ...]]) -> int:
    longest = max(map(len, shapes))
    padded = [(1,) * (longest - len(s)) + s for s in shapes]
    return numel(tuple(max(column) for column in zip(*padded, strict=True)))


def _spread(draft: Draft, first: int, shape: Callable[[tuple[int, ...]], tuple[int, ...]]) -> None:
    full = tuple(draft.random.choice((2, 3, 4, 5)) for _ in range(draft.random.choice((2, 3, 3))))
    draft.reshape(lambda i, s: shape(full) if i == 1 - first else full)


def _spread_both(draft: Draft) -> None:
    draft.reshape(lambda i, s: (1, 4) if i % 2 else (3, 1))


# --- how many inputs, which dtypes, which options


def _counts() -> Iterator[Condition]:
    many = lambda site: site.op is not None and any(p.role == "sequence" for p in site.op.inputs)  # noqa: E731
    yield Condition("inputs==1", "number of inputs", lambda c: len(c.arrays) == 1, lambda d: _sequence(d, 1),
                    lambda s: many(s) and s.name == "cat")
    for n in (2, 4, 8, 20):
        yield Condition(f"inputs>{n}", "number of inputs", lambda c, n=n: len(c.arrays) > n,
                        lambda d, n=n: _sequence(d, n + 1), many)


def _sequence(draft: Draft, count: int) -> None:
    op, sample = draft.case.op, draft.case.sample
    for param, value in zip(op.params, sample.args, strict=False):
        if param.role == "sequence" and value:
            parts = list(value)
            draft.set_attribute(param.name, [parts[i % len(parts)] for i in range(count)])


def _types() -> Iterator[Condition]:
    for dtype in dtypes.ALL:
        yield Condition(f"dtype=={dtype.name}", "dtype", lambda c, d=dtype: c.dtype is d,
                        lambda d: None, lambda site, d=dtype: site.op is None or ACCEPTS[site.op.accepts](d))


def options(op: OpDef) -> list[Condition]:
    """Conditions on the attributes of one op: which dims, and values that are not the default."""
    found: list[Condition] = []
    for param in op.params:
        if param.role != "attribute":
            continue
        if param.annotation.startswith("Dim"):
            found += _dims(param.name, param.annotation)
        elif param.annotation == "bool":
            found += [_option(param.name, value, "option") for value in (True, False)]
        elif param.annotation in ("int", "float", "Number") and param.default is not MISSING:
            found.append(Condition(f"{param.name}!=default", "option",
                                   lambda c, n=param.name, v=param.default: n in c.attributes and c.attributes[n] != v,
                                   lambda d: None))
        elif param.annotation == "Size" and param.name in ("dilation", "stride", "padding", "kernel_size"):
            found += [Condition(f"{param.name}>1", "option",
                                lambda c, n=param.name: any(v > 1 for v in c.attributes.get(n) or ()), lambda d: None),
                      Condition(f"{param.name}-differ", "option",
                                lambda c, n=param.name: len(set(c.attributes.get(n) or ())) > 1, lambda d: None)]
    return found


def _option(name: str, value: Any, sort: str) -> Condition:
    return Condition(f"{name}=={value}", sort, lambda c: c.attributes.get(name) is value,
                     lambda d: d.set_attribute(name, value))


def _chosen(attribute: Any) -> tuple[int, ...]:
    return attribute if isinstance(attribute, tuple) else () if attribute is None else (attribute,)


def _dims(name: str, annotation: str) -> Iterator[Condition]:
    single = annotation.split(" ")[0] == "Dim"
    rows: list[tuple[str, Callable[[tuple[int, ...], int], bool], Callable[[int], Any]]] = [
        ("first", lambda d, r: r > 1 and d == (0,), lambda r: 0 if single else [0]),
        ("last", lambda d, r: r > 1 and d == (r - 1,), lambda r: r - 1 if single else [r - 1]),
        ("middle", lambda d, r: len(d) == 1 and 0 < d[0] < r - 1, lambda r: 1 if single else [1])]
    if not single:
        rows += [("all", lambda d, r: r > 1 and len(d) == r, lambda r: list(range(r))),
                 ("none", lambda d, r: r > 0 and d == (), lambda r: []),
                 ("apart", lambda d, r: len(d) > 1 and d[-1] - d[0] >= len(d), lambda r: [0, r - 1]),
                 ("pair", lambda d, r: len(d) == 2 < r and d[1] - d[0] == 1,
                  lambda r: [0, 1] if r % 2 else [r - 2, r - 1])]
    for label, holds, value in rows:
        yield Condition(f"{name}={label}", "dim",
                        lambda c, h=holds: name in c.attributes and h(_chosen(c.attributes[name]), c.rank),
                        lambda d, v=value: _aimed_dim(d, name, v))


def _aimed_dim(draft: Draft, name: str, value: Callable[[int], Any]) -> None:
    if draft.random.random() < 0.8:
        _ranked(draft, draft.random.choice((2, 3, 3, 4)))
    rank = len(draft.shapes[0]) if draft.shapes else 0
    if rank:
        draft.set_attribute(name, value(rank))


# --- what happened before


def _history() -> Iterator[Condition]:
    for n in (2, 3, 7, 20):
        yield Condition(f"call%{n}==0", "n-th call", lambda c, n=n: c.number % n == 0,
                        lambda d, n=n: setattr(d, "repeats", n), scope=STATE)
    yield Condition("second-call-on", "n-th call", lambda c: c.number > 1, lambda d: setattr(d, "repeats", 2),
                    scope=STATE)
    yield Condition("thread", "thread", lambda c: c.threaded, lambda d: setattr(d, "threaded", True), scope=STATE)
    yield Condition("after-error", "after an error", lambda c: c.erred, lambda d: setattr(d, "after_error", True),
                    lambda site: site.kind == KERNEL, scope=STATE)
