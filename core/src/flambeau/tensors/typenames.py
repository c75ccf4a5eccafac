"""Element types under the names of the old classes: `FloatTensor` and its sisters, `Tensor.type`, `Tensor.new`."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..contract.device import resolve
from ..dtypes import DType
from ..errors import ArgumentError, ValueRangeError
from ..functions.create import convert, empty, tensor
from .tensor import Size, Tensor, attach

NAMES = {dtypes.float32: "FloatTensor", dtypes.float64: "DoubleTensor", dtypes.float16: "HalfTensor",
         dtypes.bfloat16: "BFloat16Tensor", dtypes.uint8: "ByteTensor", dtypes.int8: "CharTensor",
         dtypes.int16: "ShortTensor", dtypes.int32: "IntTensor", dtypes.int64: "LongTensor", dtypes.bool: "BoolTensor",
         dtypes.complex64: "ComplexFloatTensor", dtypes.complex128: "ComplexDoubleTensor"}


class _Typed(type):
    """A class that names a dtype and a type of device: called it makes tensors, asked by `isinstance` it compares."""

    dtype: Any
    place: Any

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and instance.dtype is cls.dtype and instance.device.type == cls.place

    def __call__(cls, *args: Any, device: Any = None) -> Any:
        elsewhere = device is None and cls.place != "cpu"
        return _construct(cls.__name__, cls.dtype, args, cls.place if elsewhere else device)

    def __repr__(cls) -> str:
        return f"<class '{_spelled(cls.dtype, cls.place)}'>"


def _construct(name: str, dtype: DType, args: tuple[Any, ...], device: Any) -> Tensor:
    """Sizes give an uninitialised tensor, a sequence or array its elements, a tensor of the dtype itself."""
    if all(isinstance(a, int) for a in args):
        return empty(*args or (0,), dtype=dtype, device=device)
    if len(args) != 1:
        raise ArgumentError(f"takes sizes or one sequence, got {len(args)} arguments", op=name)
    if isinstance(args[0], Size):
        return empty(*args[0], dtype=dtype, device=device)
    if isinstance(args[0], Tensor):
        if args[0].dtype is not dtype:
            raise ArgumentError(f"expected {name} (got {legacy_name(args[0])})", op=name)
        return args[0].detach()
    if isinstance(args[0], (float, complex)):
        raise ArgumentError(f"data must be a sequence (got {type(args[0]).__name__})", op=name)
    return tensor(args[0], dtype=dtype, device=device)


def legacy_name(tensor: Tensor) -> str:
    """The name of a tensor's old class: "flambeau.FloatTensor"."""
    return _spelled(tensor.dtype, tensor.device.type)


def _spelled(dtype: DType, place: str) -> str:
    return f"{dtypes._NAMESPACE[0]}{'' if place == 'cpu' else f'.{place}'}.{NAMES[dtype]}"


def typed(dtype: DType, place: str = "cpu") -> Any:
    """The old class of tensors of that dtype on that type of device."""
    return _Typed(NAMES[dtype], (), {"__module__": "flambeau" if place == "cpu" else f"flambeau.{place}",
                                     "dtype": dtype, "place": place,
                                     "__doc__": f"The old constructor of {dtype.name} tensors."})


FloatTensor, DoubleTensor, HalfTensor, BFloat16Tensor = map(
    typed, (dtypes.float32, dtypes.float64, dtypes.float16, dtypes.bfloat16))
ByteTensor, CharTensor, ShortTensor = map(typed, (dtypes.uint8, dtypes.int8, dtypes.int16))
IntTensor, LongTensor, BoolTensor = map(typed, (dtypes.int32, dtypes.int64, dtypes.bool))


def _named(name: str) -> tuple[DType, Any]:
    """The dtype and device (None for the CPU's) that an old class's full name means."""
    library, *place, short = ["", *name.split(".")] if "." not in name else name.split(".")
    if library in ("torch", "flambeau") and short == "Tensor" and not place:
        return dtypes.get_default_dtype(), None
    found = next((d for d, known in NAMES.items() if known == short), None)
    if found is None or library not in ("torch", "flambeau") or len(place) > 1:
        raise ValueRangeError(f"invalid type: {name!r}; names read like 'torch.FloatTensor'", op="type")
    return found, resolve(place[0]) if place else None


def _type(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """Without an argument the name of the element type's old class; with a dtype, such a class or name, a cast.

    Raises ValueRangeError for an unknown name.
    """
    if dtype is None:
        return legacy_name(self)
    if isinstance(dtype, DType):
        return convert(self, dtype, self.device)
    if isinstance(dtype, _Typed):
        return convert(self, dtype.dtype, self.device if self.device.type == dtype.place else resolve(dtype.place))
    if dtype is Tensor:
        return convert(self, dtypes.get_default_dtype(), self.device)
    found, place = _named(dtype if isinstance(dtype, str) else getattr(dtype, "__name__", repr(dtype)))
    return convert(self, found, self.device if place is None else place)


def _new(self: Tensor, *args: Any, device: Any = None) -> Tensor:
    """The old constructor of this tensor's dtype: sizes give an uninitialised tensor, a sequence its elements."""
    return _construct("new", self.dtype, args, self.device if device is None else device)


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether the two have the same sizes."""
    return tuple(input.shape) == tuple(other.shape)


attach(_type, "type")
attach(_new, "new")
attach(is_same_size, "is_same_size")

__all__ = [
    "BFloat16Tensor", "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "HalfTensor",
    "IntTensor", "LongTensor", "ShortTensor", "is_same_size",
]
