"""Another size or other memory for the same tensor: resize_, resize_as_, set_."""

from __future__ import annotations

import warnings
from typing import Any

from ...errors import ArgumentError, DTypeError, InplaceError, ShapeError, UnsupportedError
from ...ops.create import zeros_of
from ...ops.movement import as_strided_op, cat, reshape
from ...shapes import as_size, contiguous_strides, non_negative, numel, spread
from ...tensors import views
from ...tensors.questions import Storage
from ...tensors.tensor import Tensor, attach


def resize_(self: Tensor, *sizes: Any, memory_format: Any = None) -> Tensor:
    """Gives the tensor another size in C order: fewer elements of its memory, or new memory with what is there first.

    Raises InplaceError for a tensor that requires a gradient.
    """
    size = non_negative("resize_", as_size("resize_", spread(sizes)))
    if self._requires_grad:
        raise InplaceError("cannot resize variables that require grad", op="resize_")
    if tuple(self._array.shape) == size:
        return self
    try:
        made = as_strided_op(self.detach(), size, contiguous_strides(size), self.storage_offset())
    except ShapeError:  # more elements than the memory has
        made = _grown(self.detach(), size)
    self._array, self._view = made._array, None
    views.bump(self)
    return self


def _grown(input: Tensor, size: tuple[int, ...]) -> Tensor:
    """New memory for that size, which begins with the old one's elements in the order in which they lie."""
    shape = tuple(input._array.shape)
    span = 1 + sum((n - 1) * step for n, step in zip(shape, input.stride(), strict=True)) if 0 not in shape else 0
    held = as_strided_op(input, (span,), (1,), input.storage_offset())
    return reshape(cat([held, zeros_of(input, (numel(size) - span,))]), size)


def resize_as_(self: Tensor, tensor: Tensor, memory_format: Any = None) -> Tensor:
    """`resize_` to the size of `tensor`."""
    return resize_(self, tuple(tensor.shape))


def resize(self: Tensor, *sizes: Any) -> Tensor:
    """The same elements under another size: `reshape`, by a name that PyTorch has deprecated."""
    warnings.warn("non-inplace resize is deprecated", stacklevel=2)
    return reshape(self, as_size("resize", spread(sizes)))


def set_(self: Tensor, source: Any = None, storage_offset: int = 0, size: Any = None,
         stride: Any = None) -> Tensor:
    """Makes the tensor share the memory of `source`, all of it or the part given; nothing without a source.

    A storage is memory too, read as elements of the tensor's dtype.
    Raises DTypeError for another element type, UnsupportedError on a backend whose arrays share no memory.
    """
    views.check_writable("set_", self)
    if source is None:
        self._array, self._view = zeros_of(self, (0,))._array, None
        return self
    if isinstance(source, Storage):
        source = source._shared(self.dtype, "set_")  # type: ignore[attr-defined]
    if not isinstance(source, Tensor):
        raise ArgumentError(f"source must be a Tensor, got {type(source).__name__}", op="set_")
    if source.dtype is not self.dtype:
        raise DTypeError(f"expected a source of {self.dtype!r}, got {source.dtype!r}", op="set_", dtype=source.dtype)
    backend = source._kind.device.backend
    if not backend.shared_views:
        raise UnsupportedError(f"arrays of backend {backend.name!r} share no memory", op="set_")
    part = source if size is None else _part(source, as_size("set_", size), stride, storage_offset)
    if source._version is None:
        source._version = [0, None]
    self._array, self._kind, self._version, self._view = part._array, source._kind.plain, source._version, None
    views.bump(self)
    return self


def _part(source: Tensor, size: tuple[int, ...], stride: Any, storage_offset: int) -> Tensor:
    steps = contiguous_strides(size) if stride is None else as_size("set_", stride, "stride")
    if len(steps) != len(size):
        raise ShapeError(f"mismatch in length of strides {list(steps)} and shape {list(size)}", op="set_")
    return as_strided_op(source.detach(), size, steps, storage_offset)


for _function in (resize_, resize_as_, resize, set_):
    attach(_function, _function.__name__)
