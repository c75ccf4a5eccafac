"""A program in the making: one call of one op, on inputs that are bent until a condition holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from flambeau.shapes import numel
from flambeau.table.registry import Param
from flambeau.table.samples import Sample, arr

from ..cases import Case, bound
from ..host import Host, Placement

Shape = tuple[int, ...]
LARGEST = 70_000  # elements of a tensor
# Ops whose arguments speak of one another: samples in other shapes would be no programs. Some bear other extents.
_RIGID = {"max_pool", "max_pool_backward", "adaptive_max_pool", "nll_loss_backward", "cross_entropy_backward",
          "as_strided", "index", "searchsorted", "layer_norm", "rms_norm"}
_BEARING = {"index", "layer_norm", "rms_norm"}


class Draft:
    """A case, and how it is called: layouts, aliases, what ran before, in which thread.

    `shared`: whether memory that the backend's arrays share can be looked at.
    """

    def __init__(self, case: Case, random: Random, shared: bool = True) -> None:
        self.case, self.random, self.shared = case, random, shared
        self.hosts: list[Host] = list(case.hosts)
        self.placements: list[Placement | None] = [None] * len(self.hosts)
        self.alias = ""  # "same": one object for all alike inputs; "overlap": views of one storage
        self.repeats = 1
        self.after_error = self.threaded = False

    @property
    def shapes(self) -> list[Shape]:
        """Of the tensors, in order."""
        return [p.spec.shape for p in self.case.places]

    def rebuilt(self, change: Callable[[int, arr], arr], attribute: Callable[[Param, Any], Any] | None = None) -> None:
        """Exchanges the case for one with other tensors or other attributes, and numbers of its own."""
        numbers = iter(range(len(self.case.places)))

        def value(found: Any) -> Any:
            if isinstance(found, arr):
                return change(next(numbers), found)
            if isinstance(found, (list, tuple)) and any(isinstance(f, arr) for f in found):
                return type(found)(value(f) for f in found)
            return found

        op, sample = self.case.op, self.case.sample
        pairs = [(p, value(v)) for p, v in bound(op, sample)]
        if attribute is not None:
            pairs = [(p, attribute(p, v) if p.role == "attribute" else v) for p, v in pairs]
        args = [v for _, v in pairs[: len(sample.args)]]
        kwargs: dict[str, Any] = {p.name: v for p, v in pairs[len(sample.args) :]}
        self._take(Case(op, self.case.dtype, f"drawn-{self.random.randrange(1 << 30)}", Sample(*args, **kwargs)))

    def _take(self, case: Case) -> None:
        if any(numel(p.spec.shape) > LARGEST for p in case.places):
            raise ValueError(f"{case.sample!r} has more than {LARGEST} elements")
        self.case = case
        self.hosts = list(case.hosts)
        self.placements = [None] * len(self.hosts)

    def reshape(self, change: Callable[[int, Shape], Shape]) -> None:
        """Every tensor in another shape; raises ValueError where the op's arguments would not fit them."""
        if self.case.op.name in _RIGID:
            raise ValueError(f"{self.case.op.name} in another shape is no program")
        self.rebuilt(lambda i, spec: respecified(spec, change(i, spec.shape)))

    def set_attribute(self, name: str, value: Any) -> None:
        """An attribute with another value, whether the sample gives it or not."""
        op, sample = self.case.op, self.case.sample
        by_place = {p.name: i for i, p in enumerate(op.params)}
        place, args = by_place[name], list(sample.args)
        kwargs: dict[str, Any] = dict(sample.kwargs)
        if place < len(args):
            args[place] = value
        else:
            kwargs[name] = value
        self._take(Case(op, self.case.dtype, self.case.label, Sample(*args, **kwargs)))

    def resize(self, old: int, new: int) -> None:
        """Every extent `old` as `new`, of tensors and in attributes that are sizes; ValueError where that is wrong."""
        if self.case.op.name in _RIGID - _BEARING:
            raise ValueError(f"{self.case.op.name} with other extents is no program")
        def attribute(param: Param, value: Any) -> Any:
            if param.annotation in ("Size", "Any") and isinstance(value, (list, tuple)) and all(
                    type(v) is int for v in value):
                return type(value)(new if v == old else v for v in value)
            return value

        self.rebuilt(lambda i, spec: respecified(spec, tuple(new if n == old else n for n in spec.shape)), attribute)

    def fill(self, i: int, change: Callable[[int, Any], Any]) -> None:
        """The numbers of one tensor changed: `change(place, value)`."""
        host = self.hosts[i]
        self.hosts[i] = Host([change(n, v) for n, v in enumerate(host.values)], host.shape, host.dtype)

    def floats(self) -> Iterator[int]:
        """The tensors of the dtype under test."""
        return (i for i, p in enumerate(self.case.places) if self.case.op.kinds.get(p.param.name) == "T")

    def elements(self) -> int:
        """Of the largest tensor."""
        return max(map(numel, self.shapes), default=0)


def respecified(spec: arr, shape: Shape) -> arr:
    """The same kind of tensor in another shape."""
    return arr(*shape, dtype=spec.dtype, low=spec.low, high=spec.high, fill=spec.fill, distinct=spec.distinct,
               nonzero=spec.nonzero, requires_grad=spec.requires_grad)
