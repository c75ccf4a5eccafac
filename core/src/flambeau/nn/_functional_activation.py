"""Activation functions."""

from __future__ import annotations

import warnings
from typing import Any

from .. import ops
from ..dtypes import float64
from ..errors import ShapeError, ValueRangeError
from ..tensor import Tensor


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0)."""
    return input.relu_() if inplace else ops.relu(input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x * sigmoid(x)."""
    return ops.silu_(input) if inplace else ops.silu(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where positive, negative_slope * x elsewhere."""
    return ops.leaky_relu_(input, negative_slope) if inplace else ops.leaky_relu(input, negative_slope)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where positive, alpha * (exp(x) - 1) elsewhere."""
    return ops.elu_(input, alpha) if inplace else ops.elu(input, alpha)


def _given_back(input: Tensor, result: Tensor, inplace: bool) -> Tensor:
    """`result`, or `input` overwritten with it."""
    return input.copy_(result) if inplace else result


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where positive, alpha * (exp(x / alpha) - 1) elsewhere."""
    if alpha == 0:
        raise ValueRangeError("alpha cannot be 0 for CELU", op="celu")
    source = input.clone() if inplace else input
    return _given_back(input, source.clamp(min=0) + alpha * (source.clamp(max=0) / alpha).expm1(), inplace)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """ELU with the alpha and scale whose fixed point is mean 0, variance 1."""
    alpha, scale = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
    source = input.clone() if inplace else input
    return _given_back(input, scale * ops.elu(source, alpha), inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x * tanh(softplus(x))."""
    source = input.clone() if inplace else input
    return _given_back(input, source * ops.softplus(source).tanh(), inplace)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x limited to [min_val, max_val]; no gradient at the limits."""
    if min_val > max_val:
        raise ValueRangeError("min_val cannot be greater than max_val", op="hardtanh")
    source = input.clone() if inplace else input
    inside = ops.where(source > min_val, source, min_val)  # not clamp, whose gradient counts the limits in
    return _given_back(input, ops.where(source >= max_val, max_val, inside).to(input.dtype), inplace)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x, 0), 6)."""
    return hardtanh(input, 0.0, 6.0, inplace)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x + 3, 0), 6) / 6."""
    source = input.clone() if inplace else input
    return _given_back(input, hardtanh(source + 3, 0.0, 6.0) / 6, inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x * hardsigmoid(x)."""
    source = input.clone() if inplace else input
    return _given_back(input, source * hardtanh(source + 3, 0.0, 6.0) / 6, inplace)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where it exceeds `threshold`, `value` elsewhere."""
    source = input.clone() if inplace else input
    return _given_back(input, ops.where(source <= threshold, value, source).to(input.dtype), inplace)


def rrelu(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False,
          inplace: bool = False) -> Tensor:
    """Leaky ReLU with slopes drawn between `lower` and `upper`, in evaluation their mean."""
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    source = input.clone() if inplace else input
    falling = source.detach() <= 0
    drawn = ops.empty(int(falling.sum().item()), dtype=float64, device=input.device).uniform_(lower, upper)
    slope = ops.ones_like(source.detach())
    slope[falling] = drawn.to(slope.dtype)
    return _given_back(input, source * slope, inplace)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x where positive, weight * x elsewhere; the weight has one element or one per channel (dim 1)."""
    if weight.numel() != 1:
        channels = input.shape[1] if input.dim() > 1 else 1
        if weight.numel() != channels:
            raise ShapeError(f"Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                             f"{weight.numel()} and channel size = {channels}.", op="prelu")
        weight = weight.view(-1, *[1] * (input.dim() - 2))
    elif input.dim() == 0:
        weight = weight.view(())
    return ops.where(input > 0, input, weight * input)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half along `dim` times the sigmoid of the second."""
    if input.dim() == 0:
        raise ShapeError("glu does not support scalars because halving size must be even", op="glu")
    if input.shape[dim] % 2:
        raise ShapeError(f"Halving dimension must be even, but dimension {dim} is size {input.shape[dim]}", op="glu")
    first, second = input.chunk(2, dim)
    return first * second.sigmoid()


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x outside [-lambd, lambd], 0 within."""
    return ops.where((input >= -lambd) & (input <= lambd), 0.0, input).to(input.dtype)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x moved towards 0 by lambd, 0 within [-lambd, lambd]."""
    if lambd < 0:
        raise ValueRangeError(f"lambda must be greater or equal to 0, but found to be {lambd}.", op="softshrink")
    outside = ops.where(input > lambd, input - lambd, input + lambd)
    return ops.where((input >= -lambd) & (input <= lambd), input * 0, outside)


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x)."""
    return input - input.tanh()


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    return input / (input.abs() + 1)


def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(x)), stable for large |x|."""
    return input.clamp(max=0) - (-input.abs()).exp().log1p()


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return input.tanh()


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-x))."""
    return input.sigmoid()


def _implicit_dim(name: str, ndim: int, stacklevel: int) -> int:
    warnings.warn(f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an "
                  "argument.", stacklevel=stacklevel + 1)
    return 0 if ndim in (0, 1, 3) else 1


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """Exponentials scaled to sum to one along `dim`."""
    if dim is None:
        dim = _implicit_dim("softmax", input.dim(), _stacklevel)
    return ops.softmax(input, dim, dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """Logarithm of softmax along `dim`."""
    if dim is None:
        dim = _implicit_dim("log_softmax", input.dim(), _stacklevel)
    return ops.log_softmax(input, dim, dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """Softmax of the negated input along `dim`."""
    if dim is None:
        dim = _implicit_dim("softmin", input.dim(), _stacklevel)
    return ops.softmax(-input, dim, dtype)


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A sample of the Gumbel-softmax distribution; `hard` makes it one-hot and keeps the soft gradient."""
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    noise = -ops.empty_like(logits.detach()).exponential_().log()
    soft = ops.softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    place = soft.argmax(dim, keepdim=True)
    return ops.zeros_like(logits.detach()).scatter_(dim, place, 1.0) - soft.detach() + soft


