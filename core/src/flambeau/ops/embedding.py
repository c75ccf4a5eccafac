"""Rows of a table by number."""

from __future__ import annotations

from typing import Any

from ..errors import ShapeError
from ..shapes import numel
from ..table.dispatch import composite
from ..table.samples import Bad, Sample, arr
from ..tensors.tensor import Tensor
from .create import arange, zeros_of
from .index import check_range, index_add_dim, take_along
from .movement import reshape


def _numbers(*shape: int, high: int) -> Any:
    return arr(*shape, dtype="int64", low=0, high=high)


def _embedding_rule(weight: Tensor, indices: Tensor, *, padding_idx: int, scale_grad_by_freq: bool) -> None:
    if weight.ndim != 2:
        raise ShapeError(f"'weight' must be 2-D, got {list(weight.shape)}", op="embedding")
    check_range("embedding", indices, weight.shape[0])


@composite(laws="items:indices",
           name="embedding", saves="indices weight_shape", kinds="T int64", shape_rule=_embedding_rule,
           samples=lambda: [Sample(arr(5, 3), _numbers(4, high=4), -1, False),
                            Sample(arr(5, 3), _numbers(2, 6, high=4), 2, True, dtypes=("real floating",),
                                   gradcheck=False),
                            Sample(arr(3, 2), _numbers(0, high=2), -1, False),
                            Sample(arr(3, 2), _numbers(high=2), -1, False),
                            Bad(arr(3, 2), arr(2, dtype="int64", fill=[0, 3]), -1, False, raises="IndexRangeError",
                                match="embedding: ")])
def embedding_op(weight: Tensor, indices: Tensor, padding_idx: int, scale_grad_by_freq: bool) -> Tensor:
    """The rows of `weight` (V, D) that `indices` name: (*) → (*, D). The row `padding_idx` gets no gradient."""
    return take_along(weight, 0, indices)


@embedding_op.grad("weight")
def _(g, indices, weight_shape, *, padding_idx, scale_grad_by_freq):
    return embedding_backward(g, indices, weight_shape[0], padding_idx, scale_grad_by_freq)


@composite(compute="float32", saves="indices input_shape", kinds="T int64", samples=lambda: [
    Sample(arr(4, 3), _numbers(4, high=4), 5, -1, False),
    Sample(arr(2, 3, 2), _numbers(2, 3, high=3), 4, 1, False),
    Sample(arr(6, 2), arr(6, dtype="int64", fill=[0, 1, 1, 3, 1, 0]), 4, -1, True, dtypes=("real floating",))])
def embedding_backward(
    input: Tensor, indices: Tensor, count: int, padding_idx: int, scale_grad_by_freq: bool
) -> Tensor:
    """The rows of `input` (*, D) summed by index: (count, D), zeros at `padding_idx`.

    With `scale_grad_by_freq`, divided by how often each index occurs.
    """
    rows, width = numel(indices._array.shape), input._array.shape[-1]
    made = index_add_dim(reshape(input, (rows, width)), 0, reshape(indices, (rows,)), (count, width))
    if scale_grad_by_freq:
        made = made / _occurrences(indices, count, made).clamp(min=1)
    if padding_idx >= 0:
        made.narrow(0, padding_idx, 1).zero_()
    return made


@embedding_backward.grad("input")
def _(g, indices, *, count, padding_idx, scale_grad_by_freq):
    if scale_grad_by_freq:
        g = g / _occurrences(indices, count, g).clamp(min=1)
    if padding_idx >= 0:
        g = g.masked_fill((arange(count, device=g.device) == padding_idx).unsqueeze(1), 0)
    return take_along(g, 0, indices)


def _occurrences(indices: Tensor, count: int, like: Tensor) -> Tensor:
    """How often each of the first `count` numbers occurs, as a column."""
    rows = numel(indices._array.shape)
    return index_add_dim(zeros_of(like, (rows, 1)) + 1, 0, reshape(indices, (rows,)), (count, 1))
