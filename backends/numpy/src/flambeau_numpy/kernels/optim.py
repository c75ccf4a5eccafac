"""Optimizer steps over lists of arrays, in place: parameters, momenta and step counts change, gradients do not.

Small arrays are bound by calls, about ten for Adam; large ones by memory traffic, so they are
walked in blocks that stay in the cache from the first pass to the last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Arrays = list[Array]

_BLOCK = 16384


def _blocks(*arrays: Array) -> Iterator[tuple[Array, ...]]:
    """Arrays of one shape, whole or cut alike into flat blocks; all views."""
    if arrays[0].size <= _BLOCK or not all(a.flags.c_contiguous for a in arrays):
        yield arrays
        return
    flat = [a.reshape(-1) for a in arrays]
    for start in range(0, len(flat[0]), _BLOCK):
        yield tuple([a[start:start + _BLOCK] for a in flat])


def sgd_step(params: Arrays, grads: Arrays, buffers: Arrays, counters: Arrays, *, lr: float, momentum: float,
             dampening: float, weight_decay: float, nesterov: bool) -> None:
    """p -= lr * d, where d is the gradient with decay, or the momentum that it feeds."""
    for i, (param, grad) in enumerate(zip(params, grads, strict=True)):
        if buffers:
            for p, g, b in _blocks(param, grad, buffers[i]):
                _descend(p, _fed(_decayed(p, g, weight_decay), b, momentum, dampening, nesterov), lr)
        else:
            for p, g in _blocks(param, grad):
                _descend(p, _decayed(p, g, weight_decay), lr)


def _descend(p: Array, direction: Array, lr: float) -> None:
    np.subtract(p, np.multiply(direction, lr), out=p)


def _decayed(p: Array, g: Array, weight_decay: float) -> Array:
    if not weight_decay:
        return g
    made = np.multiply(p, weight_decay)
    return np.add(g, made)


def _fed(g: Array, buffer: Array, momentum: float, dampening: float, nesterov: bool) -> Array:
    buffer *= momentum
    buffer += g * (1 - dampening) if dampening else g
    return np.multiply(buffer, momentum) + g if nesterov else buffer


def adam_step(params: Arrays, grads: Arrays, means: Arrays, squares: Arrays, largest: Arrays, counters: Arrays, *,
              lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, decoupled: bool) -> None:
    """Adam's step; `largest` is empty but for amsgrad."""
    for i, (param, counter) in enumerate(zip(params, counters, strict=True)):
        counter += 1
        count = counter.item()
        root, rate = (1 - beta2**count) ** 0.5, -lr / (1 - beta1**count)
        arrays = (param, grads[i], means[i], squares[i], *(largest[i:i + 1]))
        for p, g, mean, square, *most in _blocks(*arrays):
            if weight_decay and decoupled:
                p *= 1 - lr * weight_decay
            else:
                g = _decayed(p, g, weight_decay)
            spread = _moved(g, mean, square, beta1, beta2)
            if most:
                np.maximum(most[0], square, out=most[0])
            np.sqrt(most[0] if most else square, out=spread)
            spread /= root
            spread += eps
            np.divide(mean, spread, out=spread)
            spread *= rate
            p += spread


def _moved(g: Array, mean: Array, square: Array, beta1: float, beta2: float) -> Array:
    """Moves the running means of g and g²; answers an array to write to."""
    moved = np.array(np.subtract(g, mean), copy=None)
    moved *= 1 - beta1
    mean += moved
    np.multiply(g, g, out=moved)
    moved *= 1 - beta2
    square *= beta2
    square += moved
    return moved


STEPS: dict[str, Callable[..., None]] = {"sgd_step": sgd_step, "adam_step": adam_step}
