"""Conditions on where elements lie: layouts of inputs, and inputs in one memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..host import Placement, contiguous, expanded, positions, transposed, with_gaps, with_offset
from .call import Call
from .condition import Condition
from .draft import Draft
from .site import ITEM, KERNEL, WRITER, Site
from .sizes import ranked

Shape = tuple[int, ...]


def _tabulated(site: Site) -> bool:
    return site.kind in (KERNEL, WRITER) or site.name == "assign"


def _several(site: Site) -> bool:
    return site.inputs > 1 and _tabulated(site)


def conditions() -> Iterator[Condition]:
    """Every condition of this module."""
    for which in (0, 1):
        yield from (_laid_out(which, name) for name in _LAYOUTS)
    yield Condition("layouts-differ", "layouts differ", _differ,
                    lambda d: placed(d, d.random.randrange(2), transposed), _several)
    yield Condition("same-object", "same object twice", _alike, lambda d: _aliased(d, "same"), _several)
    yield Condition("one-storage", "overlapping views", _overlapping, lambda d: _aliased(d, "overlap"), _several)


def _swapped(shape: Shape) -> Placement:
    """The last two dims exchanged in memory."""
    if len(shape) < 2:
        return contiguous(shape)
    inner = contiguous((*shape[:-2], shape[-1], shape[-2]))
    return Placement((*inner.strides[:-2], inner.strides[-1], inner.strides[-2]), 0, inner.size)


def _apart(shape: Shape) -> Placement:
    """Rows with room between them."""
    if len(shape) < 2:
        return with_gaps(shape)
    wide = contiguous((*shape[:-1], shape[-1] + 3))
    return Placement(wide.strides, 0, wide.size)


def _repeated(shape: Shape) -> Placement:
    return expanded(shape) if any(n > 1 for n in shape) else contiguous(shape)


_LAYOUTS: dict[str, tuple[Callable[[Call, int], bool], Callable[[Shape], Placement]]] = {
    "transposed": (lambda c, i: len(c.shapes[i]) > 1 and c.layout(i)[0][-1] > 1 and not c.ordered(i), transposed),
    "swapped-tail": (lambda c, i: len(c.shapes[i]) > 2 and c.layout(i)[0][-1] > c.layout(i)[0][-2] > 0, _swapped),
    "gaps": (lambda c, i: bool(c.shapes[i]) and c.layout(i)[0][-1] > 1 and c.shapes[i][-1] > 1, with_gaps),
    "rows-apart": (lambda c, i: len(c.shapes[i]) > 1 and c.layout(i)[0][-1] == 1 and not c.ordered(i), _apart),
    "offset": (lambda c, i: c.layout(i)[1] > 0, with_offset),
    "repeated": (lambda c, i: any(s == 0 and n > 1 for s, n in zip(c.layout(i)[0], c.shapes[i], strict=True)),
                 _repeated)}


def _laid_out(which: int, name: str) -> Condition:
    holds, make = _LAYOUTS[name]
    return Condition(f"{name}[{which}]", f"layout: {name}", lambda c: len(c.arrays) > which and holds(c, which),
                     lambda d: placed(d, which, make),
                     lambda s: (s.inputs > which and _tabulated(s)) or (which == 0 and s.kind != ITEM))


def placed(draft: Draft, which: int, make: Callable[[Shape], Placement]) -> None:
    """One input in that layout, with dims enough for it."""
    if len(draft.hosts) <= which:
        return
    if len(draft.shapes[which]) < 2 and make in (transposed, _swapped, _apart):
        ranked(draft, 3)
    place = make(draft.hosts[which].shape)
    draft.placements[which] = place
    if make is _repeated:
        host = draft.hosts[which]
        at = positions(host.shape, place.strides, place.offset)
        held = dict(zip(at, host.values, strict=True))
        draft.fill(which, lambda n, v: held[at[n]])


def _differ(call: Call) -> bool:
    return len(call.arrays) > 1 and len({call.ordered(i) for i in range(len(call.arrays))}) > 1


def _alike(call: Call) -> bool:
    return any(a is b for i, a in enumerate(call.arrays) for b in call.arrays[:i])


def _overlapping(call: Call) -> bool:
    found = [call.storage(i) for i in range(len(call.arrays))]
    return any(at and at == found[k] and call.arrays[i] is not call.arrays[k]
               for i, at in enumerate(found) for k in range(i))


def _aliased(draft: Draft, how: str) -> None:
    first = draft.shapes[0] if draft.shapes else ()
    kinds = [draft.case.op.kinds.get(p.param.name) for p in draft.case.places]
    if how != "same" or draft.case.op.broadcast or len(set(draft.shapes)) > 1:
        draft.reshape(lambda i, s: first if kinds[i] == "T" else s)
    draft.alias = how
