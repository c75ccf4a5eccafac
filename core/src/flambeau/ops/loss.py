"""Losses: an error per element or per row, then `reduction`: "mean", "sum" or "none" of them.

Each is one node on the tape, its gradient a composite of its own (`..._backward`). Logarithms and exponentials are
arranged so that none overflows. Bounded by memory traffic, the cross entropies by exp and log.
"""

from __future__ import annotations

from typing import Any

from ..errors import IndexRangeError, ValueRangeError
from ..shapes import broadcast_shapes, numel
from ..table.dispatch import composite
from ..table.lifting import lift
from ..table.samples import Bad, Sample, arr
from ..tensors.tensor import Tensor, unmapped
from .activation import logsigmoid
from .arithmetic import abs as abs_op
from .arithmetic import maximum, neg, sign
from .compare import eq, le, lt, where_op
from .create import zeros_of
from .index import gather, scatter_op, take_along
from .math import exp, log, log1p
from .movement import reshape, unsqueeze
from .norm import log_softmax_backward, log_softmax_op
from .reduce import mean_op
from .reduce import sum as total
from .special import sigmoid

_FLOATING = "real floating"
_PAIRS = (lambda: [Sample(arr(3), arr(3)), Sample(arr(2, 3), arr(2, 3), "sum"), Sample(arr(2, 3), arr(2, 3), "none"),
                   Sample(arr(2, 3), arr(3)), Sample(arr(), arr()), Sample(arr(0), arr(0), "sum"),
                   Bad(arr(2), arr(3), raises="ShapeError", match="broadcast"),
                   Bad(arr(2), arr(2), "all", raises="ValueRangeError", match="all is not a valid value")])


def _reduced(errors: Tensor, reduction: str) -> Tensor:
    if reduction == "mean":
        return mean_op(errors)
    if reduction == "sum":
        return total(errors)
    if reduction == "none":
        return errors
    raise ValueRangeError(f"{reduction} is not a valid value for reduction", op="reduction")


def _share(grad: Tensor, input: Tensor, target: Tensor, reduction: str) -> Tensor:
    """The part of the gradient that each element's error gets."""
    if reduction != "mean":
        return grad
    count = numel(broadcast_shapes("loss", tuple(input._array.shape), tuple(target._array.shape)))
    return grad / count if count else grad


@composite(compute="float32", saves="input target", dtypes=_FLOATING, broadcast=True, samples=_PAIRS)
def mse_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """(input - target) ** 2.

    >>> import flambeau
    >>> flambeau.mse_loss(flambeau.zeros(2), flambeau.tensor([1.0, 3.0]))
    tensor(5.)
    """
    d = input - target
    return _reduced(d * d, reduction)


@mse_loss.grad("input")
def _(g, input, target, *, reduction):
    return mse_loss_backward(g, input, target, reduction)


@mse_loss.grad("target")
def _(g, input, target, *, reduction):
    return mse_loss_backward(g, target, input, reduction)


@composite(compute="float32",
           dtypes="number", fusable=True, out=False, broadcast=True, samples=lambda: [Sample(arr(), arr(3), arr(3)),
                                                          Sample(arr(3), arr(3), arr(3), "none")])
def mse_loss_backward(grad: Tensor, input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """2 * (input - target) * grad, divided by the count for the mean."""
    return (input - target) * (_share(grad, input, target, reduction) * 2)


@composite(compute="float32", saves="input target", dtypes=_FLOATING, broadcast=True, samples=_PAIRS)
def smooth_l1_loss(input: Tensor, target: Tensor, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """0.5 * d ** 2 / beta where the distance d is below `beta`, d - 0.5 * beta above."""
    if beta < 0:
        raise ValueRangeError("smooth_l1_loss does not support negative values for beta.", op="smooth_l1_loss")
    if not beta:
        return _reduced(abs_op(input - target), reduction)
    d = abs_op(input - target)
    return _reduced(where_op(lt(d, lift(d, beta)), d * d * (0.5 / beta), d - 0.5 * beta), reduction)


@smooth_l1_loss.grad("input")
def _(g, input, target, *, reduction, beta):
    return _share(g, input, target, reduction) * _bent(input - target, beta)


@smooth_l1_loss.grad("target")
def _(g, input, target, *, reduction, beta):
    return _share(g, input, target, reduction) * _bent(target - input, beta)


def _bent(d: Tensor, beta: float) -> Tensor:
    """d / beta between -beta and beta, the sign of d beyond."""
    if not beta:
        return sign(d)
    return where_op(le(lift(d, beta), abs_op(d)), sign(d), d / beta)  # NaN is within


@composite(compute="float32", saves="input target", dtypes=_FLOATING, broadcast=True, samples=_PAIRS)
def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """0.5 * d ** 2 where the distance d is at most `delta`, delta * (d - 0.5 * delta) above."""
    if delta <= 0:
        raise ValueRangeError("huber_loss does not support non-positive values for delta.", op="huber_loss")
    d = abs_op(input - target)
    return _reduced(where_op(le(d, lift(d, delta)), d * d * 0.5, (d - 0.5 * delta) * delta), reduction)


@huber_loss.grad("input")
def _(g, input, target, *, reduction, delta):
    return _share(g, input, target, reduction) * (_bent(input - target, delta) * delta)


@huber_loss.grad("target")
def _(g, input, target, *, reduction, delta):
    return _share(g, input, target, reduction) * (_bent(target - input, delta) * delta)


_LOGITS = (lambda: [
    Sample(arr(4, 3), arr(4, dtype="int64", low=0, high=2), None),
    Sample(arr(4, 3), arr(4, dtype="int64", low=0, high=2), arr(3, low=0.5, high=2, requires_grad=False), 1, "sum"),
    Sample(arr(2, 3, 4), arr(2, 4, dtype="int64", low=0, high=2), None, -100, "none"),
    Sample(arr(3, 2), arr(3, dtype="int64", fill=[0, -100, 1]), None),
    Bad(arr(2, 3), arr(2, dtype="int64", fill=[0, 3]), None, raises="IndexRangeError", match="Target 3 is out of")])


@composite(compute="float32",
           name="nll_loss", alike="all", saves="target weight input_shape", kinds="T int64 T", nondiff="weight",
           dtypes=_FLOATING,
           out=False, samples=_LOGITS)
def nll_loss_op(input: Tensor, target: Tensor, weight: Tensor | None = None, ignore_index: int = -100,
                reduction: str = "mean") -> Tensor:
    """Minus the log probability, `input` (N, C, *), of the class `target` (N, *)."""
    classes, shares = _class_shares(input, target, weight, ignore_index)
    picked = reshape(gather(input, 1, unsqueeze(classes, 1)), tuple(target._array.shape))
    return _class_reduced(neg(_kept(picked * shares, target, ignore_index)), shares, reduction)


def _class_shares(input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int) -> tuple[Tensor, Tensor]:
    """The classes with the ignored ones replaced by 0, and their weights, 0 for those."""
    ignored = eq(target, ignore_index)
    classes = where_op(ignored, lift(target, 0), target)
    _check_classes(classes, input._array.shape[1])
    one = lift(input, 1) if weight is None else take_along(weight, 0, classes)
    return classes, where_op(ignored, lift(input, 0), one)


def _kept(x: Tensor, target: Tensor, ignore_index: int) -> Tensor:
    """0 at ignored targets, whatever stood there."""
    return where_op(eq(target, ignore_index), lift(x, 0), x)


def _class_parts(grad: Tensor, target: Tensor, shares: Tensor, ignore_index: int, reduction: str) -> Tensor:
    """The gradient that each row gets, before its class's weight; 0 where it is ignored, also if all are."""
    return _kept(grad / total(shares) if reduction == "mean" else grad, target, ignore_index)


def _check_classes(classes: Tensor, count: int) -> None:
    if not numel(classes._array.shape):
        return
    classes = unmapped(classes)
    least, most = int(classes.min().item()), int(classes.max().item())
    if least < 0 or most >= count:
        raise IndexRangeError(f"Target {least if least < 0 else most} is out of bounds for"
                              f" {count} classes.", op="nll_loss")


def _class_reduced(errors: Tensor, shares: Tensor, reduction: str) -> Tensor:
    """As `_reduced`; the mean is weighted."""
    return total(errors) / total(shares) if reduction == "mean" else _reduced(errors, reduction)


@nll_loss_op.grad("input")
def _(g, target, weight, input_shape, *, ignore_index, reduction):
    return nll_loss_backward(g, target, weight, input_shape, ignore_index, reduction)


@composite(compute="float32", fusable=True, out=False, kinds="T int64 T", samples=lambda: [
    Sample(arr(), arr(4, dtype="int64", low=0, high=2), None, (4, 3), -100, "mean")])
def nll_loss_backward(grad: Tensor, target: Tensor, weight: Tensor | None, size: Any, ignore_index: int,
                      reduction: str) -> Tensor:
    """The gradient of `nll_loss`: of `size`, nonzero at the classes."""
    zeros = zeros_of(grad, size)
    classes, shares = _class_shares(zeros, target, weight, ignore_index)
    part = neg(_class_parts(grad, target, shares, ignore_index, reduction) * shares)
    return scatter_op(zeros, 1, unsqueeze(classes, 1), unsqueeze(part, 1))


@composite(compute="float32",
           alike="all", name="cross_entropy_loss", saves="input target weight log_probs", outputs="out log_probs",
           auxiliary="log_probs", kinds="T int64 T", nondiff="weight", dtypes=_FLOATING, out=False,
           grad_name="NllLossBackward0", samples=_LOGITS)
def cross_entropy_op(input: Tensor, target: Tensor, weight: Tensor | None = None, ignore_index: int = -100,
                     reduction: str = "mean", label_smoothing: float = 0.0) -> Tensor:
    """Minus the log softmax, over the classes, of logits (N, C, *) at `target` (N, *); also the log softmax."""
    log_probs = log_softmax_op(input, 1)
    classes, shares = _class_shares(input, target, weight, ignore_index)
    picked = reshape(gather(log_probs, 1, unsqueeze(classes, 1)), tuple(target._array.shape))
    errors = neg(_kept(picked * shares, target, ignore_index))
    if label_smoothing:
        spread = total(log_probs if weight is None else log_probs * _per_class(weight, log_probs), 1)
        smooth = neg(_kept(spread, target, ignore_index))
        errors = errors * (1 - label_smoothing) + smooth * (label_smoothing / input._array.shape[1])
    return _class_reduced(errors, shares, reduction), log_probs  # type: ignore[return-value]


def _per_class(weight: Tensor, like: Tensor) -> Tensor:
    return reshape(weight, (1, -1, *[1] * (len(like._array.shape) - 2)))


@cross_entropy_op.grad("input")
def _(g, input, target, weight, log_probs, *, ignore_index, reduction, label_smoothing):
    if log_probs is None:
        log_probs = log_softmax_op(input, 1)
    return cross_entropy_backward(g, log_probs, target, weight, ignore_index, reduction, label_smoothing)


@composite(compute="float32", fusable=True, out=False, kinds="T T int64 T", samples=lambda: [
    Sample(arr(), arr(4, 3, high=0), arr(4, dtype="int64", low=0, high=2), None, -100, "mean", 0.0),
    Sample(arr(4), arr(4, 3, high=0), arr(4, dtype="int64", low=0, high=2), arr(3), 1, "none", 0.1)])
def cross_entropy_backward(grad: Tensor, log_probs: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int,
                           reduction: str, label_smoothing: float) -> Tensor:
    """The gradient of `cross_entropy_loss` with respect to the logits."""
    zeros = zeros_of(grad, log_probs._array.shape)
    classes, shares = _class_shares(zeros, target, weight, ignore_index)
    part = _class_parts(grad, target, shares, ignore_index, reduction)
    picked = part * shares * (label_smoothing - 1)
    made = scatter_op(zeros, 1, unsqueeze(classes, 1), unsqueeze(picked, 1))
    if label_smoothing:
        spread = unsqueeze(part * (label_smoothing / log_probs._array.shape[1]), 1)
        made = made - spread * (1 if weight is None else _per_class(weight, log_probs))
    return log_softmax_backward(made, log_probs, 1)


_BINARY = (lambda: [
    Sample(arr(3, low=0.1, high=0.9), arr(3, low=0, high=1)),
    Sample(arr(2, 3, low=0.1, high=0.9), arr(2, 3, low=0, high=1), arr(3, low=0.5, high=2, requires_grad=False), "sum"),
    Sample(arr(low=0.1, high=0.9), arr(low=0, high=1), None, "none"),
    Bad(arr(1, fill=[1.5]), arr(1), raises="ValueRangeError", match="should be between 0 and 1")])


@composite(compute="float32",
           alike="all", saves="input target weight", dtypes=_FLOATING, nondiff="weight", broadcast=True, out=False,
           samples=_BINARY)
def binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None,
                         reduction: str = "mean") -> Tensor:
    """-(t * log(x) + (1 - t) * log(1 - x)) for probabilities x; logarithms are limited to at least -100."""
    outside = lt(input, lift(input, 0)) | lt(lift(input, 1), input)
    if bool(unmapped(outside).any()):
        raise ValueRangeError("all elements of input should be between 0 and 1", op="binary_cross_entropy")
    least = lift(input, -100)
    errors = (target - 1) * maximum(log1p(neg(input)), least) - target * maximum(log(input), least)
    return _reduced(errors if weight is None else errors * weight, reduction)


def _weighted_share(g: Tensor, input: Tensor, target: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    g = _share(g, input, target, reduction)
    return g if weight is None else g * weight


@binary_cross_entropy.grad("input")
def _(g, input, target, weight, *, reduction):
    spread = maximum((1 - input) * input, lift(input, 1e-12))
    return _weighted_share(g, input, target, weight, reduction) * ((input - target) / spread)


@binary_cross_entropy.grad("target")
def _(g, input, target, weight, *, reduction):
    slope = log1p(neg(input)) - log(input)  # not limited, as in PyTorch
    return _weighted_share(g, input, target, weight, reduction) * slope


@composite(compute="float32",
           saves="input target weight pos_weight", dtypes=_FLOATING, nondiff="weight pos_weight", broadcast=True,
           out=False, samples=lambda: [
               Sample(arr(3), arr(3, low=0, high=1)), Sample(arr(2, 3), arr(2, 3, low=0, high=1), None, None, "sum"),
               Sample(arr(2, 3), arr(2, 3, low=0, high=1), arr(3, low=0.5, high=2, requires_grad=False),
                      arr(3, low=0.5, high=2, requires_grad=False), "none"),
               Sample(arr(2, fill=[-1e4, 1e4]), arr(2, fill=[0, 1]), gradcheck=False)])
def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, weight: Tensor | None = None,
                                     pos_weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    """Binary cross entropy of sigmoid(x), without overflow; `pos_weight` weighs the positive answers."""
    tail = log1p(exp(neg(abs_op(input)))) + maximum(neg(input), lift(input, 0))
    tail = tail if pos_weight is None else tail * ((pos_weight - 1) * target + 1)
    errors = (1 - target) * input + tail
    return _reduced(errors if weight is None else errors * weight, reduction)


@binary_cross_entropy_with_logits.grad("input")
def _(g, input, target, weight, pos_weight, *, reduction):
    g = _weighted_share(g, input, target, weight, reduction)
    if pos_weight is None:
        return binary_logits_backward(g, input, target)
    weighed = pos_weight * target
    return g * ((weighed + 1 - target) * sigmoid(input) - weighed)


@composite(compute="float32", fusable=True, dtypes="floating", out=False, broadcast=True,
           samples=lambda: [Sample(arr(), arr(3), arr(3, low=0, high=1))])
def binary_logits_backward(grad: Tensor, input: Tensor, target: Tensor) -> Tensor:
    """grad * (sigmoid(input) - target)."""
    return grad * (sigmoid(input) - target)


@binary_cross_entropy_with_logits.grad("target")
def _(g, input, target, weight, pos_weight, *, reduction):
    g = _weighted_share(g, input, target, weight, reduction)
    if pos_weight is None:
        return g * neg(input)
    return g * (logsigmoid(neg(input)) - pos_weight * logsigmoid(input))
