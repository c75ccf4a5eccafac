"""What NVIDIA's management library says about driver and devices, through ctypes.

NVML counts devices without making a CUDA context. `cuInit` would make one, and a process that has one
breaks the data-loading workers it forks.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

DRIVER_NOT_LOADED = 9
LIBRARY_MISMATCH = 18  # the driver was updated and the kernel still runs the old one


class NvmlError(Exception):
    """A call into NVML that failed; `code` is NVML's own number."""

    def __init__(self, call: str, code: int) -> None:
        super().__init__(f"{call} returned {code}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Machine:
    """The CUDA version that the driver supports (13000 for 13.0), and each device's compute capability."""

    cuda: int
    capabilities: tuple[tuple[int, int], ...]


def ask(library: Any) -> Machine:
    """Driver and devices of this machine; raises NvmlError. `library`: NVML as `ctypes.CDLL` opens it."""
    _call(library.nvmlInit_v2)
    try:
        cuda = _number(library.nvmlSystemGetCudaDriverVersion_v2)
        count = _number(library.nvmlDeviceGetCount_v2)
        return Machine(cuda, tuple(_capability(library, index) for index in range(count)))
    finally:
        library.nvmlShutdown()


def _call(function: Callable[..., int], *arguments: Any) -> None:
    code = function(*arguments)
    if code:
        raise NvmlError(getattr(function, "__name__", "NVML"), code)


def _number(function: Callable[..., int]) -> int:
    value = ctypes.c_int()
    _call(function, ctypes.byref(value))
    return value.value


def _capability(library: Any, index: int) -> tuple[int, int]:
    handle, major, minor = ctypes.c_void_p(), ctypes.c_int(), ctypes.c_int()
    _call(library.nvmlDeviceGetHandleByIndex_v2, ctypes.c_uint(index), ctypes.byref(handle))
    _call(library.nvmlDeviceGetCudaComputeCapability, handle, ctypes.byref(major), ctypes.byref(minor))
    return major.value, minor.value
