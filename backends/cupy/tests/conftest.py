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

    def use(self) -> None:
        Device.current = self.index


class CUDARuntimeError(RuntimeError):
    pass


class Stream:
    null: "Stream"

    def __init__(self, null=False, non_blocking=False, ptds=False, priority=None) -> None:
        self.device, self.non_blocking, self.priority = Device.current, non_blocking, priority


Stream.null = Stream(null=True)


class Event:
    def __init__(self, block=False, disable_timing=False, interprocess=False) -> None:
        self.device, self.block, self.disable_timing = Device.current, block, disable_timing


class Runtime:
    CUDARuntimeError = CUDARuntimeError
    failure: Exception | None = None

    def __init__(self) -> None:
        self.devices, self.waited_for = 2, []

    def getDeviceCount(self) -> int:
        return self.devices

    def getDevice(self) -> int:
        return Device.current

    def getDeviceProperties(self, index: int) -> dict[str, Any]:
        return {"name": f"Stand-in {index}".encode(), "totalGlobalMem": 1000, "major": 9, "minor": 0, "unknown": 1}

    def memGetInfo(self) -> tuple[int, int]:
        return 600, 1000

    def deviceSynchronize(self) -> None:
        self.waited_for.append(Device.current)
        if self.failure:
            raise self.failure


class Pool:
    freed: list[int] = []  # noqa: RUF012

    def used_bytes(self) -> int:
        return 100

    def total_bytes(self) -> int:
        return 300

    def free_all_blocks(self) -> None:
        self.freed.append(Device.current)


class StandInCupy:
    """NumPy's functions, answering arrays of the stand-in class."""

    ndarray = StandInArray

    def __init__(self) -> None:
        self.cuda = SimpleNamespace(runtime=Runtime(), Device=Device, MemoryPointer=MemoryPointer, Stream=Stream,
                                    Event=Event, get_current_stream=lambda: ("current of", Device.current),
                                    get_elapsed_time=lambda start, end: 2.5)

    def asarray(self, a, dtype=None, order=None, *, copy=None):
        if isinstance(a, StandInArray) and not copy and dtype in (None, a.dtype):
            return a
        return np.array(a, dtype, order=order or "K").view(StandInArray)

    def asnumpy(self, a):
        return np.asarray(a)

    def get_default_memory_pool(self):
        return Pool()

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
