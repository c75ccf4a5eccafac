"""A level of `vmap` as a backend: its arrays are tensors of the level below, with a batch as their first dim.

A function that is mapped runs on tensors of such a device. Their shape is that of one example; what is computed, a
kernel at a time, is the whole batch, by ops of the level below (see `rules`). So a level needs nothing of its own for
gradients, views, promotion or errors, and levels nest: the tensors of one are the arrays of the next.
"""

from __future__ import annotations

from contextvars import ContextVar
from functools import cache
from typing import Any

from .. import dtypes
from ..contract.backend import Backend, Kernel
from ..contract.device import DEVICES, Device, Kind, _link
from ..dtypes import DType
from ..errors import UnsupportedError
from ..table.registry import TABLE
from ..tensors.tensor import Tensor, wrap

LEVEL: ContextVar[int] = ContextVar("flambeau_vmap_level", default=0)  # how many maps are running in this thread


class Batched:
    """An array of a level: `value` is a tensor of the level below, `size` the length of its first dim, the batch.

    `size` is None where every example has the same elements, and then `value` has no batch.
    """

    __slots__ = ("shape", "size", "value")

    def __init__(self, value: Tensor, size: int | None) -> None:
        self.value, self.size = value, size
        shape = value._array.shape
        self.shape = tuple(shape) if size is None else tuple(shape[1:])


class BatchBackend(Backend):
    """The backend of one level over the device `below`."""

    name = "vmap"
    array_type = Batched
    device: Device
    shared_views = False

    def __init__(self, level: int, below: Device) -> None:
        from .rules import RULES

        self.level, self.below, self.device_type = level, below, below.type
        self.kernels = RULES

    def kernel(self, name: str, dtype: DType) -> Kernel | None:
        from .rules import RULES, composed, creation, derived

        op = TABLE[name]
        if name in ("full", "arange"):
            return creation(op, self.below)
        if name in RULES:
            return RULES[name]
        return derived(op) if op.kind == "primitive" else composed(op, self)

    def lift(self, tensor: Tensor) -> Tensor:
        """A tensor of a level below as one of this level that is the same for every example."""
        if tensor._kind.device is not self.below:
            tensor = self.below.backend.lift(tensor)
        return wrap(Batched(tensor, None), self.device.kinds[tensor._kind.dtype])

    def from_host(self, buffer: Any, shape: tuple[int, ...], dtype: DType, strides: tuple[int, ...] | None = None,
                  offset: int = 0, copy: bool = True) -> Batched:
        made = self.below.backend.from_host(buffer, shape, dtype, strides, offset, copy)
        return Batched(wrap(made, self.below.kinds[dtype]), None)

    def to_host(self, array: Batched) -> bytes | memoryview:
        if array.size is not None:
            raise UnsupportedError("the elements of a tensor that is being mapped were asked for (by item(), tolist(),"
                                   " numpy(), print or a condition), and they differ from example to example; use"
                                   " where() in place of a condition", op="vmap")
        return self.below.backend.to_host(array.value._array)  # type: ignore[no-any-return]

    def dtype_of(self, array: Batched) -> DType:
        return array.value._kind.dtype

    def device_count(self) -> int:
        return 1

    def for_device(self, index: int | None) -> BatchBackend:
        return self


@cache
def level_device(level: int, below: Device) -> Device:
    """The device of a level, made once: it reads as the one that the mapped tensors came from."""
    backend = BatchBackend(level, below)
    made = object.__new__(Device)
    for slot, value in (("_name", below._name), ("type", below.type), ("index", below.index), ("_home", made),
                        ("backend", backend)):
        object.__setattr__(made, slot, value)
    backend.device = made
    kinds = {dtype: Kind(dtype, made) for dtype in dtypes.ALL}
    _link(kinds)
    object.__setattr__(made, "kinds", kinds)
    DEVICES[f"vmap {level} over {below}", level] = made  # where a change of the default dtype finds it
    return made


def level_of(tensor: Tensor) -> int:
    """The level that a tensor is of, 0 for an ordinary one."""
    return tensor._kind.device.backend.level  # type: ignore[no-any-return]


def raised(tensor: Tensor, level: int) -> Tensor:
    """A tensor as one of that level which is the same for every example of the levels between."""
    while level_of(tensor) < level:
        device = tensor._kind.device
        tensor = level_device(device.backend.level + 1, device).backend.lift(tensor)
    return tensor


def pushed(value: Tensor, size: int, level: int) -> Tensor:
    """A tensor of that level from one below whose first dim is the batch."""
    value = raised(value, level - 1)
    home = level_device(level, value._kind.device)
    return wrap(Batched(value, size), home.kinds[value._kind.dtype])


def popped(tensor: Tensor, size: int, level: int) -> Tensor:
    """The tensor below, its batch first: repeated where every example has the same elements."""
    if level_of(tensor) < level:
        value, batch = tensor, None
    else:
        value, batch = tensor._array.value, tensor._array.size
    return value if batch is not None else value.expand(size, *value.shape)
