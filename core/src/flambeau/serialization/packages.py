"""Where storages were and go back to, by functions that programs register for devices of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..contract.device import default_device, resolve
from ..errors import BackendError, DeviceNotAvailableError

Tagger = Callable[[Any], str | None]
Deserializer = Callable[[Any, str], Any]
_ACCELERATORS = ("cuda", "mps", "hpu", "xpu", "mtia")


def _cpu_tag(storage: Any) -> str | None:
    return "cpu" if storage.device.type not in _ACCELERATORS else None  # a file of such a backend loads anywhere


def _cpu_deserializer(storage: Any, location: str) -> Any:
    return storage.to(device=default_device()) if location == "cpu" else None


def _tag(kind: str) -> Tagger:
    return lambda storage: str(storage.device) if storage.device.type == kind else None


def _deserializer(kind: str) -> Deserializer:
    def restored(storage: Any, location: str) -> Any:
        return storage.to(device=validated(location, kind)) if location.partition(":")[0] == kind else None

    return restored


_registry: list[tuple[int, Tagger, Deserializer]] = [
    (10, _cpu_tag, _cpu_deserializer),
    *[(20 + at, _tag(kind), _deserializer(kind)) for at, kind in enumerate(_ACCELERATORS)]]


def register_package(priority: int, tagger: Tagger, deserializer: Deserializer) -> None:
    """Lets `save` ask `tagger(storage)` for a location and `load` ask `deserializer(storage, location)` for a storage.

    They are asked in the order of their priorities, lowest first (10 is the CPU's, 20 and more the accelerators'),
    until one does not answer None.

    >>> import flambeau
    >>> flambeau.serialization.register_package(90, lambda storage: None, lambda storage, location: None)
    """
    _registry.append((priority, tagger, deserializer))
    _registry.sort(key=lambda entry: entry[0])


def location_tag(storage: Any) -> str:
    """What `save` writes as a storage's location; raises BackendError where nobody knows.

    >>> import flambeau
    >>> flambeau.serialization.location_tag(flambeau.ones(1).untyped_storage())
    'cpu'
    """
    for _, tagger, _deserializer in _registry:
        location = tagger(storage)
        if location:
            return location
    raise BackendError(f"don't know how to determine data location of a {type(storage).__name__} on"
                       f" {str(storage.device)!r}; name it with register_package", op="location_tag")


def default_restore_location(storage: Any, location: str) -> Any:
    """The storage on the device that its location names; raises BackendError where nobody knows."""
    for _, _tagger, deserializer in _registry:
        restored = deserializer(storage, location)
        if restored is not None:
            return restored
    raise BackendError(f"don't know how to restore data location of a {type(storage).__name__} (tagged with"
                       f" {location}); say how with register_package, or load with map_location",
                       op="default_restore_location")


def validated(location: str, kind: str) -> Any:
    """The device that a location names; raises DeviceNotAvailableError, with the way out, where there is none."""
    try:
        return resolve(location)
    except DeviceNotAvailableError as error:
        raise DeviceNotAvailableError(f"tensors were saved on it; {error.message}; or load them elsewhere with"
                                      " map_location='cpu'", op="load", device=location) from error


def validate_cuda_device(location: str) -> int:
    """The number of the CUDA device that a location names; raises DeviceNotAvailableError where there is none."""
    return validated(location, "cuda").index or 0


def validate_hpu_device(location: str) -> int:
    """The number of the HPU device that a location names; raises DeviceNotAvailableError where there is none."""
    return validated(location, "hpu").index or 0
