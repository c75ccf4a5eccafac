"""The devices of one type, as PyTorch's module of that name speaks of them: `cuda`, `xpu` and `mps` are made of this.

What can be answered without hardware is: no device, no bytes. What needs it raises DeviceNotAvailableError with the
reason and the mend. Figures that a backend does not keep raise UnsupportedError.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from ..contract import plugins
from ..contract.backend import Backend
from ..contract.device import as_device, resolve
from ..errors import UnsupportedError, ValueRangeError
from ..random import default_generator

if TYPE_CHECKING:
    from ..tensors.tensor import Tensor

_STATS = {"allocated": "allocated_bytes.all.current", "peak_allocated": "allocated_bytes.all.peak",
          "reserved": "reserved_bytes.all.current", "peak_reserved": "reserved_bytes.all.peak"}


class Devices:
    """Every device of type `kind`."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def backend(self, device: Any = None) -> Backend:
        """What serves a device, the current one unless told; raises DeviceNotAvailableError."""
        index = self.index(device)
        found: Backend = resolve(as_device(self.kind, index)).backend
        return found

    def index(self, device: Any = None) -> int:
        """The number of a device: an int, a device or string of this type, or None for the current one."""
        if type(device) is int:
            return device
        place = as_device(self.kind) if device is None else as_device(device)
        if place.type != self.kind:
            raise ValueRangeError(f"expected a {self.kind} device, but got: {place}", op=self.kind, device=str(place))
        return self.current_device() if place.index is None else place.index

    # --- which there are

    def is_available(self) -> bool:
        """Whether a usable backend serves devices of this type."""
        return plugins.served_by(self.kind) is not None

    def is_initialized(self) -> bool:
        """Whether the backend has been used."""
        return plugins.is_loaded(self.kind)

    def init(self) -> None:
        """Loads the backend now. Raises DeviceNotAvailableError where there is none."""
        plugins.backend_for(self.kind, self.kind)

    def device_count(self) -> int:
        """How many devices there are; 0 without a usable backend."""
        return plugins.backend_for(self.kind, self.kind).device_count() if self.is_available() else 0

    def current_device(self) -> int:
        """The number of the device that the type alone means. Raises DeviceNotAvailableError."""
        return plugins.backend_for(self.kind, self.kind).current_device()

    def set_device(self, device: Any) -> None:
        """Makes a device the current one; nothing for a negative number. Raises DeviceNotAvailableError."""
        index = self.index(device)
        if index >= 0:
            self.backend(index).set_device(index)

    def get_device_properties(self, device: Any = None) -> SimpleNamespace:
        """What the backend knows of a device, `name` and `total_memory` among it. Raises DeviceNotAvailableError."""
        return SimpleNamespace(**self.backend(device).device_properties())

    def get_device_name(self, device: Any = None) -> str:
        """The device's name. Raises DeviceNotAvailableError, UnsupportedError where it is not known."""
        return str(self._property("name", device))

    def get_device_capability(self, device: Any = None) -> tuple[int, int]:
        """Its compute capability, two numbers. Raises DeviceNotAvailableError, UnsupportedError if unknown."""
        return int(self._property("major", device)), int(self._property("minor", device))

    def _property(self, name: str, device: Any) -> Any:
        backend = self.backend(device)
        known = backend.device_properties()
        if name not in known:
            raise UnsupportedError(f"backend {backend.name!r} does not tell the {name} of its devices",
                                   op=f"{self.kind}.get_device_properties", backend=backend.name)
        return known[name]

    def synchronize(self, device: Any = None) -> None:
        """Waits until a device has done all that was handed to it. Raises DeviceNotAvailableError."""
        self.backend(device).synchronize()

    def can_device_access_peer(self, device: Any, peer_device: Any) -> bool:
        """False: what goes from one device to another passes through the host. Raises DeviceNotAvailableError."""
        self.backend(device)
        self.backend(peer_device)
        return False

    # --- memory

    def empty_cache(self) -> None:
        """Gives memory that no tensor uses back to the device."""
        if self.is_initialized():
            self.backend().empty_cache()

    def memory_stats(self, device: Any = None) -> OrderedDict[str, int]:
        """The figures that are kept, under PyTorch's names ("allocated_bytes.all.current"); empty without a device."""
        held = self.backend(device).memory_stats() if self.is_available() else {}
        return OrderedDict((name, held[key]) for key, name in _STATS.items() if key in held)

    def memory_stats_as_nested_dict(self, device: Any = None) -> dict[str, Any]:
        """The same with a dict for every part of a name."""
        found: dict[str, Any] = {}
        for name, figure in self.memory_stats(device).items():
            *path, last = name.split(".")
            inner = found
            for part in path:
                inner = inner.setdefault(part, {})
            inner[last] = figure
        return found

    def memory_allocated(self, device: Any = None) -> int:
        """Bytes in tensors; 0 without a device."""
        return self._bytes("allocated", device)

    def max_memory_allocated(self, device: Any = None) -> int:
        """The largest number of bytes in tensors so far; 0 without a device."""
        return self._bytes("peak_allocated", device)

    def memory_reserved(self, device: Any = None) -> int:
        """Bytes taken from the device; 0 without one."""
        return self._bytes("reserved", device)

    def max_memory_reserved(self, device: Any = None) -> int:
        """The largest number of bytes taken from the device so far; 0 without one."""
        return self._bytes("peak_reserved", device)

    def reset_peak_memory_stats(self, device: Any = None) -> None:
        """Counts the largest numbers from here on."""
        if self.is_initialized():
            self.backend(device).reset_peak_memory()

    def mem_get_info(self, device: Any = None) -> tuple[int, int]:
        """Free and total bytes of a device. Raises DeviceNotAvailableError."""
        self.backend(device)
        return self._bytes("free", device), self._bytes("total", device)

    def memory_summary(self, device: Any = None, abbreviated: bool = False) -> str:
        """The figures of `memory_stats`, a line each. Raises DeviceNotAvailableError."""
        self.backend(device)
        lines = [f"{name:32}{figure:>16,} bytes" for name, figure in self.memory_stats(device).items()]
        return "\n".join([f"memory of {self.kind}:{self.index(device)}", *lines])

    def _bytes(self, name: str, device: Any) -> int:
        if not self.is_available():
            return 0
        backend = self.backend(device)
        held = backend.memory_stats()
        if name not in held:
            raise UnsupportedError(f"backend {backend.name!r} keeps no count of the {name.replace('_', ' ')} bytes",
                                   op=f"{self.kind} memory", backend=backend.name)
        return held[name]

    # --- random numbers: every device draws from the default generator

    def manual_seed(self, seed: int) -> None:
        """Seeds the default generator, from which these devices draw; nothing without a device."""
        seed = int(seed)
        if self.is_available():
            default_generator.manual_seed(seed)

    def seed(self) -> None:
        """Seeds it with a number nobody can foresee; nothing without a device."""
        if self.is_available():
            default_generator.seed()

    def initial_seed(self) -> int:
        """The seed it was started from. Raises DeviceNotAvailableError."""
        self.init()
        return default_generator.initial_seed()

    def get_rng_state(self, device: Any = None) -> Tensor:
        """The default generator's state, from which these devices draw. Raises DeviceNotAvailableError."""
        self.backend(device)
        return default_generator.get_state()

    def get_rng_state_all(self) -> list[Tensor]:
        """The state once for every device."""
        return [self.get_rng_state(i) for i in range(self.device_count())]

    def set_rng_state(self, new_state: Tensor, device: Any = None) -> None:
        """Sets the default generator's state; nothing without a device."""
        if self.is_available():
            self.backend(device)
            default_generator.set_state(new_state)

    def set_rng_state_all(self, new_states: Iterable[Tensor]) -> None:
        """Sets the state from the last of one for every device: there is one generator."""
        for index, state in enumerate(new_states):
            self.set_rng_state(state, index)


class Current:
    """A context manager that makes a device the current one; None and negative numbers change nothing."""

    devices: Devices

    def __init__(self, device: Any) -> None:
        self.idx = -1 if device is None else self.devices.index(device)
        self.prev_idx = -1

    def __enter__(self) -> None:
        if self.idx >= 0:
            self.prev_idx = self.devices.current_device()
            self.devices.set_device(self.idx)

    def __exit__(self, *exc: Any) -> None:
        if self.idx >= 0:
            self.devices.set_device(self.prev_idx)


class CurrentOf(Current):
    """The same for the device of a tensor; one elsewhere changes nothing."""

    def __init__(self, obj: Any) -> None:
        place = getattr(obj, "device", None)
        super().__init__(place if place is not None and place.type == self.devices.kind else None)
