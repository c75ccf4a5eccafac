"""Bugs in what a backend says of its devices and their memory."""

from __future__ import annotations

from flambeau.contract.backend import Backend

from .mutant import Parts, mutant


@mutant("no-devices", "false promise")
def _no_devices(base: Backend) -> Parts:
    """The backend says that it has no device."""
    return Parts(members={"device_count": lambda: 0})


@mutant("device-beyond", "false promise", "contract/devices")
def _device_beyond(base: Backend) -> Parts:
    """The current device is counted from one."""
    return Parts(members={"current_device": lambda: base.current_device() + base.device_count()})


@mutant("device-of-another", "false promise", "contract/names")
def _device_of_another(base: Backend) -> Parts:
    """The backend of a device is another backend."""
    return Parts(members={"for_device": lambda index: base})


@mutant("array-type-named", "false promise", "contract/names")
def _array_type_named(base: Backend) -> Parts:
    """The class of arrays is given by its name."""
    return Parts(members={"array_type": base.array_type.__name__})


@mutant("memory-as-text", "false promise", "contract/device-memory")
def _memory_as_text(base: Backend) -> Parts:
    """Bytes are told in words."""
    return Parts(members={"memory_stats": lambda: {"allocated": "12 MiB"}})
