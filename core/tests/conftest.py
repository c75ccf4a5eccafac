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


class FullChip(Chip):
    """A chip that tells everything and notes in `log` what it was asked to do."""

    def __init__(self, device_type: str = "cuda", count: int = 2, index: int | None = None) -> None:
        super().__init__(device_type, count, index)
        self.log: list[Any] = []
        self.queues = Queues(self.log)

    def for_device(self, index: int | None) -> Backend:
        other: Any = super().for_device(index)
        other.log, other.queues = self.log, self.queues
        return other

    def set_device(self, index: int) -> None:
        self.current[0] = index

    def device_properties(self) -> dict[str, Any]:
        return {"name": f"Chip {self.index}", "major": 9, "minor": 0, "total_memory": 1000}

    def memory_stats(self) -> dict[str, int]:
        return {"allocated": 100 + (self.index or 0), "reserved": 300, "free": 600, "total": 1000}

    def synchronize(self) -> None:
        self.log.append(("synchronize", self.index))

    def empty_cache(self) -> None:
        self.log.append(("empty_cache", self.index))

    def streams(self) -> Queues:
        return self.queues


class Queues:
    """Streams that note who waits for whom."""

    def __init__(self, log: list[Any]) -> None:
        self.log = log
        self.null = self.now = Queue(self, 0)

    def stream(self, priority: int) -> Queue:
        return Queue(self, 16 + priority)

    def current(self) -> Queue:
        return self.now

    def default(self) -> Queue:
        return self.null

    def event(self, timing: bool, blocking: bool) -> Mark:
        return Mark()

    def elapsed(self, start: Mark, end: Mark) -> float:
        return 2.5


class Queue:
    def __init__(self, all_queues: Queues, ptr: int) -> None:
        self.all, self.ptr, self.done = all_queues, ptr, False

    def __enter__(self) -> None:
        self.before, self.all.now = self.all.now, self

    def __exit__(self, *exc: Any) -> None:
        self.all.now = self.before

    def use(self) -> None:
        self.all.now = self

    def wait_event(self, event: Mark) -> None:
        self.all.log.append(("wait", self.ptr, event.recorded_on))

    def synchronize(self) -> None:
        self.done = True


class Mark:
    def __init__(self) -> None:
        self.done, self.recorded_on = False, 0

    def record(self, stream: Queue) -> None:
        self.recorded_on = stream.ptr

    def synchronize(self) -> None:
        self.done = True


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
    def declare(device_type: str = "cuda", count: int = 2, status: Status | None = None, full: bool = False) -> Chip:
        made = (FullChip if full else Chip)(device_type, count)
        plugins.register(Descriptor(made, status or Status("ok")))
        return made

    yield declare
    plugins.withdraw("chip")
    flambeau.set_default_device(None)
