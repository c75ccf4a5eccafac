"""Windows over spatial dimensions, and convolutions as matrix products over them."""

from __future__ import annotations

from ..dispatch import primitive
from ..registry import Size
from ..samples import Sample, arr
from ..tensor import Tensor


@primitive(name="unfold", saves="input_shape", dtypes="number",
           samples=lambda: [Sample(arr(1, 2, 5), (3,), (1,), (1,)), Sample(arr(2, 1, 4, 5), (2, 3), (1, 2), (2, 1))])
def unfold_op(input: Tensor, kernel_size: Size, dilation: Size, stride: Size) -> Tensor:
    """Every window: (N, C, *spatial) → (N, C, *out, *kernel_size)."""


@unfold_op.grad("input")
def _(g, input_shape, *, dilation, stride):
    return fold_op(g, tuple(input_shape[2:]), dilation, stride)


@primitive(name="fold", saves="input_shape", dtypes="number",
           samples=lambda: [Sample(arr(1, 2, 3, 3), (5,), (1,), (1,))])
def fold_op(input: Tensor, size: Size, dilation: Size, stride: Size) -> Tensor:
    """Windows summed back: (N, C, *out, *kernel) → (N, C, *size), the adjoint of unfold."""


@fold_op.grad("input")
def _(g, input_shape, *, dilation, stride):
    spatial = (len(input_shape) - 2) // 2
    return unfold_op(g, tuple(input_shape[2 + spatial :]), dilation, stride)

__all__: list[str] = []
