"""What a value is: PyTorch's functions that look at an object or at a tensor's element type."""

from __future__ import annotations

import builtins
from typing import Any

from ..dtypes import DType
from ..errors import ArgumentError, SizeMismatchError
from .tensor import Tensor, attach


def is_tensor(obj: Any) -> builtins.bool:
    """Whether it is a Tensor."""
    return isinstance(obj, Tensor)


class Storage:
    """Base of the storages: what `is_storage` answers for and `set_` accepts."""


def is_storage(obj: Any) -> builtins.bool:
    """Whether it is a storage, with elements or of bytes."""
    return isinstance(obj, Storage)


def _dtype_of(op: str, input: Any) -> DType:
    if not isinstance(input, Tensor):
        raise ArgumentError(f"argument 'input' must be a Tensor, got {type(input).__name__}", op=op)
    dtype: DType = input.dtype
    return dtype


def is_floating_point(input: Tensor) -> builtins.bool:
    """Whether the elements are real floating-point numbers."""
    return _dtype_of("is_floating_point", input).category == 2


def is_complex(input: Tensor) -> builtins.bool:
    """Whether the elements are complex."""
    return _dtype_of("is_complex", input).category == 3


def is_signed(input: Tensor) -> builtins.bool:
    """Whether the element type holds negative numbers."""
    return builtins.bool(_dtype_of("is_signed", input).is_signed)


def is_inference(input: Tensor) -> builtins.bool:
    """Whether it was made in inference mode."""
    _dtype_of("is_inference", input)
    return input.is_inference()


def is_conj(input: Tensor) -> builtins.bool:
    """Whether its conjugation is still to be done: never here, it is done at once."""
    _dtype_of("is_conj", input)
    return False


def is_neg(input: Tensor) -> builtins.bool:
    """Whether its negation is still to be done: never here, it is done at once."""
    _dtype_of("is_neg", input)
    return False


def is_nonzero(input: Tensor) -> builtins.bool:
    """Whether the one element is not zero. Raises ValueRangeError for no or several elements."""
    _dtype_of("is_nonzero", input)
    if input.numel() != 1:
        raise SizeMismatchError("Boolean value of Tensor with no values is ambiguous" if not input.numel() else
                                "Boolean value of Tensor with more than one value is ambiguous", op="is_nonzero")
    return builtins.bool(input.item())


def numel(input: Tensor) -> builtins.int:
    """The number of elements."""
    _dtype_of("numel", input)
    return input.numel()


def get_device(input: Tensor) -> builtins.int:
    """The number of the accelerator the tensor is on, -1 for the CPU."""
    _dtype_of("get_device", input)
    return input.get_device()


def typename(obj: Any, /) -> str:
    """The name of an object's type: of a tensor that of its element type's old class, of a class its own."""
    if isinstance(obj, Tensor):
        return obj.type()  # type: ignore[no-any-return]
    kind = obj if hasattr(obj, "__qualname__") else type(obj)
    module = getattr(obj, "__module__", "") or ""
    return kind.__qualname__ if module in ("", "builtins") else f"{module}.{kind.__qualname__}"


def _is_set_to(self: Tensor, tensor: Tensor) -> builtins.bool:
    """Whether the two are the same elements of the same memory in the same places."""
    return (tensor.dtype is self.dtype and tuple(tensor.shape) == tuple(self.shape)
            and tensor.stride() == self.stride() and tensor.data_ptr() == self.data_ptr())


attach(is_nonzero, "is_nonzero")
attach(is_conj, "is_conj")
attach(is_neg, "is_neg")
attach(_is_set_to, "is_set_to")

__all__ = [
    "get_device", "is_complex", "is_conj", "is_floating_point", "is_inference", "is_neg", "is_nonzero", "is_signed",
    "is_storage", "is_tensor", "numel", "typename",
]
