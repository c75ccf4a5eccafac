"""Where a tensor is and how it goes elsewhere, by the name of the hardware: `t.is_mps`, `t.cuda()`, `t.cpu()`."""

from __future__ import annotations

from typing import Any

from ..contract.device import as_device, resolve
from ..contract.plugins import accelerator
from ..errors import DeviceError, DeviceNotAvailableError
from ..functions.create import convert
from .tensor import Tensor, attach

ASKED = ("ipu", "maia", "meta", "mkldnn", "mps", "mtia", "vulkan", "xla", "xpu")
MOVES = ("cuda", "ipu", "mtia", "xpu")


def _is_on(kind: str) -> property:
    return property(lambda self: self.device.type == kind, doc=f"Whether the device is of type {kind!r}.")


def _move_to(kind: str) -> Any:
    def move(self: Tensor, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> Tensor:
        target = as_device(kind if device is None else device)
        if target.type != kind:
            raise DeviceError(f"invalid device {str(target)!r}, must be a {kind} device", op=kind, device=str(target))
        return convert(self, None, resolve(target))

    move.__name__, move.__qualname__ = kind, f"Tensor.{kind}"
    move.__doc__ = f"""The tensor on a device of type {kind!r}, the current one unless `device` is given.

        Raises DeviceNotAvailableError where there is none, DeviceError for a device of another type.
        """
    return move


def _cpu(self: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor on the CPU, itself where it is there."""
    return self if self.device.type == "cpu" else convert(self, None, resolve("cpu"))


def _pin_memory(self: Tensor, device: Any = None) -> Tensor:
    """The tensor itself: what goes to an accelerator passes through ordinary memory of the host.

    Raises DeviceNotAvailableError where there is no accelerator, as PyTorch does.
    """
    if accelerator() is None:
        raise DeviceNotAvailableError("there is no accelerator to pin memory for", op="pin_memory")
    return self


def _is_pinned(self: Tensor, device: Any = None) -> bool:
    """False: no memory is pinned."""
    return False


for _kind in ASKED:
    attach(_is_on(_kind), f"is_{_kind}")
for _kind in MOVES:
    attach(_move_to(_kind), _kind)
attach(_cpu, "cpu")
attach(_pin_memory, "pin_memory")
attach(_is_pinned, "is_pinned")
