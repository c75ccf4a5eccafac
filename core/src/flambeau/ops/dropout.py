"""Dropout: elements left out, the others scaled."""

from __future__ import annotations

from ..table.dispatch import composite
from ..table.samples import Sample, arr
from ..tensors.tensor import Tensor
from .arithmetic import mul
from .create import cast


@composite(saves="mask", kinds="T bool", dtypes="floating", out=False, grad_name="MulBackward0",
           samples=lambda: [Sample(arr(2, 3), arr(2, 3, dtype="bool"), 2.0), Sample(arr(0), arr(0, dtype="bool"), 2.0)])
def masked_scale(input: Tensor, mask: Tensor, scale: float) -> Tensor:
    """input * scale where the mask holds, 0 elsewhere."""
    return mul(input, mul(cast(mask, input._kind.dtype), scale))


@masked_scale.grad("input")
def _(g, mask, *, scale):
    return masked_scale(g, mask, scale)
