"""Norms of differences, and parts of a tensor whose norm is limited."""

from __future__ import annotations

from typing import Any

from ... import dtypes
from ...errors import DTypeError, ShapeError, ValueRangeError
from ...ops.compare import where_op
from ...ops.create import arange, cast
from ...ops.movement import copy
from ...ops.reduce import vector_norm
from ...shapes import canonical_dim
from ...table.dispatch import into
from ...tensors.tensor import Tensor, attach
from ..inplace.writes import in_place
from .reductions import norm


def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The `p`-norm of `input - other`, a 0-d tensor.

    >>> import flambeau
    >>> flambeau.dist(flambeau.tensor([3.0, 0.0]), flambeau.tensor([0.0, 4.0]))
    tensor(5.)
    """
    return norm(input - other, p)  # type: ignore[no-any-return]


def pdist(input: Tensor, p: float = 2) -> Tensor:
    """The `p`-norm distances of every pair of rows of a real floating (n, m) tensor: n(n-1)/2 of them, by rows.

    >>> import flambeau
    >>> flambeau.pdist(flambeau.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
    tensor([5.0000, 1.0000, 4.2426])
    """
    if input.ndim != 2:
        raise ShapeError(f"pdist only supports 2D tensors, got: {input.ndim}D", op="pdist")
    if input.dtype not in (dtypes.float32, dtypes.float64):
        raise DTypeError(f"pdist only supports floating-point dtypes, got {input.dtype!r}", op="pdist",
                         dtype=input.dtype)
    if p < 0:
        raise ValueRangeError(f"pdist only supports non-negative p values, got {p}", op="pdist")
    count = input.shape[0]
    numbers = arange(count, device=input.device)
    above = (numbers.unsqueeze(0) > numbers.unsqueeze(1)).nonzero()
    if not above.shape[0]:
        return input.new_zeros((0,)) + 0 * input.sum()
    return vector_norm(input[above[:, 0]] - input[above[:, 1]], p, (1,))


def frobenius_norm(input: Tensor, dim: Any = (), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The square root of the sum of squared magnitudes over `dim` (empty: all)."""
    dims = (dim,) if isinstance(dim, int) else tuple(dim)
    return vector_norm(input, 2.0, dims or None, keepdim, out=out)


def renorm(input: Tensor, p: float, dim: int, maxnorm: float, *, out: Tensor | None = None) -> Tensor:
    """A copy of `input` whose parts of `dim` have a `p`-norm of at most `maxnorm`; smaller ones stay as they are.

    >>> import flambeau
    >>> flambeau.renorm(flambeau.tensor([[3.0, 4.0], [0.3, 0.4]]), 2, 0, 1.0)
    tensor([[0.6000, 0.8000],
            [0.3000, 0.4000]])
    """
    op = "renorm"
    if isinstance(p, complex) or p <= 0:
        raise ValueRangeError(f"renorm: non-positive-norm not supported, got p={p}", op=op)
    if isinstance(maxnorm, complex) or maxnorm < 0:
        raise ValueRangeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}", op=op)
    if input.dtype.category < 2:
        raise DTypeError(f"not implemented for {input.dtype!r}", op=op, dtype=input.dtype)
    if input.ndim < 2:
        raise ShapeError(f"renorm: input needs at least 2 dimensions, got {input.ndim} dimensions", op=op)
    dim = canonical_dim(op, dim, input.ndim)
    low = input.dtype in (dtypes.float16, dtypes.bfloat16)
    norms = vector_norm(cast(input, dtypes.float32) if low else input, float(p),
                        tuple(d for d in range(input.ndim) if d != dim), True)
    factor = where_op(norms > maxnorm, maxnorm / (norms + 1e-7), norms.new_ones(()))
    made = copy(input) * factor.to(input.dtype)
    return made if out is None else into(vector_norm.op, out, made)  # type: ignore[no-any-return]


def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """The `pow`-norm of each part of `dim`, the other dims kept at size 1; of the whole tensor for dim -1."""
    if dim == -1:
        return norm(v, pow)  # type: ignore[no-any-return]
    dim = canonical_dim("norm_except_dim", dim, v.ndim)
    return vector_norm(v, float(pow), tuple(d for d in range(v.ndim) if d != dim), True)


attach(dist, "dist")
attach(renorm, "renorm")
in_place("renorm", renorm)

__all__ = ["dist", "frobenius_norm", "norm_except_dim", "pdist", "renorm"]
