"""Losses. `reduction` is "mean", "sum" or "none"; `size_average` and `reduce` are its old spelling."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from .. import functions
from ..dtypes import can_cast, int64
from ..errors import DimError, DTypeError, ShapeError, SizeMismatchError, ValueRangeError
from ..functions import logsigmoid, pairwise_distance
from ..shapes import broadcast_shapes
from ..table.precision import in_single
from ..table.refusals import require_alike, require_dtype
from ..tensors.tensor import Tensor
from ._reduction import check_reduction, loss_of, reduced, reduction_of


def _warn_sizes(input: Tensor, target: Tensor) -> None:
    if target.shape != input.shape:
        warnings.warn(f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). "
                      "This will likely lead to incorrect results due to broadcasting. Please ensure they have the "
                      "same size.", stacklevel=3)


@in_single
def _weighted(errors: Callable[[Tensor, Tensor], Tensor], input: Tensor, target: Tensor, weight: Tensor, reduction: str,
              by_weight: bool = True) -> Tensor:
    if weight.shape != input.shape:
        raise SizeMismatchError("Weights and input must have the same size.")
    weighted = errors(input, target) * weight
    return weighted.sum() / weight.sum() if reduction == "mean" and by_weight else reduced(weighted, reduction)


def mse_loss(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
             reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """(input - target) ** 2; a weighted mean is divided by the sum of the weights."""
    _warn_sizes(input, target)
    reduction = reduction_of(reduction, size_average, reduce)
    if weight is not None:
        return _weighted(lambda a, b: (a - b).square(), input, target, weight, reduction)
    return functions.mse_loss(input, target, reduction=reduction)


def l1_loss(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
            reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """|input - target|; a weighted mean is divided by the sum of the weights."""
    _warn_sizes(input, target)
    reduction = reduction_of(reduction, size_average, reduce)
    if weight is not None:
        return _weighted(lambda a, b: (a - b).abs(), input, target, weight, reduction)
    return functions.l1_loss(input, target, reduction=reduction)


def smooth_l1_loss(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
                   reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """Squared below `beta`, absolute above."""
    _warn_sizes(input, target)
    reduction = reduction_of(reduction, size_average, reduce)
    if beta == 0.0:
        return functions.l1_loss(input, target, reduction=reduction)
    return functions.smooth_l1_loss(input, target, reduction=reduction, beta=beta)


def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0,
               weight: Tensor | None = None) -> Tensor:
    """Squared below `delta`, delta times absolute above."""
    _warn_sizes(input, target)
    require_dtype("huber_loss", "real floating", input)
    if weight is not None:
        return _weighted(lambda a, b: functions.huber_loss(a, b, reduction="none", delta=delta), input, target, weight,
                         reduction, by_weight=False)
    return functions.huber_loss(input, target, reduction=reduction, delta=delta)


def cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
                  ignore_index: int = -100, reduce: bool | None = None, reduction: str = "mean",
                  label_smoothing: float = 0.0) -> Tensor:
    """Minus the log softmax of logits (N, C, *) at the class `target` (N, *), or against probabilities."""
    if size_average is not None or reduce is not None:
        reduction = reduction_of(reduction, size_average, reduce)
    return functions.cross_entropy(input, target, weight, ignore_index=ignore_index, reduction=reduction,
                             label_smoothing=label_smoothing)


def nll_loss(input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
             ignore_index: int = -100, reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """Minus the log probability, `input` (N, C, *), of the class `target` (N, *)."""
    reduction = reduction_of(reduction, size_average, reduce)
    return functions.nll_loss(input, target, weight, ignore_index=ignore_index, reduction=reduction)


def kl_div(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
           reduction: str = "mean", log_target: bool = False) -> Tensor:
    """Divergence of `target` from the log probabilities `input`; "batchmean" divides by the batch size."""
    if size_average is None and reduce is None and reduction == "mean":
        warnings.warn("reduction: 'mean' divides the total loss by both the batch size and the support size. "
                      "'batchmean' divides only by the batch size, and aligns with the KL div math definition.",
                      stacklevel=2)
    reduction = reduction_of(reduction, size_average, reduce)
    return functions.kl_div(input, target, reduction=reduction, log_target=log_target)


def binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None,
                         size_average: bool | None = None, reduce: bool | None = None,
                         reduction: str = "mean") -> Tensor:
    """Binary cross entropy of probabilities. Raises ValueRangeError for different sizes."""
    if target.shape != input.shape:
        raise SizeMismatchError(f"Using a target size ({target.shape}) that is different to the input size "
                                f"({input.shape}) is deprecated. Please ensure they have the same size.")
    reduction = reduction_of(reduction, size_average, reduce)
    if ((target < 0) | (target > 1)).any():
        raise ValueRangeError("all elements of target should be between 0 and 1")
    weight = None if weight is None else weight.to(input.dtype)
    _check_spread(input, weight)
    return functions.binary_cross_entropy(input, target, weight, reduction=reduction)


def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, weight: Tensor | None = None,
                                     size_average: bool | None = None, reduce: bool | None = None,
                                     reduction: str = "mean", pos_weight: Tensor | None = None) -> Tensor:
    """Binary cross entropy of logits. Raises ValueRangeError for different sizes."""
    if target.shape != input.shape:
        raise SizeMismatchError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    require_dtype("binary_cross_entropy_with_logits", "floating", input, target)
    _check_spread(input, weight)
    _check_spread(input, pos_weight)
    reduction = reduction_of(reduction, size_average, reduce)
    return functions.binary_cross_entropy_with_logits(input, target, weight, pos_weight=pos_weight, reduction=reduction)


def _check_spread(input: Tensor, weight: Tensor | None) -> None:
    """Raises ShapeError for a weight that does not broadcast to the input's shape."""
    if weight is not None and broadcast_shapes("weight", tuple(input.shape), tuple(weight.shape)) != tuple(input.shape):
        raise ShapeError(f"output with shape {list(input.shape)} doesn't match the broadcast shape of a weight"
                         f" {list(weight.shape)}")


def poisson_nll_loss(input: Tensor, target: Tensor, log_input: bool = True, full: bool = False,
                     size_average: bool | None = None, eps: float = 1e-8, reduce: bool | None = None,
                     reduction: str = "mean") -> Tensor:
    """Negative log likelihood of a Poisson distribution; `full` adds Stirling's term where target > 1."""
    reduction = reduction_of(reduction, size_average, reduce)

    def errors(input: Tensor, target: Tensor) -> Tensor:
        loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
        if not full:
            return loss
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        return loss + stirling.masked_fill(target <= 1, 0)

    return loss_of(errors, input, target, reduction=reduction)


def gaussian_nll_loss(input: Tensor, target: Tensor, var: Tensor | float, full: bool = False, eps: float = 1e-6,
                      reduction: str = "mean") -> Tensor:
    """Negative log likelihood of a normal distribution. Raises ValueRangeError for a bad variance."""
    variance = var * functions.ones_like(input) if isinstance(var, (int, float)) else var
    require_dtype("gaussian_nll_loss", "real floating", variance)
    if (variance < 0).any():
        raise ValueRangeError("var has negative entry/entries")
    if variance.shape != input.shape:
        variance = _variance_like(variance, input)

    def errors(input: Tensor, target: Tensor, variance: Tensor) -> Tensor:
        # limited for the value only: the gradient goes to the variance as it is
        variance = variance + (variance.detach().clamp(min=eps) - variance.detach())
        loss = 0.5 * (variance.log() + (input - target) ** 2 / variance)
        return loss + 0.5 * math.log(2 * math.pi) if full else loss

    return loss_of(errors, input, target, variance, reduction=reduction)


def _variance_like(variance: Tensor, input: Tensor) -> Tensor:
    if tuple(input.shape[:-1]) == tuple(variance.shape):
        return variance.unsqueeze(-1)
    pairs = list(zip(input.shape, variance.shape, strict=False))
    if input.dim() != variance.dim() or sum(b for a, b in pairs if a != b) != 1:
        raise SizeMismatchError("var is of incorrect size: it has input's, or input's without the last dim, or 1 in"
                                " one dim")
    return variance


def soft_margin_loss(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
                     reduction: str = "mean") -> Tensor:
    """log(1 + exp(-target * input)) for targets 1 and -1."""
    require_dtype("soft_margin_loss", "floating", input)
    if not can_cast(target.dtype, input.dtype):
        raise DTypeError(f"result type {target.dtype!r} can't be cast to the input's {input.dtype!r}")
    return loss_of(lambda x, y: (-x * y).exp().log1p(), input, target,
                   reduction=reduction_of(reduction, size_average, reduce))


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, size_average: bool | None = None,
                         reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """`input` where the target is 1, max(0, margin - input) where it is -1."""
    def errors(input: Tensor, target: Tensor) -> Tensor:
        near = functions.where(target != -1, input, 0.0)
        return (near + functions.where(target != 1, (margin - input).clamp(min=0), 0.0)).to(input.dtype)

    return loss_of(errors, input, target, reduction=reduction_of(reduction, size_average, reduce))


def margin_ranking_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0,
                        size_average: bool | None = None, reduce: bool | None = None,
                        reduction: str = "mean") -> Tensor:
    """max(0, -target * (input1 - input2) + margin)."""
    if not input1.dim() == input2.dim() == target.dim():
        raise ShapeError(f"All input tensors should have same dimension but got sizes: input1: {input1.shape}, "
                         f"input2: {input2.shape}, target: {target.shape}", op="margin_ranking_loss")
    return loss_of(lambda a, b, y: (-y * (a - b) + float(margin)).clamp(min=0), input1, input2, target,
                   reduction=reduction_of(reduction, size_average, reduce))


def cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0,
                          size_average: bool | None = None, reduce: bool | None = None,
                          reduction: str = "mean") -> Tensor:
    """1 - cosine where the target is 1, max(0, cosine - margin) where it is -1."""
    if target.dim() + 1 != input1.dim() or input1.dim() != input2.dim():
        raise ShapeError(f"{input1.dim() - 1}D target tensor expects inputs of one more dimension, but got inputs "
                         f"with sizes {input1.shape}, {input2.shape} and target {target.shape}",
                         op="cosine_embedding_loss")

    def errors(input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        dim, epsilon = target.dim(), 1e-12
        norms = ((input1 * input1).sum(dim) + epsilon) * ((input2 * input2).sum(dim) + epsilon)
        cosine = (input1 * input2).sum(dim) / norms.sqrt()
        apart = functions.where(target == -1, (cosine - margin).clamp(min=0), 0.0)
        return functions.where(target == 1, 1 - cosine, 0.0) + apart

    return loss_of(errors, input1, input2, target, reduction=reduction_of(reduction, size_average, reduce))


def multi_margin_loss(input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0, weight: Tensor | None = None,
                      size_average: bool | None = None, reduce: bool | None = None,
                      reduction: str = "mean") -> Tensor:
    """sum over the other classes of max(0, margin - input[target] + input) ** p, divided by the classes."""
    if p not in (1, 2):
        raise ValueRangeError("only p == 1 and p == 2 supported", p=p)
    if weight is not None and weight.dim() != 1:
        raise SizeMismatchError("weight must be one-dimensional, one number a class")
    mode = check_reduction(reduction_of(reduction, size_average, reduce))
    rows = input.reshape(-1, input.shape[-1] if input.dim() else 1)
    if input.dim() > 2 or not rows.shape[1]:
        raise ShapeError("Expected non-empty vector or matrix with optional 0-dim batch size, but got:"
                         f" {list(input.shape)}", op="multi_margin_loss")
    if target.numel() != rows.shape[0]:
        raise ShapeError("multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples"
                         f" [{rows.shape[0]}], but got {list(target.shape)}", op="multi_margin_loss")
    require_alike("multi_margin_loss", input, weight)
    require_dtype("multi_margin_loss", "real floating", input)
    if weight is not None and weight.numel() != rows.shape[1]:
        raise ShapeError(f"inconsistent weight size, expected {rows.shape[1]} but got {list(weight.shape)}",
                         op="multi_margin_loss")
    return loss_of(lambda x, y, w: _margins(x, y, w, p, margin), rows, target, weight, reduction=mode)


def _margins(rows: Tensor, target: Tensor, weight: Tensor | None, p: int, margin: float) -> Tensor:
    index = target.reshape(-1, 1)
    hinge = (margin - rows.gather(-1, index) + rows).clamp(min=0) ** p
    if weight is not None:
        hinge = hinge * weight[index]
    classes = functions.arange(rows.shape[1], device=rows.device)
    loss = hinge.masked_fill(classes == index, 0).sum(-1) / rows.shape[1]
    return loss if target.dim() else loss.squeeze(0)


def multilabel_soft_margin_loss(input: Tensor, target: Tensor, weight: Tensor | None = None,
                                size_average: bool | None = None, reduce: bool | None = None,
                                reduction: str = "mean") -> Tensor:
    """Binary cross entropy of logits, averaged over the classes (the last dim)."""
    if not input.dim():
        raise DimError("expected an input whose last dim are the classes, got a 0-d tensor")

    def errors(input: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
        return (loss if weight is None else loss * weight).sum(-1) / input.shape[-1]

    return loss_of(errors, input, target, weight, reduction=reduction_of(reduction, size_average, reduce))


def triplet_margin_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2,
                        eps: float = 1e-6, swap: bool = False, size_average: bool | None = None,
                        reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """max(0, d(anchor, positive) - d(anchor, negative) + margin). Raises ValueRangeError for margin <= 0."""
    def distance(a: Tensor, b: Tensor) -> Tensor:
        return pairwise_distance(a, b, p, eps)

    return in_single(_triplets)(anchor, positive, negative, distance, margin, swap,
                                reduction_of(reduction, size_average, reduce))


def triplet_margin_with_distance_loss(anchor: Tensor, positive: Tensor, negative: Tensor, *,
                                      distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
                                      margin: float = 1.0, swap: bool = False, reduction: str = "mean") -> Tensor:
    """triplet_margin_loss with a distance function of one's own. Raises ValueRangeError for margin <= 0."""
    if distance_function is None:
        return in_single(_triplets)(anchor, positive, negative, pairwise_distance, margin, swap, reduction)
    return _triplets(anchor, positive, negative, distance_function, margin, swap, reduction)


def _triplets(anchor: Tensor, positive: Tensor, negative: Tensor, distance: Callable[[Tensor, Tensor], Tensor],
              margin: float, swap: bool, reduction: str) -> Tensor:
    if margin <= 0:
        raise ValueRangeError(f"margin must be greater than 0, got {margin}", margin=margin)
    if not anchor.dim() == positive.dim() == negative.dim():
        raise ShapeError("The anchor, positive, and negative tensors are expected to have the same number of "
                         f"dimensions, but got: anchor {anchor.dim()}D, positive {positive.dim()}D, and negative "
                         f"{negative.dim()}D inputs")
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = functions.minimum(far, distance(positive, negative))
    return reduced((margin + near - far).clamp(min=0), reduction)


def multilabel_margin_loss(input: Tensor, target: Tensor, size_average: bool | None = None,
                           reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """How far the classes of `target`, up to the first -1, fail to beat the others by 1, divided by the classes.

    `input` (N, C) or (C), `target` the same shape, int64. Raises ShapeError or DTypeError.
    """
    mode = check_reduction(reduction_of(reduction, size_average, reduce))
    require_dtype("multilabel_margin_loss", "real floating", input)
    if input.dim() > 2 or (input.dim() and not input.shape[-1]):
        raise ShapeError("Expected non-empty vector or matrix with optional 0-dim batch size, but got: "
                         f"{list(input.shape)}", op="multilabel_margin_loss")
    if target.shape != input.shape and target.numel() != input.numel():
        raise ShapeError(f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}",
                         op="multilabel_margin_loss")
    if target.dtype is not int64:
        raise DTypeError(f"expected target of dtype int64, but found {target.dtype!r}", op="multilabel_margin_loss")
    return loss_of(_label_margins, input, target, reduction=mode)


def _label_margins(input: Tensor, target: Tensor) -> Tensor:
    rows = input.reshape(-1, input.shape[-1] if input.dim() else 1)
    target = target.reshape(rows.shape)
    named = (target >= 0).cumprod(1) > 0
    places = target.clamp(min=0).masked_fill(~named, 0)
    counts = functions.zeros_like(places).scatter_add(1, places, named.to(int64))
    picked = rows.gather(1, places)
    hinge = (1 - picked.unsqueeze(2) + rows.unsqueeze(1)).clamp(min=0)  # (N, named, others)
    counted = named.unsqueeze(2) & (counts == 0).unsqueeze(1)
    loss = hinge.masked_fill(~counted, 0).sum((1, 2)) / rows.shape[1]
    return loss if input.dim() > 1 else loss.squeeze(0)


def linear_cross_entropy(input: Tensor, linear_weight: Tensor, target: Tensor, *, linear_bias: Tensor | None = None,
                         weight: Tensor | None = None, reduction: str = "mean", ignore_index: int | None = None,
                         label_smoothing: float = 0.0, options: Any = None) -> Tensor:
    """cross_entropy of `linear(input, linear_weight, linear_bias)`: input (N, E) or (E), linear_weight (C, *, E).

    `options`, which say how PyTorch splits the work, change no result here. Raises ShapeError for sizes that do not
    fit, ValueRangeError for an `ignore_index` beside probabilities.
    """
    classes, extra = tuple(linear_weight.shape[:-1]), linear_weight.dim() - 2
    if input.dim() not in (1, 2) or extra < 0 or input.shape[-1] != linear_weight.shape[-1]:
        raise ShapeError("expected equal input and linear_weight last dimensions (in_features), got "
                         f"{list(input.shape)} and {list(linear_weight.shape)}", op="linear_cross_entropy")
    if linear_bias is not None and tuple(linear_bias.shape) != classes:
        raise ShapeError(f"expected linear_bias shape {classes}, got {tuple(linear_bias.shape)}",
                         op="linear_cross_entropy")
    if extra and input.dim() == 1:
        raise ShapeError(f"K-dimensional loss defined by linear_weight shape {tuple(linear_weight.shape)} requires "
                         f"batched input, got unbatched input with shape {tuple(input.shape)}",
                         op="linear_cross_entropy")
    shape = (*input.shape[:-1], *classes)
    if tuple(target.shape) == shape and ignore_index is not None:
        raise ValueRangeError("ignore_index cannot be specified when target contains probabilities",
                              op="linear_cross_entropy", ignore_index=ignore_index)
    ignored = -100 if ignore_index is None else ignore_index

    @in_single
    def loss(input: Tensor, table: Tensor, bias: Tensor | None, target: Tensor, weight: Tensor | None) -> Tensor:
        logits = functions.linear(input, table.reshape(-1, input.shape[-1]), None if bias is None else bias.reshape(-1))
        return cross_entropy(logits.reshape(shape), target, weight, reduction=reduction, ignore_index=ignored,
                             label_smoothing=label_smoothing)

    return loss(input, linear_weight, linear_bias, target, weight)
