"""A derived case: a sample made from the op table, with inputs that may lie in one another's memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flambeau.contract.device import Device
from flambeau.dtypes import DType
from flambeau.shapes import contiguous_strides, numel
from flambeau.table.registry import OpDef
from flambeau.table.samples import Sample, arr

from ..cases import Case, bound, samples, wanted
from ..draw import drawn, generator
from ..host import Host, Placement, positions, put
from ..layouts import layouts

SAME, SHIFTED, TRANSPOSED = "same object", "shifted views", "transposed views"
_FIELDS = ("dtype", "low", "high", "fill", "distinct", "nonzero", "requires_grad")


@dataclass(frozen=True)
class Derived(Case):
    """One sample, one way to lie in memory: a layout of `layouts`, or `sharing` among the inputs.

    `repeats`: of an elementwise op, how long the last dim of its inputs is; their elements repeat (`repeating`).
    """

    layout: str = "contiguous"
    sharing: str = ""
    repeats: int = 0

    @cached_property
    def sharers(self) -> list[int]:
        """Which inputs lie in one memory: those of the dtype under test; of one shape, if they are one object."""
        mine = [i for i, p in enumerate(self.places) if p.spec.dtype is None and self.dtype_of(p) is self.dtype]
        if self.sharing != SAME:
            return mine
        by_shape: dict[Any, list[int]] = {}
        for i in mine:
            by_shape.setdefault(self.places[i].spec.shape, []).append(i)
        return max(by_shape.values(), key=len, default=[])

    @cached_property
    def hosts(self) -> list[Host]:
        """Numbers for every tensor; those of sharers are read from the memory that they share."""
        held = [drawn(p.spec, self.dtype_of(p), generator(f"{self.op.name}/{self.label}/{i}"))
                for i, p in enumerate(self.places)]
        if not self.sharing:
            return held
        for i, place in self._shared.items():
            shape = self.places[i].spec.shape
            values = [self._memory.values[p] for p in positions(shape, place.strides, place.offset)]
            held[i] = Host(values, shape, self.dtype)
        return held

    @cached_property
    def _memory(self) -> Host:
        """The elements that the sharers read: in the range that suits them all."""
        specs = [self.places[i].spec for i in self.sharers]
        spec = common(specs, max(numel(s.shape) for s in specs) + len(specs))
        return drawn(spec, self.dtype, generator(f"{self.op.name}/{self.label}/memory"))

    @cached_property
    def _shared(self) -> dict[int, Placement]:
        """Where each sharer lies in the memory."""
        found = {}
        for k, i in enumerate(self.sharers):
            shape = self.places[i].spec.shape
            turned = self.sharing == TRANSPOSED and k % 2
            strides = contiguous_strides(shape[::-1])[::-1] if turned else contiguous_strides(shape)
            found[i] = Placement(strides, k if self.sharing == SHIFTED else 0, len(self._memory.values))
        return found

    def tensors(self, device: Device) -> list[Any]:
        """The inputs on the device, as the case lays them out."""
        if not self.sharing:
            places = dict(layouts(self)).get(self.layout, [None] * len(self.hosts))
            return [put(h, device, p) for h, p in zip(self.hosts, places, strict=True)]
        made = [None if i in self._shared else put(h, device) for i, h in enumerate(self.hosts)]
        memory = put(self._memory, device)
        if self.sharing == SAME:
            shape = self.places[self.sharers[0]].spec.shape
            one = memory.as_strided(shape, contiguous_strides(shape), 0)
            return [one if i in self._shared else m for i, m in enumerate(made)]
        return [memory.as_strided(self.hosts[i].shape, self._shared[i].strides, self._shared[i].offset)
                if i in self._shared else m for i, m in enumerate(made)]

    @property
    def how(self) -> str:
        """How the inputs lie, in words."""
        return self.sharing or self.layout


def common(specs: list[arr], count: int) -> arr:
    """One spec whose numbers suit all of these."""
    lows = [s.low for s in specs if s.low is not None]
    highs = [s.high for s in specs if s.high is not None]
    fill = next((s.fill for s in specs if s.fill is not None), None)
    return arr(count, fill=fill, low=max(lows) if lows else None, high=min(highs) if highs else None,
               distinct=any(s.distinct for s in specs), nonzero=any(s.nonzero for s in specs))


def like(spec: arr, shape: tuple[int, ...], **fields: Any) -> arr:
    """`spec` with another shape, and other members where they are given."""
    return arr(*shape, **{**{n: getattr(spec, n) for n in _FIELDS}, **fields})


def made(op: OpDef, arguments: Mapping[str, Any]) -> Sample:
    """A sample of arguments by name, by position as far as that goes."""
    args: list[Any] = []
    rest = dict(arguments)
    for param in op.params:
        if param.keyword_only or param.name not in rest:
            break
        args.append(rest.pop(param.name))
    return Sample(*args, **rest)


def seeds(op: OpDef, dtype: DType) -> list[dict[str, Any]]:
    """The written samples for that dtype whose numbers are drawn, as arguments by name."""
    found = [{p.name: v for p, v in bound(op, s)} for _, s in samples(op.name)[0] if wanted(s, dtype)]
    return [s for s in found if all(spec.fill is None for spec in specs_in(s))]


def specs_in(value: Any) -> Iterator[arr]:
    """Every `arr` among arguments."""
    if isinstance(value, arr):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from specs_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from specs_in(item)


def under_test(op: OpDef, name: str, spec: Any) -> bool:
    """Whether that argument is a tensor of the dtype under test."""
    return isinstance(spec, arr) and spec.dtype is None and op.kinds.get(name) == "T"


def taken(op: OpDef, seed: Mapping[str, Any], dtype: DType, shapes: Mapping[str, tuple[int, ...]],
          label: str, layout: str = "contiguous", sharing: str = "", **changed: Any) -> Derived:
    """The seed with other shapes, by the names of its tensors, and other arguments."""
    arguments = {n: like(v, shapes[n]) if n in shapes else v for n, v in seed.items()} | changed
    return Derived(op, dtype, label, made(op, arguments), layout, sharing)
