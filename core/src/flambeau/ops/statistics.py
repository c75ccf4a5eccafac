"""Statistics: spread, extremes with their places, norms, truth over dimensions.

Two passes for variances; bounded by memory traffic.
"""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..dispatch import composite, lift, return_type
from ..dtypes import DType
from ..errors import ArgumentError, DTypeError, IndexRangeError, ShapeError
from ..registry import Dim, Dims
from ..samples import Bad, Sample, arr
from ..shapes import canonical_dim, canonical_dims, numel
from ..tensor import Tensor
from .compare import eq, ne, where_op
from .create import cast, zeros_of
from .elementwise import _c, _pow, _real, exp, log, maximum, minimum, mul, sgn, sqrt
from .elementwise import abs as abs_op
from .index import gather, scatter_add
from .movement import reshape
from .reduce import amax, amin, argmax, argmin, mean_op, restored
from .reduce import sum as total

Shape = tuple[int, ...]

_SPREAD = (lambda: [Sample(arr(3, 4)), Sample(arr(3, 4), 0), Sample(arr(2, 3, 4), (0, -1), 0.0, True),
                    Bad(arr(2, 3), 2, raises="DimError", match="dim 2 .* 2 dimensions")])
_EXTREMES = (lambda: [Sample(arr(3, 4, distinct=True), 0), Sample(arr(2, 3, 4, distinct=True), 1, True),
                      Sample(arr(), 0), Sample(arr(0, 3), 1)])


# --- variance


def _freedom(shape: Shape, dim: Shape, correction: float) -> float:
    left = float(numel(shape[i] for i in dim) - correction)
    return left if left > 0 else 0.0


@composite(name="var", saves="input", dtype="real", dtypes="floating", samples=_SPREAD)
def var_op(input: Tensor, dim: Dims = None, correction: float = 1.0, keepdim: bool = False) -> Tensor:
    """The mean square difference from the mean over `dim`, the count taken less by `correction`."""
    centred = input - mean_op(input, dim, True)
    square = _real(centred * _c(centred)) if input._kind.dtype.category == 3 else centred * centred
    return total(square, dim, keepdim) / lift(square, _freedom(input._array.shape, dim, correction))  # type: ignore[arg-type]


@var_op.grad("input")
def _(g, input, *, dim, correction, keepdim):
    return var_backward(g, input, dim, correction, keepdim)


@composite(dtypes="floating", fusable=True, out=False, samples=lambda: [Sample(arr(3), arr(3, 4), (1,), 1.0, False)])
def var_backward(grad: Tensor, input: Tensor, dim: Any, correction: float, keepdim: bool) -> Tensor:
    """grad * 2 * (input - mean) / (count - correction)."""
    shape = tuple(input._array.shape)
    share = 2.0 / _freedom(shape, dim, correction) if _freedom(shape, dim, correction) else math.inf
    return restored(grad * share, shape, dim, keepdim) * (input - mean_op(input, dim, True))


@composite(name="std", saves="input out", dtype="real", dtypes="floating", samples=_SPREAD)
def std_op(input: Tensor, dim: Dims = None, correction: float = 1.0, keepdim: bool = False) -> Tensor:
    """The square root of the variance over `dim`."""
    return sqrt(var_op(input, dim, correction, keepdim))


@std_op.grad("input")
def _(g, input, out, *, dim, correction, keepdim):
    flat = eq(out, 0)
    slope = where_op(flat, lift(g, 0), g / (where_op(flat, lift(out, 1), out) * 2))
    return var_backward(slope, input, dim, correction, keepdim)


def _spread_arguments(op: str, input: Tensor, dim: Any, unbiased: Any, correction: Any) -> tuple[Shape, float]:
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if input.dtype.category < 2:
        raise DTypeError(f"{op} only support floating point and complex dtypes", op=op, dtype=input.dtype)
    if correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    dims = canonical_dims(op, None if (dim is not None and dim == ()) or dim == [] else dim, input.ndim)
    if numel(input._array.shape[i] for i in dims) - correction <= 0 and numel(input._array.shape):
        _warn_freedom(op)
    return dims, float(correction)


def _warn_freedom(op: str) -> None:
    import warnings

    warnings.warn(f"{op}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor"
                  " (input numel divided by output numel).", UserWarning, stacklevel=4)


def _spread_function(op: str, function: Any, what: str) -> Any:
    def spread(input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
               correction: float | None = None, out: Tensor | None = None, axis: Any = None) -> Tensor:
        dims, less = _spread_arguments(op, input, dim if axis is None else axis, unbiased, correction)
        return function(input, dims, less, keepdim, out=out)

    spread.__name__ = spread.__qualname__ = op
    spread.__doc__ = (f"The {what} over `dim` (None: all); the count is taken less by `correction`, 1 by default,"
                      " 0 with `unbiased=False`.")
    return spread


var = _spread_function("var", var_op, "variance")
std = _spread_function("std", std_op, "standard deviation")


def var_mean(input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
             correction: float | None = None) -> tuple[Tensor, Tensor]:
    """The variance and the mean over `dim`."""
    dims, less = _spread_arguments("var_mean", input, dim, unbiased, correction)
    return var_op(input, dims, less, keepdim), mean_op(input, dims, keepdim)


def std_mean(input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
             correction: float | None = None) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean over `dim`."""
    dims, less = _spread_arguments("std_mean", input, dim, unbiased, correction)
    return std_op(input, dims, less, keepdim), mean_op(input, dims, keepdim)


# --- extremes


def _extreme_op(name: str, best: Any, function: Any, grad_name: str) -> Any:
    """The composite behind `max(x)`: one result, ties sharing the gradient."""

    def body(input: Tensor) -> Tensor:
        return best(input, tuple(range(len(input._array.shape))))

    body.__name__, body.__doc__ = name, f"The {function} element; NaN wins. Ties share the gradient."
    made = composite(name=name, saves="input out", dtypes="real", grad_name=grad_name, out=False,
                     samples=lambda: [Sample(arr(3, 4)), Sample(arr()),
                                      Sample(arr(2, fill=[1, 1]), gradcheck=False)])(body)

    @made.grad("input")
    def _(g, input, out):
        hit = cast(where_op(ne(out, out), ne(input, input), eq(input, out)), g._kind.dtype)
        return hit * (g / total(hit))

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
    made = composite(saves="indices input_shape", dtype="same int64", outputs="values indices", dtypes="real",
                     grad_name=grad_name, samples=_EXTREMES, out=False)(body)

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
_results = {name: return_type(name, ("values", "indices")) for name in ("max", "min", "median", "nanmedian")}


def _extreme(name: str, everything: Any, along: Any, pairwise: Any, what: str) -> Any:
    def extreme(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None, out: Any = None,
                axis: Any = None) -> Any:
        dim = dim if axis is None else axis
        if isinstance(dim, Tensor) or other is not None:
            return pairwise(input, other if other is not None else dim, out=out)
        if dim is None:
            return _checked_all(name, everything, input, out)
        return _along(name, along, input, dim, keepdim, out)

    extreme.__name__ = extreme.__qualname__ = name
    extreme.__doc__ = (f"The {what} element; with `dim` a named tuple (values, indices); with another tensor the {what}"
                       " of each pair.")
    return extreme


def _checked_all(name: str, everything: Any, input: Tensor, out: Any) -> Tensor:
    if not numel(input._array.shape):
        raise ShapeError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the"
                         " reduction dim with the 'dim' argument.", op=name)
    made = everything(input)
    if out is None:
        return made
    from ..views import write_out

    return write_out(everything.op, out, made)


def _along(name: str, along: Any, input: Tensor, dim: Any, keepdim: bool, out: Any) -> Any:
    dim = canonical_dim(name, dim, input.ndim)
    if input.ndim and not input._array.shape[dim]:
        raise IndexRangeError(f"{name}(): Expected reduction dim {dim} to have non-zero size.", op=name)
    made = _results[name](*along(input, dim, keepdim))
    if out is None:
        return made
    from ..dispatch import into

    return into(along.op, out, made)


max = _extreme("max", max_all, max_dim, maximum, "largest")
min = _extreme("min", min_all, min_dim, minimum, "smallest")


def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """The smallest and the largest element, of all or along `dim`."""
    dims = tuple(range(input.ndim)) if dim is None else (canonical_dim("aminmax", dim, input.ndim),)
    if not all_sized(input, dims):
        raise IndexRangeError(f"Expected reduction dim {'to be specified' if dim is None else dim} to have non-zero"
                              " size: the operation has no identity.", op="aminmax")
    return _aminmax_result(amin(input, dims, keepdim), amax(input, dims, keepdim))


_aminmax_result = return_type("aminmax", ("min", "max"))


def all_sized(input: Tensor, dims: Shape) -> bool:
    """Whether none of `dims` is empty."""
    shape = input._array.shape
    return 0 not in [shape[d] for d in dims if d < len(shape)]


# --- truth

_TRUTH = (lambda: [Sample(arr(3, 4)), Sample(arr(3, 4), 0), Sample(arr(2, 3, 4), (0, -1), True), Sample(arr()),
                   Sample(arr(0, 3)), Sample(arr(0, 3), 0),
                   Bad(arr(2, 3), 2, raises="DimError", match="dim 2 .* 2 dimensions")])


@composite(name="any", saves="", dtype="bool", differentiable=False, samples=_TRUTH)
def any_op(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether some element over `dim` is not zero."""
    return ne(total(ne(input, 0), dim, keepdim), 0)


@composite(name="all", saves="", dtype="bool", differentiable=False, samples=_TRUTH)
def all_op(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether no element over `dim` is zero."""
    return eq(total(eq(input, 0), dim, keepdim), 0)


def _truth(name: str, function: Any, what: str) -> Any:
    def truth(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Tensor | None = None,
              axis: Any = None) -> Tensor:
        dim = dim if axis is None else axis
        if input._kind.dtype is dtypes.uint8:  # PyTorch answers uint8 for uint8
            made: Tensor = function(input, dim, keepdim).to(dtypes.uint8)
            return made if out is None else out.copy_(made)
        return function(input, dim, keepdim, out=out)

    truth.__name__ = truth.__qualname__ = name
    truth.__doc__ = f"Whether {what} is true (not zero), of all or over `dim`."
    return truth


any = _truth("any", any_op, "some element")
all = _truth("all", all_op, "every element")


def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """How many elements are not zero, of all or over `dim`."""
    return total(ne(input, 0), dim)


# --- sums of exponentials


@composite(name="logsumexp", saves="input out", dtype="floating", samples=lambda: [
    Sample(arr(3, 4), 1), Sample(arr(2, 3, 4), (0, 2), True), Sample(arr(), 0), Sample(arr(0, 3), 1),
    Sample(arr(2, 2, fill=[-1e4, 1e4, 1e4, 1e4]), 1)])
def logsumexp_op(input: Tensor, dim: Dims, keepdim: bool = False) -> Tensor:
    """log(sum(exp(x))) over `dim`; the largest is subtracted first, so that nothing overflows."""
    if not all_sized(input, dim):  # type: ignore[arg-type]
        return log(total(exp(input), dim, keepdim))
    most = amax(input if input._kind.dtype.category < 3 else _real(input), dim, True)
    most = where_op(eq(abs_op(most), math.inf), lift(most, 0), most)
    made = log(total(exp(input - most), dim, True)) + most
    return made if keepdim or not dim else reshape(made, _dropped(made._array.shape, dim))  # type: ignore[arg-type]


def _dropped(shape: Shape, dim: Shape) -> Shape:
    return tuple(n for i, n in enumerate(shape) if i not in dim)


@logsumexp_op.grad("input")
def _(g, input, out, *, dim, keepdim):
    shape = tuple(input._array.shape)
    return restored(g, shape, dim, keepdim) * _c(exp(input - restored(out, shape, dim, keepdim)))


def logsumexp(input: Tensor, dim: Any, keepdim: bool = False, *, out: Tensor | None = None,
              axis: Any = None) -> Tensor:
    """The logarithm of the sum of exponentials over `dim`, without overflow."""
    dims = canonical_dims("logsumexp", dim if axis is None else axis, input.ndim)
    return logsumexp_op(input, dims, keepdim, out=out)


# --- norms


@composite(saves="input out", dtype="real", dtypes="floating", grad_name="LinalgVectorNormBackward0",
           samples=lambda: [
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
        return cast(total(ne(input, 0), dim, keepdim), size._kind.dtype)
    if ord == 1:
        return total(size, dim, keepdim)
    if ord == 2:
        return sqrt(total(mul(size, size), dim, keepdim))
    return _pow(total(_pow(size, ord), dim, keepdim), 1.0 / ord)


@vector_norm.grad("input")
def _(g, input, out, *, ord, dim, keepdim):
    shape = tuple(input._array.shape)
    g, out = restored(g, shape, dim, keepdim), restored(out, shape, dim, keepdim)
    if ord == 0:
        return input * 0
    if ord == 1:
        return g * sgn(input)
    if ord == 2:
        return g * _ratio(input, out)
    if ord in (math.inf, -math.inf):
        return _at_extremes(g, input, out, dim)
    size = abs_op(input)
    slope = _ratio(input, size) * _pow(_ratio(size, out, 1.0), ord - 1)
    return g * where_op(eq(size, 0) | eq(out, 0), lift(slope, 0), slope)


def _ratio(input: Tensor, divisor: Tensor, otherwise: float = 0.0) -> Tensor:
    """input / divisor, `otherwise` where the divisor is 0."""
    flat = eq(divisor, 0)
    return where_op(flat, lift(input, otherwise), input / where_op(flat, lift(divisor, 1), divisor))


def _at_extremes(g: Tensor, input: Tensor, out: Tensor, dim: Shape) -> Tensor:
    size = abs_op(input)
    hit = cast(eq(size, out) | (ne(size, size) & ne(out, out)), g._kind.dtype)
    return sgn(input) * (g * hit / total(hit, dim, True))


_ORDERS = {None: 2.0, "fro": 2.0, "inf": math.inf, "-inf": -math.inf}


def norm(input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, out: Tensor | None = None,
         dtype: DType | None = None) -> Tensor:
    """The p-norm of all elements as one vector, or over `dim`; p "fro" is 2, "nuc" is not offered here.

    Raises DTypeError for integers.
    """
    if isinstance(p, str) and p not in _ORDERS:
        raise ArgumentError(f"p must be a number, 'fro', 'inf' or '-inf', got {p!r}", op="norm")
    order = _ORDERS[p] if p is None or isinstance(p, str) else float(p)
    if dtype is not None and dtype is not input._kind.dtype:
        input = input.to(dtype)
    if input._kind.dtype.category < 2:
        raise DTypeError("linalg.vector_norm: Expected a floating point or complex tensor as input. Got"
                         f" {input.dtype!r}", op="norm", dtype=input.dtype)
    dims = canonical_dims("norm", None if isinstance(dim, (tuple, list)) and not dim else dim, input.ndim)
    if math.isinf(order) and not all_sized(input, dims):
        raise ShapeError(f"linalg.vector_norm cannot compute the {order} norm on an empty tensor because the operation"
                         " does not have an identity", op="norm")
    return vector_norm(input, order, dims, keepdim, out=out)


def _norm_method(self: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False,
                 dtype: DType | None = None) -> Tensor:
    """The p-norm of all elements as one vector, or over `dim`."""
    return norm(self, p, dim, keepdim, dtype=dtype)


def _attach() -> None:
    for function in (var, std, max, min, any, all, count_nonzero, logsumexp, aminmax):
        setattr(Tensor, function.__name__, function)
    setattr(Tensor, "norm", _norm_method)  # noqa: B010 - the class is typed by a stub that is made from the table


_attach()

__all__ = [
    "all", "aminmax", "any", "count_nonzero", "logsumexp", "max", "min", "norm", "std", "std_mean", "var", "var_mean",
]
