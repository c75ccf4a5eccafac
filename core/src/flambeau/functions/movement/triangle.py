"""Triangles and diagonals of matrices."""

from __future__ import annotations

from typing import Any

from ... import dtypes
from ...dtypes import DType
from ...errors import ShapeError, ValueRangeError
from ...ops.movement import diagonal_backward, reshape, tril, triu
from ...ops.reduce import sum as total
from ...shapes import canonical_dim
from ...table.refusals import require_dtype
from ...table.room import check_room, within_memory
from ...tensors.tensor import Tensor, attach
from ..create import tensor
from .views import diagonal as _diagonal


@within_memory
def _indices(op: str, row: int, col: int, lower: bool, offset: int, dtype: DType | None, device: Any) -> Tensor:
    for name, n in (("row", row), ("col", col)):
        if n < 0:
            raise ValueRangeError(f"{name} must be non-negative, got {n}", op=op)
    check_room(op, (2, _below(row, col, offset) if lower else row * col - _below(row, col, offset - 1)), dtypes.int64)
    pairs = [(i, j) for i in range(row) for j in range(col) if (j - i <= offset if lower else j - i >= offset)]
    return tensor([[i for i, _ in pairs], [j for _, j in pairs]], dtype=dtype or dtypes.int64, device=device)


def _below(row: int, col: int, offset: int) -> int:
    """How many places of a matrix lie on the diagonal `offset` or below it."""
    first = min(max(-offset, 0), row)
    full = min(max(col - offset - 1, first), row)
    return (full - first) * (first + full + 2 * offset + 1) // 2 + (row - full) * col


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: DType | None = dtypes.int64, device: Any = None,
                 layout: Any = None) -> Tensor:
    """Row and column numbers (2, n) of the lower triangle of a row-by-col matrix."""
    return _indices("tril_indices", row, col, True, offset, dtype, device)


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: DType | None = dtypes.int64, device: Any = None,
                 layout: Any = None) -> Tensor:
    """Row and column numbers (2, n) of the upper triangle of a row-by-col matrix."""
    return _indices("triu_indices", row, col, False, offset, dtype, device)


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
    require_dtype("trace", "number", input)
    if input.ndim != 2:
        raise ShapeError(f"expected a matrix, but got tensor with dim {input.ndim}", op="trace")
    return total(_diagonal(input))


attach(diag, "diag")
attach(diag_embed, "diag_embed")
attach(diagflat, "diagflat")
attach(trace, "trace")

__all__ = [
    "diag", "diag_embed", "diagflat", "trace", "tril", "tril_indices", "triu", "triu_indices",
]
