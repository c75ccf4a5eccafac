"""Shapes and views.

`view`, `permute`, `expand`, `slice`, `as_strided` and `diagonal` share memory with their input
wherever PyTorch's do; everything here that PyTorch calls a view is built from them.
"""

from __future__ import annotations

from typing import Any

from ..dispatch import composite, primitive
from ..dtypes import DType
from ..errors import IndexRangeError, ShapeError
from ..registry import Dim, Size
from ..samples import Bad, Sample, arr
from ..shapes import as_size, canonical_dim, canonical_dims, expanded_size, infer_size, numel, spread
from ..tensor import Tensor, attach, wrap
from .create import zeros_of


def _view_rule(input: Tensor, *, size: Any) -> None:
    infer_size("view", size, input.numel())
    raise ShapeError(f"view size {list(size)} is not compatible with input tensor's size {list(input.shape)} and"
                     f" stride {list(input.stride())}; use reshape instead", op="view")


@primitive(name="view", saves="input_shape", view=True, shape_rule=_view_rule,
           samples=lambda: [Sample(arr(2, 3), (3, 2)), Sample(arr(2, 3), (6,)), Sample(arr(), (1, 1)),
                            Sample(arr(0, 3), (3, 0)),
                            Bad(arr(2, 3), (4,), raises="ShapeError", match="invalid for input of size 6")])
def view_op(input: Tensor, size: Size) -> Tensor:
    """The same elements under another shape."""


@view_op.grad("input")
def _(g, input_shape):
    return reshape(g, input_shape)


def view_as_size(input: Tensor, size: Any) -> Tensor:
    """`input` viewed under `size`, which may hold one -1."""
    size = as_size("view", size)
    return view_op(input, infer_size("view", size, input.numel()) if -1 in size else size)


def _view_method(self: Tensor, *given: Any, size: Any = None, dtype: DType | None = None) -> Tensor:
    """The same elements under another shape, sharing memory; one size may be -1. Given a dtype: reinterprets bytes."""
    if dtype is not None or (len(given) == 1 and isinstance(given[0], DType)):
        return _reinterpreted(self, dtype or given[0])
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
    return wrap(backend.from_host(data, tuple(shape), dtype), input.device.kinds[dtype])


attach(_view_method, "view")


@composite(name="reshape", saves="input_shape", samples=lambda: [
    Sample(arr(2, 3), (3, 2)), Sample(arr(2, 3), (6,)), Sample(arr(), (1,)),
    Bad(arr(2, 3), (4, 2), raises="ShapeError", match="invalid for input of size 6")])
def _reshape_copy(input: Tensor, size: Size) -> Tensor:
    """A copy of the elements under another shape."""
    return view_op(copy(input), size)


@_reshape_copy.grad("input")
def _(g, input_shape):
    return reshape(g, input_shape)


def reshape(input: Tensor, shape: Any) -> Tensor:
    """The same elements in C order under another shape: a view where the strides allow it, else a copy.

    >>> import flambeau
    >>> flambeau.reshape(flambeau.arange(6), (2, -1)).shape
    flambeau.Size([2, 3])
    """
    size = shape if type(shape) is tuple else as_size("reshape", shape)
    if -1 in size or numel(size) != numel(input._array.shape):
        size = infer_size("reshape", size, numel(input._array.shape))
    backend = input._kind.device.backend
    if backend.can_view(input._array, size):
        return view_op(input, size)
    return _reshape_copy(input, size)


attach(lambda self, *given, shape=None: reshape(self, spread(given, shape)), "reshape")
attach(lambda self, other: view_as_size(self, tuple(other.shape)), "view_as")
attach(lambda self, other: reshape(self, tuple(other.shape)), "reshape_as")


@primitive(name="permute", saves="", view=True,
           samples=lambda: [Sample(arr(2, 3), (1, 0)), Sample(arr(2, 3, 4), (2, 0, 1)), Sample(arr(), ())])
def permute_op(input: Tensor, dims: Size) -> Tensor:
    """The dimensions in another order."""


@permute_op.grad("input")
def _(g, *, dims):
    return permute_op(g, tuple(sorted(range(len(dims)), key=dims.__getitem__)))


def permute(input: Tensor, dims: Any) -> Tensor:
    """The dimensions in the order `dims`; a view."""
    dims = as_size("permute", dims, "dims")
    ndim = input.ndim
    if len(dims) != ndim:
        raise ShapeError(f"dims {list(dims)} has {len(dims)} entries for a tensor of {ndim} dimensions", op="permute")
    order = tuple(canonical_dim("permute", d, ndim) for d in dims)
    canonical_dims("permute", order, ndim)
    return permute_op(input, order)


attach(lambda self, *given, dims=None: permute(self, spread(given, dims)), "permute")


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Dimensions `dim0` and `dim1` exchanged; a view."""
    ndim = input.ndim
    dim0, dim1 = canonical_dim("transpose", dim0, ndim), canonical_dim("transpose", dim1, ndim)
    order = list(range(ndim))
    if ndim:
        order[dim0], order[dim1] = dim1, dim0
    return permute_op(input, tuple(order))


swapaxes = swapdims = transpose
attach(transpose, "transpose", "swapaxes", "swapdims")


def t(input: Tensor) -> Tensor:
    """The transpose of a tensor of at most two dimensions; a view."""
    if input.ndim > 2:
        raise ShapeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D", op="t")
    return permute_op(input, (1, 0)) if input.ndim == 2 else permute_op(input, tuple(range(input.ndim)))


attach(t, "t")
attach(property(lambda self: permute_op(self, tuple(range(self.ndim))[::-1]), doc="All dimensions reversed."), "T")
attach(property(lambda self: transpose(self, -2, -1), doc="The last two dimensions exchanged."), "mT")
attach(property(lambda self: t(self).conj(), doc="The conjugate transpose of a matrix."), "H")
attach(property(lambda self: transpose(self, -2, -1).conj(), doc="The conjugate of `mT`."), "mH")


@primitive(name="expand", saves="", view=True,
           samples=lambda: [Sample(arr(1, 3), (4, 3)), Sample(arr(3), (2, 3)), Sample(arr(), (2,)),
                            Sample(arr(1), (0,))])
def expand_op(input: Tensor, size: Size) -> Tensor:
    """Dimensions of size 1 stretched without copying."""


@expand_op.grad("input")
def _(g):
    return g  # the walk sums it to the input's shape


def expand(input: Tensor, size: Any) -> Tensor:
    """Dimensions of size 1 stretched to `size` without copying; -1 keeps a size, new dimensions come first."""
    size = as_size("expand", size)
    return expand_op(input, expanded_size("expand", tuple(input._array.shape), size))


attach(lambda self, *given, size=None, implicit=False: expand(self, spread(given, size)), "expand")
attach(lambda self, other: expand(self, tuple(other.shape)), "expand_as")


def broadcast_to(input: Tensor, size: Any) -> Tensor:
    """The same as `expand`."""
    return expand(input, size)


attach(lambda self, *given, size=None: expand(self, spread(given, size)), "broadcast_to")


@primitive(name="slice", saves="input_shape", view=True, grad_name="SliceBackward0",
           samples=lambda: [Sample(arr(4, 3), (slice(1, 4, 2), 2)), Sample(arr(4, 3), (slice(0, 4, 1), slice(1, 1, 1))),
                            Sample(arr(3), (None, 1)), Sample(arr(2, 3, 4), (slice(0, 2, 1), 0, slice(0, 4, 3)))])
def slice_op(input: Tensor, index: Any) -> Tensor:
    """Basic indexing: slices, ints, None, one entry per dimension."""


@slice_op.grad("input")
def _(g, input_shape, *, index):
    return slice_backward(g, input_shape, index)


@composite(saves="", grad_name="SliceBackwardBackward0", samples=lambda: [
    Sample(arr(2), (4, 3), (slice(1, 4, 2), 2)), Sample(arr(3), (2, 3), (1, slice(0, 3, 1)))])
def slice_backward(input: Tensor, size: Any, index: Any) -> Tensor:
    """Zeros of `size` with `input` in the region that `index` selects."""
    made = zeros_of(input, size)
    slice_op(made, index).copy_(input)
    return made


@slice_backward.grad("input")
def _(g, *, index):
    return slice_op(g, index)


@primitive(name="as_strided", saves="input_shape", view=True,
           samples=lambda: [Sample(arr(6), (2, 2), (3, 1), 1), Sample(arr(4), (3, 2), (1, 1), 0)])
def as_strided_op(input: Tensor, size: Size, stride: Size, storage_offset: int) -> Tensor:
    """A view of the storage with any size, stride and offset, in elements."""


@as_strided_op.grad("input")
def _(g, input_shape, *, size, stride, storage_offset):
    """Each element's gradient goes to its place in the storage (of an input that is contiguous from offset 0)."""
    from .index import put_flat

    return reshape(put_flat(zeros_of(g, (numel(input_shape),)), g, size, stride, storage_offset), input_shape)


def as_strided(input: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """A view of the tensor's storage with any size and stride, in elements."""
    size, stride = as_size("as_strided", size), as_size("as_strided", stride, "stride")
    if len(size) != len(stride):
        raise ShapeError(f"mismatch in length of strides {list(stride)} and shape {list(size)}", op="as_strided")
    offset = input.storage_offset() if storage_offset is None else storage_offset
    if input._requires_grad and not (input.is_contiguous() and input.storage_offset() == 0):
        return strided_copy(input, size, stride, offset, tuple(input.stride()), input.storage_offset())
    return as_strided_op(input, size, stride, offset)


@composite(saves="input_shape", grad_name="AsStridedBackward0", samples=lambda: [
    Sample(arr(6), (2, 2), (3, 1), 1, (1,), 0)])
def strided_copy(input: Tensor, size: Size, stride: Size, storage_offset: int, own_stride: Size,
                 own_offset: int) -> Tensor:
    """The elements that `as_strided` finds in the storage of an input with strides of its own, copied."""
    return copy(as_strided_op(input, size, stride, storage_offset))


@strided_copy.grad("input")
def _(g, input_shape, *, size, stride, storage_offset, own_stride, own_offset):
    """By way of a gradient of the whole storage; elements of the input that share a place share its gradient."""
    from .elementwise import maximum
    from .index import put_flat

    extent = max(_reach(size, stride, storage_offset), _reach(input_shape, own_stride, own_offset))
    held = put_flat(zeros_of(g, (extent,)), g, size, stride, storage_offset)
    if _overlaps(input_shape, own_stride):
        sharing = put_flat(zeros_of(g, (extent,)), zeros_of(g, input_shape) + 1, input_shape, own_stride, own_offset)
        held = held / maximum(sharing, zeros_of(g, (extent,)) + 1)
    return as_strided_op(held, input_shape, own_stride, own_offset)


def _overlaps(size, stride):
    """Whether several elements may lie in one place."""
    reach = 0
    for step, n in sorted(zip(stride, size, strict=True)):
        if n > 1 and step <= reach:
            return True
        reach += (n - 1) * step
    return False


def _reach(size, stride, offset):
    """The elements of storage that a strided array needs."""
    return offset + 1 + sum((n - 1) * s for n, s in zip(size, stride, strict=True) if n)


attach(as_strided, "as_strided")


@primitive(name="diagonal", saves="input_shape", view=True,
           samples=lambda: [Sample(arr(3, 4), 0, 0, 1), Sample(arr(2, 3, 3), 1, 1, 2), Sample(arr(3, 2), -2, 0, 1)])
def diagonal_op(input: Tensor, offset: int, dim1: Dim, dim2: Dim) -> Tensor:
    """The diagonal of two dimensions as a new last one."""


@diagonal_op.grad("input")
def _(g, input_shape, *, offset, dim1, dim2):
    return diagonal_backward(g, input_shape, offset, dim1, dim2)


@composite(saves="", samples=lambda: [Sample(arr(3), (3, 4), 0, 0, 1)])
def diagonal_backward(input: Tensor, size: Any, offset: int, dim1: int, dim2: int) -> Tensor:
    """Zeros of `size` with `input` on the diagonal."""
    made = zeros_of(input, size)
    diagonal_op(made, offset, dim1, dim2).copy_(input)
    return made


@diagonal_backward.grad("input")
def _(g, *, offset, dim1, dim2):
    return diagonal_op(g, offset, dim1, dim2)


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal `offset` above the main one of dims `dim1` and `dim2`, as a new last dim; a view."""
    if input.ndim and canonical_dim("diagonal", dim1, input.ndim) == canonical_dim("diagonal", dim2, input.ndim):
        raise ShapeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}", op="diagonal")
    return diagonal_op(input, offset, dim1, dim2)


attach(diagonal, "diagonal")


@primitive(name="copy", saves="", samples=lambda: [Sample(arr(2, 3)), Sample(arr()), Sample(arr(0))],
           grad_name="CloneBackward0")
def copy(input: Tensor) -> Tensor:
    """A contiguous copy."""


@copy.grad("input")
def _(g):
    return g


@primitive(name="flip", saves="", samples=lambda: [Sample(arr(2, 3), (0,)), Sample(arr(2, 3), (0, 1)),
                                                   Sample(arr(), ())])
def flip_op(input: Tensor, dims: Any) -> Tensor:
    """The order along `dims` reversed; a copy."""


@flip_op.grad("input")
def _(g, *, dims):
    return flip_op(g, dims)


def flip(input: Tensor, dims: Any) -> Tensor:
    """The order of elements along `dims` reversed; a copy."""
    return flip_op(input, canonical_dims("flip", as_size("flip", dims, "dims"), input.ndim))


attach(lambda self, *given, dims=None: flip(self, spread(given, dims)), "flip")


@primitive(name="roll", saves="", samples=lambda: [Sample(arr(2, 3), (1,), (0,)), Sample(arr(2, 3), (-1, 2), (1, 0))])
def roll_op(input: Tensor, shifts: Any, dims: Any) -> Tensor:
    """Elements moved along `dims`, those pushed out coming back at the other end."""


@roll_op.grad("input")
def _(g, *, shifts, dims):
    return roll_op(g, tuple(-s for s in shifts), dims)


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


@primitive(name="pad", saves="input_shape", grad_name="ConstantPadNdBackward0",
           samples=lambda: [Sample(arr(2, 3), ((0, 1), (2, 0)), 0.0), Sample(arr(3), ((1, 1),), 1.0)])
def pad_op(input: Tensor, padding: Any, value: Any) -> Tensor:
    """`value` put before and after along each dimension; `padding` holds a pair per dimension."""


@pad_op.grad("input")
def _(g, input_shape, *, padding):
    return slice_op(g, tuple(slice(before, before + n, 1) for (before, _), n in zip(padding, input_shape, strict=True)))


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A dimension of size 1 inserted at `dim`; a view."""
    dim = canonical_dim("unsqueeze", dim, input.ndim + 1)
    shape = input._array.shape
    return view_or_slice(input, (*shape[:dim], 1, *shape[dim:]), dim)


def view_or_slice(input: Tensor, size: tuple[int, ...], dim: int) -> Tensor:
    """`unsqueeze` at `dim` as basic indexing, which any strides allow."""
    return slice_op(input, (*(slice(0, n, 1) for n in input._array.shape[:dim]), None,
                            *(slice(0, n, 1) for n in input._array.shape[dim:])))


attach(unsqueeze, "unsqueeze")


def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """Dimensions of size 1 removed: all, or those among `dim`; a view."""
    shape = input._array.shape
    dims = canonical_dims("squeeze", dim, len(shape))
    if not any(shape[d] == 1 for d in dims):
        return slice_op(input, tuple(slice(0, n, 1) for n in shape))
    return slice_op(input, tuple(0 if d in dims and n == 1 else slice(0, n, 1) for d, n in enumerate(shape)))


attach(squeeze, "squeeze")


def narrow_op(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """`narrow` with canonical, checked arguments."""
    shape = input._array.shape
    return slice_op(input, tuple(slice(start, start + length, 1) if d == dim else slice(0, n, 1)
                                 for d, n in enumerate(shape)))


def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """The part of `dim` from `start`, `length` long; a view."""
    if not input.ndim:
        raise ShapeError("narrow() cannot be applied to a 0-dim tensor.", op="narrow")
    dim = canonical_dim("narrow", dim, input.ndim)
    if isinstance(start, Tensor) and (start.ndim or start.dtype.category != 1):
        raise ShapeError("start must be an 0-dim integral Tensor.", op="narrow")
    size, start = input._array.shape[dim], int(start)
    if length < 0:
        raise ShapeError(f"length must be non-negative, got {length}.", op="narrow")
    if not -size <= start <= size:
        raise IndexRangeError(f"start out of range (expected to be in range of [-{size}, {size}], but got {start})",
                              op="narrow")
    start += size if start < 0 else 0
    if start + length > size:
        raise ShapeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).", op="narrow")
    return narrow_op(input, dim, start, length)


attach(narrow, "narrow")


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The part of `dim` at `index`, the dimension dropped; a view."""
    from ..errors import IndexRangeError

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
    shape = input._array.shape
    sizes = infer_size("unflatten", as_size("unflatten", sizes, "sizes"), shape[dim])
    return view_as_size(input, (*shape[:dim], *sizes, *shape[dim + 1 :]))


attach(unflatten, "unflatten")

__all__ = [
    "as_strided", "broadcast_to", "diagonal", "expand", "flatten", "flip", "narrow", "permute", "ravel", "reshape",
    "roll", "select", "squeeze", "swapaxes", "swapdims", "t", "transpose", "unflatten", "unsqueeze",
]
