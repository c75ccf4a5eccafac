"""Dropout: PyTorch's masks, drawn from the default generator."""

from __future__ import annotations

from ..errors import ValueRangeError
from ..ops.dropout import masked_scale
from ..table.refusals import require_dtype
from ..tensors.tensor import Tensor
from ..tensors.views import update
from .random.sampling import mask_like


def dropout(input: Tensor, p: float = 0.5, train: bool = True) -> Tensor:
    """Zeroes elements with probability `p` and scales the rest by 1 / (1 - p); returns the input when not training.

    Raises ValueRangeError for a probability outside [0, 1].
    """
    if not 0.0 <= p <= 1.0:
        raise ValueRangeError(f"dropout probability has to be between 0 and 1, but got {p}", op="dropout", p=p)
    if not train or p == 0.0 or 0 in input._array.shape:
        return input
    require_dtype("dropout", "real", input)
    if p == 1.0:
        return input * 0
    return masked_scale(input, mask_like(input, 1.0 - p), 1.0 / (1.0 - p))


def dropout_(input: Tensor, p: float = 0.5, train: bool = True) -> Tensor:
    """In-place version of `dropout`."""
    return update(input, dropout, p, train, op_name="dropout_")

__all__ = [
    "dropout", "dropout_",
]
