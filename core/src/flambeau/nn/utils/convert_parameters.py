"""Parameters as one vector and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...errors import ArgumentError, DeviceError, ShapeError
from ...functions import cat
from ...tensors.tensor import Tensor


def _check_device(tensor: Tensor, device: Any) -> Any:
    if device is not None and tensor.device != device:
        raise DeviceError(f"Found two parameters on different devices, {device} and {tensor.device}; this is "
                          "currently not supported.")
    return tensor.device


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All elements in one vector, on the graph. Raises DeviceError for different devices."""
    device, parts = None, []
    for parameter in parameters:
        device = _check_device(parameter, device)
        parts.append(parameter.view(-1))
    return cat(parts)


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Makes slices of `vec` the data of the parameters in turn.

    Raises ArgumentError for no tensor, ShapeError for too few elements, DeviceError for different devices.
    """
    if not isinstance(vec, Tensor):
        raise ArgumentError(f"expected flambeau.Tensor, but got: {type(vec).__name__}")
    device, start, parameters = None, 0, list(parameters)
    wanted = sum(p.numel() for p in parameters)
    if vec.numel() < wanted:
        raise ShapeError(f"the parameters have {wanted} elements, vec {list(vec.shape)} has {vec.numel()}",
                         op="vector_to_parameters")
    for parameter in parameters:
        device = _check_device(parameter, device)
        parameter.data = vec[start:start + parameter.numel()].view_as(parameter).data
        start += parameter.numel()
