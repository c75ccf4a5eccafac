"""Matrix products: BLAS for float32, float64 and complex, float32's BLAS for the 16-bit floats.

`dot` takes 0.3 µs where `matmul` takes 0.9, and a stack of matrices times one matrix is one
product of a taller matrix, so those cases go to `dot`. Integers have no BLAS but float64's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..dtypes import COMPLEX, FLOAT64, FLOATS, HALVES, INTEGERS
from ..registry import in_float32, kernel, register
from ..threads import SMALL, matrix_product

Array = np.ndarray[Any, Any]

_EXACT = 2.0**53  # integers up to here are float64 numbers


@kernel("matmul", INTEGERS)
def matmul_integers(x: Array, y: Array) -> Array:
    """BLAS's float64 product where it is exact: ten times as fast as NumPy's loops."""
    if min(x.size, y.size) < 1024 or x.ndim < 2 or y.ndim < 2:
        return np.matmul(x, y)
    if _largest(x) * _largest(y) * x.shape[-1] >= _EXACT:
        return np.matmul(x, y)
    return np.matmul(x.astype(FLOAT64), y.astype(FLOAT64)).astype(np.int64).astype(x.dtype, copy=False)


def _largest(x: Array) -> float:
    return max(float(x.max()), -float(x.min()))


@kernel("matmul", FLOATS + COMPLEX)
def matmul(x: Array, y: Array) -> Array:
    if x.ndim == 2 == y.ndim:
        return x.dot(y) if x.size + y.size < SMALL else matrix_product(x, y)
    if y.ndim > 2:
        return np.matmul(x, y)
    if x.ndim > 2 and y.ndim == 2 and x.flags.c_contiguous and x.size:
        return matrix_product(x.reshape(-1, x.shape[-1]), y).reshape(*x.shape[:-1], y.shape[1])
    if not (x.ndim and y.ndim):
        raise ValueError("matmul takes arrays of one dimension or more")  # where `dot` would multiply
    return x.dot(y)


register("matmul", in_float32(matmul), HALVES)


def linear(x: Array, weight: Array, bias: Array | None) -> Array:
    """x @ weight.T + bias; the bias is added in the product's own memory."""
    if x.ndim > 2 and weight.ndim == 2:
        rows = x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
        out = matrix_product(rows, weight.T).reshape(*x.shape[:-1], len(weight))
    elif x.ndim == 2 == weight.ndim and x.size + weight.size >= SMALL:
        out = matrix_product(x, weight.T)
    else:
        out = x.dot(weight.T)
    if bias is None:
        return out
    return np.add(out, bias, out=out) if type(out) is np.ndarray else np.add(out, bias)


register("linear", linear, FLOATS + COMPLEX)
register("linear", in_float32(linear), HALVES)


def linear_grad_weight(grad: Array, input: Array) -> Array:
    """The rows of `grad` (*, out), transposed, times those of `input` (*, in); BLAS reads both as they lie."""
    if grad.ndim != 2 or input.ndim != 2:
        rows = math.prod(input.shape[:-1])
        grad, input = grad.reshape(rows, grad.shape[-1]), input.reshape(rows, input.shape[-1])
    return grad.T.dot(input) if grad.size + input.size < SMALL else matrix_product(grad.T, input)


register("linear_grad_weight", linear_grad_weight, FLOATS + COMPLEX)
register("linear_grad_weight", in_float32(linear_grad_weight), HALVES)
