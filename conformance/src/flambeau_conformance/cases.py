"""From the op table to cases: every sample of every op, in every dtype that the op takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from flambeau import dtypes, later, ops
from flambeau.contract.device import Device
from flambeau.dtypes import DType
from flambeau.table.registry import ACCEPTS, TABLE, OpDef, Param
from flambeau.table.samples import Bad, Sample, arr

from .draw import drawn, generator
from .host import Host

# Ops that a list of values does not describe: they write into an argument, or take a device or other ops.
# The checks of the group "contract" speak of them.
DESCRIBED_ELSEWHERE = {"assign": "contract/assign", "to_device": "contract/move", "copy_slices": "contract/in-place"}


@dataclass(frozen=True, slots=True)
class Place:
    """One `arr` of a sample and the parameter that it is (part of) the argument of."""

    spec: arr
    param: Param


@dataclass(frozen=True)
class Case:
    """One sample of one op in one dtype."""

    op: OpDef
    dtype: DType
    label: str  # "sample-03"
    sample: Any  # Sample or Bad

    @property
    def id(self) -> str:
        """Stable across runs: `matmul/float32/sample-03`."""
        return f"{self.op.name}/{self.dtype.name}/{self.label}"

    @cached_property
    def places(self) -> list[Place]:
        """The tensors of the sample, in order."""
        return [Place(spec, p) for p, value in bound(self.op, self.sample) for spec in _specs(value)]

    @cached_property
    def hosts(self) -> list[Host]:
        """Numbers for every tensor of the sample."""
        name = f"{self.op.name}/{self.label}"
        return [drawn(p.spec, self.dtype_of(p), generator(f"{name}/{i}")) for i, p in enumerate(self.places)]

    def dtype_of(self, place: Place) -> DType:
        """The dtype of one tensor: its own, what the op's input asks for, or the one under test."""
        if place.spec.dtype is not None:
            return dtypes.BY_NAME[place.spec.dtype]
        wanted = self.op.kinds.get(place.param.name, "T")
        return dtypes.BY_NAME.get(wanted, self.dtype)

    @property
    def dtypes(self) -> set[DType]:
        """Every dtype that the case has to do with: of its tensors, and named by its arguments."""
        named = {v for v in [*self.sample.args, *self.sample.kwargs.values()] if isinstance(v, DType)}
        return named | {self.dtype} | {self.dtype_of(p) for p in self.places}

    def with_dtypes(self, change: Callable[[DType], DType]) -> Case:
        """The case with every dtype that its arguments name replaced."""
        args = [change(v) if isinstance(v, DType) else v for v in self.sample.args]
        kwargs: dict[str, Any] = {
            k: change(v) if isinstance(v, DType) else v for k, v in self.sample.kwargs.items()}
        return Case(self.op, self.dtype, self.label, Sample(*args, **kwargs))

    def call(self, tensors: list[Any], device: Device, function: Callable[..., Any] | None = None) -> list[Any]:
        """The op (or `function`) on the sample with `tensors` in place of its `arr`s; its results as a list.

        Of an op whose results are not unique, what they have in common instead (`OpDef.invariants`).
        """
        rest = iter(tensors)
        args = [filled(a, rest) for a in self.sample.args]
        kwargs = {k: filled(v, rest) for k, v in self.sample.kwargs.items()}
        call = (function or self.op.call) if self.op.inputs else self._creating(device)
        result = call(*args, **kwargs)
        if self.op.invariants is not None:
            return list(self.op.invariants(result, *args, **kwargs))
        return list(result) if isinstance(result, tuple) else [result]

    def _creating(self, device: Device) -> Callable[..., Any]:
        """An op without inputs makes its result on the default device, in the dtype under test."""
        def call(*args: Any, **kwargs: Any) -> Any:
            if "dtype" in self.op.attributes:
                kwargs.setdefault("dtype", self.dtype)
            with device:
                return self.op.call(*args, **kwargs)

        return call


def bound(op: OpDef, sample: Any) -> list[tuple[Param, Any]]:
    """The arguments of a sample with the parameters they are for."""
    by_name = {p.name: p for p in op.params}
    return [*zip(op.params, sample.args, strict=False),
            *((by_name[k], v) for k, v in sample.kwargs.items() if k in by_name)]


def _specs(value: Any) -> Iterator[arr]:
    if isinstance(value, arr):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _specs(item)


def filled(value: Any, rest: Iterator[Any]) -> Any:
    """An argument of a sample with the next tensors in place of its `arr`s."""
    if isinstance(value, arr):
        return next(rest)
    if isinstance(value, (list, tuple)) and any(_specs(value)):
        return type(value)(filled(v, rest) for v in value)
    return value


def accepted(op: OpDef) -> list[DType]:
    """The dtypes that the op takes."""
    return [d for d in dtypes.ALL if ACCEPTS[op.accepts](d)]


def wanted(sample: Any, dtype: DType) -> bool:
    """Whether the sample is for that dtype."""
    names = getattr(sample, "dtypes", ())
    return not names or dtype.name in names or any(ACCEPTS[n](dtype) for n in names if n in ACCEPTS)


def _dtypes(op: OpDef, sample: Any) -> list[DType]:
    """Those of the op that the sample is for; the first that fits where no tensor takes the dtype under test."""
    found = [d for d in accepted(op) if wanted(sample, d)]
    free = any(spec.dtype is None for _, value in bound(op, sample) for spec in _specs(value))
    if free or not op.inputs:
        return found
    return [d for d in found if d is dtypes.float32] or found[:1]


@cache
def samples(name: str) -> tuple[list[tuple[str, Any]], list[tuple[str, Any]]]:
    """The op's labelled good samples, and its bad ones."""
    op = TABLE[name]
    listed = op.samples() if op.samples is not None and name not in DESCRIBED_ELSEWHERE else []
    good = [s for s in listed if isinstance(s, Sample)]
    bad = [s for s in listed if isinstance(s, Bad)]
    return ([(f"sample-{i:02}", s) for i, s in enumerate(good)], [(f"bad-{i:02}", s) for i, s in enumerate(bad)])


def table() -> list[OpDef]:
    """Every op that core defines; what a program adds at run time is its own affair."""
    later.load()
    return [op for op in TABLE.values() if op.body.__module__.startswith(ops.__name__)]


def good_cases(op: OpDef) -> list[Case]:
    """Every sample that must work in every dtype it is for."""
    return [Case(op, d, label, s) for label, s in samples(op.name)[0] for d in _dtypes(op, s)]


def bad_cases(op: OpDef) -> list[Case]:
    """Every sample that must raise, in one dtype."""
    found = []
    for label, sample in samples(op.name)[1]:
        fitting = _dtypes(op, sample)
        found.append(Case(op, dtypes.float32 if dtypes.float32 in fitting else fitting[0], label, sample))
    return found


def without_samples() -> list[str]:
    """Ops that no check of this suite runs by name."""
    return sorted(op.name for op in table() if not samples(op.name)[0] and op.name not in DESCRIBED_ELSEWHERE)
