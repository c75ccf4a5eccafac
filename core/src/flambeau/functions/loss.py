"""PyTorch's losses: targets and weights checked, and those that are a line of others."""

from __future__ import annotations

from .. import dtypes
from ..errors import DTypeError, ShapeError, SizeMismatchError, ValueRangeError
from ..modes import no_grad
from ..ops.arithmetic import abs as abs_op
from ..ops.arithmetic import neg
from ..ops.create import cast
from ..ops.loss import (
    _per_class,
    _reduced,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy_op,
    huber_loss,
    mse_loss,
    nll_loss_op,
    smooth_l1_loss,
)
from ..ops.math import exp
from ..ops.movement import copy, reshape, unsqueeze
from ..ops.norm import log_softmax_op
from ..ops.reduce import sum as total
from ..shapes import broadcast_shapes
from ..table.dispatch import result_dtype
from ..table.precision import in_single
from ..tensors.tensor import Tensor


@in_single
def l1_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """|input - target|."""
    return _reduced(abs_op(input - target), reduction)


def nll_loss(input: Tensor, target: Tensor, weight: Tensor | None = None, ignore_index: int = -100,
             reduction: str = "mean") -> Tensor:
    """Minus the log probability, `input` (N, C, *) or (C), of the class `target` (N, *) or ().

    `weight` (C) weighs the classes; targets equal to `ignore_index` do not count. Raises ShapeError or IndexRangeError.
    """
    _check_target("nll_loss", input, target, weight)
    if input.ndim > 1:
        return nll_loss_op(input, target, weight, ignore_index, reduction)
    made = nll_loss_op(unsqueeze(input, 0), reshape(target, (1,)), weight, ignore_index, reduction)
    return reshape(made, ()) if reduction == "none" else made


def _check_target(op: str, input: Tensor, target: Tensor, weight: Tensor | None) -> None:
    shape, want = tuple(input._array.shape), tuple(target._array.shape)
    if not shape:
        raise ShapeError("input must have at least one dimension, the classes", op=op)
    if len(shape) > 1 and shape[0] != (want[0] if want else None):
        raise SizeMismatchError(f"Expected input batch_size ({shape[0]}) to match target batch_size"
                                f" ({want[0] if want else 'none'}).", op=op)
    if (len(shape) == 1 and want not in ((), (1,))) or (len(shape) > 1 and want != (shape[0], *shape[2:])):
        raise ShapeError(f"Expected target size {list(shape[:1] + shape[2:])}, got {list(want)}", op=op)
    if target.dtype not in (dtypes.int64, dtypes.uint8):
        raise DTypeError(f"expected target of dtype int64, class indices, but found {target.dtype!r}", op=op)
    _check_weight(op, weight, shape[1 if len(shape) > 1 else 0])


def _check_weight(op: str, weight: Tensor | None, classes: int) -> None:
    if weight is not None and tuple(weight._array.shape) != (classes,):
        raise ShapeError(f"weight tensor should be defined either for all {classes} classes or no classes but got"
                         f" weight tensor of shape: {list(weight.shape)}", op=op)


def cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None, ignore_index: int = -100,
                  reduction: str = "mean", label_smoothing: float = 0.0) -> Tensor:
    """Minus the log softmax of logits (N, C, *) or (C), at classes (N, *) or (), or weighed by probabilities (N, C, *).

    Raises ShapeError, IndexRangeError or ValueRangeError.

    >>> import flambeau
    >>> flambeau.cross_entropy(flambeau.zeros(1, 4), flambeau.tensor([2]))
    tensor(1.3863)
    """
    if not 0.0 <= label_smoothing <= 1.0:
        raise ValueRangeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}",
                              op="cross_entropy")
    if tuple(input._array.shape) == tuple(target._array.shape) and input.ndim:
        if ignore_index >= 0:
            raise DTypeError("ignore_index is not supported for floating point target", op="cross_entropy",
                             ignore_index=ignore_index)
        return _soft_cross_entropy(input, target, weight, reduction, label_smoothing)
    _check_target("cross_entropy", input, target, weight)
    target = target if target.dtype is dtypes.int64 else cast(target, dtypes.int64)
    if input.ndim > 1:
        return cross_entropy_op(input, target, weight, ignore_index, reduction,
                                float(label_smoothing))
    made = cross_entropy_op(unsqueeze(input, 0), reshape(target, (1,)), weight, ignore_index, reduction,
                            float(label_smoothing))
    return reshape(made, ()) if reduction == "none" else made


@in_single
def _soft_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None, reduction: str,
                        smoothing: float) -> Tensor:
    if target.dtype.category != 2:
        raise DTypeError(f"Expected floating point type for target with class probabilities, got {target.dtype!r}",
                         op="cross_entropy")
    dim = 1 if input.ndim > 1 else 0
    classes = input._array.shape[dim]
    _check_weight("cross_entropy", weight, classes)
    if smoothing:
        target = target * (1 - smoothing) + smoothing / classes
    parts = log_softmax_op(input, dim) * target
    if weight is not None:
        parts = parts * (weight if input.ndim == 1 else _per_class(weight, input))
    if reduction == "mean":
        return neg(total(parts)) / (input.numel() // classes if classes else 0)
    return _reduced(neg(total(parts, dim)), reduction)


@in_single
def kl_div(input: Tensor, target: Tensor, reduction: str = "mean", *, log_target: bool = False) -> Tensor:
    """target * (log(target) - input) for log probabilities `input`; "batchmean" divides the sum by the first size."""
    for x in (input, target):
        if x._kind.dtype.category != 2:
            kind = "Complex" if x.is_complex() else "Integral"
            raise DTypeError(f"{kind} inputs not supported, got {x.dtype!r}", op="kl_div", dtype=x.dtype)
    if log_target:
        errors = exp(target) * (target - input)
    else:
        from ..ops.special import xlogy

        errors = xlogy(target, target) - target * input
    if reduction == "batchmean":
        return total(errors) / (input._array.shape[0] if input.ndim else 1)
    return _reduced(errors, reduction)


@in_single
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along `dim`; norms are limited to at least `eps`."""
    broadcast_shapes("cosine_similarity", tuple(x1._array.shape), tuple(x2._array.shape))
    dtype = result_dtype([x1, x2])
    if dtype.category != 2:
        raise DTypeError(f"expected common dtype to be floating point, yet common dtype is {dtype!r}",
                         op="cosine_similarity", dtype=dtype)
    x1, x2 = x1.to(dtype), x2.to(dtype)
    first, second = (x / _limited_norm(x, dim, eps) for x in (x1, x2))
    return total(first * second, dim)


def _limited_norm(input: Tensor, dim: int, eps: float) -> Tensor:
    """The norm along `dim`, raised to `eps` behind the back of the gradient, as in PyTorch."""
    norm = copy(input.norm(2, dim, keepdim=True))
    with no_grad():
        norm.clamp_min_(eps)
    return norm


@in_single
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The p-norm along the last dim of x1 - x2 + eps."""
    return (x1 - x2 + eps).norm(p, -1, keepdim)

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cosine_similarity", "cross_entropy",
    "huber_loss", "kl_div", "l1_loss", "mse_loss", "nll_loss", "pairwise_distance", "smooth_l1_loss",
]
