"""Reductions: sums, products, extrema, running totals, spread, norms, truth over dimensions.

Two passes for variances; bounded by memory traffic."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..dtypes import DType
from ..errors import IndexRangeError
from ..modes import is_grad_enabled
from ..shapes import canonical_dims, numel
from ..table.dispatch import composite, primitive
from ..table.lifting import lift
from ..table.registry import Dim, Dims
from ..table.samples import Bad, Sample, arr
from ..tensors.tensor import Tensor, unmapped
from .arithmetic import abs as abs_op
from .arithmetic import mul, sgn
from .compare import eq, ne, where_op
from .complex import _c, _real
from .create import cast, ones_of, zeros_of
from .index import gather, scatter_add
from .math import _pow, exp, log, sqrt
from .movement import cat, copy, expand, flip, permute, reshape, stack

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


@primitive(laws="composes items:input", name="sum", saves="input_shape", dtype="summed", method=True, samples=_REDUCED)
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


@primitive(laws="composes items:input",
           compute="float32", name="prod", saves="input out", dtype="summed", samples=_REDUCED)
def prod_op(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The product over `dim`; integers and booleans multiply in int64."""


@prod_op.grad("input")
def _(g, input, out, *, dim, keepdim):
    """The quotient by each element where none is 0; else the product of all others, which is 0 with two zeros."""
    shape = tuple(input._array.shape)
    examples = unmapped(input)
    zeros = sum(eq(examples, 0)).item()
    if zeros > 1 and len(dim) == len(shape) and examples is input:
        return zeros_of(g, shape)
    others = _others(input, dim) if zeros or not shape else restored(out, shape, dim, keepdim) / input
    return restored(g, shape, dim, keepdim) * _c(others)


def _others(input: Tensor, dim: tuple[int, ...]) -> Tensor:
    """For each element, the product of the other elements of its group: of those before it, and of those after."""
    shape = tuple(input._array.shape)
    if not shape or 0 in shape:
        return ones_of(input)
    kept = tuple(i for i in range(len(shape)) if i not in dim)
    order = kept + dim
    moved = permute(input, order)
    flat = reshape(moved, (numel(shape[i] for i in kept), numel(shape[i] for i in dim)))
    one = ones_of(flat[:, :1])
    before = cumprod(cat([one, flat[:, :-1]], 1), 1)
    after = flip(cumprod(cat([one, flip(flat, (1,))[:, :-1]], 1), 1), (1,))
    others = reshape(before * after, tuple(moved._array.shape))
    return permute(others, tuple(order.index(i) for i in range(len(shape))))


def _extremum_rule(input: Tensor, *, dim: Any, keepdim: bool) -> None:
    empty = [d for d in dim if d < input.ndim and not input._array.shape[d]]
    if empty:
        raise IndexRangeError(f"Expected reduction dim {empty[0]} to have non-zero size.", op="amax")


@primitive(laws="composes items:input",
           compute="float32", saves="input out", dtypes="real", exact=True, idle=True, method=True,
           shape_rule=_extremum_rule, samples=_EXTREMA)
def amax(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The largest element over `dim` (empty: all); NaN wins. Ties share the gradient."""


@primitive(laws="composes items:input",
           compute="float32", saves="input out", dtypes="real", exact=True, idle=True, method=True,
           shape_rule=_extremum_rule, samples=_EXTREMA)
def amin(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The smallest element over `dim` (empty: all); NaN wins. Ties share the gradient."""


def _shared(g, input, out, *, dim, keepdim):
    shape = tuple(input._array.shape)
    hit = input == restored(out, shape, dim, keepdim)
    mask = where_op(hit, input * 0 + 1, input * 0) if not input.is_floating_point() else hit.to(input.dtype)
    return restored(g, shape, dim, keepdim) * mask / restored(sum(mask, dim, keepdim), shape, dim, keepdim)


amax.grad("input")(_shared)
amin.grad("input")(_shared)
_ARG = (lambda: [Sample(arr(3, 4, distinct=True)), Sample(arr(3, 4, distinct=True), 0),
                 Sample(arr(2, 3, 4, distinct=True), -1, keepdim=True), Sample(arr()),
                 Sample(arr(2, 5, fill=[1, 3, 3, 0, 3, 2, 2, 2, 2, 2]), 1)])


def _position_rule(input: Tensor, *, dim: int | None, keepdim: bool) -> None:
    if not input.numel() and (dim is None or not input._array.shape[dim]):
        where = "to be specified for input.numel() == 0" if dim is None else f"{dim} to have non-zero size"
        raise IndexRangeError(f"Expected reduction dim {where}.", op="argmax")


@primitive(laws="items:input",
           name="argmax", dtype="int64", dtypes="real number", differentiable=False, exact=True, method=True,
           shape_rule=_position_rule, samples=_ARG)
def argmax(input: Tensor, dim: Dim | None = None, keepdim: bool = False) -> Tensor:
    """The index of the first largest element along `dim`, or in the flattened tensor; NaN is largest."""


@primitive(laws="items:input",
           name="argmin", dtype="int64", dtypes="real number", differentiable=False, exact=True, method=True,
           shape_rule=_position_rule, samples=_ARG)
def argmin(input: Tensor, dim: Dim | None = None, keepdim: bool = False) -> Tensor:
    """The index of the first smallest element along `dim`, or in the flattened tensor; NaN is smallest."""


@primitive(laws="items:input",
           saves="", dtype="summed", sums="number", method=True, inplace=True, samples=_RUNNING)
def cumsum(input: Tensor, dim: Dim, *, dtype: DType | None = None) -> Tensor:
    """The running sum along `dim`."""


@cumsum.grad("input")
def _(g, *, dim):
    return _running_back(g, dim) if g._array.shape else g


@primitive(laws="items:input",
           compute="float32", saves="input out", dtype="summed", sums="number", method=True, inplace=True,
           samples=_RUNNING)
def cumprod(input: Tensor, dim: Dim, *, dtype: DType | None = None) -> Tensor:
    """The running product along `dim`."""


@cumprod.grad("input")
def _(g, input, out, *, dim):
    if not input._array.shape or input._array.shape[dim] == 1:
        return g
    zero = eq(input, 0)
    if not sum(unmapped(zero)).item():
        return _running_back(g * _c(out), dim) / _c(input)
    return (_beside_zeros_twice if is_grad_enabled() else _beside_zeros)(g, _c(input), _c(out), zero, dim)


def _running_back(g: Tensor, dim: int) -> Tensor:
    """The running sum along `dim` from the end."""
    return flip(cumsum(flip(g, (dim,)), dim), (dim,))


def _beside_zeros(g: Tensor, input: Tensor, out: Tensor, zero: Tensor, dim: int) -> Tensor:
    """Elements before the first zero as ever; that zero by what is multiplied on both sides of it; none after it."""
    nothing, one = lift(g, 0), lift(g, 1)
    met = cumsum(zero, dim)
    before, from_first = eq(met, 0), eq(met, 1)
    made = _running_back(where_op(before, g * out, nothing), dim) / where_op(before, input, one)
    after = cumprod(where_op(from_first & ~zero, input, one), dim) * where_op(from_first, g, nothing)
    at_zero = sum(after, (dim,), True) * prod_op(where_op(before, input, one), (dim,), True)
    return where_op(from_first & zero, at_zero, where_op(before, made, nothing))


def _beside_zeros_twice(g: Tensor, input: Tensor, out: Tensor, zero: Tensor, dim: int) -> Tensor:
    """Differentiable: the product of x[:j+1] without x[i], summed over j >= i. O(n^2) memory."""
    n = input._array.shape[dim]
    columns = []
    for i in range(n):
        head = input.narrow(dim, 0, i)
        tail = input.narrow(dim, i + 1, n - i - 1)
        hole = ones_of(input.narrow(dim, i, 1))
        others = cumprod(cat([head, hole, tail], dim), dim).narrow(dim, i, n - i)
        columns.append(sum(g.narrow(dim, i, n - i) * others, dim))
    return stack(columns, dim)


@primitive(laws="items:input",
           saves="input indices", dtype="same int64", outputs="values indices", dtypes="real", method=True,
           samples=_RUNNING)
def cummax(input: Tensor, dim: Dim) -> Tensor:
    """The running maximum along `dim` and the index of the last element that reached it."""


@primitive(laws="items:input",
           saves="input indices", dtype="same int64", outputs="values indices", dtypes="real", method=True,
           samples=_RUNNING)
def cummin(input: Tensor, dim: Dim) -> Tensor:
    """The running minimum along `dim` and the index of the last element that reached it."""


def _scattered(g, input, indices, *, dim):
    return scatter_add(zeros_of(g, tuple(input._array.shape)), dim, indices, g)


cummax.grad("input")(_scattered)
cummin.grad("input")(_scattered)


@composite(laws="composes items:input",
           compute="float32", saves="input_shape", dtype="summed", dtypes="floating", sums="floating", name="mean",
           samples=_REDUCED)
def mean_op(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The arithmetic mean over `dim`."""
    count = numel(input._array.shape[i] for i in canonical_dims("mean", dim, input.ndim))
    total = sum(input, dim, keepdim, dtype=dtype)
    return total / count


@mean_op.grad("input")
def _(g, input_shape, *, dim, keepdim):
    count = numel(input_shape[i] for i in dim)
    return restored(g / count, input_shape, dim, keepdim)


Shape = tuple[int, ...]
_SPREAD = (lambda: [Sample(arr(3, 4)), Sample(arr(3, 4), 0), Sample(arr(2, 3, 4), (0, -1), 0.0, True),
                    Bad(arr(2, 3), 2, raises="DimError", match="dim 2 .* 2 dimensions")])
_EXTREMES = (lambda: [Sample(arr(3, 4, distinct=True), 0), Sample(arr(2, 3, 4, distinct=True), 1, True),
                      Sample(arr(), 0), Sample(arr(0, 3), 1)])


def _freedom(shape: Shape, dim: Shape, correction: float) -> float:
    left = float(numel(shape[i] for i in dim) - correction)
    return left if left > 0 else 0.0


@composite(laws="items:input",
           compute="float32", name="var", saves="input", dtype="real", dtypes="floating", samples=_SPREAD)
def var_op(input: Tensor, dim: Dims = None, correction: float = 1.0, keepdim: bool = False) -> Tensor:
    """The mean square difference from the mean over `dim`, the count taken less by `correction`."""
    centred = input - mean_op(input, dim, True)
    square = _real(centred * _c(centred)) if input._kind.dtype.category == 3 else centred * centred
    return sum(square, dim, keepdim) / lift(square, _freedom(input._array.shape, dim, correction))  # type: ignore[arg-type]


@var_op.grad("input")
def _(g, input, *, dim, correction, keepdim):
    return var_backward(g, input, dim, correction, keepdim)


@composite(compute="float32",
           dtypes="floating", fusable=True, out=False, samples=lambda: [Sample(arr(3), arr(3, 4), (1,), 1.0, False)])
def var_backward(grad: Tensor, input: Tensor, dim: Any, correction: float, keepdim: bool) -> Tensor:
    """grad * 2 * (input - mean) / (count - correction)."""
    shape = tuple(input._array.shape)
    share = 2.0 / _freedom(shape, dim, correction) if _freedom(shape, dim, correction) else math.inf
    return restored(grad * share, shape, dim, keepdim) * (input - mean_op(input, dim, True))


@composite(laws="items:input",
           compute="float32", name="std", saves="input out", dtype="real", dtypes="floating", samples=_SPREAD)
def std_op(input: Tensor, dim: Dims = None, correction: float = 1.0, keepdim: bool = False) -> Tensor:
    """The square root of the variance over `dim`."""
    return sqrt(var_op(input, dim, correction, keepdim))


@std_op.grad("input")
def _(g, input, out, *, dim, correction, keepdim):
    flat = eq(out, 0)
    slope = where_op(flat, lift(g, 0), g / (where_op(flat, lift(out, 1), out) * 2))
    return var_backward(slope, input, dim, correction, keepdim)


def shared_by_all(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    """The gradient of one element, shared out among those that are equal to it; NaN is equal to NaN."""
    hit = where_op(ne(out, out), ne(input, input), eq(input, out))
    return where_op(hit, g / sum(cast(hit, g._kind.dtype)), lift(g, 0))


def _extreme_op(name: str, best: Any, function: Any, grad_name: str) -> Any:
    """The composite behind `max(x)`: one result, ties sharing the gradient."""

    def body(input: Tensor) -> Tensor:
        return best(input, tuple(range(len(input._array.shape))))

    body.__name__, body.__doc__ = name, f"The {function} element; NaN wins. Ties share the gradient."
    made = composite(compute="float32", name=name, saves="input out", dtypes="real", grad_name=grad_name, out=False,
                     samples=lambda: [Sample(arr(3, 4)), Sample(arr()),
                                      Sample(arr(2, fill=[1, 1]), gradcheck=False)])(body)
    made.grad("input")(shared_by_all)
    return made


def _extreme_dim_op(name: str, place: Any, what: str, grad_name: str) -> Any:
    """The composite behind `max(x, dim)`: values and where they are."""

    def body(input: Tensor, dim: Dim, keepdim: bool = False) -> Tensor:
        whole = input._kind.dtype.category
        index = place(input if whole else cast(input, dtypes.uint8), dim, True)
        values = gather(input, dim, index)
        if keepdim or not input.ndim:
            return values, index  # type: ignore[return-value]
        shape = tuple(n for i, n in enumerate(values._array.shape) if i != dim)
        return reshape(values, shape), reshape(index, shape)  # type: ignore[return-value]

    body.__name__ = f"{name}_dim"
    body.__doc__ = f"The {what} elements along `dim` and the index of the first of each; NaN wins."
    made = composite(laws="items:input",
                     saves="indices input_shape", dtype="same int64", outputs="values indices", dtypes="real",
                     grad_name=grad_name, samples=_EXTREMES, out=False, exact=True)(body)

    @made.grad("input")
    def _(g, indices, input_shape, *, dim, keepdim):
        if not keepdim and len(input_shape):
            kept = tuple(1 if i == dim else n for i, n in enumerate(input_shape))
            g, indices = reshape(g, kept), reshape(indices, kept)
        return scatter_add(zeros_of(g, input_shape), dim, indices, g)

    return made


max_all = _extreme_op("max", amax, "largest", "MaxBackward1")
min_all = _extreme_op("min", amin, "smallest", "MinBackward1")
max_dim = _extreme_dim_op("max", argmax, "largest", "MaxBackward0")
min_dim = _extreme_dim_op("min", argmin, "smallest", "MinBackward0")


def all_sized(input: Tensor, dims: Shape) -> bool:
    """Whether none of `dims` is empty."""
    shape = input._array.shape
    return 0 not in [shape[d] for d in dims if d < len(shape)]


@composite(laws="composes items:input", saves="input", dtype="summed", dtypes="real", name="nansum", samples=_REDUCED)
def nansum_op(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The sum over `dim`, NaN counting as 0."""
    return sum(where_op(ne(input, input), lift(input, 0), input), dim, keepdim, dtype=dtype)


@nansum_op.grad("input")
def _(g, input, *, dim, keepdim):
    return restored(g, tuple(input._array.shape), dim, keepdim) * cast(eq(input, input), input._kind.dtype)


_TRUTH = (lambda: [Sample(arr(3, 4)), Sample(arr(3, 4), 0), Sample(arr(2, 3, 4), (0, -1), True), Sample(arr()),
                   Sample(arr(0, 3)), Sample(arr(0, 3), 0),
                   Bad(arr(2, 3), 2, raises="DimError", match="dim 2 .* 2 dimensions")])


@composite(laws="composes items:input", name="any", saves="", dtype="bool", differentiable=False, samples=_TRUTH)
def any_op(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether some element over `dim` is not zero."""
    return ne(sum(ne(input, 0), dim, keepdim), 0)


@composite(laws="composes items:input", name="all", saves="", dtype="bool", differentiable=False, samples=_TRUTH)
def all_op(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether no element over `dim` is zero."""
    return eq(sum(eq(input, 0), dim, keepdim), 0)


@composite(laws="composes items:input",
           compute="float32", name="logsumexp", saves="input out", dtype="floating", samples=lambda: [
    Sample(arr(3, 4), 1), Sample(arr(2, 3, 4), (0, 2), True), Sample(arr(), 0), Sample(arr(0, 3), 1),
    Sample(arr(2, 2, fill=[-1e4, 1e4, 1e4, 1e4]), 1)])
def logsumexp_op(input: Tensor, dim: Dims, keepdim: bool = False) -> Tensor:
    """log(sum(exp(x))) over `dim`; the largest is subtracted first, so that nothing overflows."""
    if not all_sized(input, dim):  # type: ignore[arg-type]
        return log(sum(exp(input), dim, keepdim))
    most = amax(input if input._kind.dtype.category < 3 else _real(input), dim, True)
    most = where_op(eq(abs_op(most), math.inf), lift(most, 0), most)
    made = log(sum(exp(input - most), dim, True)) + most
    return made if keepdim or not dim else reshape(made, _dropped(made._array.shape, dim))  # type: ignore[arg-type]


def _dropped(shape: Shape, dim: Shape) -> Shape:
    return tuple(n for i, n in enumerate(shape) if i not in dim)


@logsumexp_op.grad("input")
def _(g, input, out, *, dim, keepdim):
    shape = tuple(input._array.shape)
    return restored(g, shape, dim, keepdim) * _c(exp(input - restored(out, shape, dim, keepdim)))


@composite(laws="items:input",
           compute="float32", saves="input out", dtype="real", dtypes="floating", exact=True,
           grad_name="LinalgVectorNormBackward0", samples=lambda: [
               Sample(arr(3, 4), 2.0), Sample(arr(3, 4), 1.0, 0), Sample(arr(2, 3, 4), 3.0, (0, -1), True),
               Sample(arr(3, 4), math.inf, 1), Sample(arr(3, 4), -math.inf, 1), Sample(arr(3), 0.0),
               Sample(arr(3), 0.5), Sample(arr(), 2.0)])
def vector_norm(input: Tensor, ord: float = 2.0, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """(sum |x| ** ord) ** (1 / ord) over `dim`; ord 0 counts the nonzero, infinities take the extremes."""
    size = abs_op(input)
    if ord == math.inf:
        return amax(size, dim, keepdim)
    if ord == -math.inf:
        return amin(size, dim, keepdim)
    if ord == 0:
        return cast(sum(ne(input, 0), dim, keepdim), size._kind.dtype)
    if ord == 1:
        return sum(size, dim, keepdim)
    if ord == 2:
        return sqrt(sum(mul(size, size), dim, keepdim))
    return _pow(sum(_pow(size, ord), dim, keepdim), 1.0 / ord)


@vector_norm.grad("input")
def _(g, input, out, *, ord, dim, keepdim):
    shape = tuple(input._array.shape)
    g, out = restored(g, shape, dim, keepdim), restored(out, shape, dim, keepdim)
    if ord == 0:
        return zeros_of(input, shape)
    if ord == 1:
        return g * sgn(input)
    if ord == 2:
        return g * _unless(eq(out, 0), input, out)
    if ord in (math.inf, -math.inf):
        return _at_extremes(g, input, out, dim)
    if ord < 1:
        size, zero = abs_op(input), eq(input, 0)
        slope = _pow(where_op(zero, lift(size, 1), size), ord - 1)
        return sgn(input) * where_op(zero, lift(size, 0), slope) * g * _pow(out, 1 - ord)
    size = sgn(input) * _pow(abs_op(input), ord - 1) if ord < 2 else input * _pow(abs_op(input), ord - 2)
    return size * _unless(eq(out, 0), g, _pow(out, ord - 1))


def _unless(zero: Tensor, input: Tensor, divisor: Tensor) -> Tensor:
    """input / divisor, 0 where `zero`."""
    return where_op(zero, lift(input, 0), input / where_op(zero, lift(divisor, 1), divisor))


def _at_extremes(g: Tensor, input: Tensor, out: Tensor, dim: Shape) -> Tensor:
    size = abs_op(input)
    hit = cast(eq(size, out) | (ne(size, size) & ne(out, out)), g._kind.dtype)
    return sgn(input) * (g * hit / sum(hit, dim, True))
