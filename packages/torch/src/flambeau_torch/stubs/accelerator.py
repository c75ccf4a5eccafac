"""`torch.accelerator` on a machine that has none."""

from __future__ import annotations

from typing import Any, NoReturn

from flambeau.errors import DeviceError


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def current_accelerator(check_available: bool = False) -> None:
    """None."""


def _refuse(*args: Any, **kwargs: Any) -> NoReturn:
    raise DeviceError("there is no accelerator: flambeau_torch runs programs on the CPU", op="torch.accelerator")


current_device_index = current_stream = set_device_index = synchronize = device_index = _refuse

__all__ = ["current_accelerator", "device_count", "is_available"]
