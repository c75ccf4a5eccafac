"""Where core speaks to a backend: a kernel, or another member."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flambeau import dtypes
from flambeau.contract.backend import Backend
from flambeau.table.registry import TABLE, OpDef

from ..cases import samples, table

KERNEL, WRITER, WRITES, UPLOAD, DOWNLOAD, ITEM, STEP = (
    "kernel", "writer", "writes", "upload", "download", "item", "step")
STEPS = ("sgd_step", "adam_step")
MEMBERS = ((UPLOAD, "from_host"), (DOWNLOAD, "to_host"), (ITEM, "item"), (WRITES, "accumulate"))


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
        return self.name if self.kind == KERNEL else f"{self.kind}-{self.name}"


Fits = Callable[[Site], bool]


def every_site() -> list[Site]:
    """Every place that the contract knows of, in the order of the op table."""
    names = [op.name for op in table() if samples(op.name)[0]]
    found = [Site(KERNEL, n) for n in names] + [Site(WRITES, "assign")]
    found += [Site(WRITER, n) for n in names if TABLE[n].writes and TABLE[n].result[0] == "same" and TABLE[n].method]
    return [*found, *(Site(STEP, n) for n in STEPS), *(Site(kind, name) for kind, name in MEMBERS)]


def sites_of(base: Backend) -> list[Site]:
    """Those that this backend has something of its own for."""
    return [s for s in every_site() if _has(base, s)]


def _has(base: Backend, site: Site) -> bool:
    if site.kind == KERNEL or site.name == "assign":
        return site.name in base.kernels
    if site.kind == WRITER:
        return base.shared_views and any(base.writer(site.name, d) is not None for d in dtypes.ALL)
    return site.kind != STEP or any(base.step(site.name, d) is not None for d in dtypes.ALL)
