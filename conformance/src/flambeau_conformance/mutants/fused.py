"""Bugs of fused kernels: convolution, pooling, normalisation, losses, and kernels that only gradient rules use.

A backend without a fused kernel of its own gets one: the composition, with the bug put in. So the same
bug can be tried on every backend.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flambeau.contract.backend import Backend, Kernel
from flambeau.contract.device import resolve
from flambeau.shapes import numel
from flambeau.table.registry import FALLBACK, TABLE

from .hands import each, made, numbers, own, remade
from .mutant import CATALOGUE, Mutant, Parts

Fused = Callable[..., Any]  # (base, the right kernel, *arrays, **attributes)


def right_kernel(base: Backend, op: str) -> Kernel:
    """The healthy backend's kernel for the op, or the composition it stands for."""
    composed = FALLBACK[0](TABLE[op], resolve(base.name))

    def kernel(*arrays: Any, **attributes: Any) -> Any:
        found = base.kernel(op, base.dtype_of(arrays[0])) or composed
        return each(found(*arrays, **attributes), base.own)

    return kernel


def fused(name: str, bug: str, sort: str, op: str, function: Fused, *checks: str) -> None:
    """Adds a mutant with `function` in place of the kernel of the composite `op`, shown to the op's float checks."""
    def inject(base: Backend) -> Parts:
        right = right_kernel(base, op)
        return Parts(add={op: lambda *arrays, **attributes: function(base, right, *arrays, **attributes)})

    CATALOGUE[name] = Mutant(name, bug, sort, checks or (f"{op}/float32/*", f"{op}/float64/*"), inject)


def changed(base: Backend, array: Any, function: Callable[[Any], Any]) -> Any:
    """The array with every number replaced."""
    return remade(base, array, [function(v) for v in numbers(base, array)])


def _ones(base: Backend, x: Any) -> Any:
    return changed(base, x, lambda v: 1.0)


# --- convolution and products


def _flipped(base: Backend, right: Kernel, x: Any, weight: Any, bias: Any, **attributes: Any) -> Any:
    return right(x, own(base, "flip", weight, dims=tuple(range(2, len(weight.shape)))), bias, **attributes)


def _first_group(base: Backend, right: Kernel, x: Any, weight: Any, bias: Any, *, groups: int, transposed: bool,
                 **attributes: Any) -> Any:
    if groups > 1 and not transposed:
        part = weight.shape[0] // groups
        index = (slice(0, part, 1), *[slice(0, n, 1) for n in weight.shape[1:]])
        weight = own(base, "cat", *[own(base, "slice", weight, index=index)] * groups, dim=0)
    return right(x, weight, bias, groups=groups, transposed=transposed, **attributes)


def _padded_before(base: Backend, right: Kernel, x: Any, weight: Any, bias: Any, *, padding: Any, transposed: bool,
                   **attributes: Any) -> Any:
    if transposed:
        return right(x, weight, bias, padding=padding, transposed=transposed, **attributes)
    x = own(base, "pad", x, padding=((0, 0), (0, 0), *[(2 * p, 0) for p in padding]), value=0)
    return right(x, weight, bias, padding=(0,) * len(padding), transposed=transposed, **attributes)


def _dense_taps(base: Backend, right: Kernel, x: Any, weight: Any, bias: Any, *, dilation: Any,
                **attributes: Any) -> Any:
    wanted = right(x, weight, bias, dilation=dilation, **attributes)
    dense = right(x, weight, bias, dilation=(1,) * len(dilation), **attributes)
    if any(a > b for a, b in zip(wanted.shape, dense.shape, strict=True)):
        return dense
    return own(base, "slice", dense, index=tuple(slice(0, n, 1) for n in wanted.shape))


def _one_stride(base: Backend, right: Kernel, x: Any, weight: Any, bias: Any, *, stride: Any, **attributes: Any) -> Any:
    wanted = right(x, weight, bias, stride=stride, **attributes)
    dense = right(x, weight, bias, stride=(1,) * len(stride), **attributes)
    if any(a > b for a, b in zip(wanted.shape, dense.shape, strict=True)):
        return dense
    return own(base, "slice", dense, index=tuple(slice(0, n, 1) for n in wanted.shape))


def _without_bias(base: Backend, right: Kernel, x: Any, weight: Any, bias: Any, **attributes: Any) -> Any:
    return right(x, weight, None, **attributes)


def _mean_over_batch(base: Backend, right: Kernel, grad: Any, x: Any, **attributes: Any) -> Any:
    return changed(base, right(grad, x, **attributes), lambda v: v / max(grad.shape[0], 1))


fused("convolution-flipped", "A convolution flips its kernel, as mathematics does.", "convolution", "convolution",
      _flipped)
fused("convolution-first-group", "A convolution uses the first group's weights for all groups.", "convolution",
      "convolution", _first_group)
fused("convolution-padded-before", "A convolution pads twice before and not after.", "convolution", "convolution",
      _padded_before)
fused("convolution-undilated", "A convolution ignores its dilation.", "convolution", "convolution", _dense_taps)
fused("convolution-unstrided", "A convolution ignores its stride.", "convolution", "convolution", _one_stride)
fused("convolution-unbiased", "A convolution drops its bias.", "convolution", "convolution", _without_bias)
fused("convolution-weight-mean", "The gradient of a convolution's weight is a mean over the batch.", "wrong gradient",
      "convolution_grad_weight", _mean_over_batch, "convolution_grad_weight/float32/*", "convolution/float32/*")
fused("linear-bias-twice", "linear adds its bias twice.", "fused kernel", "linear",
      lambda base, right, x, weight, bias: right(x, weight, None if bias is None else own(base, "add", bias, bias)))


# --- pooling


def _pad_is_zero(base: Backend, right: Kernel, x: Any, *, padding: Any, **attributes: Any) -> Any:
    values, places = right(x, padding=padding, **attributes)
    if not any(padding):
        return values, places
    return changed(base, values, lambda v: max(v, 0)), places


def _place_in_window(base: Backend, right: Kernel, x: Any, *, kernel_size: Any, **attributes: Any) -> Any:
    values, places = right(x, kernel_size=kernel_size, **attributes)
    return values, changed(base, places, lambda at: at % numel(kernel_size))


def _last_gradient(base: Backend, right: Kernel, grad: Any, indices: Any, *, size: Any) -> Any:
    rows = numel(grad.shape[:2])
    values: list[Any] = [0] * (rows * numel(size))
    each_row = numel(grad.shape[2:])
    for n, (value, place) in enumerate(zip(numbers(base, grad), numbers(base, indices), strict=True)):
        values[n // each_row * numel(size) + place] = value
    return made(base, values, (*grad.shape[:2], *size), base.dtype_of(grad))


fused("average-counts-padding", "An average counts the padding although it should not.", "pooling", "avg_pool",
      lambda base, right, x, *, count_include_pad, **rest: right(x, count_include_pad=True, **rest))
fused("average-divisor-ignored", "An average ignores the divisor that it is given.", "pooling", "avg_pool",
      lambda base, right, x, *, divisor_override, **rest: right(x, divisor_override=None, **rest))
fused("maximum-of-padding", "A maximum counts the padding as zeros.", "pooling", "max_pool", _pad_is_zero)
fused("maximum-place-in-window", "The place of a maximum is counted within its window.", "pooling", "max_pool",
      _place_in_window)
fused("maximum-last-gradient", "Where windows share their maximum, the gradient of the last one wins.",
      "wrong gradient", "max_pool_backward", _last_gradient, "max_pool_backward/float32/*", "max_pool/float32/*")


# --- activations and their gradients


def _nan_to_zero(base: Backend, right: Kernel, x: Any) -> Any:
    if base.dtype_of(x).category != 2:
        return right(x)
    return changed(base, x, lambda v: v if v > 0 else 0.0)


def _nan_to_bound(base: Backend, right: Kernel, x: Any, *, min: Any, max: Any) -> Any:
    if base.dtype_of(x).category != 2:
        return right(x, min=min, max=max)
    bound = max if min is None else min
    return right(changed(base, x, lambda v: v if v == v else float(bound)), min=min, max=max)


def _twice(base: Backend, right: Kernel, *arrays: Any, **attributes: Any) -> Any:
    return changed(base, right(*arrays, **attributes), lambda v: v * 2)


def _negated(base: Backend, right: Kernel, *arrays: Any, **attributes: Any) -> Any:
    return changed(base, right(*arrays, **attributes), lambda v: -v)


def _at_zero(base: Backend, right: Kernel, grad: Any, out: Any) -> Any:
    return right(grad, changed(base, out, lambda v: 1.0 if v == 0 else v))


fused("relu-of-nan", "relu makes zero of NaN.", "lost NaN", "relu", _nan_to_zero, "relu/float32/*",
      "contract/activations")
fused("clamp-of-nan", "clamp makes a bound of NaN.", "lost NaN", "clamp", _nan_to_bound,
      "clamp/float32/*", "contract/activations", "contract/reduced-nan*")
fused("gelu-approximated", "gelu always takes the approximation by tanh.", "ignored argument", "gelu",
      lambda base, right, x, *, approximate: right(x, approximate="tanh"))
fused("leaky-slope-ignored", "leaky_relu has no slope below zero.", "ignored argument", "leaky_relu",
      lambda base, right, x, *, negative_slope: right(x, negative_slope=0.0))
fused("relu-gradient-at-zero", "The gradient of relu passes where the result is zero.", "wrong gradient",
      "relu_backward", _at_zero, "relu/float32/*", "relu_backward/float32/*")
fused("sigmoid-gradient-scale", "The gradient of sigmoid is twice what it should be.", "wrong gradient",
      "sigmoid_backward", _twice, "sigmoid/float32/*", "sigmoid_backward/float32/*")
fused("tanh-gradient-sign", "The gradient of tanh has the wrong sign.", "wrong gradient", "tanh_backward", _negated,
      "tanh/float32/*", "tanh_backward/float32/*")
fused("spread-first-only", "The gradient of a sum has one right element and zeros.", "wrong gradient", "spread",
      lambda base, right, x, **rest: (lambda r: remade(base, r, numbers(base, r)[:1] + [0.0] * (
          numel(r.shape) - 1)) if numel(r.shape) else r)(right(x, **rest)),
      "spread/float32/*", "sum/float32/*gradient", "mean/float32/*gradient", "contract/little*", "contract/regression")


# --- normalisation


def _overflowing(base: Backend, right: Kernel, x: Any, *, dim: int) -> Any:
    if not numel(x.shape) or not x.shape:
        return right(x, dim=dim)
    e = own(base, "exp", x)
    return own(base, "div", e, own(base, "sum", e, dim=(dim,), keepdim=True, dtype=base.dtype_of(x)))


def _logarithm(base: Backend, right: Kernel, x: Any, *, dim: int) -> Any:
    shifted = right(x, dim=dim)
    return own(base, "log", own(base, "exp", shifted))


def _first_dim(base: Backend, right: Kernel, x: Any, *, dim: int) -> Any:
    return right(x, dim=0)


def _eps_lost(base: Backend, right: Kernel, *arrays: Any, eps: float, **attributes: Any) -> Any:
    return right(*arrays, eps=0.0, **attributes)


def _unbiased(base: Backend, right: Kernel, x: Any, weight: Any = None, bias: Any = None, **attributes: Any) -> Any:
    count = numel(attributes["normalized_shape"])
    factor = ((count - 1) / count) ** 0.5
    plain, mean, rstd = right(x, None, None, **attributes)
    result = changed(base, plain, lambda v: v * factor)
    result = result if weight is None else own(base, "mul", result, weight)
    return result if bias is None else own(base, "add", result, bias), mean, changed(base, rstd, lambda v: v * factor)


def _running_unbiased(base: Backend, right: Kernel, x: Any, *arrays: Any, **attributes: Any) -> Any:
    out, mean, var = right(x, *arrays, **attributes)
    count = numel(x.shape) // max(x.shape[1], 1)
    return out, mean, changed(base, var, lambda v: v * count / (count - 1))


fused("softmax-overflow", "softmax does not subtract the largest first and overflows.", "overflow", "softmax",
      _overflowing, "softmax/float32/*", "contract/large-logits")
fused("log-of-softmax", "log_softmax is the logarithm of softmax, minus infinity where softmax vanishes.", "overflow",
      "log_softmax", _logarithm)
fused("softmax-first-dim", "softmax normalises along the first dim.", "wrong dim", "softmax", _first_dim)
fused("layer-norm-unbiased", "layer_norm divides by one less than the count.", "normalisation", "layer_norm", _unbiased)
fused("layer-norm-without-eps", "layer_norm leaves out eps.", "normalisation", "layer_norm", _eps_lost)
fused("batch-norm-unbiased", "batch_norm answers with the unbiased variance.", "normalisation", "batch_norm_train",
      _running_unbiased)
fused("variance-uncorrected", "var ignores its correction.", "ignored argument", "var",
      lambda base, right, x, *, correction, **rest: right(x, correction=0.0, **rest))


# --- losses, embedding, triangles


def _counted(base: Backend, right: Kernel, x: Any, target: Any, weight: Any, *, ignore_index: int,
             **attributes: Any) -> Any:
    return right(x, target, weight, ignore_index=-100, **attributes)


def _weightless(base: Backend, right: Kernel, x: Any, target: Any, weight: Any, **attributes: Any) -> Any:
    return right(x, target, None, **attributes)


def _logits_overflow(base: Backend, right: Kernel, x: Any, target: Any, weight: Any, positive: Any, *,
                     reduction: str) -> Any:
    if weight is not None or positive is not None:
        return right(x, target, weight, positive, reduction=reduction)
    p = own(base, "div", one := _ones(base, x), own(base, "add", one, own(base, "exp", own(base, "neg", x))))
    return right_kernel(base, "binary_cross_entropy")(p, target, None, reduction=reduction)


def _unscaled(base: Backend, right: Kernel, x: Any, mask: Any, *, scale: float) -> Any:
    return right(x, mask, scale=1.0)


def _every_row(base: Backend, right: Kernel, grad: Any, indices: Any, *, padding_idx: int, **attributes: Any) -> Any:
    return right(grad, indices, padding_idx=-1, **attributes)


fused("loss-summed", "mse_loss sums where it should take the mean.", "loss", "mse_loss",
      lambda base, right, x, y, *, reduction: right(x, y, reduction="sum" if reduction == "mean" else reduction))
fused("loss-gradient-unscaled", "The gradient of mse_loss leaves out the division by the count.", "wrong gradient",
      "mse_loss_backward", lambda base, right, *arrays, reduction: right(
          *arrays, reduction="sum" if reduction == "mean" else reduction),
      "mse_loss/float32/*", "mse_loss_backward/float32/*")
fused("ignored-class-counted", "cross_entropy counts the class that it should ignore.", "loss", "cross_entropy_loss",
      _counted)
fused("class-weights-ignored", "nll_loss ignores the classes' weights.", "loss", "nll_loss", _weightless)
fused("logits-overflow", "binary_cross_entropy_with_logits goes through a sigmoid that becomes one.", "overflow",
      "binary_cross_entropy_with_logits", _logits_overflow, "binary_cross_entropy_with_logits/float32/*",
      "contract/large-logits")
fused("dropout-unscaled", "Dropout keeps what it keeps at its old size.", "ignored argument", "masked_scale", _unscaled)
fused("padding-row-trained", "The gradient of embedding reaches the row that stands for padding.", "wrong gradient",
      "embedding_backward", _every_row, "embedding/float32/*", "embedding_backward/float32/*")
fused("triangle-off-by-one", "tril keeps one diagonal too many.", "off by one", "tril",
      lambda base, right, x, *, diagonal: right(x, diagonal=diagonal + 1))
