"""Where a bug can be put in: a kernel, or another member through which core speaks to a backend."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flambeau.contract.backend import Backend, Kernel, decode, encode
from flambeau.dtypes import DType
from flambeau.table.registry import TABLE, OpDef

from ...cases import samples, table
from ..hands import made, numbers, poke
from .call import Call

KERNEL, WRITER, WRITES, UPLOAD, DOWNLOAD, ITEM, STEP = (
    "kernel", "writer", "writes", "upload", "download", "item", "step")
STEPS = ("sgd_step", "adam_step")

Spoil = Callable[[list[Any], DType, tuple[int, ...]], list[Any] | None]


@dataclass(frozen=True, slots=True)
class Site:
    """`kind` says how it is called, `name` which op, member or step it is."""

    kind: str
    name: str

    @property
    def op(self) -> OpDef | None:
        """The op's row, if it is one's kernel or writer."""
        return TABLE.get(self.name)

    @property
    def view(self) -> bool:
        """Whether its results alias its input."""
        return self.kind == KERNEL and self.op is not None and self.op.view

    @property
    def inputs(self) -> int:
        """How many tensors it takes at least."""
        return len(self.op.inputs) if self.op is not None else 1

    def __str__(self) -> str:
        return self.name if self.kind == KERNEL else f"{self.kind}:{self.name}"


def sites_of(base: Backend) -> list[Site]:
    """Every place of that backend, in the order of the op table."""
    names = [op.name for op in table() if op.name in base.kernels]
    found = [Site(WRITES if n == "assign" else KERNEL, n) for n in names if samples(n)[0] or n == "assign"]
    if base.shared_views:
        found += [Site(WRITER, n) for n in names if _writes(base, n)]
        found += [Site(STEP, n) for n in STEPS if any(base.step(n, d) is not None for d in _floats())]
    return [*found, Site(UPLOAD, "from_host"), Site(DOWNLOAD, "to_host"), Site(ITEM, "item"),
            Site(WRITES, "accumulate")]


def _floats() -> Iterable[DType]:
    from flambeau.dtypes import ALL

    return [d for d in ALL if d.category == 2]


def _writes(base: Backend, name: str) -> bool:
    op = TABLE[name]
    return op.writes and op.result[0] == "same" and any(base.writer(name, d) is not None for d in _floats())


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


def refreshed(base: Backend, kernel: Kernel, arrays: tuple[Any, ...], place: int, spoil: Spoil) -> tuple[Any, ...]:
    """The arguments with the numbers of one input changed."""
    found = list(arrays)
    found[place] = remade(base, found[place], spoil)
    return tuple(found)
