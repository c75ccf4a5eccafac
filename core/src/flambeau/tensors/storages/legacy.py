"""The old classes of storages: called they make a TypedStorage of their dtype, `isinstance` asks whether it is one."""

from __future__ import annotations

from typing import Any

from ... import dtypes
from ...dtypes import DType
from ...errors import ValueRangeError
from .typed import LEGACY, TypedStorage


class _Meta(type):
    dtype: DType

    def __instancecheck__(cls, instance: Any) -> bool:
        return type(instance) is TypedStorage and instance.dtype is cls.dtype and instance.device.type == "cpu"

    def __call__(cls, *args: Any, wrap_storage: Any = None) -> Any:
        if wrap_storage is not None and args:
            raise ValueRangeError("no data can be given when using 'wrap_storage'", op=cls.__name__)
        if len(args) > 1:
            raise ValueRangeError("Too many positional arguments: takes a size or a sequence", op=cls.__name__)
        return TypedStorage(*args, wrap_storage=wrap_storage, dtype=cls.dtype)


class _LegacyStorage(TypedStorage, metaclass=_Meta):
    @classmethod
    def from_buffer(cls, buffer: Any, byte_order: str | None = None, count: int = -1, offset: int = 0) -> TypedStorage:
        """A copy of the elements that lie in a buffer, whose bytes are in "little", "big" or "native" order."""
        return TypedStorage._from_buffer(buffer, byte_order, count, offset, dtype=cls.dtype)


def _legacy(name: str, dtype: DType) -> Any:
    words = {"__module__": __package__, "__doc__": f"TypedStorage of {dtype.name}, by its old name.", "dtype": dtype}
    made = LEGACY[dtype] = _Meta(name, (_LegacyStorage,), words)
    return made


BoolStorage = _legacy("BoolStorage", dtypes.bool)
ByteStorage = _legacy("ByteStorage", dtypes.uint8)
CharStorage = _legacy("CharStorage", dtypes.int8)
ShortStorage = _legacy("ShortStorage", dtypes.int16)
IntStorage = _legacy("IntStorage", dtypes.int32)
LongStorage = _legacy("LongStorage", dtypes.int64)
HalfStorage = _legacy("HalfStorage", dtypes.float16)
BFloat16Storage = _legacy("BFloat16Storage", dtypes.bfloat16)
FloatStorage = _legacy("FloatStorage", dtypes.float32)
DoubleStorage = _legacy("DoubleStorage", dtypes.float64)
ComplexFloatStorage = _legacy("ComplexFloatStorage", dtypes.complex64)
ComplexDoubleStorage = _legacy("ComplexDoubleStorage", dtypes.complex128)
