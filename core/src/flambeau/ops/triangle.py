"""Triangles and diagonals of matrices."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..dispatch import composite
from ..dtypes import DType
from ..errors import ShapeError, ValueRangeError
from ..samples import Bad, Sample, arr
from ..shapes import canonical_dim
from ..tensor import Tensor, attach
from .compare import where_op
from .create import arange, tensor
from .movement import diagonal as _diagonal
from .movement import diagonal_backward, reshape
from .reduce import sum as total

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


def _indices(op: str, row: int, col: int, wanted: Any, dtype: DType | None, device: Any) -> Tensor:
    for name, n in (("row", row), ("col", col)):
        if n < 0:
            raise ValueRangeError(f"{name} must be non-negative, got {n}", op=op)
    pairs = [(i, j) for i in range(row) for j in range(col) if wanted(j - i)]
    return tensor([[i for i, _ in pairs], [j for _, j in pairs]], dtype=dtype or dtypes.int64, device=device)


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: DType | None = dtypes.int64, device: Any = None,
                 layout: Any = None) -> Tensor:
    """Row and column numbers (2, n) of the lower triangle of a row-by-col matrix."""
    return _indices("tril_indices", row, col, lambda d: d <= offset, dtype, device)


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: DType | None = dtypes.int64, device: Any = None,
                 layout: Any = None) -> Tensor:
    """Row and column numbers (2, n) of the upper triangle of a row-by-col matrix."""
    return _indices("triu_indices", row, col, lambda d: d >= offset, dtype, device)


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices, in dims `dim1` and `dim2`, with the last dim of `input` on a diagonal and zeros elsewhere."""
    op, ndim = "diag_embed", input.ndim + 1
    canonical_dim(op, -1, input.ndim) if input.ndim else canonical_dim(op, dim1, 1)
    first, second = canonical_dim(op, dim1, ndim), canonical_dim(op, dim2, ndim)
    if first == second:
        raise ShapeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}", op=op)
    side = input._array.shape[-1] + abs(offset)
    size = list(input._array.shape[:-1])
    for d in sorted((first, second)):
        size.insert(d, side)
    return diagonal_backward(input, tuple(size), offset, first, second)


def diag(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """The matrix with a vector on its diagonal, or a copy of the diagonal of a matrix."""
    if input.ndim not in (1, 2):
        raise ShapeError(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D", op="diag")
    made = diag_embed(input, diagonal) if input.ndim == 1 else _diagonal(input, diagonal).clone()
    return made if out is None else out.copy_(made)


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """The matrix with all elements of `input` on its diagonal."""
    return diag_embed(reshape(input, (input.numel(),)), offset)


def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix."""
    if input.ndim != 2:
        raise ShapeError(f"expected a matrix, but got tensor with dim {input.ndim}", op="trace")
    return total(_diagonal(input))


attach(diag, "diag")
attach(diag_embed, "diag_embed")
attach(diagflat, "diagflat")
attach(trace, "trace")

__all__ = ["diag", "diag_embed", "diagflat", "trace", "tril", "tril_indices", "triu", "triu_indices"]
