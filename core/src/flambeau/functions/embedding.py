"""Rows of a table by number, checked."""

from __future__ import annotations

from .. import dtypes
from ..errors import DTypeError, ShapeError, UnsupportedError, ValueRangeError
from ..ops.embedding import embedding_op
from ..ops.index import scatter_op
from ..tensors.tensor import Tensor, unmapped
from .create import zeros


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
    least, most = unmapped(input).min().item(), unmapped(input).max().item()
    if least < 0:
        raise ValueRangeError(f"Class values must be non-negative, got {least}", op="one_hot")
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

__all__ = [
    "embedding", "one_hot",
]
