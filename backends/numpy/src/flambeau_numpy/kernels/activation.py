"""Activations and their gradients, each in as few passes as NumPy allows, in place in the result's own memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from flambeau.errors import ValueRangeError

from ..dtypes import FLOAT64, FLOATS, HALVES, INTEGERS
from ..registry import kernel, register_floating, writer
from .arithmetic.bounds import maximum
from .compare import SMALL, ZERO, blanked, where
from .special import erf, erf_float64, scipy_special

Array = np.ndarray[Any, Any]

# --- relu and its kin


@kernel("relu", HALVES + INTEGERS)
def relu(x: Array) -> Array:
    return np.maximum(x, ZERO[x.dtype])


@kernel("relu", FLOATS)
def relu_float(x: Array) -> Array:
    return maximum(x, ZERO[x.dtype])


@writer("relu", FLOATS)
def write_relu(x: Array, out: Array) -> None:
    """`numpy.maximum` into an array that is there takes 1.3 µs longer than into a new one."""
    if x.size < SMALL:
        out[...] = np.maximum(x, ZERO[x.dtype])
    else:
        np.clip(x, ZERO[x.dtype], np.inf, out)


@kernel("relu_backward", FLOATS + HALVES)
def relu_backward(grad: Array, out: Array) -> Array:
    return blanked(grad, np.less_equal(out, ZERO[out.dtype]))


def leaky_relu(x: Array, *, negative_slope: float) -> Array:
    if 0 < negative_slope <= 1:
        made = np.multiply(x, negative_slope)
        return np.maximum(made, x)
    return where(x > 0, x, np.multiply(x, negative_slope))


def leaky_relu_backward(grad: Array, input: Array, *, negative_slope: float) -> Array:
    return where(input > 0, grad, np.multiply(grad, negative_slope))


def elu(x: Array, *, alpha: float, scale: float, input_scale: float) -> Array:
    bent = _fresh(np.minimum(x, ZERO[x.dtype]))
    bent *= input_scale
    np.expm1(bent, out=bent)
    bent *= alpha * scale
    return where(np.asarray(x <= 0), bent, np.asarray(np.multiply(x, scale)))


def elu_backward(grad: Array, input: Array, *, alpha: float, scale: float, input_scale: float) -> Array:
    slope = _fresh(np.minimum(input, ZERO[input.dtype]))
    slope *= input_scale
    np.exp(slope, out=slope)
    slope *= alpha * scale * input_scale
    return where(np.asarray(input <= 0), np.asarray(np.multiply(slope, grad)), np.asarray(np.multiply(grad, scale)))


# --- sigmoid and its kin


def _fresh(made: Any) -> Array:
    """A ufunc's result as an array that can be written to: of 0-d arrays it is a scalar."""
    return made if type(made) is np.ndarray else np.array(made)


_ONE = {zero.dtype: np.ones((), zero.dtype) for zero in ZERO.values()}


_FEW = 256  # elements up to which one call of SciPy's scalar loop beats four calls of vector loops


def sigmoid(x: Array) -> Array:
    if x.size <= _FEW:
        return scipy_special().expit(x)
    out = _fresh(np.negative(x))
    one = _ONE[out.dtype]  # converting a Python number takes 0.3 µs
    np.exp(out, out=out)
    np.add(out, one, out=out)
    return np.divide(one, out, out=out)


def sigmoid_backward(grad: Array, out: Array) -> Array:
    slope = _fresh(np.subtract(1, out))
    slope *= out
    return np.multiply(slope, grad)


def tanh_backward(grad: Array, out: Array) -> Array:
    slope = _fresh(np.multiply(out, out))
    np.subtract(1, slope, out=slope)
    return np.multiply(slope, grad)


def silu(x: Array) -> Array:
    if x.size <= _FEW:
        return np.multiply(x, scipy_special().expit(x))
    out = _fresh(np.negative(x))
    np.exp(out, out=out)
    np.add(out, _ONE[out.dtype], out=out)
    np.divide(x, out, out=out)
    return out


def silu_backward(grad: Array, input: Array) -> Array:
    s = sigmoid(input)
    slope = _fresh(np.subtract(1, s))
    slope *= input
    slope += 1
    slope *= s
    return np.multiply(slope, grad)


def softplus(x: Array, *, beta: float, threshold: float) -> Array:
    scaled = x if beta == 1 else np.multiply(x, beta)
    bent = _fresh(np.exp(scaled))
    np.log1p(bent, out=bent)
    if beta != 1:
        bent /= beta
    return where(scaled > threshold, x, bent)


def softplus_backward(grad: Array, input: Array, *, beta: float, threshold: float) -> Array:
    scaled = np.asarray(input if beta == 1 else np.multiply(input, beta))
    return where(scaled > threshold, grad, np.multiply(sigmoid(scaled), grad))


# --- Gaussian error

_SQRT_HALF, _INV_SQRT_TAU = 0.7071067811865476, 0.3989422804014327
_BETA, _KAPPA = 0.7978845608028654, 0.044715


def _erf(x: Array) -> Array:
    return _fresh(erf_float64(x) if x.dtype == FLOAT64 else erf(x))


def _gelu_tanh(x: Array) -> Array:
    """tanh of sqrt(2 / pi) * (x + 0.044715 * x ** 3)."""
    t = _fresh(np.multiply(x, x))
    t *= _BETA * _KAPPA
    t += _BETA
    t *= x
    return np.tanh(t, out=t)


def gelu(x: Array, *, approximate: str) -> Array:
    if approximate == "tanh":
        out = _gelu_tanh(x)
    elif approximate == "none":
        out = _erf(np.asarray(np.multiply(x, _SQRT_HALF)))
    else:
        raise ValueRangeError(f"approximate argument must be either none or tanh, got {approximate!r}", op="gelu")
    out += 1
    out *= x
    out *= 0.5
    return out


def gelu_backward(grad: Array, input: Array, *, approximate: str) -> Array:
    square = _fresh(np.multiply(input, input))
    if approximate == "tanh":
        slope = _tanh_slope(input, square)
    else:
        slope = _erf(np.asarray(np.multiply(input, _SQRT_HALF)))
        slope += 1
        slope *= 0.5
        square *= -0.5
        np.exp(square, out=square)
        square *= _INV_SQRT_TAU
        square *= input
        slope += square
    return np.multiply(slope, grad)


def _tanh_slope(x: Array, square: Array) -> Array:
    """0.5 * (1 + t + x * (1 - t²) * inner'), in the memory of `square`, x² so far."""
    t = _gelu_tanh(x)
    square *= 3 * _BETA * _KAPPA
    square += _BETA
    square *= x
    steep = _fresh(np.multiply(t, t))
    np.subtract(1, steep, out=steep)
    square *= steep
    square += t
    square += 1
    square *= 0.5
    return square


# --- dropout


def masked_scale(x: Array, mask: Array, *, scale: float) -> Array:
    factor = mask.astype(x.dtype)
    factor *= scale
    return np.multiply(factor, x)


for _function in (leaky_relu, leaky_relu_backward, elu, elu_backward, sigmoid, sigmoid_backward, silu, silu_backward,
                  softplus, softplus_backward, gelu, gelu_backward, tanh_backward, masked_scale):
    register_floating(_function.__name__, _function)
