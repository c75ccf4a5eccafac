"""Leaks are a trend: what fills, or is made larger now and then, is none; verdicts are the same every time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flambeau import float32
from flambeau.table.registry import TABLE
from flambeau_conformance.contract.growth import slope
from flambeau_conformance.outcome import executed
from flambeau_conformance.selection import contract_of
from flambeau_conformance.target import Target, load
from flambeau_conformance.wrapped import wrapped
from flambeau_reference.array import Array


class Attributed(Array):
    """An array that has a dict, as any Python object may."""

    def __init__(self, other: Array) -> None:
        super().__init__(other.storage, other.shape, other.dtype, other.strides, other.offset)
        self.made_by, self.note = "a kernel", ["whatever", "a backend", "keeps"]


def attributed(made: Any) -> Any:
    return tuple(map(attributed, made)) if isinstance(made, tuple) else Attributed(made)


def change(kernel: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arrays, **attributes: attributed(kernel(*arrays, **attributes))


@pytest.fixture(scope="module")
def target() -> Target:
    names = [op.name for op in TABLE.values() if op.kind == "primitive" and op.name != "assign"]
    return wrapped("reference", "reference-attributed", dict.fromkeys(names, change))


@pytest.mark.parametrize("name", ["contract/growth/arithmetic", "contract/growth/training"])
def test_ten_runs_on_arrays_that_are_objects_with_attributes_give_one_verdict(name: str, target: Target):
    check = next(c for c in contract_of("reference") if c.id == name)
    assert type(target.backend.kernel("neg", float32)(target.backend.from_host(bytes(4), (1,), float32))) is Attributed
    assert {executed(check, target)["outcome"] for _ in range(10)} == {"pass"}


def test_a_cache_that_fills_for_a_hundred_steps_is_no_leak():
    held: dict[int, bytearray] = {}

    def step() -> None:
        held[len(held) % 101] = bytearray(500)

    grown, cyclic = slope(step, load("reference"))
    assert grown < 64
    assert cyclic < 1


def test_a_hundred_bytes_a_step_are_a_leak_however_many_steps():
    held: list[bytearray] = []
    assert slope(lambda: held.append(bytearray(100)), load("reference"))[0] > 100


def test_an_object_that_only_the_collector_frees_is_a_cycle():
    def step() -> None:
        ring: list[Any] = []
        ring.append(ring)

    assert slope(step, load("reference"))[1] >= 1
