"""The module that speaks of a type of device."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

from ..contract import plugins
from ..contract.device import as_device
from ..errors import UnsupportedError

MODULES = ("cpu", "cuda", "mps", "xpu")


def get_device_module(device: Any = None) -> ModuleType:
    """`flambeau.cuda` for a CUDA device, and so on; for None the accelerator's, or the CPU's where there is none.

    Raises UnsupportedError for a type that has no module.

    >>> import flambeau
    >>> flambeau.get_device_module("cuda") is flambeau.cuda
    True
    """
    kind = (plugins.accelerator() or "cpu") if device is None else as_device(device).type
    if kind not in MODULES:
        raise UnsupportedError(f"there is no module for devices of type {kind!r}; there are {', '.join(MODULES)}",
                               op="get_device_module")
    return import_module(f"..{kind}", __package__)
