"""Normalisation: softmax and its logarithm, and layers that scale by mean and variance.

A mean and a reciprocal deviation that a forward pass computed are kept for the way back, and computed anew from the
input when the way back is itself recorded: as constants they would make second derivatives wrong. Variances are taken
in two passes, of differences from the mean. Bounded by memory traffic.
"""

from __future__ import annotations

from typing import Any

from .. import views
from ..dispatch import composite
from ..dtypes import DType
from ..errors import ShapeError, ValueRangeError
from ..registry import Dim, Size
from ..samples import Bad, Sample, arr
from ..shapes import as_size, numel
from ..tensor import Tensor
from .elementwise import exp, log, mul, sqrt
from .movement import copy, expand, reshape
from .reduce import amax, mean_op
from .reduce import sum as total

Moments = tuple[Tensor, Tensor]


# --- softmax

_SOFTMAX = (lambda: [
    Sample(arr(2, 5), -1), Sample(arr(3, 1, 4), 0), Sample(arr(0, 4), 1), Sample(arr(4, 0), 1), Sample(arr(), 0),
    Sample(arr(1, 2, fill=[-1e4, 1.0]), 1),
    Bad(arr(2, 5), 7, raises="DimError", match="dim 7 .* 2 dimensions")])


@composite(name="softmax", saves="out", dtypes="real floating", samples=_SOFTMAX)
def softmax_op(input: Tensor, dim: Dim) -> Tensor:
    """Exponentials scaled to sum to one along `dim`; the largest is subtracted first, so that none overflows."""
    if 0 in input._array.shape:
        return copy(input)
    e = exp(input - amax(input, dim, True))
    return e / total(e, dim, True)


@softmax_op.grad("input")
def _(g, out, *, dim):
    return softmax_backward(g, out, dim)


@composite(fusable=True, out=False, samples=lambda: [Sample(arr(2, 5), arr(2, 5), 1)])
def softmax_backward(grad: Tensor, out: Tensor, dim: Dim) -> Tensor:
    """out * (grad - sum(grad * out))."""
    weighted = grad * out
    return weighted - out * total(weighted, dim, True)


@composite(name="log_softmax", saves="out", dtypes="real floating", samples=_SOFTMAX)
def log_softmax_op(input: Tensor, dim: Dim) -> Tensor:
    """The logarithm of softmax along `dim`, without taking a logarithm of a rounded quotient."""
    if 0 in input._array.shape:
        return copy(input)
    shifted = input - amax(input, dim, True)
    return shifted - log(total(exp(shifted), dim, True))


@log_softmax_op.grad("input")
def _(g, out, *, dim):
    return log_softmax_backward(g, out, dim)


@composite(fusable=True, out=False, samples=lambda: [Sample(arr(2, 5), arr(2, 5), 1)])
def log_softmax_backward(grad: Tensor, out: Tensor, dim: Dim) -> Tensor:
    """grad - exp(out) * sum(grad)."""
    return grad - exp(out) * total(grad, dim, True)


def _in_dtype(input: Tensor, dtype: DType | None) -> Tensor:
    return input if dtype is None or dtype is input._kind.dtype else input.to(dtype)


def softmax(input: Tensor, dim: int, dtype: DType | None = None, *, out: Tensor | None = None) -> Tensor:
    """Exponentials of `input` scaled to sum to one along `dim`; `dtype` converts first.

    >>> import flambeau
    >>> flambeau.softmax(flambeau.zeros(4), dim=0)
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """
    return softmax_op(_in_dtype(input, dtype), dim, out=out)


def log_softmax(input: Tensor, dim: int, dtype: DType | None = None, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of softmax along `dim`; `dtype` converts first."""
    return log_softmax_op(_in_dtype(input, dtype), dim, out=out)


for _function in (softmax, log_softmax):
    setattr(Tensor, _function.__name__, _function)


# --- layer norm


def _trailing(input: Tensor, normalized_shape: Any) -> tuple[int, ...]:
    ndim = len(input._array.shape)
    return tuple(range(ndim - len(normalized_shape), ndim))


def _moments(input: Tensor, dims: tuple[int, ...], eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """input - mean, the mean and 1 / sqrt(variance + eps) over `dims`, kept as dims of size 1."""
    mean = mean_op(input, dims, True)
    centred = input - mean
    return centred, mean, 1 / sqrt(mean_op(centred * centred, dims, True) + eps)


@composite(name="layer_norm", saves="input weight mean rstd", outputs="out mean rstd", auxiliary="mean rstd",
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


@composite(dtypes="floating", fusable=True, out=False,
           samples=lambda: [Sample(arr(3, 4), arr(3, 4), arr(3, 1), arr(3, 1), (1,))])
def normalized_backward(grad: Tensor, input: Tensor, mean: Tensor, rstd: Tensor, dim: Size) -> Tensor:
    """The gradient of (input - mean) * rstd, mean and rstd taken of the input over `dim`."""
    made = (input - mean) * rstd
    return rstd * (grad - mean_op(grad, dim, True) - made * mean_op(grad * made, dim, True))


def layer_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None = None, bias: Tensor | None = None,
               eps: float = 1e-5, cudnn_enable: bool = True) -> Tensor:
    """input (*, *normalized_shape) scaled to mean 0 and variance 1 over the trailing dims, then times weight plus bias.

    Raises ShapeError where the shapes do not agree.
    """
    size = as_size("layer_norm", normalized_shape, "normalized_shape")
    _check_trailing("layer_norm", input, size, (("weight", weight), ("bias", bias)))
    return layer_norm_op(input, size, weight, bias, eps)


def _check_trailing(op: str, input: Tensor, size: tuple[int, ...], params: Any) -> None:
    if not size:
        raise ShapeError("Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one"
                         " element, but got normalized_shape = []", op=op)
    for name, value in params:
        if value is not None and tuple(value._array.shape) != size:
            raise ShapeError(f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape"
                             f" {list(value.shape)} and normalized_shape = {list(size)}", op=op)
    shape = tuple(input._array.shape)
    if shape[len(shape) - len(size):] != size or len(shape) < len(size):
        wanted = ", ".join(["*", *map(str, size)])
        raise ShapeError(f"Given normalized_shape={list(size)}, expected input with shape [{wanted}], but got input of"
                         f" size{list(shape)}", op=op)


# --- rms norm


@composite(name="rms_norm", saves="input weight rstd", outputs="out rstd", auxiliary="rstd", dtypes="real floating",
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


def rms_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """input (*, *normalized_shape) divided by the root mean square of the trailing dims, then times weight."""
    from ..settings import finfo

    size = as_size("rms_norm", normalized_shape, "normalized_shape")
    _check_trailing("rms_norm", input, size, (("weight", weight),))
    eps = finfo(input.dtype).eps if eps is None else eps
    if input.is_complex():
        return _affine(input * _rms(input, size, eps), weight, None)
    return rms_norm_op(input, size, weight, eps)


# --- batch norm


def _channels(input: Tensor) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """All dims but the channels' (dim 1), and the shape in which a value per channel broadcasts."""
    shape = input._array.shape
    return tuple(i for i in range(len(shape)) if i != 1), (1, shape[1], *[1] * (len(shape) - 2))


@composite(name="batch_norm_train", saves="input weight mean var", outputs="out mean var", nondiff="mean var",
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


@composite(name="batch_norm_eval", saves="input running_mean running_var weight", out=False,
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


def batch_norm(input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
               bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5) -> Tensor:
    """Every channel (dim 1) scaled to mean 0 and variance 1, then by weight and bias.

    In training the mean and variance are the batch's, and the running statistics move towards them in place; otherwise
    they are the running ones. input (N, C, *); the others (C). Raises ShapeError where sizes do not agree.
    """
    _check_channels(input, (("running_mean", running_mean), ("running_var", running_var), ("weight", weight),
                            ("bias", bias)))
    if not training:
        if running_mean is None or running_var is None:
            raise ShapeError("expected running_mean and running_var to be defined when training is False",
                             op="batch_norm")
        return batch_norm_eval(input, running_mean, running_var, weight, bias, eps)
    out, mean, var = batch_norm_train(input, weight, bias, eps)
    if running_mean is not None and running_var is not None:
        _move_statistics(input, (running_mean, running_var), (mean, var), momentum)
    return out


def _check_channels(input: Tensor, params: Any) -> None:
    if input.ndim < 2:
        raise ShapeError(f"expected at least 2 dimensions, input (N, C, *), got {input.ndim}", op="batch_norm")
    channels = input._array.shape[1]
    for name, value in params:
        if value is not None and value.numel() != channels:
            raise ShapeError(f"{name} should contain {channels} elements not {value.numel()}", op="batch_norm")


def _move_statistics(input: Tensor, running: Moments, batch: Moments, momentum: float) -> None:
    """The running statistics towards those of the batch, whose variance counts one element less."""
    count = input.numel() // max(input._array.shape[1], 1)
    unbiased = momentum * (count / (count - 1) if count > 1 else float("inf"))
    for held, new, weight in zip(running, batch, (momentum, unbiased), strict=True):
        source = held.detach() if held._requires_grad else held
        views.store(held, running_average(source, new, 1 - momentum, weight))


@composite(fusable=True, out=False, samples=lambda: [Sample(arr(3), arr(3), 0.9, 0.1)])
def running_average(input: Tensor, other: Tensor, keep: float, weight: float) -> Tensor:
    """input * keep + other * weight."""
    return input * keep + other * weight


# --- group and instance norm


def group_norm(input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None,
               eps: float = 1e-5, cudnn_enabled: bool = True) -> Tensor:
    """The channels (dim 1) of each sample, in `num_groups` groups, scaled to mean 0 and variance 1 by group.

    input (N, C, *); weight and bias (C). Raises ShapeError where sizes do not agree.
    """
    if input.ndim < 2:
        raise ShapeError(f"Expected at least 2 dimensions for input tensor but received {input.ndim}", op="group_norm")
    shape = tuple(input._array.shape)
    _check_groups(shape[1], num_groups, (("weight", weight), ("bias", bias)), list(shape))
    grouped = reshape(input, (shape[0], num_groups, numel(shape[1:]) // num_groups))
    made = reshape(layer_norm_op(grouped, grouped._array.shape[2:], None, None, eps), shape)
    per_channel = (1, shape[1], *[1] * (len(shape) - 2))
    return _affine(made, None if weight is None else reshape(weight, per_channel),
                   None if bias is None else reshape(bias, per_channel))


def _check_groups(channels: int, groups: int, params: Any, shape: list[int]) -> None:
    if groups <= 0:
        raise ValueRangeError(f"Expected num groups to be greater than 0, got {groups}", op="group_norm")
    if channels % groups:
        raise ShapeError("Expected number of channels in input to be divisible by num_groups, but got input of shape"
                         f" {shape} and num_groups={groups}", op="group_norm")
    for name, value in params:
        if value is not None and tuple(value._array.shape) != (channels,):
            raise ShapeError(f"Expected {name} to be a vector of size equal to the number of channels in input, but"
                             f" got {name} of shape {list(value.shape)} and input of shape {shape}", op="group_norm")


def instance_norm(input: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None,
                  weight: Tensor | None = None, bias: Tensor | None = None, use_input_stats: bool = True,
                  momentum: float = 0.1, eps: float = 1e-5) -> Tensor:
    """Every channel (dim 1) of each sample scaled to mean 0 and variance 1, or by running statistics.

    input (N, C, *); the others (C). The running statistics move towards the mean over the samples.
    """
    shape = tuple(input._array.shape)
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    samples, channels = shape[0], shape[1]
    mean, var, weight, bias = (_repeated(t, samples) for t in (running_mean, running_var, weight, bias))
    made = batch_norm(reshape(input, (1, samples * channels, *shape[2:])), mean, var, weight, bias, True, momentum, eps)
    for running, moved in ((running_mean, mean), (running_var, var)):
        if running is not None and moved is not None:
            views.store(running, mean_op(reshape(moved, (samples, channels)), (0,), False))
    return reshape(made, shape)


def _repeated(values: Tensor | None, times: int) -> Tensor | None:
    """(C) as a fresh (times * C)."""
    if values is None:
        return None
    return reshape(copy(expand(values, (times, values.numel()))), (-1,))


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """input / (k + alpha * mean of squares over `size` neighbouring channels) ** beta."""
    from .movement import pad_op

    if input.ndim < 3:
        raise ValueRangeError(f"Expected 3D or higher dimensionality input (got {input.ndim} dimensions)",
                              op="local_response_norm")
    around = tuple((size // 2, (size - 1) // 2) if d == 1 else (0, 0) for d in range(input.ndim))
    padded, channels = pad_op(mul(input, input), around, 0.0), input._array.shape[1]
    squares = sum((padded.narrow(1, i, channels) for i in range(1, size)), padded.narrow(1, 0, channels))
    return input / (squares * (alpha / size) + k) ** beta


def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12) -> Tensor:
    """input divided by its p-norm along `dim`, which is limited to at least `eps`."""
    return input / input.norm(p, dim, keepdim=True).clamp_min(eps)


__all__ = [
    "batch_norm", "group_norm", "instance_norm", "layer_norm", "log_softmax", "rms_norm", "softmax",
]
