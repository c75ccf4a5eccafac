"""The CuPy backend: arrayapi's kernels over `cupy`, and what CuPy says differently.

Arrays are `cupy.ndarray`; their memory lies on one device, so views alias as NumPy's do. Kernels run on CuPy's current
stream and return before the device is done; an error of one may show at a later call or in `synchronize`. One instance
serves the current device; `for_device(1)` gives one whose kernels run on the second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flambeau.contract.backend import Kernel
from flambeau.dtypes import ALL, DType, bfloat16
from flambeau.errors import BackendError
from flambeau.shapes import numel
from flambeau_arrayapi import ArrayApiBackend

from .hardware import CupyHardware
from .kernels import BFLOAT16, KERNELS, from_storage, item_strides, storage_offset

Array = Any  # cupy.ndarray
NATIVE = {d: BFLOAT16 if d is bfloat16 else np.dtype(d.name) for d in ALL}


class CupyBackend(CupyHardware, ArrayApiBackend):
    """Kernels over `cupy.ndarray`; `cupy` is the module, `index` the device, None for the current one."""

    def __init__(self, cupy: Any, index: int | None = None) -> None:
        self.cupy, self.index = cupy, index
        self._others: dict[int, CupyBackend] = {}
        super().__init__(cupy, name="cupy", device_type="cuda", array_type=cupy.ndarray, shared_views=True,
                         dtypes=NATIVE, to_bytes=self._bytes)
        self._own_kernels = {name: self._on_device(_bind(kernel, cupy)) for name, kernel in KERNELS.items()}
        self.kernels = {name: self._on_device(kernel) for name, kernel in self.kernels.items()} | self._own_kernels

    def load_family(self, family: str) -> None:
        before = set(self.kernels)
        super().load_family(family)
        self.kernels |= {name: self._on_device(self.kernels[name]) for name in self.kernels.keys() - before}

    def kernel(self, name: str, dtype: DType) -> Kernel | None:
        if name in self._own_kernels:
            return self._own_kernels[name]
        found = super().kernel(name, dtype)
        return found and self._on_device(found)

    def for_device(self, index: int | None) -> CupyBackend:
        """The backend whose arrays lie on device `index`; None, or the only device, means the current one."""
        if index is None or index == self.index or (self.index is None and self.device_count() == 1):
            return self
        if index not in self._others:
            self._others[index] = CupyBackend(self.cupy, index)
        return self._others[index]

    def from_host(self, buffer: Any, shape: tuple[int, ...], dtype: DType, strides: tuple[int, ...] | None = None,
                  offset: int = 0, copy: bool = True) -> Array:
        return self._on_device(self._from_host)(buffer, shape, NATIVE[dtype], strides, offset)

    def _from_host(self, buffer: Any, shape: tuple[int, ...], native: Any, strides: tuple[int, ...] | None,
                   offset: int) -> Array:
        if 0 in shape:
            return self.cupy.zeros(shape, dtype=native)
        flat = np.frombuffer(buffer, np.uint8).view(native)
        if strides is None:
            return self.cupy.asarray(flat[offset : offset + numel(shape)]).reshape(shape)
        return from_storage(self.cupy, self.cupy.asarray(flat), shape, strides, offset)

    def _bytes(self, array: Array) -> memoryview:
        return np.ascontiguousarray(self.cupy.asnumpy(array)).reshape(-1).view(np.uint8).data

    def strides(self, array: Array) -> tuple[int, ...]:
        return item_strides(array)

    def storage_offset(self, array: Array) -> int:
        return storage_offset(array)

    def data_ptr(self, array: Array) -> int:
        return int(array.data.ptr) if array.size else 0


def _bind(kernel: Callable[..., Any], cupy: Any) -> Kernel:
    def bound(*arrays: Any, **attributes: Any) -> Any:
        return kernel(cupy, *arrays, **attributes)

    return bound


def load() -> CupyBackend:
    """The backend over the installed CuPy; raises BackendError naming what stands in its way."""
    try:
        import cupy
    except Exception as error:  # an unwritable home directory, say, fails the import with OSError
        from .probe import probe

        status = probe()
        raise BackendError(f"CuPy does not import: {type(error).__name__}: {error}; {status.fix or 'reinstall it'}",
                           op="device", backend="cupy") from error
    return CupyBackend(cupy)
