"""Losses and their gradients. Bound by a few passes over the input, and for small ones by calls.

The class losses check the targets with one reduction: read as unsigned, both a negative class and one
too large are huge. Only if that finds something are ignored targets looked for.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flambeau.errors import IndexRangeError, ValueRangeError

from ..dtypes import FLAMBEAU
from ..registry import register_floating
from .activation import sigmoid
from .norm import log_softmax, log_softmax_backward
from .reduce import sum_kernel

Array = np.ndarray[Any, Any]

_UINT64 = np.dtype(np.uint64)


def _total(x: Array) -> Any:
    dtype = FLAMBEAU[x.dtype]
    return sum_kernel(dtype)(x, dim=tuple(range(x.ndim)), keepdim=False, dtype=dtype)


def _reduced(errors: Array, reduction: str) -> Any:
    """The errors, which this may overwrite, their sum or their mean."""
    if reduction == "none":
        return errors
    if reduction == "sum":
        return _total(errors)
    if reduction == "mean":
        return np.divide(_total(errors), errors.dtype.type(errors.size))
    raise ValueRangeError(f"{reduction} is not a valid value for reduction", op="reduction")


def _share(grad: Array, count: int, reduction: str) -> Array:
    return np.divide(grad, grad.dtype.type(count)) if reduction == "mean" and count else grad


# --- distances


def mse_loss(input: Array, target: Array, *, reduction: str) -> Array:
    d = np.asarray(np.subtract(input, target))
    if not d.ndim:
        return np.multiply(d, d)
    np.multiply(d, d, out=d)
    return _reduced(d, reduction)


def mse_loss_backward(grad: Array, input: Array, target: Array, *, reduction: str) -> Array:
    d = np.asarray(np.subtract(input, target))
    return np.multiply(d, _share(grad, d.size, reduction) * 2)


# --- classes


def _classes(target: Array, count: int, ignore_index: int) -> tuple[Array, Array | None]:
    """The targets, the ignored ones as 0, and where those are; None if there are none."""
    huge = target.view(_UINT64)
    if not 0 <= ignore_index < count and (not target.size or huge.max() < count):
        return target, None
    ignored = target == ignore_index
    classes = np.where(ignored, 0, target)
    if classes.size and (classes.min() < 0 or classes.max() >= count):
        wrong = classes.min() if classes.min() < 0 else classes.max()
        raise IndexRangeError(f"Target {wrong} is out of bounds for {count} classes.", op="nll_loss")
    return classes, ignored


def _places(classes: Array, shape: tuple[int, ...]) -> Any:
    """Flat C-order positions in an array of `shape` (N, C, *) of the given classes (N, *)."""
    inner = math.prod(shape[2:])
    if inner == 1:
        return np.arange(0, shape[0] * shape[1], shape[1] or 1)[:shape[0]] + classes.reshape(-1)
    rows = np.arange(shape[0])[:, None] * (shape[1] * inner) + np.arange(inner)
    return (rows + classes.reshape(shape[0], inner) * inner).reshape(-1)


def _shares(classes: Array, ignored: Array | None, weight: Array | None, dtype: Any) -> Array | None:
    """The weight of every target, 0 for ignored ones; None if all are 1."""
    if weight is None:
        return None if ignored is None else np.logical_not(ignored).astype(dtype)
    shares = weight.take(classes)
    if ignored is not None:
        shares[ignored] = 0
    return shares


def _class_reduced(errors: Array, shares: Array | None, reduction: str) -> Any:
    if reduction == "mean" and shares is not None:
        return np.divide(_total(errors), _total(shares))
    return _reduced(errors, reduction)


def _picked(log_probs: Array, target: Array, classes: Array, ignored: Array | None, shares: Array | None) -> Array:
    flat = np.ascontiguousarray(log_probs).reshape(-1).take(_places(classes, log_probs.shape))
    np.negative(flat, out=flat)
    errors = flat.reshape(target.shape)
    if shares is not None:
        errors *= shares
    return _kept(errors, ignored)


def _kept(x: Array, ignored: Array | None) -> Array:
    """0 at ignored targets, whatever stood there; written into `x`."""
    if ignored is not None:
        x[ignored] = 0
    return x


def nll_loss(input: Array, target: Array, weight: Array | None, *, ignore_index: int, reduction: str) -> Array:
    classes, ignored = _classes(target, input.shape[1], ignore_index)
    shares = _shares(classes, ignored, weight, input.dtype)
    return _class_reduced(_picked(input, target, classes, ignored, shares), shares, reduction)


def nll_loss_backward(grad: Array, target: Array, weight: Array | None, *, size: tuple[int, ...], ignore_index: int,
                      reduction: str) -> Array:
    classes, ignored = _classes(target, size[1], ignore_index)
    shares = _shares(classes, ignored, weight, grad.dtype)
    out = np.zeros(size, grad.dtype)
    part = _averaged(grad, target, shares, reduction)
    made = np.negative(part if shares is None else _kept(part * shares, ignored))
    out.reshape(-1)[_places(classes, size)] = made.reshape(-1) if made.ndim else made
    return out


def _averaged(grad: Array, target: Array, shares: Array | None, reduction: str) -> Array:
    if reduction != "mean":
        return grad
    return np.divide(grad, grad.dtype.type(target.size) if shares is None else _total(shares))


def cross_entropy_loss(input: Array, target: Array, weight: Array | None, *, ignore_index: int, reduction: str,
                       label_smoothing: float) -> tuple[Any, Array]:
    log_probs = log_softmax(input, dim=1)
    classes, ignored = _classes(target, input.shape[1], ignore_index)
    shares = _shares(classes, ignored, weight, input.dtype)
    errors = _picked(log_probs, target, classes, ignored, shares)
    if label_smoothing:
        errors *= 1 - label_smoothing
        errors += _smoothed(log_probs, ignored, weight, label_smoothing)
    return _class_reduced(errors, shares, reduction), log_probs


def _smoothed(log_probs: Array, ignored: Array | None, weight: Array | None, smoothing: float) -> Array:
    """The part of the errors that goes against the uniform distribution."""
    spread = (log_probs if weight is None else log_probs * _per_class(weight, log_probs)).sum(1)
    spread *= -smoothing / log_probs.shape[1]
    return _kept(spread, ignored)


def _per_class(weight: Array, like: Array) -> Array:
    return weight.reshape((-1,) + (1,) * (like.ndim - 2))


def cross_entropy_backward(grad: Array, log_probs: Array, target: Array, weight: Array | None, *, ignore_index: int,
                           reduction: str, label_smoothing: float) -> Array:
    shape = log_probs.shape
    classes, ignored = _classes(target, shape[1], ignore_index)
    shares = _shares(classes, ignored, weight, grad.dtype)
    if shares is not None or label_smoothing or not _finite(grad):
        return _general_backward(grad, log_probs, target, weight, (classes, ignored, shares), reduction,
                                 label_smoothing)
    part = _averaged(grad, target, None, reduction)
    out = np.exp(log_probs)
    if not out.flags.c_contiguous:
        out = out.copy()
    out.reshape(-1)[_places(classes, shape)] -= 1
    out *= part.reshape(*part.shape[:1], 1, *part.shape[1:]) if part.ndim else part
    return out


def _finite(grad: Array) -> bool:
    return bool(np.isfinite(grad).all()) if grad.ndim else math.isfinite(grad)


def _general_backward(grad: Array, log_probs: Array, target: Array, weight: Array | None, found: Any, reduction: str,
                      smoothing: float) -> Array:
    classes, ignored, shares = found
    grad = _averaged(grad, target, shares, reduction)
    made = np.zeros(log_probs.shape, log_probs.dtype)
    picked = np.broadcast_to(grad if shares is None else _kept(grad * shares, ignored), target.shape) * (smoothing - 1)
    made.reshape(-1)[_places(classes, made.shape)] = picked.reshape(-1)
    if smoothing:
        kept = np.broadcast_to(grad * (smoothing / made.shape[1]), target.shape)
        kept = kept if ignored is None else np.where(ignored, made.dtype.type(0), kept)
        spread = np.expand_dims(kept, 1)
        made -= spread if weight is None else spread * _per_class(weight, made)
    return log_softmax_backward(made, log_probs, dim=1)


# --- two classes


def binary_cross_entropy_with_logits(input: Array, target: Array, weight: Array | None, pos_weight: Array | None, *,
                                     reduction: str) -> Any:
    tail = np.array(np.abs(input))
    np.negative(tail, out=tail)
    np.exp(tail, out=tail)
    np.log1p(tail, out=tail)
    tail -= np.minimum(input, input.dtype.type(0))
    if pos_weight is not None:
        tail = tail * ((pos_weight - 1) * target + 1)
    errors = np.array(np.subtract(1, target) * input)
    errors = errors + tail
    return _reduced(np.asarray(errors if weight is None else errors * weight), reduction)


def binary_logits_backward(grad: Array, input: Array, target: Array) -> Array:
    return np.multiply(np.subtract(sigmoid(input), target), grad)


for _function in (mse_loss, mse_loss_backward, nll_loss, nll_loss_backward, cross_entropy_loss, cross_entropy_backward,
                  binary_cross_entropy_with_logits, binary_logits_backward):
    register_floating(_function.__name__, _function)
