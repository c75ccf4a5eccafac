"""`torch.FloatTensor` and its sisters: constructors that name a dtype, and classes to ask `isinstance` of."""

from __future__ import annotations

from typing import Any

import flambeau
from flambeau import dtypes
from flambeau.errors import ArgumentError
from flambeau.tensors.tensor import Size, Tensor

NAMES = {"FloatTensor": "float32", "DoubleTensor": "float64", "HalfTensor": "float16", "BFloat16Tensor": "bfloat16",
         "ByteTensor": "uint8", "CharTensor": "int8", "ShortTensor": "int16", "IntTensor": "int32",
         "LongTensor": "int64", "BoolTensor": "bool"}
_BY_DTYPE = {dtypes.BY_NAME[dtype]: name for name, dtype in NAMES.items()}


class _Typed(type):
    dtype: Any

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and instance.dtype is cls.dtype and instance.is_cpu

    def __call__(cls, *args: Any, device: Any = None) -> Any:
        return _construct(cls.__name__, cls.dtype, args, device)


def _construct(name: str, dtype: Any, args: tuple[Any, ...], device: Any) -> Any:
    """Sizes give an uninitialised tensor, a sequence or array its elements, a tensor of the dtype itself."""
    if all(isinstance(a, int) for a in args):
        return flambeau.empty(*args or (0,), dtype=dtype, device=device)
    if len(args) != 1:
        raise ArgumentError(f"takes sizes or one sequence, got {len(args)} arguments", op=f"torch.{name}")
    if isinstance(args[0], Size):
        return flambeau.empty(*args[0], dtype=dtype, device=device)
    if isinstance(args[0], Tensor):
        if args[0].dtype is not dtype:
            raise ArgumentError(f"expected {name} (got {legacy_name(args[0])})", op=f"torch.{name}")
        return args[0].detach()
    return flambeau.tensor(args[0], dtype=dtype, device=device)


def legacy_name(tensor: Tensor) -> str:
    """The name of a tensor's legacy class: "torch.FloatTensor"."""
    place = "" if tensor.is_cpu else f".{tensor.device.type}"
    return f"torch{place}.{_BY_DTYPE.get(tensor.dtype, 'Tensor')}"


def _typed(name: str) -> Any:
    return _Typed(name, (), {"__module__": "torch", "dtype": dtypes.BY_NAME[NAMES[name]],
                             "__doc__": f"The legacy constructor of {NAMES[name]} tensors."})


FloatTensor, DoubleTensor, HalfTensor, BFloat16Tensor = map(
    _typed, ("FloatTensor", "DoubleTensor", "HalfTensor", "BFloat16Tensor"))
ByteTensor, CharTensor, ShortTensor = map(_typed, ("ByteTensor", "CharTensor", "ShortTensor"))
IntTensor, LongTensor, BoolTensor = map(_typed, ("IntTensor", "LongTensor", "BoolTensor"))

__all__ = ["BFloat16Tensor", "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "HalfTensor",
           "IntTensor", "LongTensor", "ShortTensor"]
