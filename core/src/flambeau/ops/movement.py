"""Shapes and views, joining and taking apart, triangles of matrices.

`view`, `permute`, `expand`, `slice`, `as_strided` and `diagonal` share memory with their input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, IndexRangeError, ShapeError, ValueRangeError
from ..shapes import as_size, canonical_dim, canonical_dims, expanded_size, infer_size, numel
from ..table.dispatch import composite, primitive
from ..table.registry import Dim, Size
from ..table.samples import Bad, Sample, arr
from ..tensors.tensor import Parameter, Tensor
from .compare import where_op
from .create import arange, zeros_of


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
    ndim = len(input._array.shape)
    if len(dims) == ndim and set(dims) == set(range(ndim)):
        return permute_op(input, dims)
    if len(dims) != ndim:
        raise ShapeError(f"dims {list(dims)} has {len(dims)} entries for a tensor of {ndim} dimensions", op="permute")
    order = tuple(canonical_dim("permute", d, ndim) for d in dims)
    canonical_dims("permute", order, ndim)
    return permute_op(input, order)


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Dimensions `dim0` and `dim1` exchanged; a view."""
    ndim = input.ndim
    dim0, dim1 = canonical_dim("transpose", dim0, ndim), canonical_dim("transpose", dim1, ndim)
    order = list(range(ndim))
    if ndim:
        order[dim0], order[dim1] = dim1, dim0
    return permute_op(input, tuple(order))


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


@composite(saves="input_shape", grad_name="AsStridedBackward0", samples=lambda: [
    Sample(arr(6), (2, 2), (3, 1), 1, (1,), 0)])
def strided_copy(input: Tensor, size: Size, stride: Size, storage_offset: int, own_stride: Size,
                 own_offset: int) -> Tensor:
    """The elements that `as_strided` finds in the storage of an input with strides of its own, copied."""
    return copy(as_strided_op(input, size, stride, storage_offset))


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


@primitive(name="roll", saves="", samples=lambda: [Sample(arr(2, 3), (1,), (0,)), Sample(arr(2, 3), (-1, 2), (1, 0))])
def roll_op(input: Tensor, shifts: Any, dims: Any) -> Tensor:
    """Elements moved along `dims`, those pushed out coming back at the other end."""


@roll_op.grad("input")
def _(g, *, shifts, dims):
    return roll_op(g, tuple(-s for s in shifts), dims)


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


def _cat_rule(tensors: Any, *, dim: int) -> None:
    first = tensors[0]
    for i, x in enumerate(tensors):
        if x.ndim != first.ndim:
            raise ShapeError(f"tensors must have the same number of dimensions: got {first.ndim} and {x.ndim}"
                             f" (tensor {i}); {_unlike(tensors, dim)}", op="cat")
        for d, (a, b) in enumerate(zip(first.shape, x.shape, strict=True)):
            if a != b and d != dim:
                raise ShapeError(f"sizes of tensors must match except in dimension {dim}. Expected size {a} but got"
                                 f" size {b} for tensor number {i} in the list; {_unlike(tensors, dim)}", op="cat")


_LISTED = 4  # offenders named in one message


def _unlike(tensors: Any, dim: int | None) -> str:
    """The first shape and those that differ from it beside `dim`, with their places."""
    def rest(x: Tensor) -> tuple[int, ...]:
        return tuple(n for d, n in enumerate(x._array.shape) if d != dim)

    odd = [f"{list(x.shape)} at {i}" for i, x in enumerate(tensors) if rest(x) != rest(tensors[0])]
    more = f" and {len(odd) - _LISTED} more" if len(odd) > _LISTED else ""
    return f"{list(tensors[0].shape)} at 0, but {', '.join(odd[:_LISTED])}{more}"


@primitive(name="cat", saves="tensors_shape", shape_rule=_cat_rule,
           samples=lambda: [Sample([arr(2, 3), arr(1, 3)], 0), Sample([arr(2, 3), arr(2, 2), arr(2, 0)], 1)])
def cat_op(tensors: Sequence[Tensor], dim: Dim) -> Tensor:
    """Tensors joined along an existing dimension."""


@cat_op.grad("tensors")
def _(g, tensors_shape, *, dim):
    whole = [slice(0, n, 1) for n in g._array.shape]
    before, after = whole[:dim], whole[dim + 1 :]
    grads, start = [], 0
    for shape in tensors_shape:
        end = start + shape[dim]
        grads.append(slice_op(g, (*before, slice(start, end, 1), *after)))
        start = end
    return grads


def cat(tensors: Any, dim: int = 0, *, out: Tensor | None = None, axis: int | None = None) -> Tensor:
    """Tensors joined along `dim`; sizes must agree elsewhere, dtypes are promoted.

    >>> import flambeau
    >>> flambeau.cat([flambeau.zeros(2), flambeau.ones(1)])
    tensor([0., 0., 1.])
    """
    if not isinstance(tensors, (tuple, list)):
        raise ArgumentError(f"tensors must be a tuple or list of Tensors, got {type(tensors).__name__}", op="cat")
    if not tensors:
        raise ValueRangeError("expected a non-empty list of Tensors", op="cat")
    shapes = _plain_shapes(tensors)
    if shapes is not None and _joinable(shapes):
        return cat_op(tensors, dim if axis is None else axis, out=out)
    for x in tensors:
        if not isinstance(x, Tensor):
            raise ArgumentError(f"expected Tensors, got {type(x).__name__}", op="cat")
        if not x.ndim:
            raise ShapeError("zero-dimensional tensor cannot be concatenated", op="cat")
    dim = dim if axis is None else axis
    like = next((x for x in tensors if x._array.shape != (0,)), None)
    if like is not None and any(x._array.shape == (0,) for x in tensors):
        tensors = _beside(tensors, tuple(like._array.shape), canonical_dim("cat", dim, like.ndim))
    return cat_op(tensors, dim, out=out)


def _plain_shapes(tensors: Any) -> set[tuple[int, ...]] | None:
    """The shapes there are among many tensors, read once; None where anything else is among them."""
    if not {Tensor, Parameter}.issuperset(map(type, tensors)):
        return None
    return {x._array.shape for x in tensors}


def _joinable(shapes: set[tuple[int, ...]]) -> bool:
    """Whether none of the shapes is a case of its own: no dims, or PyTorch's empty 1-d tensor that joins anything."""
    return () not in shapes and (0,) not in shapes


def _beside(tensors: Any, shape: tuple[int, ...], dim: int) -> list[Tensor]:
    """PyTorch's legacy: an empty 1-d tensor joins anything, as a part of size 0."""
    empty = (*shape[:dim], 0, *shape[dim + 1 :])
    return [reshape(x, empty) if x._array.shape == (0,) else x for x in tensors]


def stack(tensors: Any, dim: int = 0, *, out: Tensor | None = None, axis: int | None = None) -> Tensor:
    """Tensors of one shape joined along a new dimension `dim`."""
    if not tensors:
        raise ShapeError("stack expects a non-empty TensorList", op="stack")
    dim = dim if axis is None else axis
    first = tensors[0]
    shapes = _plain_shapes(tensors)
    if (len(shapes) > 1 if shapes is not None else any(x._array.shape != first._array.shape for x in tensors)):
        raise ShapeError(f"stack expects each tensor to be equal size, but got {_unlike(tensors, None)}", op="stack")
    dim = canonical_dim("stack", dim, first.ndim + 1)
    if dim == first.ndim or out is not None:
        return cat([unsqueeze(x, dim) for x in tensors], dim, out=out)
    shape = first._array.shape  # joined along the dim that is there, which then splits: one view, not one a tensor
    joined = cat_op(tensors, dim) if shapes is not None and _joinable(shapes) else cat(tensors, dim)
    made = reshape(joined, (*shape[:dim], len(tensors), *shape[dim:]))
    made._view = None  # nobody else holds what it is a view of
    return made


_TRIANGLES = (lambda: [Sample(arr(3, 3)), Sample(arr(2, 4), 1), Sample(arr(4, 2), -1), Sample(arr(2, 2, 3)),
                       Sample(arr(0, 3)), Sample(arr(3, 3), 5),
                       Bad(arr(3), raises="ShapeError", match="at least 2 dimensions")])


def _distance(op: str, input: Tensor) -> Tensor:
    """For every element of a matrix, how far it is right of the main diagonal."""
    if input.ndim < 2:
        raise ShapeError(f"input tensor must have at least 2 dimensions, got {input.ndim}", op=op)
    rows, columns = input._array.shape[-2:]
    return arange(columns, device=input.device) - reshape(arange(rows, device=input.device), (rows, 1))


@composite(saves="", method=True, inplace=True, samples=_TRIANGLES)
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle of matrices, up to `diagonal` above the main one, zeros elsewhere.

    >>> import flambeau
    >>> flambeau.tril(flambeau.ones(2, 3))
    tensor([[1., 0., 0.],
            [1., 1., 0.]])
    """
    return where_op(_distance("tril", input) <= diagonal, input, input.new_zeros(()))


@tril.grad("input")
def _(g, *, diagonal):
    return tril(g, diagonal)


@composite(saves="", method=True, inplace=True, samples=_TRIANGLES)
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle of matrices, from `diagonal` above the main one, zeros elsewhere."""
    return where_op(_distance("triu", input) >= diagonal, input, input.new_zeros(()))


@triu.grad("input")
def _(g, *, diagonal):
    return triu(g, diagonal)
