"""PyTorch's normalisations: arguments, dtypes and running statistics over the ops."""

from __future__ import annotations

from typing import Any

from ..dtypes import DType
from ..errors import ShapeError, SizeMismatchError, ValueRangeError
from ..ops.arithmetic import mul
from ..ops.movement import copy, expand, pad_op, reshape
from ..ops.norm import (
    Moments,
    _affine,
    _rms,
    batch_norm_eval,
    batch_norm_train,
    layer_norm_op,
    log_softmax_op,
    rms_norm_op,
    running_average,
    softmax_op,
)
from ..ops.reduce import mean_op
from ..shapes import as_size, numel
from ..table.precision import in_single, narrowed, widened
from ..table.refusals import require_alike, require_dtype
from ..table.settings import finfo
from ..tensors import views
from ..tensors.tensor import Tensor


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


def rms_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """input (*, *normalized_shape) divided by the root mean square of the trailing dims, then times weight."""
    size = as_size("rms_norm", normalized_shape, "normalized_shape")
    _check_trailing("rms_norm", input, size, (("weight", weight),))
    eps = finfo(input.dtype).eps if eps is None else eps
    if input.is_complex():
        return _affine(input * _rms(input, size, eps), weight, None)
    return narrowed(rms_norm_op(input, size, weight, eps), input._kind.plain)  # type: ignore[no-any-return]


def batch_norm(input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
               bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5) -> Tensor:
    """Every channel (dim 1) scaled to mean 0 and variance 1, then by weight and bias.

    In training the mean and variance are the batch's, and the running statistics move towards them in place; otherwise
    they are the running ones. input (N, C, *); the others (C). Raises ShapeError where sizes do not agree.
    """
    require_alike("batch_norm", input, running_mean, running_var, weight, bias, parameters=True)
    _check_channels(input, (("running_mean", running_mean), ("running_var", running_var), ("weight", weight),
                            ("bias", bias)))
    if not training:
        if running_mean is None or running_var is None:
            raise ShapeError("expected running_mean and running_var to be defined when training is False",
                             op="batch_norm")
        return batch_norm_eval(input, running_mean, running_var, weight, bias, eps)
    if running_mean is None or running_var is None:
        return batch_norm_train(input, weight, bias, eps)[0]
    out, mean, var = batch_norm_train(widened(input), widened(weight), widened(bias), eps)
    _move_statistics(input, (running_mean, running_var), (mean, var), momentum)
    return narrowed(out, input._kind.plain)  # type: ignore[no-any-return]


def _check_channels(input: Tensor, params: Any) -> None:
    if input.ndim < 2:
        raise ShapeError(f"expected at least 2 dimensions, input (N, C, *), got {input.ndim}", op="batch_norm")
    channels = input._array.shape[1]
    for name, value in params:
        if value is not None and tuple(value._array.shape) != (channels,):
            raise ShapeError(f"{name} should contain {channels} elements not {value.numel()}", op="batch_norm")


def _move_statistics(input: Tensor, running: Moments, batch: Moments, momentum: float) -> None:
    """The running statistics towards those of the batch, whose variance counts one element less."""
    count = input.numel() // max(input._array.shape[1], 1)
    unbiased = momentum * (count / (count - 1) if count > 1 else float("inf"))
    for held, new, weight in zip(running, batch, (momentum, unbiased), strict=True):
        source = held.detach() if held._requires_grad else held
        views.store(held, narrowed(running_average(widened(source), new, 1 - momentum, weight), held._kind.plain))


def group_norm(input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None,
               eps: float = 1e-5, cudnn_enabled: bool = True) -> Tensor:
    """The channels (dim 1) of each sample, in `num_groups` groups, scaled to mean 0 and variance 1 by group.

    input (N, C, *); weight and bias (C). Raises ShapeError where sizes do not agree.
    """
    if input.ndim < 2:
        raise ShapeError(f"Expected at least 2 dimensions for input tensor but received {input.ndim}", op="group_norm")
    require_alike("group_norm", input, weight, bias, parameters=True)
    shape = tuple(input._array.shape)
    _check_groups(shape[1], num_groups, (("weight", weight), ("bias", bias)), list(shape))
    made = _grouped(widened(input), num_groups, widened(weight), widened(bias), eps)
    return narrowed(made, input._kind.plain)  # type: ignore[no-any-return]


def _grouped(input: Tensor, num_groups: int, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    shape = tuple(input._array.shape)
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
    _check_channels(input, (("running_mean", running_mean), ("running_var", running_var), ("weight", weight),
                            ("bias", bias)))
    shape = tuple(input._array.shape)
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    samples, channels = shape[0], shape[1]
    mean, var, scale, shift = (_repeated(t, samples) for t in (running_mean, running_var, weight, bias))
    made = batch_norm(reshape(input, (1, samples * channels, *shape[2:])), mean, var, scale, shift, True, momentum, eps)
    for running, moved in ((running_mean, mean), (running_var, var)):
        if running is not None and moved is not None:
            views.store(running, mean_op(reshape(moved, (samples, channels)), (0,), False))
    return reshape(made, shape)


def _repeated(values: Tensor | None, times: int) -> Tensor | None:
    """(C) as a fresh (times * C)."""
    if values is None:
        return None
    return reshape(copy(expand(values, (times, values.numel()))), (-1,))


@in_single
def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """input / (k + alpha * mean of squares over `size` neighbouring channels) ** beta."""
    if input.ndim < 3:
        raise SizeMismatchError(f"Expected 3D or higher dimensionality input (got {input.ndim} dimensions)",
                                op="local_response_norm")
    require_dtype("local_response_norm", "real number", input)
    around = tuple((size // 2, (size - 1) // 2) if d == 1 else (0, 0) for d in range(input.ndim))
    padded, channels = pad_op(mul(input, input), around, 0.0), input._array.shape[1]
    squares = sum((padded.narrow(1, i, channels) for i in range(1, size)), padded.narrow(1, 0, channels))
    return input / (squares * (alpha / size) + k) ** beta


@in_single
def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12) -> Tensor:
    """input divided by its p-norm along `dim`, which is limited to at least `eps`."""
    return input / input.norm(p, dim, keepdim=True).clamp_min(eps)

__all__ = [
    "batch_norm", "group_norm", "instance_norm", "layer_norm", "log_softmax", "rms_norm", "softmax",
]
