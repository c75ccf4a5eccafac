"""Where a storage goes: `map_location` in each of PyTorch's forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..contract.device import Device, default_device, resolve
from ..errors import ArgumentError
from .packages import default_restore_location


class Placed:
    """A storage as a callable `map_location` sees it: it says where it is to go, by PyTorch's words."""

    def __init__(self, device: Device | None, nbytes: int) -> None:
        self._device, self._nbytes = device, nbytes

    @property
    def device(self) -> Device:
        """Where it is, or is to go: a storage is read into the host's memory."""
        return resolve("cpu") if self._device is None else self._device

    def nbytes(self) -> int:
        """Its bytes."""
        return self._nbytes

    def cpu(self) -> Placed:
        """The storage on the CPU."""
        return self.to("cpu")

    def cuda(self, device: Any = None) -> Placed:
        """The storage on a CUDA device, the current one or that given by name or number."""
        return self.to(f"cuda:{device}" if isinstance(device, int) else device or "cuda")

    def to(self, device: Any) -> Placed:
        """The storage on that device."""
        return Placed(resolve(device), self._nbytes)


def _saved_on(location: str, nbytes: int) -> Device:
    """The device that a location stands for, as `register_package` has it."""
    return default_restore_location(Placed(None, nbytes), location).device  # type: ignore[no-any-return]


def placing(map_location: Any) -> Callable[[str, int], Device]:
    """The device for a storage of so many bytes that was saved from a location."""
    if map_location is None:
        return lambda location, nbytes: _saved_on(location, nbytes)
    if isinstance(map_location, dict):
        return lambda location, nbytes: resolve(map_location[location]) if location in map_location \
            else _saved_on(location, nbytes)
    if callable(map_location) and not isinstance(map_location, (str, Device)):
        return lambda location, nbytes: _answered(map_location, location, nbytes)
    target = resolve(map_location)
    return lambda location, nbytes: target


def _answered(map_location: Callable[[Any, str], Any], location: str, nbytes: int) -> Device:
    answer = map_location(Placed(None, nbytes), location)
    if answer is None:
        return _saved_on(location, nbytes)
    if isinstance(answer, Placed):
        return default_device() if answer._device is None else answer._device
    if isinstance(answer, (str, Device)):
        return resolve(answer)
    raise ArgumentError("map_location(storage, location) must return a storage, a device or None, got"
                        f" {type(answer).__name__}", op="load")
