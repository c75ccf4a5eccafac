"""Apple's GPUs: a backend for devices of type "mps" answers; without one there are none."""

from __future__ import annotations

from ..accelerator.devices import Devices as _Devices
from ..spelling import public as _public

_here = _Devices("mps")

is_available, device_count, synchronize = _here.is_available, _here.device_count, _here.synchronize
manual_seed = _here.manual_seed
get_rng_state, set_rng_state = _here.get_rng_state, _here.set_rng_state


def seed() -> None:
    """Seeds the default generator with a number nobody can foresee. Raises DeviceNotAvailableError."""
    _here.init()
    _here.seed()


def empty_cache() -> None:
    """Gives memory that no tensor uses back to the device. Raises DeviceNotAvailableError."""
    _here.backend().empty_cache()


def current_allocated_memory() -> int:
    """Bytes in tensors. Raises DeviceNotAvailableError."""
    _here.init()
    return _here.memory_allocated()


def driver_allocated_memory() -> int:
    """Bytes taken from the device. Raises DeviceNotAvailableError."""
    _here.init()
    return _here.memory_reserved()


def recommended_max_memory() -> int:
    """Bytes of the whole device. Raises DeviceNotAvailableError."""
    return _here.mem_get_info()[1]


__all__ = ["current_allocated_memory", "device_count", "driver_allocated_memory", "empty_cache", "get_rng_state",
           "is_available", "manual_seed", "recommended_max_memory", "seed", "set_rng_state", "synchronize"]
__getattr__, __dir__ = _public(__name__)
