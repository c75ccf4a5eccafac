"""PyTorch's reductions: sums, means, overloads of max and min, spread, norms, truth."""

from __future__ import annotations

import math
from typing import Any

from ... import dtypes
from ...dtypes import DType
from ...errors import ArgumentError, DTypeError, IndexRangeError, ShapeError
from ...ops.arithmetic import maximum, minimum
from ...ops.compare import ne
from ...ops.reduce import (
    Shape,
    all_op,
    all_sized,
    amax,
    amin,
    any_op,
    argmax,
    argmin,
    cummax,
    cummin,
    cumprod,
    cumsum,
    logsumexp_op,
    max_all,
    max_dim,
    mean_op,
    min_all,
    min_dim,
    prod_op,
    std_op,
    sum,
    var_op,
    vector_norm,
)
from ...ops.reduce import sum as total
from ...shapes import canonical_dim, canonical_dims, numel
from ...table.dispatch import into
from ...table.refusals import require_tensors
from ...table.registry import Dim, Dims
from ...table.returns import return_type
from ...tensors.tensor import Tensor, attach, named
from ...tensors.views import write_out


def _all_if_empty(dim):
    return None if isinstance(dim, (tuple, list)) and not dim else dim


def prod(input: Tensor, dim: Dim | None = None, keepdim: bool = False, *, dtype: DType | None = None,
         out: Tensor | None = None, axis: Dim | None = None) -> Tensor:
    """The product of all elements, or along `dim`."""
    return prod_op(input, dim if axis is None else axis, keepdim, dtype=dtype, out=out)


attach(prod, "prod")


def mean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None,
         out: Tensor | None = None, axis: Dims = None, keepdims: bool | None = None) -> Tensor:
    """The arithmetic mean of all elements, or over `dim`; needs a floating dtype, the input's or `dtype`."""
    dim = _all_if_empty(dim if axis is None else axis)
    if dtype is not None and dtype is not input.dtype:
        input = input.to(dtype)
    if input.dtype.category < 2:
        from ...errors import DTypeError

        raise DTypeError(f"mean(): could not infer output dtype. Input dtype must be either a floating point or"
                         f" complex dtype. Got: {input.dtype!r}", op="mean", dtype=input.dtype)
    return mean_op(input, dim, keepdim if keepdims is None else keepdims, dtype=None, out=out)


attach(mean, "mean")


def reduced_dims(op: str, input: Tensor, dim: Dims) -> tuple[int, ...]:
    """The dims a reduction takes, None and () meaning all."""
    return canonical_dims(op, _all_if_empty(dim), input.ndim)


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

    spread.__doc__ = (f"The {what} over `dim` (None: all); the count is taken less by `correction`, 1 by default,"
                      " 0 with `unbiased=False`.")
    return named(spread, op)


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


_results = {name: return_type(name, ("values", "indices")) for name in ("max", "min", "median", "nanmedian")}


def _extreme(name: str, everything: Any, along: Any, pairwise: Any, what: str) -> Any:
    def extreme(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None, out: Any = None,
                axis: Any = None) -> Any:
        dim = dim if axis is None else axis
        require_tensors(name, input=input)
        if isinstance(dim, Tensor) or other is not None:
            return pairwise(input, other if other is not None else dim, out=out)
        if dim is None:
            return _checked_all(name, everything, input, out)
        return _along(name, along, input, dim, keepdim, out)

    extreme.__doc__ = (f"The {what} element; with `dim` a named tuple (values, indices); with another tensor the {what}"
                       " of each pair.")
    return named(extreme, name)


def _checked_all(name: str, everything: Any, input: Tensor, out: Any) -> Tensor:
    if not numel(input._array.shape):
        raise ShapeError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the"
                         " reduction dim with the 'dim' argument.", op=name)
    made = everything(input)
    if out is None:
        return made
    return write_out(everything.op, out, made)


def _along(name: str, along: Any, input: Tensor, dim: Any, keepdim: bool, out: Any) -> Any:
    dim = canonical_dim(name, dim, input.ndim)
    if input.ndim and not input._array.shape[dim]:
        raise IndexRangeError(f"{name}(): Expected reduction dim {dim} to have non-zero size.", op=name)
    made = _results[name](*along(input, dim, keepdim))
    if out is None:
        return made
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


def _truth(name: str, function: Any, what: str) -> Any:
    def truth(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Tensor | None = None,
              axis: Any = None) -> Tensor:
        dim = dim if axis is None else axis
        if out is not None and out.dtype not in (dtypes.bool, dtypes.uint8):
            raise DTypeError(f"{name} only supports bool tensor for result, got: {out.dtype!r}", op=name)
        if input._kind.dtype is dtypes.uint8:  # PyTorch answers uint8 for uint8
            made: Tensor = function(input, dim, keepdim).to(dtypes.uint8)
            return made if out is None else out.copy_(made)
        return function(input, dim, keepdim, out=out)

    truth.__doc__ = f"Whether {what} is true (not zero), of all or over `dim`."
    return named(truth, name)


any = _truth("any", any_op, "some element")
all = _truth("all", all_op, "every element")


def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """How many elements are not zero, of all or over `dim`."""
    return total(ne(input, 0), dim)


def logsumexp(input: Tensor, dim: Any, keepdim: bool = False, *, out: Tensor | None = None,
              axis: Any = None) -> Tensor:
    """The logarithm of the sum of exponentials over `dim`, without overflow."""
    dims = canonical_dims("logsumexp", dim if axis is None else axis, input.ndim)
    return logsumexp_op(input, dims, keepdim, out=out)


_ORDERS = {None: 2.0, "fro": 2.0, "inf": math.inf, "-inf": -math.inf}


def norm(input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, out: Tensor | None = None,
         dtype: DType | None = None) -> Tensor:
    """The p-norm of all elements as one vector, or over `dim`; p "fro" is 2, "nuc" the nuclear norm of matrices.

    Raises DTypeError for integers.
    """
    if p == "nuc" and isinstance(p, str):
        return _nuclear(input, dim, keepdim, dtype, out)
    if isinstance(p, str) and p not in _ORDERS:
        raise ArgumentError(f"p must be a number, 'fro', 'nuc', 'inf' or '-inf', got {p!r}", op="norm")
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


def _nuclear(input: Tensor, dim: Any, keepdim: bool, dtype: DType | None, out: Tensor | None) -> Tensor:
    from ..matrix.norms import matrix_norm

    if dim is None and input.ndim != 2:
        raise ShapeError(f"Expected a tensor with 2 dimensions, but got a tensor with {input.ndim} dimensions instead.",
                         op="norm")
    return matrix_norm(input, "nuc", (0, 1) if dim is None else dim, keepdim, dtype=dtype, out=out)


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
    "all", "amax", "amin", "aminmax", "any", "argmax", "argmin", "count_nonzero", "cummax", "cummin", "cumprod",
    "cumsum", "logsumexp", "max", "mean", "min", "norm", "prod", "std", "std_mean", "sum", "var", "var_mean",
]
