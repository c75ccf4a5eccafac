"""What a backend says of its devices and their memory: that it holds together, not that it is true."""

from __future__ import annotations

from flambeau.contract.backend import Backend

from ..check import Check, require
from ..target import Target
from .promise import promise

CHECKS: list[Check] = []
FIGURES = {"allocated", "reserved", "free", "total", "peak_allocated", "peak_reserved"}


@promise("devices", CHECKS)
def devices(target: Target) -> None:
    """The current device is one of those there are, and each is served by this backend."""
    backend = target.backend
    count, current = backend.device_count(), backend.current_device()
    require(type(count) is int and count >= 1, "device", f"device_count() is {count!r}")
    require(type(current) is int and 0 <= current < count, "device", f"current_device() is {current!r} of {count}")
    for index in range(count):
        serving = backend.for_device(index)
        same = isinstance(serving, Backend) and serving.name == backend.name
        require(same, "device", f"for_device({index}) is not this backend: {serving!r}")
    backend.set_device(current)
    require(backend.current_device() == current, "device", f"after set_device({current}) another one is current")


@promise("device-memory", CHECKS)
def device_memory(target: Target) -> None:
    """Figures of memory are bytes under the names of the contract, also after caches were emptied."""
    backend = target.backend
    for step in (backend.synchronize, backend.empty_cache, backend.reset_peak_memory):
        step()
        stats = backend.memory_stats()
        require(set(stats) <= FIGURES, "memory", f"memory_stats() names {sorted(set(stats) - FIGURES)}")
        wrong = {name: value for name, value in stats.items() if type(value) is not int or value < 0}
        require(not wrong, "memory", f"memory_stats() has {wrong}, which are no numbers of bytes")
