"""Normalisation: softmax and its logarithm, and layers that scale by mean and variance.

A mean and a reciprocal deviation that a forward pass computed are kept for the way back, and computed anew from the
input when the way back is itself recorded: as constants they would make second derivatives wrong. Variances are taken
in two passes, of differences from the mean. Bounded by memory traffic.
"""

from __future__ import annotations

from typing import Any

from ..table.dispatch import composite
from ..table.registry import Dim, Size
from ..table.samples import Bad, Sample, arr
from ..tensors.tensor import Tensor
from .math import exp, log, sqrt
from .movement import copy, reshape
from .reduce import amax, mean_op
from .reduce import sum as total

Moments = tuple[Tensor, Tensor]
_SOFTMAX = (lambda: [
    Sample(arr(2, 5), -1), Sample(arr(3, 1, 4), 0), Sample(arr(0, 4), 1), Sample(arr(4, 0), 1), Sample(arr(), 0),
    Sample(arr(fill=[0.0]), 0), Sample(arr(1, 2, fill=[-1e4, 1.0]), 1),
    Bad(arr(2, 5), 7, raises="DimError", match="dim 7 .* 2 dimensions")])


@composite(laws="items:input",
           compute="float32", name="softmax", saves="out", dtypes="real floating", exact=True, idle=True,
           samples=_SOFTMAX)
def softmax_op(input: Tensor, dim: Dim) -> Tensor:
    """Exponentials scaled to sum to one along `dim`; the largest is subtracted first, so that none overflows."""
    if 0 in input._array.shape:
        return copy(input)
    e = exp(input - amax(input, dim, True))
    return e / total(e, dim, True)


@softmax_op.grad("input")
def _(g, out, *, dim):
    return softmax_backward(g, out, dim)


@composite(laws="items:grad,out", compute="float32",
           fusable=True, dtypes="floating", out=False, samples=lambda: [Sample(arr(2, 5), arr(2, 5), 1)])
def softmax_backward(grad: Tensor, out: Tensor, dim: Dim) -> Tensor:
    """out * (grad - sum(grad * out))."""
    weighted = grad * out
    return weighted - out * total(weighted, dim, True)


@composite(laws="items:input",
           compute="float32", name="log_softmax", saves="out", dtypes="real floating", exact=True, idle=True,
           samples=_SOFTMAX)
def log_softmax_op(input: Tensor, dim: Dim) -> Tensor:
    """The logarithm of softmax along `dim`, without taking a logarithm of a rounded quotient."""
    if 0 in input._array.shape:
        return copy(input)
    shifted = input - amax(input, dim, True)
    return shifted - log(total(exp(shifted), dim, True))


@log_softmax_op.grad("input")
def _(g, out, *, dim):
    return log_softmax_backward(g, out, dim)


@composite(laws="items:grad,out", compute="float32",
           fusable=True, dtypes="floating", out=False, samples=lambda: [Sample(arr(2, 5), arr(2, 5, high=0), 1)])
def log_softmax_backward(grad: Tensor, out: Tensor, dim: Dim) -> Tensor:
    """grad - exp(out) * sum(grad)."""
    return grad - exp(out) * total(grad, dim, True)


def _trailing(input: Tensor, normalized_shape: Any) -> tuple[int, ...]:
    ndim = len(input._array.shape)
    return tuple(range(ndim - len(normalized_shape), ndim))


def _moments(input: Tensor, dims: tuple[int, ...], eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """input - mean, the mean and 1 / sqrt(variance + eps) over `dims`, kept as dims of size 1."""
    mean = mean_op(input, dims, True)
    centred = input - mean
    return centred, mean, 1 / sqrt(mean_op(centred * centred, dims, True) + eps)


@composite(compute="float32",
           alike="parameters", name="layer_norm", saves="input weight mean rstd", outputs="out mean rstd",
           auxiliary="mean rstd",
           dtypes="real floating", grad_name="NativeLayerNormBackward0", samples=lambda: [
               Sample(arr(3, 4), (4,), arr(4), arr(4)), Sample(arr(2, 3, 4), (3, 4), None, None),
               Sample(arr(2, 5), (5,), arr(5), None), Sample(arr(2, 5), (5,), None, arr(5)),
               Sample(arr(0, 4), (4,), arr(4), arr(4))])
def layer_norm_op(input: Tensor, normalized_shape: Size, weight: Tensor | None = None, bias: Tensor | None = None,
                  eps: float = 1e-5) -> Tensor:
    """The trailing dims scaled to mean 0 and variance 1; also the mean and 1 / deviation."""
    centred, mean, rstd = _moments(input, _trailing(input, normalized_shape), eps)
    return _affine(centred * rstd, weight, bias), mean, rstd  # type: ignore[return-value]


def _affine(made: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    if weight is not None:
        made = made * weight
    return made if bias is None else made + bias


@layer_norm_op.grad("input")
def _(g, input, weight, mean, rstd, *, normalized_shape, eps):
    dims = _trailing(input, normalized_shape)
    if mean is None:
        _, mean, rstd = _moments(input, dims, eps)
    return normalized_backward(g if weight is None else g * weight, input, mean, rstd, dims)


@layer_norm_op.grad("weight")
def _(g, input, mean, rstd, *, normalized_shape, eps):
    if mean is None:
        _, mean, rstd = _moments(input, _trailing(input, normalized_shape), eps)
    return g * ((input - mean) * rstd)


@layer_norm_op.grad("bias")
def _(g):
    return g  # the walk sums it to the bias's shape


@composite(compute="float32", dtypes="floating", fusable=True, out=False,
           samples=lambda: [Sample(arr(3, 4), arr(3, 4), arr(3, 1), arr(3, 1), (1,))])
def normalized_backward(grad: Tensor, input: Tensor, mean: Tensor, rstd: Tensor, dim: Size) -> Tensor:
    """The gradient of (input - mean) * rstd, mean and rstd taken of the input over `dim`."""
    made = (input - mean) * rstd
    return rstd * (grad - mean_op(grad, dim, True) - made * mean_op(grad * made, dim, True))


@composite(compute="float32",
           name="rms_norm", saves="input weight rstd", outputs="out rstd", auxiliary="rstd", dtypes="real floating",
           grad_name="FusedRmsNormBackward0", samples=lambda: [
               Sample(arr(3, 4), (4,), arr(4), 1e-6), Sample(arr(2, 3, 4), (3, 4), None, 1e-6)])
def rms_norm_op(input: Tensor, normalized_shape: Size, weight: Tensor | None, eps: float) -> Tensor:
    """The trailing dims divided by the root of their mean square; also 1 / that root."""
    rstd = _rms(input, normalized_shape, eps)
    return _affine(input * rstd, weight, None), rstd  # type: ignore[return-value]


def _rms(input: Tensor, normalized_shape: Any, eps: float) -> Tensor:
    return 1 / sqrt(mean_op(input * input, _trailing(input, normalized_shape), True) + eps)


@rms_norm_op.grad("input")
def _(g, input, weight, rstd, *, normalized_shape, eps):
    rstd = _rms(input, normalized_shape, eps) if rstd is None else rstd
    g, made = g if weight is None else g * weight, input * rstd
    return rstd * (g - made * mean_op(g * made, _trailing(input, normalized_shape), True))


@rms_norm_op.grad("weight")
def _(g, input, rstd, *, normalized_shape, eps):
    return g * (input * (_rms(input, normalized_shape, eps) if rstd is None else rstd))


def _channels(input: Tensor) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """All dims but the channels' (dim 1), and the shape in which a value per channel broadcasts."""
    shape = input._array.shape
    return tuple(i for i in range(len(shape)) if i != 1), (1, shape[1], *[1] * (len(shape) - 2))


@composite(compute="float32",
           alike="parameters", name="batch_norm_train", saves="input weight mean var", outputs="out mean var",
           nondiff="mean var",
           dtypes="real floating", out=False, grad_name="NativeBatchNormBackward0", samples=lambda: [
               Sample(arr(4, 3), arr(3), arr(3)), Sample(arr(2, 3, 4), None, None),
               Sample(arr(2, 3, 2, 2), arr(3), None)])
def batch_norm_train(input: Tensor, weight: Tensor | None = None, bias: Tensor | None = None,
                     eps: float = 1e-5) -> Tensor:
    """Every channel (dim 1) scaled to mean 0 and variance 1; also its mean and variance."""
    dims, per_channel = _channels(input)
    mean = mean_op(input, dims, True)
    centred = input - mean
    var = mean_op(centred * centred, dims, True)
    rstd = 1 / sqrt(var + eps)
    scale = rstd if weight is None else rstd * reshape(weight, per_channel)
    made = centred * scale if bias is None else centred * scale + reshape(bias, per_channel)
    count = (per_channel[1],)
    return made, reshape(mean, count), reshape(var, count)  # type: ignore[return-value]


@batch_norm_train.grad("input")
def _(g, input, weight, mean, var, *, eps):
    dims, per_channel = _channels(input)
    mean, rstd = _channel_moments(input, mean, var, eps)
    return normalized_backward(g if weight is None else g * reshape(weight, per_channel), input, mean, rstd, dims)


@batch_norm_train.grad("weight")
def _(g, input, mean, var, *, eps):
    mean, rstd = _channel_moments(input, mean, var, eps)
    return channel_sum(g * ((input - mean) * rstd))


@batch_norm_train.grad("bias")
def _(g):
    return channel_sum(g)


def channel_sum(input: Tensor) -> Tensor:
    """The sum over all dims but dim 1."""
    return total(input, _channels(input)[0])


def _channel_moments(input: Tensor, mean: Tensor | None, var: Tensor | None, eps: float) -> Moments:
    dims, per_channel = _channels(input)
    if mean is None or var is None:
        return _moments(input, dims, eps)[1:]
    return reshape(mean, per_channel), reshape(1 / sqrt(var + eps), per_channel)


@composite(compute="float32",
           alike="parameters", name="batch_norm_eval", saves="input running_mean running_var weight", out=False,
           nondiff="running_mean running_var", dtypes="real floating", grad_name="NativeBatchNormBackward0",
           samples=lambda: [
               Sample(arr(4, 3), arr(3), arr(3, low=0.5, high=2), arr(3), arr(3)),
               Sample(arr(2, 3, 4), arr(3), arr(3, low=0.5, high=2), None, None)])
def batch_norm_eval(input: Tensor, running_mean: Tensor, running_var: Tensor, weight: Tensor | None = None,
                    bias: Tensor | None = None, eps: float = 1e-5) -> Tensor:
    """Every channel (dim 1) scaled by a mean and variance given."""
    _, per_channel = _channels(input)
    scale = 1 / sqrt(running_var + eps)
    scale = scale if weight is None else scale * weight
    made = (input - reshape(running_mean, per_channel)) * reshape(scale, per_channel)
    return made if bias is None else made + reshape(bias, per_channel)


@batch_norm_eval.grad("input")
def _(g, input, running_var, weight, *, eps):
    scale = 1 / sqrt(running_var + eps)
    return g * reshape(scale if weight is None else scale * weight, _channels(input)[1])


@batch_norm_eval.grad("weight")
def _(g, input, running_mean, running_var, *, eps):
    _, per_channel = _channels(input)
    centred = input - reshape(running_mean, per_channel)
    return channel_sum(g * centred) / sqrt(running_var + eps)


@batch_norm_eval.grad("bias")
def _(g):
    return channel_sum(g)


@composite(laws="elementwise",
           compute="float32", fusable=True, out=False, samples=lambda: [Sample(arr(3), arr(3), 0.9, 0.1)])
def running_average(input: Tensor, other: Tensor, keep: float, weight: float) -> Tensor:
    """input * keep + other * weight."""
    return input * keep + other * weight
