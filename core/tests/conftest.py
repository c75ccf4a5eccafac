"""`chip(...)`: an accelerator to test with, the reference backend's kernels under a device type of PyTorch's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import flambeau
from flambeau.contract import plugins
from flambeau.contract.backend import Backend, Status


class Chip(Backend):
    """One of several devices; which is current, they share."""

    name = "chip"

    def __init__(self, device_type: str = "cuda", count: int = 2, index: int | None = None) -> None:
        inner = plugins.load("reference")
        self.device_type, self.count, self.index = device_type, count, index
        self.array_type, self.kernels = inner.array_type, inner.kernels
        self.current, self.others = [0], {None: self}
        for method in ("from_host", "to_host", "dtype_of", "own", "strides", "storage_offset"):
            setattr(self, method, getattr(inner, method))

    def device_count(self) -> int:
        return self.count

    def current_device(self) -> int:
        return self.current[0]

    def for_device(self, index: int | None) -> Backend:
        if index not in self.others:
            other = self.others[index] = type(self)(self.device_type, self.count, index)
            other.current, other.others = self.current, self.others
        return self.others[index]


class Descriptor:
    """Declares a backend, or says why it cannot be used."""

    name, priority = "chip", 100

    def __init__(self, backend: Backend, status: Status) -> None:
        self.backend, self.device_type, self.status = backend, backend.device_type, status

    def probe(self) -> Status:
        return self.status

    def load(self) -> Any:
        return self.backend


@pytest.fixture
def chip() -> Iterator[Callable[..., Chip]]:
    """Declares a chip for the length of a test."""
    def declare(device_type: str = "cuda", count: int = 2, status: Status = Status("ok"),  # noqa: B008
                of: type[Chip] = Chip) -> Chip:
        made = of(device_type, count)
        plugins.register(Descriptor(made, status))
        return made

    yield declare
    plugins.withdraw("chip")
    flambeau.set_default_device(None)
