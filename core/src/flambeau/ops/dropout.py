"""Dropout: PyTorch's masks, drawn from the default generator."""

from __future__ import annotations

from ..dispatch import composite
from ..errors import ValueRangeError
from ..samples import Sample, arr
from ..tensor import Tensor
from .create import cast
from .elementwise import mul
from .sampling import mask_like


def dropout(input: Tensor, p: float = 0.5, train: bool = True) -> Tensor:
    """Zeroes elements with probability `p` and scales the rest by 1 / (1 - p); returns the input when not training.

    Raises ValueRangeError for a probability outside [0, 1].
    """
    if not 0.0 <= p <= 1.0:
        raise ValueRangeError(f"dropout probability has to be between 0 and 1, but got {p}", op="dropout", p=p)
    if not train or p == 0.0 or 0 in input._array.shape:
        return input
    if p == 1.0:
        return input * 0
    return masked_scale(input, mask_like(input, 1.0 - p), 1.0 / (1.0 - p))


@composite(saves="mask", kinds="T bool", dtypes="floating", out=False, grad_name="MulBackward0",
           samples=lambda: [Sample(arr(2, 3), arr(2, 3, dtype="bool"), 2.0), Sample(arr(0), arr(0, dtype="bool"), 2.0)])
def masked_scale(input: Tensor, mask: Tensor, scale: float) -> Tensor:
    """input * scale where the mask holds, 0 elsewhere."""
    return mul(input, mul(cast(mask, input._kind.dtype), scale))


@masked_scale.grad("input")
def _(g, mask, *, scale):
    return masked_scale(g, mask, scale)


def dropout_(input: Tensor, p: float = 0.5, train: bool = True) -> Tensor:
    """In-place version of `dropout`."""
    from ..views import update

    return update(input, dropout, p, train, op_name="dropout_")


__all__ = ["dropout", "dropout_"]
