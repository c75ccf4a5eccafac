"""`backends.mps`: whether Apple's GPUs can be used."""

from __future__ import annotations

from functools import cache

from ..accelerator.devices import Devices as _Devices
from ..spelling import public as _public

_here = _Devices("mps")
is_available = _here.is_available


def is_built() -> bool:
    """Whether a backend for them is installed and can be used."""
    return is_available()


@cache
def is_macos_or_newer(major: int, minor: int) -> bool:
    """Whether this is macOS of that version or a newer one."""
    from platform import mac_ver

    found = [int(part) for part in mac_ver()[0].split(".") if part.isdigit()]
    return found >= [major, minor]


def is_macos13_or_newer(minor: int = 0) -> bool:
    """The same for macOS 13."""
    return is_macos_or_newer(13, minor)


def get_name() -> str:
    """The GPU's name. Raises DeviceNotAvailableError."""
    return _here.get_device_name()


def get_core_count() -> int:
    """How many cores it has. Raises DeviceNotAvailableError."""
    return int(_here.get_device_properties().multi_processor_count)


__all__ = ["get_core_count", "get_name", "is_available", "is_built", "is_macos13_or_newer", "is_macos_or_newer"]
__getattr__, __dir__ = _public(__name__)
