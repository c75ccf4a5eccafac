"""Other dtypes and other devices; copies, and tensors outside the graph."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..device import Device, resolve
from ..dispatch import composite
from ..dtypes import DType
from ..registry import TABLE
from ..tensor import Tensor, attach, wrap
from .create import as_dtype, cast


def convert(input: Tensor, dtype: DType | None, device: Device | None, copy: bool = False) -> Tensor:
    """The tensor in another dtype and on another device; itself where nothing changes."""
    if device is not None and device is not input._kind.device:
        input = to_device(input, device)
        copy = False
    if dtype is not None and dtype is not input._kind.dtype:
        return cast(input, dtype)
    return input.clone() if copy else input


@composite(name="to_device", saves="input", differentiable=True, out=False, grad_name="ToCopyBackward0")
def _to_device_op(input: Tensor, device: Device) -> Tensor:
    """A copy on another device."""
    return input


@_to_device_op.grad("input")
def _(g, input):
    return to_device(g, input._kind.device)


def to_device(input: Tensor, device: Device) -> Tensor:
    """A copy on another device, through the host; recorded."""
    from .. import views
    from ..modes import grad_enabled

    source, target = input._kind.device, device
    data = source.backend.to_host(input._array)
    made = wrap(target.backend.from_host(data, tuple(input._array.shape), input._kind.dtype),
                target.kinds[input._kind.dtype])
    if input._requires_grad and grad_enabled():
        edge = input._node or input
        node = views.record(_to_device_op.op, (edge,), {"device": device}, made)
        node.saved = (input,)
        made._node, made._requires_grad = node, True
    return made


_to_device_op.op.call = to_device


def _to(self: Tensor, *args: Any, dtype: DType | None = None, device: Any = None, non_blocking: bool = False,
        copy: bool = False, memory_format: Any = None, other: Tensor | None = None) -> Tensor:
    """The tensor in another dtype, on another device, or as another tensor; itself where nothing changes."""
    for i, value in enumerate(args):
        if isinstance(value, DType):
            dtype = value
        elif isinstance(value, Tensor):
            dtype, device = value.dtype, value.device
        elif isinstance(value, bool):
            non_blocking, copy = (value, copy) if i == len(args) - 1 and i < 2 else (non_blocking, value)
        elif value is not None:
            device = value
    if other is not None:
        dtype, device = other.dtype, other.device
    return convert(self, dtype if dtype is None else as_dtype(dtype), None if device is None else resolve(device), copy)


attach(_to, "to")


def _dtype_method(name: str, dtype: DType) -> Any:
    def method(self: Tensor, memory_format: Any = None) -> Tensor:
        return self if self._kind.dtype is dtype else cast(self, dtype)

    method.__name__, method.__doc__ = name, f"The elements as {dtype.name}."
    return method


for _name, _dtype in {"bool": dtypes.bool, "byte": dtypes.uint8, "char": dtypes.int8, "bfloat16": dtypes.bfloat16,
                      **dtypes.ALIASES}.items():
    setattr(Tensor, _name, _dtype_method(_name, _dtype))

attach(lambda self, memory_format=None: self if self.device.type == "cpu" else convert(self, None, resolve("cpu")),
       "cpu")
attach(lambda self, device=None, non_blocking=False, memory_format=None: convert(
    self, None, resolve("cuda" if device is None else device)), "cuda")
attach(lambda self, other: convert(self, other.dtype, other.device), "type_as")


def _clone(self: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy with a place in the graph."""
    return TABLE["copy"].call(self)  # type: ignore[no-any-return]


clone = _clone
attach(_clone, "clone")
attach(lambda self, memory_format=None: self if self.is_contiguous() else self.clone(), "contiguous")


def _detach(self: Tensor) -> Tensor:
    """The same elements and memory outside the graph."""
    made = wrap(self._array, self._kind.plain)
    if self._version is None:
        self._version = [0, None]
    made._version = self._version
    return made


detach = _detach
attach(_detach, "detach")


def _detach_(self: Tensor) -> Tensor:
    """Takes the tensor itself out of the graph."""
    self._node, self._requires_grad = None, False
    return self


attach(_detach_, "detach_")


__all__ = ["clone", "detach"]
