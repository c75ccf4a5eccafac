"""The NumPy backend: how host memory becomes ndarrays and back, and which kernel serves which dtype."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

import numpy as np

from flambeau.contract.backend import Kernel
from flambeau.dtypes import DType, bfloat16, float32
from flambeau.errors import UnsupportedError
from flambeau_arrayapi import ArrayApiBackend
from flambeau_arrayapi.registry import TABLE as SHARED

from . import kernels as _families  # fills TABLE
from .dtypes import BFLOAT16, FLAMBEAU, FLOATS, NUMPY, UINT16
from .kernels.movement import address, storage
from .kernels.optim import STEPS
from .registry import TABLE, WRITERS
from .threads import get_num_threads, respect_environment, set_num_threads

Array = np.ndarray[Any, Any]


def silence_warnings() -> None:
    """Keeps NumPy's floating-point warnings quiet where flambeau's modules make the call.

    IEEE 754 results (inf, nan) are the answer here, as in PyTorch, and `numpy.errstate` costs 0.9 µs
    a call while `numpy.seterr` holds for one thread and changes the user's own arithmetic. A filter
    holds in every thread, costs nothing until a warning is due, and leaves other modules alone. A
    filter added later comes first: where it makes errors of warnings, core repeats the call under `quiet`.
    """
    warnings.filterwarnings("ignore", r"(divide by zero|overflow|underflow|invalid value) encountered",
                            RuntimeWarning, r"flambeau")


def _said(shape: tuple[int, ...], steps: tuple[int, ...]) -> tuple[int, ...]:
    """Strides as PyTorch has them, of arrays without elements and along new dims of size 1, where NumPy's are 0."""
    made, after = list(steps), 1
    for d in reversed(range(len(shape))):
        if 0 in shape or (shape[d] == 1 and not steps[d]):
            made[d] = after
        after = made[d] * max(shape[d], 1)
    return tuple(made)


class NumpyBackend(ArrayApiBackend):
    """Kernels over `numpy.ndarray`: the ones in `TABLE`, and the array API backend's for the rest."""

    def __init__(self) -> None:
        silence_warnings()
        respect_environment()
        super().__init__(np, name="numpy", device_type="cpu", array_type=np.ndarray, shared_views=True,
                         dtypes={bfloat16: BFLOAT16})
        self._put_first()

    def _put_first(self) -> None:
        """Lets the kernels of `TABLE` stand before the array API backend's."""
        self.kernels |= {name: by.get(float32) or next(iter(by.values())) for name, by in TABLE.items()}

    def load_family(self, family: str) -> None:
        super().load_family(family)
        if family in _families.LATER:
            import_module(f".{family}", _families.__name__)
        self._put_first()

    own = staticmethod(np.asarray)
    get_num_threads = staticmethod(get_num_threads)
    set_num_threads = staticmethod(set_num_threads)

    def kernel(self, name: str, dtype: DType) -> Kernel | None:
        own = TABLE.get(name, {}).get(dtype)
        if own is None and (name not in TABLE or name in SHARED):
            return super().kernel(name, dtype)
        return own  # None for a dtype that a fused kernel is not for: core composes

    def writer(self, name: str, dtype: DType) -> Kernel | None:
        own = WRITERS.get(name, {}).get(dtype)
        if own is None and isinstance(kernel := self.kernel(name, dtype), np.ufunc):
            return kernel  # a ufunc writes into the array after its inputs, whatever overlaps
        return own

    def step(self, name: str, dtype: DType) -> Kernel | None:
        return STEPS.get(name) if dtype in FLOATS else None

    def from_host(self, buffer: Any, shape: tuple[int, ...], dtype: DType, strides: tuple[int, ...] | None = None,
                  offset: int = 0, copy: bool = True) -> Array:
        kind = NUMPY[dtype]
        if 0 in shape:
            return np.empty(shape, kind)
        flat = np.frombuffer(buffer, UINT16 if kind == BFLOAT16 else kind)
        width = kind.itemsize
        if strides is None:
            array = np.ndarray(shape, kind, flat, offset * width)
            return array.copy() if copy or not array.flags.writeable else array
        if copy or not flat.flags.writeable:
            flat = flat.copy()
        return np.ndarray(shape, kind, flat, offset * width, tuple([s * width for s in strides]))

    def to_host(self, array: Array) -> memoryview:
        return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data

    def dtype_of(self, array: Array) -> DType:
        return FLAMBEAU[array.dtype]

    def contiguous(self, array: Array) -> bool:
        return array.flags.c_contiguous

    def strides(self, array: Array) -> tuple[int, ...]:
        width = array.itemsize
        steps = tuple([s // width for s in array.strides])
        return steps if 0 not in steps else _said(array.shape, steps)

    def storage_offset(self, array: Array) -> int:
        return (address(array) - address(storage(array))) // array.itemsize

    def storage_size(self, array: Array) -> int:
        return storage(array).nbytes // array.itemsize

    def can_view(self, array: Array, size: tuple[int, ...]) -> bool:
        return array.flags.c_contiguous or super().can_view(array, size)

    def data_ptr(self, array: Array) -> int:
        return address(array) if array.size else 0

    def accumulate(self, array: Array, other: Array) -> Array:
        try:
            return np.add(array, other, out=array)
        except (RuntimeWarning, FloatingPointError):  # said after the last element is written
            return array

    def item(self, array: Array) -> Any:
        return array.item()

    def tolist(self, array: Array) -> Any:
        return array.tolist()

    def to_numpy(self, array: Array) -> Array:
        return super().to_numpy(array) if array.dtype == BFLOAT16 else array

    def dlpack(self, array: Array, **options: Any) -> Any:
        if array.dtype == BFLOAT16:
            raise UnsupportedError("NumPy does not export bfloat16 through DLPack; cast to float32 first",
                                   op="__dlpack__", backend=self.name)
        return array.__dlpack__(**options)

    def dlpack_device(self, array: Array) -> tuple[int, int]:
        return array.__dlpack_device__()

    def from_dlpack(self, source: Any) -> Array:
        return np.from_dlpack(source)
