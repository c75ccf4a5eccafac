"""Picking and placing elements by index, and the gradients that are scatters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..dtypes import int64
from ..errors import DTypeError, IndexRangeError, ShapeError, ValueRangeError
from ..modes import is_grad_enabled
from ..shapes import canonical_dim, contiguous_strides, numel
from ..table.dispatch import composite, primitive
from ..table.lifting import lift
from ..table.registry import Dim
from ..table.samples import Sample, arr
from ..tensors import views
from ..tensors.tensor import Tensor, unmapped
from .arithmetic import maximum, minimum
from .compare import eq, where_op
from .complex import _c
from .create import arange, cast, zeros_of
from .movement import as_strided_op, copy, expand, permute_op, reshape, slice_op
from .sort import searchsorted_op, sort_op, topk_op


@as_strided_op.grad("input")
def _(g, input_layout, *, size, stride, storage_offset):
    """By way of a gradient of the whole storage; elements of the input that share a place share its gradient."""
    shape, own_stride, own_offset = input_layout
    extent = max(_reach(size, stride, storage_offset), _reach(shape, own_stride, own_offset))
    held = put_flat(zeros_of(g, (extent,)), g, size, stride, storage_offset)
    if extent == numel(shape) and not own_offset and own_stride == contiguous_strides(shape):
        return reshape(held, shape)
    if _overlaps(shape, own_stride):
        sharing = put_flat(zeros_of(g, (extent,)), zeros_of(g, shape) + 1, shape, own_stride, own_offset)
        held = held / maximum(sharing, zeros_of(g, (extent,)) + 1)
    return as_strided_op(held, shape, own_stride, own_offset)


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


def laid(g: Tensor, layout: Any) -> Tensor:
    """A copy of `g` in memory of its own, where it lies as `layout` says."""
    shape, stride, offset = layout
    made = as_strided_op(zeros_of(g, (_reach(shape, stride, offset),)), shape, stride, offset)
    return made.copy_(g)  # type: ignore[no-any-return]


def _arr_index(*shape: int, high: int) -> Any:
    return arr(*shape, dtype="int64", low=0, high=high)


@primitive(laws="items:input",
           name="take", saves="index input_shape", kinds="T int64", exact=True, grad_name="IndexSelectBackward0",
           samples=lambda: [Sample(arr(4, 3), 0, _arr_index(2, high=3)), Sample(arr(4, 3), 1, _arr_index(2, 2, high=2)),
                            Sample(arr(4, 3), 0, _arr_index(0, high=3))])
def take_along(input: Tensor, dim: Dim, index: Tensor) -> Tensor:
    """The parts of `dim` that `index`, of any shape, names."""


@take_along.grad("input")
def _(g, index, input_shape, *, dim):
    """Sum the parts that were taken more than once."""
    lead, count = input_shape[:dim], numel(index._array.shape)
    tail = input_shape[dim + 1 :]
    flat = reshape(g, (*lead, count, *tail))
    return index_add_dim(flat, dim, reshape(index, (count,)), tuple(input_shape))


@composite(saves="input index", kinds="T int64", exact=True, grad_name="TakeBackward0",
           samples=lambda: [Sample(arr(2, 3), _arr_index(2, 2, high=5)), Sample(arr(2, 3), _arr_index(high=5))])
def take_flat(input: Tensor, index: Tensor) -> Tensor:
    """Elements of the flattened input at `index`, in index's shape."""
    return take_along(reshape(input, (-1,)), 0, index)


@take_flat.grad("input")
def _(g, input, index):
    shape, count = tuple(input._array.shape), numel(index._array.shape)
    return reshape(index_add_dim(reshape(g, (count,)), 0, reshape(index, (count,)), (numel(shape),)), shape)


@composite(saves="index", kinds="T int64",
           samples=lambda: [Sample(arr(2, 3), 0, _arr_index(2, high=3), (4, 3))])
def index_add_dim(input: Tensor, dim: Dim, index: Tensor, size: Any) -> Tensor:
    """Zeros of `size` to whose parts of `dim` those of `input` are added, as the 1-d `index` says."""
    shape = [1] * len(size)
    shape[dim] = -1
    spread = expand(reshape(index, tuple(shape)), tuple(input._array.shape))
    return scatter_add_op(zeros_of(input, size), dim, spread, input)


@index_add_dim.grad("input")
def _(g, index, *, dim):
    return take_along(g, dim, index)


def check_places(op: str, input: Tensor, dim: int, index: Tensor, src: Tensor | None = None) -> None:
    """Raises unless `index` has input's number of dims and is no larger than it (but for `dim`), nor than `src`."""
    have, want = tuple(index._array.shape), tuple(input._array.shape)
    if not numel(have):
        return
    if (len(have) or 1) != (len(want) or 1):
        raise ShapeError(f"Index tensor must have the same number of dimensions as input tensor, got {len(have)} and"
                         f" {len(want)}", op=op)
    dim = canonical_dim(op, dim, len(want))
    if any(n > m for d, (n, m) in enumerate(zip(have, want, strict=False)) if d != dim):
        raise ShapeError(f"Size does not match at dimension {dim} expected index {list(have)} to be no larger than self"
                         f" {list(want)} apart from dimension {dim}", op=op)
    if src is not None:
        _check_source(op, input, have, src)


def _check_source(op: str, input: Tensor, have: tuple[int, ...], src: Tensor) -> None:
    size = tuple(src._array.shape)
    if (len(size) or 1) != len(have or (1,)) or any(n > m for n, m in zip(have, size, strict=False)):
        raise ShapeError(f"expected index {list(have)} to be no larger size than src {list(size)}", op=op)
    if src.dtype is not input.dtype:
        raise DTypeError(f"Expected self.dtype to be equal to src.dtype, got {input.dtype!r} and {src.dtype!r}", op=op,
                         dtype=src.dtype)


@primitive(
    name="gather",
    laws="items:input,index",
    saves="input index",
    kinds="T int64",
    samples=lambda: [
        Sample(arr(3, 4), 0, _arr_index(2, 4, high=2)),
        Sample(arr(3, 4), 1, _arr_index(3, 2, high=3)),
        Sample(arr(), 0, _arr_index(high=0)),
    ],
)
def gather_op(input: Tensor, dim: Dim, index: Tensor) -> Tensor:
    """out[i][j] = input[index[i][j]][j] for dim 0, and alike for others; `index` has input's number of dimensions."""


@gather_op.grad("input")
def _(g, input, index, *, dim):
    return scatter_add_op(zeros_of(g, tuple(input._array.shape)), dim, index, g)


def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False, out: Tensor | None = None) -> Tensor:
    """out[i][j] = input[index[i][j]][j] for dim 0, and alike for others.

    `index` is int64 and has input's number of dimensions, no longer than input in any but `dim`.
    """
    check_places("gather", input, dim, index)
    if not index.numel():
        index = cast(index, int64)  # of whatever dtype: it picks nothing
    if out is not None and out.dtype is not input.dtype:
        raise DTypeError(f"Expected out tensor to have dtype {input.dtype!r}, but got {out.dtype!r} instead",
                         op="gather")
    if index.ndim != input.ndim and not index.numel():
        return reshape(slice_op(reshape(input, (input.numel(),)), (slice(0, 0, 1),)), tuple(index.shape))
    return gather_op(input, dim, index, out=out)


@primitive(laws="items:input,index,src", name="scatter", saves="index", kinds="T int64 T",
           samples=lambda: [Sample(arr(3, 4), 0, arr(1, 4, dtype="int64", fill=[0, 1, 2, 0]), arr(1, 4))])
def scatter_op(input: Tensor, dim: Dim, index: Tensor, src: Tensor) -> Tensor:
    """A copy of `input` with `src` written where `index` says along `dim`."""


@scatter_op.grad("input")
def _(g, index, *, dim):
    return scatter_value(g, dim, index, 0)


@scatter_op.grad("src")
def _(g, index, *, dim):
    return gather_op(g, dim, index)


def scatter_value(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy of `input` with the number `value` written where `index` says."""
    return scatter_op(input, dim, index, expand(input.new_full((), value), tuple(index._array.shape)))


def cropped(src: Tensor, index: Tensor) -> Tensor:
    """The leading part of `src` that has index's sizes."""
    size = tuple(index._array.shape)
    if tuple(src._array.shape) == size:
        return src
    return slice_op(src, tuple(slice(0, n, 1) for n in size)) if src.ndim == len(size) else reshape(src, size)


@primitive(laws="items:input,index,src", name="scatter_add", saves="index", kinds="T int64 T",
           samples=lambda: [Sample(arr(3, 4), 0, _arr_index(2, 4, high=2), arr(2, 4)),
                            Sample(arr(3, 4), 1, _arr_index(3, 6, high=3), arr(3, 6))])
def scatter_add_op(input: Tensor, dim: Dim, index: Tensor, src: Tensor) -> Tensor:
    """A copy of `input` with `src` added where `index` says along `dim`; collisions are summed."""


@scatter_add_op.grad("input")
def _(g):
    return g


@scatter_add_op.grad("src")
def _(g, index, *, dim):
    return gather_op(g, dim, index)


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy of `input` with `src` added where `index` says along `dim`; collisions are summed."""
    check_places("scatter_add", input, dim, index, src)
    return scatter_add_op(input, dim, index, cropped(src, index), out=out)


@primitive(name="index", saves="indices input_shape", kinds="T int64",
           samples=lambda: [Sample(arr(4, 3), [_arr_index(2, high=3)]),
                            Sample(arr(4, 3), [_arr_index(2, 1, high=3), _arr_index(2, high=2)])])
def index_op(input: Tensor, indices: Sequence[Tensor]) -> Tensor:
    """Elements picked by int64 tensors, broadcast together, for the leading dims."""


@index_op.grad("input")
def _(g, indices, input_shape):
    return index_put_op(zeros_of(g, input_shape), g, list(indices), True)


@composite(saves="indices input_shape", kinds="T int64", grad_name="IndexBackward0", out=False, samples=lambda: [
    Sample(arr(4, 3), [_arr_index(2, high=2)], (1,), 1), Sample(arr(2, 3, 4), [_arr_index(2, 2, high=2)], (1,), 1),
    Sample(arr(2, 3, 4), [_arr_index(2, high=1), _arr_index(2, high=3)], (0, 2), 0),
    Sample(arr(2, 3, 4), [_arr_index(high=1), _arr_index(2, high=3)], (1, 2), 1)])
def picked(input: Tensor, indices: Sequence[Tensor], dims: Any, place: int) -> Tensor:
    """Elements picked by int64 tensors of one shape for `dims`; what was picked lies at dim `place`, in C order."""
    made = index_op(permute_op(input, _first(dims, len(input._array.shape))), indices)
    count, ndim = len(indices[0]._array.shape), len(made._array.shape)
    moved = (*range(count, count + place), *range(count), *range(count + place, ndim))
    return copy(permute_op(made, moved)) if place else made


def _first(dims: Any, ndim: int) -> tuple[int, ...]:
    """The order that has `dims` first."""
    return (*dims, *(d for d in range(ndim) if d not in dims))


@picked.grad("input")
def _(g, indices, input_shape, *, dims, place):
    order, count = _first(dims, len(input_shape)), len(indices[0]._array.shape)
    front = permute_op(g, _first(range(place, place + count), len(g._array.shape)))
    made = index_put_op(zeros_of(g, tuple(input_shape[d] for d in order)), front, list(indices), True)
    return permute_op(made, tuple(order.index(d) for d in range(len(order))))


@primitive(name="index_put", saves="indices values_shape", kinds="T T int64",
           samples=lambda: [Sample(arr(4, 3), arr(2, 3), [arr(2, dtype="int64", fill=[1, 3])], False),
                            Sample(arr(4, 3), arr(2, 3), [arr(2, dtype="int64", fill=[1, 1])], True)])
def index_put_op(input: Tensor, values: Tensor, indices: Sequence[Tensor], accumulate: bool = False) -> Tensor:
    """A copy of `input` with `values` written, or added, where `indices` say."""


@index_put_op.grad("input")
def _(g, indices, *, accumulate):
    return g if accumulate else index_put_op(g, zeros_of(g, ()), list(indices), False)


@index_put_op.grad("values")
def _(g, indices):
    return index_op(g, list(indices))


@primitive(name="nonzero", dtype="int64", differentiable=False, exact=True,
           samples=lambda: [Sample(arr(3, 2, fill=[0, 1, 2, 0, 0, 3])), Sample(arr()), Sample(arr(0))])
def nonzero_op(input: Tensor) -> Tensor:
    """The indices of the nonzero elements, one row each."""


def nonzero(input: Tensor, *, out: Tensor | None = None, as_tuple: bool = False) -> Any:
    """The indices of the nonzero elements: one row each, or a tuple with one tensor per dimension."""
    rows = nonzero_op(input if input.ndim or not as_tuple else input.reshape(1), out=out)
    return rows.unbind(1) if as_tuple else rows


@primitive(name="masked_select", saves="mask input_shape", kinds="T bool", exact=True, grad_name="IndexBackward0",
           samples=lambda: [Sample(arr(2, 3), arr(2, 3, dtype="bool"))])
def masked_select_op(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where `mask`, of the same shape, holds."""


@masked_select_op.grad("input")
def _(g, mask, input_shape):
    return _masked_gradient(g, mask, input_shape)


def _masked_gradient(g, mask, input_shape):
    if not input_shape:
        return reshape(g, ()) if g._array.shape[0] else zeros_of(g, ())
    return index_put_op(zeros_of(g, input_shape), g, list(nonzero(mask, as_tuple=True)), False)


@composite(saves="input mask", kinds="T bool", exact=True, grad_name="MaskedSelectBackward0",
           samples=lambda: [Sample(arr(2, 3), arr(2, 3, dtype="bool"))])
def selected(input: Tensor, mask: Tensor) -> Tensor:
    """`masked_select` by that name, whose node keeps the input, as PyTorch's does, where that of `x[mask]` does not."""
    return masked_select_op(input, mask)


@selected.grad("input")
def _(g, input, mask):
    return _masked_gradient(g, mask, tuple(input._array.shape))


def check_range(op: str, index: Tensor, size: int, low: int = 0) -> None:
    """Raises IndexRangeError for entries outside [low, size)."""
    if not numel(index._array.shape):
        return
    index = unmapped(index)
    least, most = int(index.min().item()), int(index.max().item())
    if least < low or most >= size:
        raise IndexRangeError(f"index {least if least < low else most} is out of bounds for dimension with size {size}",
                              op=op)


def put_flat(flat: Tensor, source: Tensor, size: Any, stride: Any, offset: int) -> Tensor:
    """`flat` with source's elements added at the places a strided view of it has."""
    place: Any = offset
    for d, (n, step) in enumerate(zip(size, stride, strict=True)):
        axis = arange(n, device=flat.device) * step
        place = place + axis.reshape(tuple(n if i == d else 1 for i in range(len(size))))
    if not isinstance(place, Tensor):
        place = arange(place, place + 1, device=flat.device).reshape(())
    return scatter_add_op(flat, 0, reshape(place, (-1,)), reshape(source, (-1,)))


def scatter(input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None,
            out: Tensor | None = None) -> Tensor:
    """A copy of `input` with `src` (a tensor or a number) written where `index` says along `dim`.

    `reduce` "add" or "multiply" combines it with what is there. Where places repeat, the last one wins.
    """
    src = value if src is None else src
    if not isinstance(src, Tensor):
        src = expand(input.new_full((), src), tuple(index._array.shape))
    check_places("scatter", input, dim, index, src)
    if reduce is None:
        return scatter_op(input, dim, index, cropped(src, index), out=out)
    if reduce not in ("add", "multiply"):
        raise ValueRangeError(f"reduce argument must be either add or multiply, got {reduce!r}", op="scatter")
    src = cropped(src, index)
    made = scatter_add_op(input, dim, index, src) if reduce == "add" else scatter_product(input, dim, index, src, True)
    return made if out is None else views.write_out(scatter_op.op, out, made)


@topk_op.grad("input")
@sort_op.grad("input")
def _(g, indices, input_shape, *, dim):
    return scatter_add(zeros_of(g, input_shape), dim, indices, g)


def _flat_places(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """Where in the flattened input each entry of `index` points."""
    count = input.numel()
    grid = reshape(arange(count, device=input.device), tuple(input._array.shape))
    return reshape(gather(grid, dim, index), (index.numel(),))


@composite(compute="float32", saves="input index src out", kinds="T int64 T", grad_name="ScatterReduceBackward0",
           samples=lambda: [
    Sample(arr(3, 4), 0, arr(2, 4, dtype="int64", fill=[0, 0, 2, 1, 0, 1, 2, 1]), arr(2, 4, nonzero=True), True),
    Sample(arr(4, fill=[2.0, 0.0, 3.0, 0.0]), 0, arr(4, dtype="int64", fill=[0, 0, 2, 1]),
           arr(4, fill=[0.0, 2.0, -1.0, 3.0]), True),
    Sample(arr(5), 0, arr(4, dtype="int64", fill=[0, 0, 2, 4]), arr(4, nonzero=True), False)])
def scatter_product(input: Tensor, dim: int, index: Tensor, src: Tensor, include_self: bool) -> Tensor:
    """A copy of `input` multiplied by `src` where `index` says: the k-th writes to all places at once, k by k."""
    places, values = _flat_places(input, dim, index), reshape(src, (index.numel(),))
    flat = reshape(input, (input.numel(),)).clone()
    if not include_self:
        flat = scatter_value(flat, 0, places, 1)
    for now in _turns(places):
        targets = take_along(places, 0, now)
        flat = scatter_op(flat, 0, targets, take_along(flat, 0, targets) * take_along(values, 0, now))
    return reshape(flat, tuple(input._array.shape))


def _turns(places: Tensor) -> Iterator[Tensor]:
    """Which of `places` come first of those that are alike, which second, and so on."""
    count = places.numel()
    ordered, order = sort_op(places, 0)
    turn = arange(count, device=places.device) - searchsorted_op(ordered, ordered, False)
    for k in range(int(turn.max().item()) + 1 if count else 0):
        yield take_along(order, 0, nonzero(turn == k, as_tuple=True)[0])


@scatter_product.grad("input")
def _(g, input, index, src, *, dim, include_self):
    factor = where_op(eq(input, 0), lift(input, 1), input)
    made = g * _c(scatter_product(factor, dim, index, src, include_self) / factor)
    return made if include_self else scatter_value(made, dim, index, 0)


@scatter_product.grad("src")
def _(g, input, index, src, out, *, dim, include_self):
    """The quotient by each factor; a zero that is alone in its place gets the product of the others there."""
    zero, one = eq(src, 0), lift(src, 1)
    zeros = scatter_add_op(zeros_of(index, input._array.shape), dim, index, cast(zero, index._kind.dtype))
    if is_grad_enabled() and bool((unmapped(zeros) > 1).any()):
        return gather_op(g, dim, index) * _c(_products_of_others(input, dim, index, src, include_self))
    alone = zero & eq(gather_op(zeros, dim, index), 1)
    others = scatter_product(input, dim, index, where_op(alone, one, src), include_self)
    quotient = gather_op(g * _c(out), dim, index) / _c(where_op(zero, one, src))
    return where_op(alone, gather_op(g * _c(others), dim, index), quotient)


def _products_of_others(input: Tensor, dim: int, index: Tensor, src: Tensor, include_self: bool) -> Tensor:
    """For each factor, the product of the others in its place; differentiable beside several zeros."""
    shape = tuple(index._array.shape)
    factors = made = reshape(src, (index.numel(),))
    for now in _turns(_flat_places(input, dim, index)):
        rest = reshape(scatter_value(factors, 0, now, 1), shape)
        others = reshape(gather_op(scatter_product(input, dim, index, rest, include_self), dim, index), (-1,))
        made = scatter_op(made, 0, now, take_along(others, 0, now))
    return reshape(made, shape)


@composite(compute="float32", saves="input index src out", kinds="T int64 T", dtypes="real", samples=lambda: [
    Sample(arr(3, 4), 0, arr(2, 4, dtype="int64", fill=[0, 0, 2, 1, 0, 1, 2, 1]), arr(2, 4, distinct=True), True, True),
    Sample(arr(5), 0, arr(4, dtype="int64", fill=[0, 0, 2, 4]), arr(4, distinct=True), False, False)])
def scatter_extremum(input: Tensor, dim: Dim, index: Tensor, src: Tensor, largest: bool, include_self: bool) -> Tensor:
    """A copy of `input` with the largest (or smallest) of what `index` brings together; NaN wins. Ties share."""
    places, values = _flat_places(input, dim, index), reshape(src, (index.numel(),))
    key = -values if not largest and values.dtype.category > 1 else values  # NaN is sorted last, where it wins
    _, order = sort_op(key, 0, not largest and values.dtype.category < 2)
    flat = reshape(input, (input.numel(),))
    made = scatter_op(flat, 0, take_along(places, 0, order), take_along(values, 0, order))
    if include_self:
        made = (maximum if largest else minimum)(flat, made)
    return reshape(made, tuple(input._array.shape))


@scatter_extremum.grad("input", "src")
def _(g, input, index, src, out, *, dim, include_self):
    kept, brought = (input == out).to(g.dtype), (src == gather_op(out, dim, index)).to(g.dtype)
    shared = g / scatter_add_op(kept, dim, index, brought)
    mine = kept * shared
    return (mine if include_self else scatter_value(mine, dim, index, 0)), brought * gather_op(shared, dim, index)
