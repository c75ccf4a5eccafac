"""`torch.types`: names for annotations."""

from __future__ import annotations

from collections.abc import Sequence

from flambeau.contract.device import Device as _Device
from flambeau.dtypes import DType as _dtype
from flambeau.tensors.tensor import Size as _Size
from flambeau.tensors.tensor import Tensor

Number = int | float | bool
Device = _Device | str | int | None
_size = _Size | list[int] | tuple[int, ...]
_device, _bool, _int, _float = _Device, bool, int, float
_TensorOrTensors = Tensor | Sequence[Tensor]

__all__ = ["Device", "Number", "_TensorOrTensors", "_bool", "_device", "_dtype", "_float", "_int", "_size"]
