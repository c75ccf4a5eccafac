"""`Tensor.type`: element types under the names of the old tensor classes."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..dtypes import DType
from ..errors import ValueRangeError
from ..tensor import Tensor, attach
from .convert import convert

NAMES = {dtypes.float32: "FloatTensor", dtypes.float64: "DoubleTensor", dtypes.float16: "HalfTensor",
         dtypes.bfloat16: "BFloat16Tensor", dtypes.uint8: "ByteTensor", dtypes.int8: "CharTensor",
         dtypes.int16: "ShortTensor", dtypes.int32: "IntTensor", dtypes.int64: "LongTensor", dtypes.bool: "BoolTensor",
         dtypes.complex64: "ComplexFloatTensor", dtypes.complex128: "ComplexDoubleTensor"}


def _type(self: Tensor, dtype: DType | str | None = None, non_blocking: bool = False) -> Any:
    """Without an argument the name of the element type's old class; with a dtype or such a name, the tensor cast.

    Raises ValueRangeError for an unknown name.
    """
    device = self.device
    if dtype is None:
        place = "" if device.type == "cpu" else f".{device.type}"
        return f"{dtypes._NAMESPACE[0]}{place}.{NAMES[self.dtype]}"
    if isinstance(dtype, DType):
        return convert(self, dtype, device)
    found = next((d for d, name in NAMES.items() if name == dtype.rpartition(".")[2]), None)
    if found is None:
        raise ValueRangeError(f"invalid type: {dtype!r}", op="type")
    return convert(self, found, device)


attach(_type, "type")
