"""A tensor with one of its views replaced: what writing into the view would make of it, as a new tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import DTypeError, ShapeError
from ...ops.movement import copy, slice_op
from ...shapes import as_size, canonical_dim
from ...tensors.tensor import Tensor, attach
from .views import as_strided, diagonal, select


def _replaced(op: str, input: Tensor, src: Tensor, view: Callable[[Tensor], Tensor]) -> Tensor:
    made = copy(input)
    place = view(made)
    if tuple(src._array.shape) != tuple(place._array.shape):
        raise ShapeError(f"expected src to have a size equal to the slice of self. src size = {list(src.shape)}, slice"
                         f" size = {list(place.shape)}", op=op)
    place.copy_(src)
    return made


def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy of `input` whose part of `dim` at `index` is `src`, which has the shape of that part.

    >>> import flambeau
    >>> flambeau.select_scatter(flambeau.zeros(2, 2), flambeau.ones(2), 0, 1)
    tensor([[0., 0.],
            [1., 1.]])
    """
    return _replaced("select_scatter", input, src, lambda made: select(made, dim, index))


def slice_scatter(input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None,
                  step: int = 1) -> Tensor:
    """A copy of `input` whose slice `start:end:step` of `dim` is `src`, which has the shape of that slice."""
    return _replaced("slice_scatter", input, src, lambda made: _sliced("slice_scatter", made, dim, start, end, step))


def _sliced(op: str, input: Tensor, dim: int, start: int | None, end: int | None, step: int) -> Tensor:
    if step <= 0:
        raise ShapeError(f"slice step must be positive, got {step}", op=op)
    if not input.ndim:
        raise ShapeError("slice() cannot be applied to a 0-dim tensor.", op=op)
    dim = canonical_dim(op, dim, input.ndim)
    first, last, _ = slice(start, end).indices(input._array.shape[dim])
    part = slice(first, max(last, first), step)
    return slice_op(input, tuple(part if d == dim else slice(0, n, 1) for d, n in enumerate(input._array.shape)))


def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy of `input` whose diagonal (see `diagonal`) is `src`, which has the diagonal's shape."""
    return _replaced("diagonal_scatter", input, src, lambda made: diagonal(made, offset, dim1, dim2))


def as_strided_scatter(input: Tensor, src: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """A copy of `input` in which the elements that `as_strided` would show are those of `src`."""
    size = as_size("as_strided_scatter", size)
    if not input.is_contiguous():
        input = input.contiguous()
        storage_offset = storage_offset or 0
    return _replaced("as_strided_scatter", input, src, lambda made: as_strided(made, size, stride, storage_offset))


def fill(input: Tensor, value: Any) -> Tensor:
    """A tensor like `input` with every element `value`, a number or a 0-d tensor; no gradient reaches `input`."""
    return copy(input).fill_(value)  # type: ignore[no-any-return]


def fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """Writes a number on the main diagonal, of equal sizes where there are more than two dims; `wrap` goes on below.

    >>> import flambeau
    >>> flambeau.zeros(2, 2).fill_diagonal_(1)
    tensor([[1., 0.],
            [0., 1.]])
    """
    op, shape = "fill_diagonal_", tuple(self._array.shape)
    if len(shape) < 2:
        raise ShapeError("dimensions must larger than 1", op=op)
    if len(shape) > 2 and len(set(shape)) > 1:
        raise ShapeError(f"all dimensions of input must be of equal length, got {list(shape)}", op=op)
    if isinstance(fill_value, complex) and not self.is_complex():
        raise DTypeError(f"value {fill_value!r} cannot be converted to {self.dtype!r}", op=op, dtype=self.dtype)
    steps, count = self.stride(), min(shape)
    step = sum(steps)
    if wrap and len(shape) == 2 and shape[0] > shape[1] + 1:
        count = -(-shape[0] * shape[1] // (shape[1] + 1))
    if 0 not in shape:
        self.as_strided((count,), (step,), self.storage_offset()).fill_(fill_value)
    return self


attach(select_scatter, "select_scatter")
attach(slice_scatter, "slice_scatter")
attach(diagonal_scatter, "diagonal_scatter")
attach(as_strided_scatter, "as_strided_scatter")
attach(fill_diagonal_, "fill_diagonal_")

__all__ = ["as_strided_scatter", "diagonal_scatter", "fill", "select_scatter", "slice_scatter"]
