"""The accelerator, whichever type it is of: the first of PyTorch's device types that a usable backend serves.

All but `is_available`, `device_count` and `current_accelerator` raise DeviceNotAvailableError where there is none.
"""

from __future__ import annotations

from collections import OrderedDict
from importlib import import_module
from typing import Any

from ..contract import plugins as _plugins
from ..contract.device import Device, as_device
from ..errors import DeviceNotAvailableError, UnsupportedError
from ..spelling import public as _public
from .devices import Current, Devices
from .streams import Stream, set_stream


def _there() -> Devices:
    kind = _plugins.accelerator()
    if kind is None:
        raise DeviceNotAvailableError("there is no accelerator: no installed backend that can be used serves one;"
                                      " python -m flambeau doctor says what stands in the way", op="accelerator")
    return Devices(kind)


def is_available() -> bool:
    """Whether there is one."""
    return _plugins.accelerator() is not None


def device_count() -> int:
    """How many devices it has; 0 where there is none."""
    return _there().device_count() if is_available() else 0


def current_accelerator(check_available: bool = False) -> Device | None:
    """Its device without a number, or None."""
    kind = _plugins.accelerator()
    return None if kind is None else as_device(kind)


def current_device_index() -> int:
    """The number of the current device."""
    return _there().current_device()


def set_device_index(device: Any, /) -> None:
    """Makes a device the current one."""
    _there().set_device(device)


def current_stream(device: Any = None, /) -> Stream:
    """The stream that kernels are handed to now."""
    there = _there()
    module = {"cuda": "flambeau.cuda", "xpu": "flambeau.xpu"}.get(there.kind)
    if module is None:
        raise UnsupportedError(f"devices of type {there.kind!r} have no streams", op="accelerator.current_stream")
    found: Stream = import_module(module).current_stream(device)
    return found


def synchronize(device: Any = None, /) -> None:
    """Waits until a device has done all that was handed to it."""
    _there().synchronize(device)


def empty_cache() -> None:
    """Gives memory that no tensor uses back to the device."""
    _there().empty_cache()


def memory_stats(device_index: Any = None, /) -> OrderedDict[str, int]:
    """The figures that its backend keeps, under PyTorch's names."""
    return _there().memory_stats(device_index)


def memory_allocated(device_index: Any = None, /) -> int:
    """Bytes in tensors."""
    return _there().memory_allocated(device_index)


def max_memory_allocated(device_index: Any = None, /) -> int:
    """The largest number of bytes in tensors so far."""
    return _there().max_memory_allocated(device_index)


def memory_reserved(device_index: Any = None, /) -> int:
    """Bytes taken from the device."""
    return _there().memory_reserved(device_index)


def max_memory_reserved(device_index: Any = None, /) -> int:
    """The largest number of bytes taken from the device so far."""
    return _there().max_memory_reserved(device_index)


def reset_peak_memory_stats(device_index: Any = None, /) -> None:
    """Counts the largest numbers from here on."""
    _there().reset_peak_memory_stats(device_index)


def get_memory_info(device_index: Any = None, /) -> tuple[int, int]:
    """Free and total bytes of a device."""
    return _there().mem_get_info(device_index)


class device_index(Current):
    """A context manager that makes a device, given by its number, the current one; None changes nothing."""

    def __init__(self, device: int | None, /) -> None:
        if device is not None:
            self.devices = _there()
        super().__init__(device)


current_device_idx, set_device_idx = current_device_index, set_device_index

__all__ = [
    "current_accelerator", "current_device_idx", "current_device_index", "current_stream", "device_count",
    "device_index", "empty_cache", "get_memory_info", "is_available", "max_memory_allocated", "max_memory_reserved",
    "memory_allocated", "memory_reserved", "memory_stats", "reset_peak_memory_stats", "set_device_idx",
    "set_device_index", "set_stream", "synchronize",
]
__getattr__, __dir__ = _public(__name__)
