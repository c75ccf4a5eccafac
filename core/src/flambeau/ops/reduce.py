"""Reductions: sums, products, extrema, running totals."""

from __future__ import annotations

from typing import Any

from ..dispatch import composite, primitive
from ..dtypes import DType
from ..errors import IndexRangeError
from ..registry import Dim, Dims
from ..samples import Bad, Sample, arr
from ..shapes import canonical_dims, numel
from ..tensor import Tensor, attach
from .compare import where_op
from .create import ones_like, zeros_of
from .elementwise import _c
from .join import cat, stack
from .movement import copy, expand, flip, permute, reshape

_REDUCED = (lambda: [Sample(arr(3, 4)), Sample(arr(3, 4), 0), Sample(arr(2, 3, 4), (0, -1)),
                     Sample(arr(2, 3, 4), 1, keepdim=True), Sample(arr()), Sample(arr(3, 0)), Sample(arr(3, 0), 1),
                     Bad(arr(2, 3), 2, raises="DimError", match="dim 2 .* 2 dimensions"),
                     Bad(arr(2, 3), (0, -2), raises="DimError", match="twice")])
_EXTREMA = (lambda: [Sample(arr(3, 4)), Sample(arr(3, 4), 0), Sample(arr(2, 3, 4), (0, -1)),
                     Sample(arr(2, 3, 4), 1, keepdim=True), Sample(arr()), Sample(arr(0, 3), 1)])
_RUNNING = (lambda: [Sample(arr(4), 0), Sample(arr(2, 3), -1), Sample(arr(2, 3, 2), 1), Sample(arr(), 0),
                     Sample(arr(0), 0)])


def restored(g: Tensor, shape: tuple[int, ...], dim: tuple[int, ...], keepdim: bool) -> Tensor:
    """A gradient of a reduced result, spread over the shape that was reduced; a view."""
    if not keepdim and dim and len(shape) > 0:
        g = reshape(g, tuple(1 if i in dim else n for i, n in enumerate(shape)))
    return g if g._array.shape == shape else expand(g, shape)


@primitive(name="sum", saves="input_shape", dtype="summed", method=True, samples=_REDUCED)
def sum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The sum of all elements, or over `dim`; integers and booleans sum in int64 unless `dtype` says otherwise.

    >>> import flambeau
    >>> flambeau.sum(flambeau.ones(2, 3), dim=1)
    tensor([3., 3.])
    """


@sum.grad("input")
def _(g, input_shape, *, dim, keepdim):
    return spread(g, input_shape, dim, keepdim)


@composite(saves="", out=False, grad_name="ExpandBackward0", samples=lambda: [
    Sample(arr(), (2, 3), (0, 1), False), Sample(arr(2), (2, 3), (1,), False), Sample(arr(2, 1), (2, 3), (1,), True)])
def spread(input: Tensor, size: Any, dim: Any, keepdim: bool) -> Tensor:
    """A reduced result repeated over the dims that were reduced: the gradient of a sum."""
    return copy(restored(input, size, dim, keepdim))


@spread.grad("input")
def _(g, *, dim, keepdim):
    return sum(g, dim, keepdim)


@primitive(name="prod", saves="input out", dtype="summed", samples=_REDUCED)
def prod_op(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The product over `dim`; integers and booleans multiply in int64."""


@prod_op.grad("input")
def _(g, input, out, *, dim, keepdim):
    """The product of all others, from running products before and after each element: right at zeros too."""
    shape = tuple(input._array.shape)
    g = restored(g, shape, dim, keepdim)
    return g * _c(_others(input, dim))


def _others(input: Tensor, dim: tuple[int, ...]) -> Tensor:
    """For each element, the product of the other elements of its group."""
    shape = tuple(input._array.shape)
    if not shape or 0 in shape:
        return ones_like(input)
    kept = tuple(i for i in range(len(shape)) if i not in dim)
    order = kept + dim
    moved = permute(input, order)
    flat = reshape(moved, (numel(shape[i] for i in kept), numel(shape[i] for i in dim)))
    one = ones_like(flat[:, :1])
    before = cumprod(cat([one, flat[:, :-1]], 1), 1)
    after = flip(cumprod(cat([one, flip(flat, (1,))[:, :-1]], 1), 1), (1,))
    others = reshape(before * after, tuple(moved._array.shape))
    return permute(others, tuple(order.index(i) for i in range(len(shape))))


def _extremum_rule(input: Tensor, *, dim: Any, keepdim: bool) -> None:
    empty = [d for d in dim if d < input.ndim and not input._array.shape[d]]
    if empty:
        raise IndexRangeError(f"Expected reduction dim {empty[0]} to have non-zero size.", op="amax")


@primitive(saves="input out", dtypes="real", method=True, shape_rule=_extremum_rule, samples=_EXTREMA)
def amax(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The largest element over `dim` (empty: all); NaN wins. Ties share the gradient."""


@primitive(saves="input out", dtypes="real", method=True, shape_rule=_extremum_rule, samples=_EXTREMA)
def amin(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The smallest element over `dim` (empty: all); NaN wins. Ties share the gradient."""


def _shared(g, input, out, *, dim, keepdim):
    shape = tuple(input._array.shape)
    hit = (input == restored(out, shape, dim, keepdim)) | (input != input)
    mask = where_op(hit, input * 0 + 1, input * 0) if not input.is_floating_point() else hit.to(input.dtype)
    return restored(g, shape, dim, keepdim) * mask / restored(sum(mask, dim, keepdim), shape, dim, keepdim)


amax.grad("input")(_shared)
amin.grad("input")(_shared)

_ARG = (lambda: [Sample(arr(3, 4, distinct=True)), Sample(arr(3, 4, distinct=True), 0),
                 Sample(arr(2, 3, 4, distinct=True), -1, keepdim=True), Sample(arr()),
                 Sample(arr(2, 5, fill=[1, 3, 3, 0, 3, 2, 2, 2, 2, 2]), 1)])


@primitive(name="argmax", dtype="int64", dtypes="real number", differentiable=False, method=True, samples=_ARG)
def argmax(input: Tensor, dim: Dim | None = None, keepdim: bool = False) -> Tensor:
    """The index of the first largest element along `dim`, or in the flattened tensor; NaN is largest."""


@primitive(name="argmin", dtype="int64", dtypes="real number", differentiable=False, method=True, samples=_ARG)
def argmin(input: Tensor, dim: Dim | None = None, keepdim: bool = False) -> Tensor:
    """The index of the first smallest element along `dim`, or in the flattened tensor; NaN is smallest."""


@primitive(saves="", dtype="summed", method=True, inplace=True, samples=_RUNNING)
def cumsum(input: Tensor, dim: Dim, *, dtype: DType | None = None) -> Tensor:
    """The running sum along `dim`."""


@cumsum.grad("input")
def _(g, *, dim):
    if not g._array.shape:
        return g
    return flip(cumsum(flip(g, (dim,)), dim), (dim,))


@primitive(saves="input", dtype="summed", method=True, inplace=True, samples=_RUNNING)
def cumprod(input: Tensor, dim: Dim, *, dtype: DType | None = None) -> Tensor:
    """The running product along `dim`."""


@cumprod.grad("input")
def _(g, input, *, dim):
    return _cumprod_gradient(g, input, dim)


def _cumprod_gradient(g: Tensor, input: Tensor, dim: int) -> Tensor:
    """d out[j] / d x[i] is the product of x[:j+1] without x[i]; summed over j >= i. O(n^2) memory, right at zeros."""
    if not input._array.shape:
        return g
    n = input._array.shape[dim]
    columns = []
    for i in range(n):
        head = input.narrow(dim, 0, i)
        tail = input.narrow(dim, i + 1, n - i - 1)
        hole = ones_like(input.narrow(dim, i, 1))
        others = cumprod(cat([head, hole, tail], dim), dim).narrow(dim, i, n - i)
        columns.append(sum(g.narrow(dim, i, n - i) * _c(others), dim))
    return stack(columns, dim) if columns else g


@primitive(saves="indices input_shape", dtype="same int64", outputs="values indices", dtypes="real", method=True,
           samples=_RUNNING)
def cummax(input: Tensor, dim: Dim) -> Tensor:
    """The running maximum along `dim` and the index of the last element that reached it."""


@primitive(saves="indices input_shape", dtype="same int64", outputs="values indices", dtypes="real", method=True,
           samples=_RUNNING)
def cummin(input: Tensor, dim: Dim) -> Tensor:
    """The running minimum along `dim` and the index of the last element that reached it."""


def _scattered(g, indices, input_shape, *, dim):
    from .index import scatter_add

    return scatter_add(zeros_of(g, input_shape), dim, indices, g)


cummax.grad("input")(_scattered)
cummin.grad("input")(_scattered)


# --- PyTorch's spellings over these


def _all_if_empty(dim):
    return None if isinstance(dim, (tuple, list)) and not dim else dim


def prod(input: Tensor, dim: Dim | None = None, keepdim: bool = False, *, dtype: DType | None = None,
         out: Tensor | None = None, axis: Dim | None = None) -> Tensor:
    """The product of all elements, or along `dim`."""
    return prod_op(input, dim if axis is None else axis, keepdim, dtype=dtype, out=out)


attach(prod, "prod")


@composite(saves="input_shape", dtype="dtype", dtypes="floating", samples=_REDUCED, name="mean")
def mean_op(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The arithmetic mean over `dim`."""
    count = numel(input._array.shape[i] for i in canonical_dims("mean", dim, input.ndim))
    total = sum(input, dim, keepdim, dtype=dtype)
    return total / count


@mean_op.grad("input")
def _(g, input_shape, *, dim, keepdim):
    count = numel(input_shape[i] for i in dim)
    return restored(g / count, input_shape, dim, keepdim)


def mean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None,
         out: Tensor | None = None, axis: Dims = None, keepdims: bool | None = None) -> Tensor:
    """The arithmetic mean of all elements, or over `dim`; needs a floating dtype, the input's or `dtype`."""
    dim = _all_if_empty(dim if axis is None else axis)
    if dtype is not None and dtype is not input.dtype:
        input = input.to(dtype)
    if input.dtype.category < 2:
        from ..errors import DTypeError

        raise DTypeError(f"mean(): could not infer output dtype. Input dtype must be either a floating point or"
                         f" complex dtype. Got: {input.dtype!r}", op="mean", dtype=input.dtype)
    return mean_op(input, dim, keepdim if keepdims is None else keepdims, dtype=None, out=out)


attach(mean, "mean")


def reduced_dims(op: str, input: Tensor, dim: Dims) -> tuple[int, ...]:
    """The dims a reduction takes, None and () meaning all."""
    return canonical_dims(op, _all_if_empty(dim), input.ndim)

__all__ = [
    "amax", "amin", "argmax", "argmin", "cummax", "cummin", "cumprod", "cumsum", "mean", "prod", "sum",
]
