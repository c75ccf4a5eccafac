"""PyTorch's indexing functions: picking, placing, adding, and scatters that combine what collides."""

from __future__ import annotations

from typing import Any

from ... import dtypes
from ...dtypes import fit, held
from ...errors import DTypeError, IndexRangeError, ShapeError, ValueRangeError
from ...ops.compare import lt, where_op
from ...ops.create import arange, zeros_of
from ...ops.index import (
    check_places,
    check_range,
    cropped,
    gather,
    gather_op,
    nonzero,
    scatter,
    scatter_add,
    scatter_add_op,
    scatter_extremum,
    scatter_op,
    scatter_product,
    scatter_value,
    selected,
    take_along,
    take_flat,
)
from ...ops.movement import expand, permute_op, reshape
from ...shapes import broadcast_shapes, canonical_dim, contiguous_strides
from ...table.lifting import lift
from ...table.precision import in_single
from ...table.registry import Number
from ...tensors import views
from ...tensors.tensor import Tensor, attach
from ..inplace.writes import in_place

attach(gather, "gather")
attach(scatter_add, "scatter_add")
attach(lambda self, *, as_tuple=False: nonzero(self, as_tuple=as_tuple), "nonzero")


def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements of `input` where `mask` holds, the two broadcast, as a 1-d tensor."""
    if mask.dtype is not dtypes.bool:
        raise DTypeError(f"expected BoolTensor for mask, got {mask.dtype!r}", op="masked_select")
    shape = broadcast_shapes("masked_select", tuple(input.shape), tuple(mask.shape))
    return selected(expand(input, shape), expand(mask, shape), out=out)


attach(masked_select, "masked_select")


def index_select(input: Tensor, dim: int, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The parts of `dim` that the 1-d integer tensor `index` names, as a copy."""
    if index.ndim > 1:
        raise IndexRangeError(f"Index is supposed to be a vector, got {index.ndim} dimensions", op="index_select")
    if index.dtype not in (dtypes.int64, dtypes.int32):
            raise DTypeError(f"Expected dtype int32 or int64 for index, got {index.dtype!r}", op="index_select")
    if not input.ndim:
        canonical_dim("index_select", dim, 0)
        return take_along(input.reshape(1), 0, index.long().reshape(-1)).reshape(())
    return take_along(input, dim, index.long().reshape(-1), out=out)


attach(index_select, "index_select")


def take(input: Tensor, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elements of the flattened input at `index`, in index's shape; negative entries count from the end."""
    n = input.numel()
    check_range("take", index, n, -n)
    if index.dtype is not dtypes.int64:
        raise DTypeError(f"Expected a long tensor for index, but got {index.dtype!r}", op="take", dtype=index.dtype)
    return take_flat(input, where_op(index < 0, index + n, index), out=out)


attach(take, "take")
attach(scatter, "scatter")


def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """`input` with `value` (a number or 0-d tensor) where `mask`, broadcast, holds."""
    if mask.dtype is not dtypes.bool:
        raise DTypeError(f"masked_fill_ only supports boolean masks, but got mask with dtype {mask.dtype!r}",
                         op="masked_fill")
    if isinstance(value, Tensor):
        if value.ndim:
            raise ShapeError(f"masked_fill only supports a 0-dimensional value tensor, but got tensor with"
                             f" {value.ndim} dimension(s).", op="masked_fill")
        if value.is_complex() and not input.is_complex():
            fit(value.item(), input.dtype, "masked_fill")
        value = value.to(input.dtype)
    else:
        value = input.new_full((), value)
    return where_op(mask, value, input)


attach(masked_fill, "masked_fill")


def flat_index(indices: list[Tensor], shape: tuple[int, ...]) -> Tensor:
    """Index tensors of the leading dims as one index into those dims flattened; negatives count from the end."""
    total: Any = 0
    for one, size, step in zip(indices, shape, contiguous_strides(shape[: len(indices)]), strict=False):
        total = total + where_op(one < 0, one + size, one) * step
    return total  # type: ignore[no-any-return]


def moved_front(input: Tensor, dims: list[int]) -> tuple[Tensor, tuple[int, ...]]:
    """`dims` moved to the front, and the order that undoes it."""
    order = (*dims, *(d for d in range(input.ndim) if d not in dims))
    back = tuple(order.index(d) for d in range(input.ndim))
    return permute_op(input, order), back


Scalar = Number


def _vector(op: str, index: Tensor, takes: tuple[Any, ...] = (dtypes.int64, dtypes.int32)) -> Tensor:
    """An index of at most one dimension, as int64 with one."""
    if index.dtype not in takes:
        raise IndexRangeError(f"Expected dtype {' or '.join(d.name for d in takes)} for index but got:"
                              f" {index.dtype!r}", op=op, dtype=index.dtype)
    if index.ndim > 1:
        raise IndexRangeError(f"Index is supposed to be a vector, but got dim: {index.ndim} with size:"
                              f" {list(index.shape)}", op=op)
    return reshape(index.long(), (-1,)) if index.numel() else reshape(index.long(), (0,))


def _spread(op: str, input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """The 1-d index over the shape of `source`, which must be input's but for `dim`."""
    if source.dtype is not input.dtype:
        raise DTypeError(f"self ({input.dtype!r}) and source ({source.dtype!r}) must have the same scalar type", op=op,
                         dtype=source.dtype)
    have, want = list(source._array.shape), list(input._array.shape)
    extent = have[dim] if dim < len(have) else 1
    if index.numel() != extent:
        raise IndexRangeError(f"Number of indices ({index.numel()}) should be equal to source.size(dim): ({extent}),"
                              f" for dim: {dim}", op=op)
    if have[:dim] + have[dim + 1 :] != want[:dim] + want[dim + 1 :]:
        raise ShapeError("source tensor shape must match self tensor shape, excluding the specified dimension. Got"
                         f" self.shape = {want} source.shape = {have}", op=op)
    if not have:
        return reshape(index, ())
    return expand(reshape(index, tuple(extent if d == dim else 1 for d in range(len(have)))), tuple(have))


def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1,
              out: Tensor | None = None) -> Tensor:
    """A copy of `input` to whose parts of `dim` those of alpha * `source` are added, as the 1-d `index` says.

    >>> import flambeau
    >>> flambeau.index_add(flambeau.zeros(3), 0, flambeau.tensor([0, 0]), flambeau.tensor([1.0, 2.0]))
    tensor([3., 0., 0.])
    """
    dim = canonical_dim("index_add", dim, input.ndim)
    places = _spread("index_add", input, dim, _vector("index_add", index), source)
    if alpha == 1:
        return scatter_add_op(input, dim, places, source, out=out)
    made = _add_scaled(input, dim, places, source, held(alpha, source.dtype, "index_add"))
    return made if out is None else views.write_out(scatter_add_op.op, out, made)


@in_single
def _add_scaled(input: Tensor, dim: int, places: Tensor, source: Tensor, alpha: Any) -> Tensor:
    return scatter_add_op(input, dim, places, source * alpha)


def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy of `input` whose parts of `dim` that the 1-d int64 `index` names are those of `source`."""
    dim = canonical_dim("index_copy", dim, input.ndim)
    places = _spread("index_copy", input, dim, _vector("index_copy", index, (dtypes.int64,)), source)
    return scatter_op(input, dim, places, source, out=out)


def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy of `input` with the number `value` in the parts of `dim` that `index` names; negatives count back."""
    if isinstance(value, Tensor):
        if value.ndim:
            raise ShapeError(f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with"
                             f" {value.ndim} dimension(s).", op="index_fill")
        value = value.to(input.dtype)
    else:
        if isinstance(value, complex) and not input.is_complex():
            raise DTypeError("Converting complex Scalar to non-complex type is not supported", op="index_fill")
        value = input.new_full((), value)
    dim, index = canonical_dim("index_fill", dim, input.ndim), _vector("index_fill", index, (dtypes.int64,))
    size = input._array.shape[dim] if input.ndim else 1
    check_range("index_fill", index, size, -size)
    marks = arange(size, device=input.device).new_zeros((size,), dtype=dtypes.bool)
    marks = scatter_value(marks, 0, where_op(index < 0, index + size, index), True)
    return where_op(reshape(marks, tuple(-1 if d == dim else 1 for d in range(input.ndim))), value, input)


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy of `input` with the elements of `source`, in order, where `mask` (broadcast) holds."""
    op = "masked_scatter"
    if mask.dtype is not dtypes.bool:
        raise DTypeError(f"masked_scatter_ only supports boolean masks, but got mask with dtype {mask.dtype!r}", op=op)
    if source.dtype is not input.dtype:
        raise DTypeError(f"expected self and source to have same dtypes but got {input.dtype!r} and {source.dtype!r}",
                         op=op)
    shape = broadcast_shapes(op, tuple(input.shape), tuple(mask.shape))
    held, marks = expand(input, shape), expand(mask, shape)
    count = int(marks.sum().item())
    if source.numel() < count:
        raise ShapeError(f"Number of elements of source < number of ones in mask: {source.numel()} < {count}", op=op)
    if not source.numel():
        return held.clone()
    order = (reshape(marks, (-1,)).long().cumsum(0) - 1).clamp(min=0)
    return where_op(marks, reshape(take_along(reshape(source, (-1,)), 0, order), shape), held)


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """Elements of `input` along `dim` (None: flattened) at `indices`, the other dims broadcast together."""
    op = "take_along_dim"
    if indices.dtype is not dtypes.int64:
        raise DTypeError(f"dtype of indices should be Long but got {indices.dtype!r}", op=op, dtype=indices.dtype)
    if dim is None:
        return take_along_dim(reshape(input, (-1,)), reshape(indices, (-1,)), 0, out=out)
    if input.ndim != indices.ndim:
        raise ShapeError(f"input and indices should have the same number of dimensions, but got {input.ndim}"
                         f" dimensions for input, and {indices.ndim} dimensions for indices", op=op)
    dim = canonical_dim(op, dim, input.ndim)
    a, b = list(input._array.shape), list(indices._array.shape)
    indices = where_op(lt(indices, lift(indices, 0)), indices + (a[dim] if a else 1), indices)
    if not a:
        return gather(input, 0, indices, out=out)
    size = list(broadcast_shapes(op, (*a[:dim], 1, *a[dim + 1:]), (*b[:dim], 1, *b[dim + 1:])))
    input = expand(input, (*size[:dim], a[dim], *size[dim + 1:]))
    return gather_op(input, dim, expand(indices, (*size[:dim], b[dim], *size[dim + 1:])), out=out)


def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of `input` with `source` written, or added, at `index` counted through the flattened tensor."""
    if index.dtype is not dtypes.int64:
        raise DTypeError(f"Expected a long tensor for index, but got {index.dtype!r}", op="put", dtype=index.dtype)
    if source.dtype is not input.dtype:
        raise DTypeError(f"self and source expected to have the same dtype, but got self.dtype = {input.dtype!r} and"
                         f" source.dtype = {source.dtype!r}", op="put", dtype=source.dtype)
    if source.numel() != index.numel():
        raise IndexRangeError("Expected source and index to have the same number of elements, but got source.numel()"
                              f" = {source.numel()}, index.numel() = {index.numel()}", op="put")
    count = input.numel()
    check_range("put", index, count, -count)
    places = reshape(where_op(index < 0, index + count, index), (index.numel(),))
    change = scatter_add_op if accumulate else scatter_op
    return reshape(change(reshape(input, (count,)), 0, places, reshape(source, (index.numel(),))), tuple(input.shape))


def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of `input` with `values` written, or added, where the tuple of index tensors says."""
    return input.clone().index_put_(indices, values, accumulate)  # type: ignore[no-any-return]


def scatter_reduce(input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True,
                   out: Tensor | None = None) -> Tensor:
    """A copy of `input` combined with `src` where `index` says along `dim`.

    `reduce` is "sum", "prod", "mean", "amax" or "amin"; without `include_self` the places that are
    written forget what they held.
    """
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise ValueRangeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}",
                              op="scatter_reduce")
    check_places("scatter_reduce", input, dim, index, src)
    src = cropped(src, index)
    if reduce == "prod":
        made = scatter_product(input, dim, index, src, include_self)
    elif reduce in ("amax", "amin"):
        made = scatter_extremum(input, dim, index, src, reduce == "amax", include_self)
    else:
        made = _scatter_totals(input, dim, index, src, reduce == "mean", include_self)
    return made if out is None else views.write_out(scatter_op.op, out, made)


@in_single
def _scatter_totals(input: Tensor, dim: int, index: Tensor, src: Tensor, mean: bool, include_self: bool) -> Tensor:
    start = input if include_self else scatter_value(input, dim, index, 0)
    made = scatter_add_op(start, dim, index, src)
    return _averaged(made, dim, index, include_self) if mean else made


def _averaged(summed: Tensor, dim: int, index: Tensor, include_self: bool) -> Tensor:
    """Sums divided by how many elements each holds."""
    ones = zeros_of(summed, summed._array.shape) + 1
    counts = ones if include_self else scatter_value(ones, dim, index, 0)
    counts = scatter_add_op(counts, dim, index, expand(ones.new_full((), 1), tuple(index._array.shape)))
    return summed / counts if summed.dtype.category > 1 else summed // counts


for _name, _function in {"index_add": index_add, "index_copy": index_copy, "index_fill": index_fill,
                         "masked_scatter": masked_scatter, "put": put, "scatter_reduce": scatter_reduce,
                         "scatter_add": scatter_add}.items():
    setattr(Tensor, _name, _function)
    in_place(_name, _function)
attach(take_along_dim, "take_along_dim")
attach(index_put, "index_put")
in_place("masked_fill", masked_fill)
in_place("scatter", scatter)

__all__ = [
    "gather", "index_add", "index_copy", "index_fill", "index_put", "index_select", "masked_fill",
    "masked_scatter", "masked_select", "nonzero", "put", "scatter", "scatter_add", "scatter_reduce", "take",
    "take_along_dim",
]
