"""A stand-in for CuPy that computes with NumPy: enough of its classes to run the backend without a GPU."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest


def address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


class Memory:
    """One allocation: the array that owns it."""

    def __init__(self, owner: np.ndarray) -> None:
        self.bytes, self.ptr = owner.ravel(order="K").view(np.uint8), address(owner)


class MemoryPointer:
    def __init__(self, mem: Memory, offset: int) -> None:
        self.mem, self.offset, self.ptr = mem, offset, mem.ptr + offset


class StandInArray(np.ndarray):
    """An ndarray that, as CuPy's, never turns into a scalar and knows the allocation it lies in."""

    def __new__(cls, shape, dtype=float, memptr=None, strides=None):
        if memptr is None or 0 in shape:
            return super().__new__(cls, shape, dtype)
        return super().__new__(cls, shape, dtype, memptr.mem.bytes, memptr.offset, strides)

    @property
    def data(self) -> MemoryPointer:
        owner = self
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        memory = Memory(owner.view(np.ndarray))
        return MemoryPointer(memory, address(self) - memory.ptr)

    def __array_wrap__(self, array, context=None, return_scalar=False):
        return array.view(StandInArray)

    def __getitem__(self, index):
        return standing_in(super().__getitem__(index))


def standing_in(result: Any) -> Any:
    if isinstance(result, tuple):
        return tuple(standing_in(r) for r in result)
    return np.asarray(result).view(StandInArray) if isinstance(result, np.ndarray | np.generic) else result


class Device:
    """CuPy's context manager; keeps the devices that were current while something ran."""

    current = 0
    used: list[int] = []  # noqa: RUF012

    def __init__(self, index: int) -> None:
        self.index = index

    def __enter__(self) -> "Device":
        self.before, Device.current = Device.current, self.index
        Device.used.append(self.index)
        return self

    def __exit__(self, *exc: object) -> None:
        Device.current = self.before


class CUDARuntimeError(RuntimeError):
    pass


class Stream:
    failure: Exception | None = None

    def synchronize(self) -> None:
        if self.failure:
            raise self.failure


class StandInCupy:
    """NumPy's functions, answering arrays of the stand-in class."""

    ndarray = StandInArray

    def __init__(self) -> None:
        self.stream = Stream()
        runtime = SimpleNamespace(getDeviceCount=lambda: 2, memGetInfo=lambda: (600, 1000),
                                  CUDARuntimeError=CUDARuntimeError)
        self.cuda = SimpleNamespace(runtime=runtime, Device=Device, MemoryPointer=MemoryPointer,
                                    get_current_stream=lambda: self.stream)

    def asarray(self, a, dtype=None, order=None, *, copy=None):
        if isinstance(a, StandInArray) and not copy and dtype in (None, a.dtype):
            return a
        return np.array(a, dtype, order=order or "K").view(StandInArray)

    def asnumpy(self, a):
        return np.asarray(a)

    def get_default_memory_pool(self):
        return SimpleNamespace(used_bytes=lambda: 100, total_bytes=lambda: 300)

    def broadcast_to(self, a, shape):
        return np.lib.stride_tricks.as_strided(a, shape, np.broadcast_to(a, shape).strides, subok=True)

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        if isinstance(found, type) or not callable(found):
            return found

        def function(*arguments, **keywords):
            with np.errstate(all="ignore"):
                return standing_in(found(*arguments, **keywords))

        return function


@pytest.fixture
def cupy() -> StandInCupy:
    Device.used.clear()
    return StandInCupy()
