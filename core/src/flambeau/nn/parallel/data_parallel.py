"""DataParallel, which with one device is the module itself under another roof."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from ...contract.device import as_device
from ...contract.plugins import served_by
from ...errors import DeviceError, UnsupportedError
from ...tensors.tensor import Tensor
from ..module import Module


class DataParallel(Module):
    """`module` as programs wrap it to use all GPUs; it runs on the first of `device_ids`, or where it is without a GPU.

    Parameters are named "module.…". Raises UnsupportedError for several `device_ids`, DeviceError at a call where the
    parameters are elsewhere.

    >>> import flambeau
    >>> from flambeau import nn
    >>> DataParallel(nn.Linear(3, 2))(flambeau.ones(5, 3)).shape
    flambeau.Size([5, 2])
    """

    module: Module

    def __init__(self, module: Module, device_ids: Sequence[Any] | None = None, output_device: Any = None,
                 dim: int = 0) -> None:
        super().__init__()
        self.module, self.dim = module, dim
        self.device_ids: list[Any] = []
        if served_by("cuda") is None:
            return
        self.device_ids = [_number(id) for id in (device_ids or [0])]
        if len(self.device_ids) > 1:
            raise UnsupportedError(f"DataParallel runs on one device, got device_ids={list(device_ids or ())}; give"
                                   " one, or none for the first", op="DataParallel")
        self.output_device = self.device_ids[0] if output_device is None else _number(output_device)
        self.src_device_obj = as_device(f"cuda:{self.device_ids[0]}")
        self.module.to(self.src_device_obj)

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        if not self.device_ids:
            return self.module(*inputs, **kwargs)
        for tensor in chain(self.module.parameters(), self.module.buffers()):
            if tensor.device != self.src_device_obj:
                raise DeviceError("module must have its parameters and buffers on device "
                                  f"{self.src_device_obj} (device_ids[0]) but found one of them on device: "
                                  f"{tensor.device}")
        inputs, kwargs = _moved(inputs, self.src_device_obj), _moved(kwargs, self.src_device_obj)
        return self.module(*inputs, **kwargs)


def _number(device: Any) -> int:
    return device if isinstance(device, int) else as_device(device).index or 0


def _moved(value: Any, device: Any) -> Any:
    """`value` with all tensors in it on the device."""
    if isinstance(value, Tensor):
        return value.to(device)
    if isinstance(value, (list, tuple)):
        made = [_moved(v, device) for v in value]
        return type(value)(*made) if hasattr(value, "_fields") else type(value)(made)
    return {k: _moved(v, device) for k, v in value.items()} if isinstance(value, dict) else value


def data_parallel(module: Module, inputs: Any, device_ids: Sequence[Any] | None = None, output_device: Any = None,
                  dim: int = 0, module_kwargs: dict[str, Any] | None = None) -> Any:
    """`module(*inputs)` as DataParallel runs it. Raises UnsupportedError for several `device_ids`."""
    if len(device_ids or ()) > 1:
        raise UnsupportedError(f"one device can be used, got device_ids={list(device_ids or ())}", op="data_parallel")
    arguments = inputs if isinstance(inputs, tuple) else () if inputs is None else (inputs,)
    return DataParallel(module, device_ids, output_device, dim)(*arguments, **(module_kwargs or {}))
