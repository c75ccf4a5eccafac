"""PyTorch's names of reshapes and views."""

from __future__ import annotations

from typing import Any

from ...dtypes import DType
from ...errors import IndexRangeError, ShapeError
from ...ops.create import as_dtype
from ...ops.movement import (
    as_strided_op,
    diagonal_op,
    expand,
    flip,
    narrow,
    permute,
    permute_op,
    reshape,
    roll_op,
    slice_op,
    transpose,
    unsqueeze,
    view_op,
)
from ...shapes import as_size, canonical_dim, canonical_dims, infer_size, numel, spread
from ...tensors.tensor import Tensor, attach, wrap
from ...tensors.views import copied_view
from ..create import zeros


def view_as_size(input: Tensor, size: Any) -> Tensor:
    """`input` viewed under `size`, which may hold one -1."""
    size = as_size("view", size)
    return view_op(input, infer_size("view", size, input.numel()) if min(size, default=0) < 0 else size)


def _view_method(self: Tensor, *given: Any, size: Any = None, dtype: DType | None = None) -> Tensor:
    """The same elements under another shape, sharing memory; one size may be -1. Given a dtype: reinterprets bytes."""
    if dtype is not None or (len(given) == 1 and isinstance(given[0], DType)):
        return _reinterpreted(self, as_dtype(dtype or given[0]))
    return view_as_size(self, spread(given, size))


def _reinterpreted(input: Tensor, dtype: DType) -> Tensor:
    """The bytes of `input` read as another dtype; a copy (PyTorch shares the memory)."""
    if dtype is input.dtype:
        return view_as_size(input, tuple(input.shape))
    backend = input.device.backend
    shape, old, new = list(input.shape), input.dtype.itemsize, dtype.itemsize
    if old != new and not shape:
        raise ShapeError(f"a 0-d tensor of {input.dtype!r} cannot be viewed as {dtype!r}", op="view")
    if old != new:
        total = shape[-1] * old
        if total % new:
            raise ShapeError(f"the last dim of {shape} does not divide into elements of {dtype!r}", op="view")
        shape[-1] = total // new
    data = bytes(backend.to_host(input._array))
    return copied_view(wrap(backend.from_host(data, tuple(shape), dtype), input.device.kinds[dtype]), input)


attach(_view_method, "view")
attach(lambda self, *given, shape=None: reshape(self, spread(given, shape)), "reshape")
attach(lambda self, other: view_as_size(self, tuple(other.shape)), "view_as")
attach(lambda self, other: reshape(self, tuple(other.shape)), "reshape_as")
attach(lambda self, *given, dims=None: permute(self, spread(given, dims)), "permute")
swapaxes = swapdims = transpose
attach(transpose, "transpose", "swapaxes", "swapdims")


def t(input: Tensor) -> Tensor:
    """The transpose of a tensor of at most two dimensions; a view."""
    if input.ndim > 2:
        raise ShapeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D", op="t")
    return permute_op(input, (1, 0)) if input.ndim == 2 else permute_op(input, tuple(range(input.ndim)))


attach(t, "t")
attach(property(lambda self: permute_op(self, tuple(range(self.ndim))[::-1]), doc="All dimensions reversed."), "T")


def _matrices(name: str, input: Tensor) -> Tensor:
    """The last two dims exchanged; a tensor without dims as it is."""
    if input.ndim == 1:
        raise ShapeError("only supported on matrices or batches of matrices, got a 1-D tensor", op=name)
    return transpose(input, -2, -1) if input.ndim else input


attach(property(lambda self: _matrices("mT", self), doc="The last two dimensions exchanged."), "mT")
attach(property(lambda self: t(self).conj(), doc="The conjugate transpose of a matrix."), "H")
attach(property(lambda self: _matrices("mH", self).conj(), doc="The conjugate of `mT`."), "mH")
attach(lambda self, *given, size=None, implicit=False: expand(self, spread(given, size)), "expand")
attach(lambda self, other: expand(self, tuple(other.shape)), "expand_as")


def broadcast_to(input: Tensor, size: Any) -> Tensor:
    """The same as `expand`."""
    return expand(input, size)


attach(lambda self, *given, size=None: expand(self, spread(given, size)), "broadcast_to")


def as_strided(input: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """A view of the tensor's storage with any size and stride, in elements."""
    size, stride = as_size("as_strided", size), as_size("as_strided", stride, "stride")
    if len(size) != len(stride):
        raise ShapeError(f"mismatch in length of strides {list(stride)} and shape {list(size)}", op="as_strided")
    offset = input.storage_offset() if storage_offset is None else storage_offset
    return as_strided_op(input, size, stride, offset)


attach(as_strided, "as_strided")


def empty_strided(size: Any, stride: Any, *, dtype: DType | None = None, layout: Any = None, device: Any = None,
                  requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """A tensor of that size and stride, in elements, whose elements mean nothing (here they are 0)."""
    size, stride = as_size("empty_strided", size), as_size("empty_strided", stride, "stride")
    if len(size) != len(stride):
        raise ShapeError(f"mismatch in length of strides {list(stride)} and shape {list(size)}", op="empty_strided")
    span = 0 if 0 in size else 1 + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    made = as_strided_op(zeros(span, dtype=dtype, device=device), size, stride, 0)
    made._view = None  # nobody else holds what it is a view of
    return made.requires_grad_() if requires_grad else made


def _new_empty_strided(self: Tensor, size: Any, stride: Any, dtype: DType | None = None, device: Any = None,
                       requires_grad: bool = False, **ignored: Any) -> Tensor:
    """`empty_strided` in the dtype and on the device of this tensor, unless told otherwise."""
    return empty_strided(size, stride, dtype=self.dtype if dtype is None else dtype,
                         device=self.device if device is None else device, requires_grad=requires_grad)


attach(_new_empty_strided, "new_empty_strided")


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal `offset` above the main one of dims `dim1` and `dim2`, as a new last dim; a view."""
    if input.ndim and canonical_dim("diagonal", dim1, input.ndim) == canonical_dim("diagonal", dim2, input.ndim):
        raise ShapeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}", op="diagonal")
    return diagonal_op(input, offset, dim1, dim2)


attach(diagonal, "diagonal")
attach(lambda self, *given, dims=None: flip(self, spread(given, dims)), "flip")


def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """Elements moved by `shifts` along `dims` (None: in the flattened tensor), wrapping around."""
    shifts = as_size("roll", shifts, "shifts")
    if dims is None or (isinstance(dims, (tuple, list)) and not dims):
        if len(shifts) != 1:
            raise ShapeError(f"shifts {list(shifts)} and dims must align", op="roll")
        return reshape(roll_op(reshape(input, (-1,)), shifts, (0,)), tuple(input.shape))
    dims = as_size("roll", dims, "dims")
    if len(dims) != len(shifts):
        raise ShapeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}", op="roll")
    return roll_op(input, shifts, tuple(canonical_dim("roll", d, input.ndim) for d in dims))


attach(roll, "roll")
attach(unsqueeze, "unsqueeze")


def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """Dimensions of size 1 removed: all, or those among `dim`; a view."""
    shape = input._array.shape
    dims = canonical_dims("squeeze", dim, len(shape))
    if not any(shape[d] == 1 for d in dims):
        return slice_op(input, tuple(slice(0, n, 1) for n in shape))
    return slice_op(input, tuple(0 if d in dims and n == 1 else slice(0, n, 1) for d, n in enumerate(shape)))


attach(squeeze, "squeeze")
attach(narrow, "narrow")


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The part of `dim` at `index`, the dimension dropped; a view."""
    if not input.ndim:
        raise IndexRangeError("select() cannot be applied to a 0-dim tensor.", op="select")
    dim = canonical_dim("select", dim, input.ndim)
    size, at = input._array.shape[dim], int(index)
    if not -size <= at < size:
        raise IndexRangeError(f"index {at} out of range for tensor of size {list(input.shape)} at dimension {dim}",
                              op="select", index=at)
    return slice_op(input, tuple(at % size if d == dim else slice(0, n, 1) for d, n in enumerate(input._array.shape)))


attach(select, "select")


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions `start_dim` to `end_dim` merged into one; a view where possible."""
    shape = input._array.shape
    start, end = canonical_dim("flatten", start_dim, len(shape)), canonical_dim("flatten", end_dim, len(shape))
    if not shape:
        return reshape(input, (1,))
    if start > end:
        raise ShapeError(f"flatten() has invalid args: start_dim {start_dim} cannot come after end_dim {end_dim}",
                         op="flatten")
    if start == end:
        return input
    return reshape(input, (*shape[:start], numel(shape[start : end + 1]), *shape[end + 1 :]))


attach(flatten, "flatten")


def ravel(input: Tensor) -> Tensor:
    """All dimensions merged into one."""
    return reshape(input.contiguous(), (-1,) if 0 not in input._array.shape else (0,))


attach(ravel, "ravel")


def unflatten(input: Tensor, dim: int, sizes: Any) -> Tensor:
    """Dimension `dim` split into `sizes`, one of which may be -1; a view."""
    dim = canonical_dim("unflatten", dim, input.ndim)
    if not input.ndim:
        raise ShapeError("dimension specified as 0 but tensor has no dimensions", op="unflatten")
    shape = input._array.shape
    sizes = infer_size("unflatten", as_size("unflatten", sizes, "sizes"), shape[dim])
    return view_as_size(input, (*shape[:dim], *sizes, *shape[dim + 1 :]))


attach(unflatten, "unflatten")

__all__ = [
    "as_strided", "broadcast_to", "diagonal", "empty_strided", "expand", "flatten", "flip", "narrow", "permute",
    "ravel", "reshape", "roll", "select", "squeeze", "swapaxes", "swapdims", "t", "transpose", "unflatten", "unsqueeze",
]
