"""Rows of a table by number."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..dispatch import composite
from ..errors import DTypeError, ShapeError, UnsupportedError, ValueRangeError
from ..samples import Bad, Sample, arr
from ..shapes import numel
from ..tensor import Tensor
from .create import arange, zeros, zeros_of
from .index import check_range, index_add_dim, scatter_op, take_along
from .movement import reshape


def _numbers(*shape: int, high: int) -> Any:
    return arr(*shape, dtype="int64", low=0, high=high)


def _embedding_rule(weight: Tensor, indices: Tensor, *, padding_idx: int, scale_grad_by_freq: bool) -> None:
    if weight.ndim != 2:
        raise ShapeError(f"'weight' must be 2-D, got {list(weight.shape)}", op="embedding")
    check_range("embedding", indices, weight.shape[0])


@composite(name="embedding", saves="indices weight_shape", kinds="T int64", shape_rule=_embedding_rule,
           samples=lambda: [Sample(arr(5, 3), _numbers(4, high=4), -1, False),
                            Sample(arr(5, 3), _numbers(2, 6, high=4), 2, True, dtypes=("real floating",),
                                   gradcheck=False),
                            Sample(arr(3, 2), _numbers(0, high=2), -1, False),
                            Sample(arr(3, 2), _numbers(high=2), -1, False),
                            Bad(arr(3, 2), arr(2, dtype="int64", fill=[0, 3]), -1, False, raises="IndexRangeError",
                                match="out of range for size 3")])
def embedding_op(weight: Tensor, indices: Tensor, padding_idx: int, scale_grad_by_freq: bool) -> Tensor:
    """The rows of `weight` (V, D) that `indices` name: (*) → (*, D). The row `padding_idx` gets no gradient."""
    return take_along(weight, 0, indices)


@embedding_op.grad("weight")
def _(g, indices, weight_shape, *, padding_idx, scale_grad_by_freq):
    return embedding_backward(g, indices, weight_shape[0], padding_idx, scale_grad_by_freq)


@composite(saves="indices input_shape", kinds="T int64", samples=lambda: [
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


def embedding(weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False,
              sparse: bool = False) -> Tensor:
    """The rows of `weight` (V, D) that the integer tensor `indices` names: (*) → (*, D).

    Raises IndexRangeError for an index outside the table, DTypeError for indices that are not int32 or int64.

    >>> import flambeau
    >>> flambeau.embedding(flambeau.tensor([[0.0, 1.0], [2.0, 3.0]]), flambeau.tensor([1, 1, 0]))
    tensor([[2., 3.],
            [2., 3.],
            [0., 1.]])
    """
    if sparse:
        raise UnsupportedError("sparse gradients are not offered; use sparse=False", op="embedding")
    if weight.ndim != 2:
        raise ShapeError(f"'weight' must be 2-D, got {list(weight.shape)}", op="embedding")
    if indices.dtype not in (dtypes.int64, dtypes.int32):
        raise DTypeError("Expected tensor for argument 'indices' to have one of the following scalar types: Long,"
                         f" Int; but got {indices.dtype!r} instead", op="embedding", dtype=indices.dtype)
    return embedding_op(weight, indices.long(), padding_idx, scale_grad_by_freq)


def one_hot(input: Tensor, num_classes: int = -1) -> Tensor:
    """A last dimension of zeros with a one at each index of the int64 `input`: (*) → (*, num_classes).

    With -1 there are as many classes as the largest index asks for. Raises ValueRangeError for
    negative indices or ones beyond `num_classes`.

    >>> import flambeau
    >>> flambeau.one_hot(flambeau.tensor([2, 0]))
    tensor([[0, 0, 1],
            [1, 0, 0]])
    """
    if input.dtype is not dtypes.int64:
        raise DTypeError(f"one_hot is only applicable to index tensor of type LongTensor, got {input.dtype!r}",
                         op="one_hot", dtype=input.dtype)
    if not input.numel():
        if num_classes <= 0:
            raise ValueRangeError("Can not infer total number of classes from empty tensor.", op="one_hot")
        return zeros((*input.shape, num_classes), dtype=dtypes.int64, device=input.device)
    if input.min().item() < 0:
        raise ValueRangeError(f"Class values must be non-negative, got {input.min().item()}", op="one_hot")
    most = input.max().item()
    if num_classes == -1:
        num_classes = most + 1
    if num_classes < 1:
        raise ValueRangeError(f"num_classes should be positive, got {num_classes}", op="one_hot")
    if most >= num_classes:
        raise ValueRangeError(
            f"Class values must be smaller than num_classes, got {most} of {num_classes}", op="one_hot"
        )
    made = zeros((*input.shape, num_classes), dtype=dtypes.int64, device=input.device)
    places = input.unsqueeze(-1)
    return scatter_op(made, -1, places, places * 0 + 1)


__all__ = ["embedding", "one_hot"]
