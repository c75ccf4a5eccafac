"""Pooling by strided slices, one per kernel element; windows are never copied.

Maxima keep where they were found. The common 2 x 2 windows that share out the input take a path of
their own, over long runs of memory. Sums are separable: one dim after the other.
"""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np

from ..dtypes import FLOATS, INTEGERS
from ..registry import register, register_floating
from .compare import where

Array = np.ndarray[Any, Any]
Sizes = tuple[int, ...]
Pair = tuple[slice, slice]


def _reach(tap: int, size: int, out: int, stride: int, padding: int) -> Pair | None:
    """Which of the `out` windows along a dim read a place inside with an element `tap` from their start, and where."""
    shift = tap - padding
    first = max(0, -(shift // stride))
    last = min(out, (size - 1 - shift) // stride + 1)
    if last <= first:
        return None
    return slice(first, last), slice(first * stride + shift, (last - 1) * stride + shift + 1, stride)


# --- maxima


def max_pool(input: Array, *, kernel_size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes,
             size: Sizes) -> tuple[Array, Array]:
    spatial = input.shape[2:]
    if (kernel_size == stride == (2, 2) and padding == (0, 0) and dilation == (1, 1) and input.flags.c_contiguous
            and spatial == (2 * size[0], 2 * size[1])):
        values, indices = _pairs(input, size)
        if values.dtype.kind != "f" or not np.isnan(values).any():
            return values, indices
    return _windowed(input, kernel_size, stride, padding, dilation, size)


def _pairs(x: Array, size: Sizes) -> tuple[Array, Array]:
    """2 x 2 windows side by side: first the larger of two rows, then of two neighbours; NaN is not looked for."""
    width = x.shape[3]
    rows = x.reshape(-1, 2, width)
    top, bottom = rows[:, 0], rows[:, 1]
    larger, lower = np.maximum(top, bottom).reshape(-1), np.greater(bottom, top).reshape(-1)
    left, right, lower_left, lower_right = larger[::2], larger[1::2], lower[::2], lower[1::2]
    at_right = np.greater(right, left)
    tie = np.equal(right, left)  # the upper row comes first: upper right before lower left
    tie &= np.greater(lower_left, lower_right)
    at_right |= tie
    below = np.not_equal(lower_left, lower_right)
    below &= at_right
    below ^= lower_left
    shape = x.shape[:2] + size
    indices = np.multiply(below.view(np.int8).reshape(shape), width, dtype=np.int64)
    indices += at_right.reshape(shape)
    indices += np.arange(0, 2 * width * size[0], 2 * width)[:, None] + np.arange(0, width, 2)
    return np.maximum(left, right).reshape(shape), indices


def _windowed(x: Array, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes,
              size: Sizes) -> tuple[Array, Array]:
    spatial = x.shape[2:]
    starts = [_first_inside(*each) for each in zip(size, spatial, stride, padding, dilation, strict=True)]
    values = x[(slice(None), slice(None), *np.ix_(*starts))]
    indices = np.empty(values.shape, np.int64)
    indices[...] = _flat(starts, spatial)
    for tap in product(*map(range, kernel)):
        pairs = [_reach(t * d, n, o, s, p) for t, d, n, o, s, p in zip(
            tap, dilation, spatial, size, stride, padding, strict=True)]
        if None in pairs:
            continue
        windows = (..., *[w for w, _ in pairs])  # type: ignore[misc]
        found, held = x[(..., *[p for _, p in pairs])], values[windows]  # type: ignore[misc]
        better = found > held
        better |= found != found  # the last NaN wins
        held[...] = where(better, found, held)
        places = _flat([np.arange(p.start, p.stop, p.step) for _, p in pairs], spatial)  # type: ignore[misc]
        indices[windows] = where(better, places, indices[windows])
    return values, indices


def _first_inside(out: int, size: int, stride: int, padding: int, dilation: int) -> Array:
    """The first place inside the input that each window along a dim reads."""
    starts = np.arange(out) * stride - padding
    return np.where(starts < 0, starts % dilation, np.minimum(starts, size - 1))


def _flat(places: list[Array], spatial: Sizes) -> Array:
    """The flat position of every combination of places."""
    return np.ravel_multi_index(np.ix_(*places), spatial)


def max_pool_backward(input: Array, indices: Array, *, size: Sizes) -> Array:
    batch, channels = input.shape[:2]
    count = math.prod(size)
    out = np.zeros(batch * channels * count, input.dtype)
    rows = indices.reshape(batch * channels, math.prod(indices.shape[2:]))
    where = rows + np.arange(0, batch * channels * count, count or 1)[:len(rows), None]
    np.add.at(out, where.reshape(-1), input.reshape(-1))
    return out.reshape(batch, channels, *size)


register("max_pool", max_pool, FLOATS + INTEGERS)
register_floating("max_pool", max_pool)
register_floating("max_pool_backward", max_pool_backward)


# --- means


def _counts(spatial: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, size: Sizes, include_pad: bool,
            override: int | None) -> Any:
    """By how many elements each window is divided: a number where that is the same for all."""
    if override is not None:
        return override
    total: Any = 1
    for i, (n, k, s, p, o) in enumerate(zip(spatial, kernel, stride, padding, size, strict=True)):
        starts = np.arange(o) * s - p
        widths = (np.minimum(starts + k, n + p) - starts if include_pad
                  else np.minimum(starts + k, n) - np.maximum(starts, 0))
        same = o and (widths == widths[0]).all()
        total = total * (int(widths[0]) if same else widths.reshape((-1,) + (1,) * (len(size) - 1 - i)))
    return total


def _divided(x: Array, count: Any) -> Array:
    return np.divide(x, count if isinstance(count, int) else count.astype(x.dtype), out=x)


def _along(dim: int, part: slice) -> tuple[slice, ...]:
    return (*[slice(None)] * dim, part)


def _summed(x: Array, dim: int, kernel: int, stride: int, padding: int, out: int) -> Array:
    """The windows along one dim, summed; what lies outside counts as zero."""
    made = np.zeros((*x.shape[:dim], out, *x.shape[dim + 1:]), x.dtype)
    for tap in range(kernel):
        pair = _reach(tap, x.shape[dim], out, stride, padding)
        if pair:
            made[_along(dim, pair[0])] += x[_along(dim, pair[1])]
    return made


def _spread(x: Array, dim: int, kernel: int, stride: int, padding: int, size: int) -> Array:
    """The adjoint: each element added to all that its window reads."""
    made = np.zeros((*x.shape[:dim], size, *x.shape[dim + 1:]), x.dtype)
    for tap in range(kernel):
        pair = _reach(tap, size, x.shape[dim], stride, padding)
        if pair:
            made[_along(dim, pair[1])] += x[_along(dim, pair[0])]
    return made


def avg_pool(input: Array, *, kernel_size: Sizes, stride: Sizes, padding: Sizes, size: Sizes, count_include_pad: bool,
             divisor_override: int | None) -> Array:
    made = input
    for dim, (k, s, p, o) in enumerate(zip(kernel_size, stride, padding, size, strict=True), 2):
        made = _summed(made, dim, k, s, p, o)
    return _divided(made, _counts(input.shape[2:], kernel_size, stride, padding, size, count_include_pad,
                                  divisor_override))


def avg_pool_backward(input: Array, *, size: Sizes, kernel_size: Sizes, stride: Sizes, padding: Sizes,
                      count_include_pad: bool, divisor_override: int | None) -> Array:
    made = _divided(input.copy(), _counts(size, kernel_size, stride, padding, input.shape[2:], count_include_pad,
                                          divisor_override))
    for dim, (k, s, p, n) in enumerate(zip(kernel_size, stride, padding, size, strict=True), 2):
        made = _spread(made, dim, k, s, p, n)
    return made


register_floating("avg_pool", avg_pool)
register_floating("avg_pool_backward", avg_pool_backward)
