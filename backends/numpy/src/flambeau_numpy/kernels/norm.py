"""Softmax, layer and batch normalisation with their gradients.

Bound by the passes over memory; each result is computed in place in its own memory. Sums over the
last dims of many short rows are BLAS products with ones (see reduce), as are sums over batches.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..dtypes import FLAMBEAU
from ..registry import register_floating
from .reduce import LONG, ONES, amax, sum_kernel

Array = np.ndarray[Any, Any]
Dims = tuple[int, ...]


def total(x: Array, dim: Dims) -> Array:
    """The sum over `dim`, kept as dims of size 1."""
    if len(dim) == 1 and dim[0] == x.ndim - 1 and 0 < x.shape[-1] <= LONG and x.flags.c_contiguous:
        return x.dot(ONES[x.itemsize][:x.shape[-1]])[..., None]
    dtype = FLAMBEAU[x.dtype]
    return np.asarray(sum_kernel(dtype)(x, dim=dim, keepdim=True, dtype=dtype))


def _mean(x: Array, dim: Dims) -> Array:
    made = total(x, dim)
    made /= math.prod([x.shape[i] for i in dim]) or math.nan
    return made


# --- softmax


def _shifted(x: Array, dim: int) -> Array:
    """`x` less its largest element along `dim`."""
    return np.asarray(np.subtract(x, amax(x, dim=(dim,), keepdim=True)))


def softmax(x: Array, *, dim: int) -> Array:
    if not x.size or not x.ndim:
        return np.exp(np.subtract(x, x)) if x.size else x.copy()
    if dim == x.ndim - 1:
        out = np.exp(x)
        sums = total(out, (dim,))
        if _moderate(sums):
            out /= sums
            return out
    out = _shifted(x, dim)
    np.exp(out, out=out)
    out /= total(out, (dim,))
    return out


def _moderate(sums: Array) -> bool:
    """Whether sums of exponentials are so far from overflow and underflow that their arguments need no shift.

    Then the quotients are exact to the same digits, two passes over memory earlier; NaN is not moderate.
    """
    flat = sums.reshape(-1)
    return bool(flat.item(flat.argmin()) >= 1 and flat.item(flat.argmax()) < 1e30)  # half as long as min and max


def softmax_backward(grad: Array, out: Array, *, dim: int) -> Array:
    made = np.multiply(grad, out)
    if not made.ndim:
        return np.subtract(made, made * out)
    weight = total(made, (dim,))
    np.subtract(grad, weight, out=made)
    made *= out
    return made


def log_softmax(x: Array, *, dim: int) -> Array:
    if not x.size or not x.ndim:
        return np.subtract(x, x) if x.size else x.copy()
    out = _shifted(x, dim)
    sums = total(np.exp(out), (dim,))
    out -= np.log(sums, out=sums)
    return out


def log_softmax_backward(grad: Array, out: Array, *, dim: int) -> Array:
    made = np.exp(out)
    if not made.ndim:
        return np.subtract(grad, made * grad)
    made *= total(grad, (dim,))
    return np.subtract(grad, made, out=made)


# --- layer norm


def _trailing(x: Array, normalized_shape: Dims) -> Dims:
    return tuple(range(x.ndim - len(normalized_shape), x.ndim))


def _normalized(x: Array, dims: Dims, eps: float) -> tuple[Array, Array, Array]:
    """(x - mean) / deviation, fresh, with the mean and 1 / deviation."""
    mean = _mean(x, dims)
    out = np.asarray(np.subtract(x, mean))
    rstd = _mean(np.multiply(out, out), dims)
    rstd += eps
    np.sqrt(rstd, out=rstd)
    np.divide(1, rstd, out=rstd)
    out *= rstd
    return out, mean, rstd


def layer_norm(input: Array, weight: Array | None, bias: Array | None, *, normalized_shape: Dims,
               eps: float) -> tuple[Array, Array, Array]:
    out, mean, rstd = _normalized(input, _trailing(input, normalized_shape), eps)
    if weight is not None:
        out *= weight
    if bias is not None:
        out += bias
    return out, mean, rstd


def rms_norm(input: Array, weight: Array | None, *, normalized_shape: Dims, eps: float) -> tuple[Array, Array]:
    rstd = _mean(np.multiply(input, input), _trailing(input, normalized_shape))
    rstd += eps
    np.sqrt(rstd, out=rstd)
    np.divide(1, rstd, out=rstd)
    out = np.multiply(input, rstd)
    if weight is not None:
        out *= weight
    return out, rstd


def normalized_backward(grad: Array, input: Array, mean: Array, rstd: Array, *, dim: Dims) -> Array:
    """rstd * (grad - mean of grad - made * mean of grad * made), with made = (input - mean) * rstd."""
    made = np.asarray(np.subtract(input, mean))
    made *= rstd
    made *= _mean(np.multiply(grad, made), dim)
    np.subtract(grad, made, out=made)
    made -= _mean(grad, dim)
    made *= rstd
    return made


def var(x: Array, *, dim: Dims, correction: float, keepdim: bool) -> Array:
    if not x.ndim:
        return np.asarray(np.divide(np.subtract(x, x), max(1 - correction, 0.0)))
    centred = np.subtract(x, _mean(x, dim))
    made = total(np.multiply(centred, centred, out=centred), dim)
    made /= max(math.prod([x.shape[i] for i in dim]) - correction, 0.0)
    return made if keepdim else made.reshape([n for i, n in enumerate(x.shape) if i not in dim])


# --- batch norm


def _per_channel(values: Array, ndim: int) -> Array:
    return values.reshape((-1,) + (1,) * (ndim - 2))


def batch_norm_train(input: Array, weight: Array | None, bias: Array | None, *,
                     eps: float) -> tuple[Array, Array, Array]:
    ndim = input.ndim
    dims = tuple([i for i in range(ndim) if i != 1])
    mean = _mean(input, dims)
    out = np.asarray(np.subtract(input, mean))
    var = _mean(np.multiply(out, out), dims)
    scale = np.add(var, eps)
    np.sqrt(scale, out=scale)
    np.divide(1, scale, out=scale)
    if weight is not None:
        scale *= _per_channel(weight, ndim)
    out *= scale
    if bias is not None:
        out += _per_channel(bias, ndim)
    return out, mean.reshape(-1), var.reshape(-1)


def batch_norm_eval(input: Array, running_mean: Array, running_var: Array, weight: Array | None, bias: Array | None,
                    *, eps: float) -> Array:
    ndim = input.ndim
    scale = np.add(running_var, eps)
    np.sqrt(scale, out=scale)
    np.divide(1, scale, out=scale)
    if weight is not None:
        scale *= weight
    out = np.asarray(np.subtract(input, _per_channel(running_mean, ndim)))
    out *= _per_channel(scale, ndim)
    if bias is not None:
        out += _per_channel(bias, ndim)
    return out


for _function in (softmax, softmax_backward, log_softmax, log_softmax_backward, layer_norm, rms_norm,
                  normalized_backward, var, batch_norm_train, batch_norm_eval):
    register_floating(_function.__name__, _function)
