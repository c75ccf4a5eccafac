"""Parameter and Buffer: tensors that a module registers when they are assigned to it."""

from __future__ import annotations

from typing import Any

from ..functions import empty
from ..spelling import public
from ..tensors.tensor import Parameter, Tensor

__all__ = ["Buffer", "Parameter"]


class _BufferMeta(type(Tensor)):  # type: ignore[misc]
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and getattr(instance, "_is_buffer", False)


class Buffer(Tensor, metaclass=_BufferMeta):
    """A tensor that a module registers as a buffer; `persistent` says whether it is part of the state dict.

    What is made is a plain tensor with a mark, so that operations on it cost no more than on any other.
    """

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Any:
        source = empty(0) if data is None else data
        made: Any = source.detach().requires_grad_(source.requires_grad)
        made.persistent, made._is_buffer = persistent, True
        return made
__getattr__, __dir__ = public(__name__)
