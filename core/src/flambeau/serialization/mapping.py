"""`load(mmap=True)`: tensors that lie in the file itself, which the system reads where they are read."""

from __future__ import annotations

import mmap
from typing import Any

from ..contract.device import TYPES, Device
from ..dtypes import DType
from ..errors import ArgumentError, UnsupportedError
from .options import mmap_flags

PRIVATE, SHARED = getattr(mmap, "MAP_PRIVATE", 2), getattr(mmap, "MAP_SHARED", 1)


def mapped(file: Any) -> memoryview:
    """The bytes of an open file; what is written to them stays in this process, unless they are mapped as shared."""
    if mmap_flags() == SHARED:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_WRITE))
    return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))


def mode() -> str:
    """How a file that is to be mapped is opened."""
    return "r+b" if mmap_flags() == SHARED else "rb"


def check_mappable(f: Any) -> None:
    """Raises ArgumentError unless `f` names a file."""
    if not hasattr(f, "__fspath__") and not isinstance(f, (str, bytes)):
        raise ArgumentError(f"f must be a file path in order to use the mmap argument, got {type(f).__name__}",
                            op="load")


def array_over(data: memoryview, dtype: DType, device: Device) -> Any:
    """An array that lies in the mapped bytes; for an accelerator, a copy there.

    Raises UnsupportedError where the backend's arrays cannot lie in memory of the host that is given to them.
    """
    backend, count = device.backend, len(data) // dtype.itemsize
    first = backend.from_host(data[: dtype.itemsize], (1,), dtype, copy=False) if count else None
    if not count or (device.type in TYPES and device.type != "cpu") or backend.data_ptr(first) == _address(data):
        return backend.from_host(data, (count,), dtype, copy=False)
    raise UnsupportedError(f"arrays of backend {backend.name!r} cannot lie in a mapped file; load with"
                           " map_location='cpu' or without mmap", op="load", backend=backend.name)


def _address(data: memoryview) -> int:
    import ctypes

    return ctypes.addressof(ctypes.c_char.from_buffer(data))
