"""Changing the numbers that pass through a site: in what it answers, in the memory that it writes, in what it reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flambeau.contract.backend import Backend, decode, encode
from flambeau.dtypes import DType

from ...conditions.call import Call
from ...conditions.site import DOWNLOAD, ITEM, STEP, UPLOAD, WRITER, WRITES, Site
from ..hands import made, numbers, poke

Spoil = Callable[[list[Any], DType, tuple[int, ...]], list[Any] | None]


def spoilt(site: Site, call: Call, result: Any, spoil: Spoil, which: int) -> Any:
    """The site's result with numbers changed: of its output `which`, or of the memory that it writes."""
    base = call.base
    if site.kind == DOWNLOAD:
        dtype = base.dtype_of(call.arrays[0])
        changed = spoil(decode(result, dtype), dtype, call.shapes[0])
        return result if changed is None else encode(changed, dtype)
    if site.kind == ITEM:
        changed = spoil([result], base.dtype_of(call.arrays[0]), ())
        return result if changed is None else changed[0]
    if site.kind in (WRITER, STEP, WRITES, UPLOAD):
        return _written(site, call, result, spoil)
    several = isinstance(result, tuple)
    outputs = list(result) if several else [result]
    place = which % len(outputs)
    outputs[place] = remade(base, outputs[place], spoil)
    return tuple(outputs) if several else outputs[0]


def remade(base: Backend, array: Any, spoil: Spoil) -> Any:
    """An array with other numbers, or the same one if nothing changes."""
    array = base.own(array)
    dtype, shape = base.dtype_of(array), tuple(array.shape)
    changed = spoil(numbers(base, array), dtype, shape)
    return array if changed is None else made(base, changed, shape, dtype)


def _written(site: Site, call: Call, result: Any, spoil: Spoil) -> Any:
    base = call.base
    target = call.arrays[-1] if site.kind == WRITER else result if site.kind == UPLOAD else call.arrays[0]
    if site.kind == WRITES and not base.shared_views:
        return remade(base, result, spoil)
    fresh = remade(base, target, spoil)
    if fresh is not target and base.shared_views:
        poke(base, target, fresh)
    return fresh if fresh is not target and not base.shared_views else result


def refreshed(base: Backend, arrays: tuple[Any, ...], place: int, spoil: Spoil) -> tuple[Any, ...]:
    """The arguments with the numbers of one input changed."""
    found = list(arrays)
    found[place] = remade(base, found[place], spoil)
    return tuple(found)
