"""PyTorch's activation functions: variants, checks and in-place forms over the ops."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..errors import ShapeError, ValueRangeError, ZeroDivisorError
from ..ops.activation import (
    elu,
    gelu,
    glu_op,
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    logsigmoid,
    mish,
    prelu_op,
    relu,
    silu,
    softplus,
    softshrink,
    threshold,
)
from ..ops.arithmetic import abs as abs_op
from ..ops.compare import le
from ..ops.create import zeros_of
from ..ops.index import index_put_op, nonzero
from ..ops.math import tanh
from ..ops.movement import reshape
from ..shapes import canonical_dim
from ..tensors import views
from ..tensors.tensor import Tensor


def _in_place(function: Any) -> Any:
    """`function` as one that overwrites its input: what PyTorch spells with a trailing underscore."""
    return views.inplace_method(function.op.name, function)


def relu6(input: Tensor) -> Tensor:
    """min(max(x, 0), 6)."""
    return hardtanh(input, 0.0, 6.0)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x where positive, weight * x elsewhere; the weight has one element, or one per channel (dim 1)."""
    if weight.ndim > 1:
        raise ShapeError("prelu: Expected `weight` to be a scalar or 1D tensor, but got:"
                         f" ndim = {weight.ndim}", op="prelu")
    if weight.numel() == 1:
        return prelu_op(input, reshape(weight, (1,) * input.ndim))
    if not input.ndim:
        raise ShapeError("Not allow zero-dim input tensor.", op="prelu")
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.numel() != channels:
        raise ShapeError(f"Mismatch of parameter numbers and input channel size. Found parameter numbers ="
                         f" {weight.numel()} and channel size = {channels}.", op="prelu")
    return prelu_op(input, reshape(weight, (1, channels, *[1] * (input.ndim - 2))))


def rrelu(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Tensor:
    """Leaky ReLU with slopes drawn between `lower` and `upper`, in evaluation their mean."""
    if not lower <= upper:
        raise ValueRangeError(f"Lower bound should be less than or equal to the upper bound, got {lower} and {upper}",
                              op="rrelu")
    if not training:
        return leaky_relu(input, (lower + upper) / 2)
    made: Tensor = prelu_op(input, _drawn_slopes(input, lower, upper))
    return made


def _drawn_slopes(input: Tensor, lower: float, upper: float) -> Tensor:
    """One number between the bounds for each element that is not positive, in order, as PyTorch draws them."""
    where = list(nonzero(le(input.detach(), 0), as_tuple=True))
    if not input.ndim:
        where = []
    count = where[0].numel() if where else int(bool(input.detach() <= 0))
    drawn = zeros_of(input, (count,)).to(dtypes.float64).uniform_(lower, upper).to(input.dtype)
    slopes = zeros_of(input, tuple(input.shape))
    return index_put_op(slopes, drawn, where, False) if where else slopes + drawn.sum()


def selu(input: Tensor) -> Tensor:
    """ELU with the alpha and scale whose fixed point is mean 0, variance 1."""
    return elu(input, *_SELU)


_SELU = (1.6732632423543772848170429916717, 1.0507009873554804934193349852946)


def celu(input: Tensor, alpha: float = 1.0) -> Tensor:
    """x where positive, alpha * (exp(x / alpha) - 1) elsewhere."""
    return elu(input, *_celu_scales(alpha))


def _celu_scales(alpha: float) -> tuple[float, float, float]:
    if alpha == 0:
        raise ZeroDivisorError("alpha cannot be 0 for CELU", op="celu")
    return alpha, 1.0, 1.0 / alpha


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x)."""
    return input - tanh(input)


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    return input / (abs_op(input) + 1)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half along `dim` times the sigmoid of the second. Raises ShapeError for an odd size."""
    if not input.ndim:
        raise ShapeError("glu does not support scalars because halving size must be even", op="glu")
    where = canonical_dim("glu", dim, input.ndim)
    if input.shape[where] % 2:
        raise ShapeError(f"Halving dimension must be even, but dimension {where} is size {input.shape[where]}",
                         op="glu")
    return glu_op(input, where)


relu_, sigmoid_ = Tensor.relu_, Tensor.sigmoid_
leaky_relu_, threshold_, hardtanh_, elu_ = map(_in_place, (leaky_relu, threshold, hardtanh, elu))
silu_, gelu_, mish_, hardsigmoid_, hardswish_ = map(_in_place, (silu, gelu, mish, hardsigmoid, hardswish))


def relu6_(input: Tensor) -> Tensor:
    """In-place version of `relu6`."""
    return hardtanh_(input, 0.0, 6.0)


def selu_(input: Tensor) -> Tensor:
    """In-place version of `selu`."""
    return elu_(input, *_SELU)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """In-place version of `celu`."""
    return elu_(input, *_celu_scales(alpha))


def rrelu_(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Tensor:
    """In-place version of `rrelu`."""
    return views.update(input, rrelu, lower, upper, training, op_name="rrelu_")


setattr(Tensor, "prelu", prelu)  # noqa: B010 - the class is typed by a stub that is made from the table

__all__ = [
    "celu", "celu_", "elu", "elu_", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh",
    "hardtanh_", "leaky_relu", "leaky_relu_", "logsigmoid", "mish", "prelu", "relu", "relu6", "relu_", "rrelu",
    "rrelu_", "selu", "selu_", "sigmoid_", "silu", "silu_", "softplus", "softshrink", "softsign", "tanhshrink",
    "threshold", "threshold_",
]
