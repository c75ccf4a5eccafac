"""Convolutions as matrix products over windows, in one of two layouts.

Windows of one image row are runs of as many elements as the row of the result has; NumPy spends about
8 ns on a run, whatever its length. Where rows are long, the windows of a few images at a time, so that
they stay in the cache, are copied and multiplied image by image: the result lies as it should. Where
rows are short and the batch is not, the batch becomes the innermost dim: then runs are long, at the
price of transposing input and result. `_batch_last` compares the two prices.

Names in shape comments: N batch, G groups, C and O channels per group, K kernel elements, L places.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from ...dtypes import COMPLEX, FLOATS, HALVES, INTEGERS
from ...registry import in_float32, register

Array = np.ndarray[Any, Any]
Sizes = tuple[int, ...]

_CACHED = 1 << 20  # bytes of windows that are copied before they are multiplied
_RUN = 8  # what a run costs, in transposed elements


def _batch_last(batch: int, places: Sizes, kernel: Sizes, read: int, written: int) -> bool:
    """Whether the runs of copied windows cost more than transposing: all per image and place."""
    return batch >= 8 and read * math.prod(kernel) * _RUN > (read + written) * places[-1]


def _out_size(size: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Sizes:
    out = tuple([(n + 2 * p - d * (k - 1) - 1) // s + 1
                 for n, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True)])
    if min(out) < 1:
        raise ValueError(f"kernel {list(kernel)} does not fit into {list(size)}")
    return out


class _Windows:
    """The windows of a padded input, in either layout, without a copy until a product wants one."""

    def __init__(self, input: Array, out: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes,
                 groups: int) -> None:
        self.input, self.out, self.kernel, self.groups = input, out, kernel, groups
        self.stride, self.padding, self.dilation = stride, padding, dilation
        self.inner = input.shape[1] // groups * math.prod(kernel)
        self.places = math.prod(out)

    def _view(self, padded: Array, lead: int) -> Array:
        """(…, *spatial, …) → (…, *kernel, *out, …), the spatial dims starting at `lead`."""
        n, s = len(self.out), padded.strides
        steps = s[lead:lead + n]
        kernel = tuple([b * d for b, d in zip(steps, self.dilation, strict=True)])
        places = tuple([b * d for b, d in zip(steps, self.stride, strict=True)])
        shape = padded.shape[:lead] + self.kernel + self.out + padded.shape[lead + n:]
        return np.ndarray(shape, padded.dtype, padded, 0, s[:lead] + kernel + places + s[lead + n:])

    def _interior(self) -> tuple[slice, ...]:
        return tuple([slice(p, p + n) for p, n in zip(self.padding, self.input.shape[2:], strict=True)])

    def batch_last(self) -> Array:
        """All windows as (G, C·K, L·N)."""
        x, sizes = self.input, [n + 2 * p for n, p in zip(self.input.shape[2:], self.padding, strict=True)]
        padded = np.zeros((x.shape[1], *sizes, x.shape[0]), x.dtype)
        padded[(slice(None), *self._interior())] = np.moveaxis(x, 0, -1)
        return self._view(padded, 1).reshape(self.groups, self.inner, self.places * x.shape[0])

    def blocks(self) -> Iterator[tuple[slice, Array]]:
        """Slices of the batch with their windows as (n, C, *kernel, *out), a view good until the next is asked for."""
        x = self.input
        step = max(1, _CACHED // (x.itemsize * self.inner * self.groups * self.places))
        padded = None
        if any(self.padding) or not x.flags.c_contiguous:
            sizes = [n + 2 * p for n, p in zip(x.shape[2:], self.padding, strict=True)]
            padded = np.zeros((min(step, len(x)), x.shape[1], *sizes), x.dtype)
        interior = (slice(None), slice(None), *self._interior())
        for start in range(0, len(x), step):
            part = x[start:start + step]
            if padded is not None:
                padded = padded[:len(part)]
                padded[interior] = part
                part = padded
            yield slice(start, start + len(part)), self._view(part, 2)


def _with_bias(out: Array, bias: Array | None) -> Array:
    if bias is not None:
        out += bias.reshape((-1,) + (1,) * (out.ndim - 2))
    return out


# --- plain


def convolution(input: Array, weight: Array, bias: Array | None, *, stride: Sizes, padding: Sizes, dilation: Sizes,
                transposed: bool, output_padding: Sizes, groups: int) -> Array:
    if input.shape[1] != (weight.shape[0] if transposed else weight.shape[1] * groups) or weight.shape[0] % groups:
        raise ValueError("channels of input and weight do not agree")
    if transposed:
        out = _transposed(input, weight, stride, padding, dilation, output_padding, groups)
        return _with_bias(out, bias)
    kernel = weight.shape[2:]
    size = _out_size(input.shape[2:], kernel, stride, padding, dilation)
    windows = _Windows(input, size, kernel, stride, padding, dilation, groups)
    batch, outputs = len(input), weight.shape[0]
    flat = weight.reshape(groups, outputs // groups, windows.inner)
    if not input.size or not flat.size:
        return _with_bias(np.zeros((batch, outputs, *size), input.dtype), bias)
    if _batch_last(batch, size, kernel, input.shape[1], outputs):
        made = np.matmul(flat, windows.batch_last()).reshape(outputs, windows.places, batch)
        out = np.empty((batch, outputs, windows.places), input.dtype)
        np.add(made.transpose(2, 0, 1), 0 if bias is None else bias[:, None], out=out)
        return out.reshape(batch, outputs, *size)
    out = np.empty((batch, groups, outputs // groups, windows.places), input.dtype)
    for part, views in windows.blocks():
        columns = views.reshape(len(views), groups, windows.inner, windows.places)
        np.matmul(flat, columns, out=out[part])
        if bias is not None:
            out[part] += bias.reshape(groups, -1, 1)
    return out.reshape(batch, outputs, *size)


# --- transposed, also the input gradient of plain


def _transposed(input: Array, weight: Array, stride: Sizes, padding: Sizes, dilation: Sizes, output_padding: Sizes,
                groups: int) -> Array:
    kernel, size = weight.shape[2:], input.shape[2:]
    full = tuple([(n - 1) * s - 2 * p + d * (k - 1) + 1 + o for n, s, p, d, k, o in zip(
        size, stride, padding, dilation, kernel, output_padding, strict=True)])
    batch, outputs = len(input), weight.shape[1] * groups
    out = np.zeros((batch, outputs, *full), input.dtype)
    if not input.size or not weight.size or not out.size:
        return out
    flat = weight.reshape(groups, weight.shape[0] // groups, -1).swapaxes(1, 2)  # (G, O·K, C)
    taps = list(_taps(kernel, size, full, stride, padding, dilation))
    if _batch_last(batch, size, kernel, outputs, input.shape[1]):
        return _spread_batch_last(input, flat, taps, out, kernel)
    places = math.prod(size)
    rows = input.reshape(batch, groups, -1, places)
    step = max(1, _CACHED // (input.itemsize * outputs * math.prod(kernel) * places))
    for start in range(0, batch, step):
        made = np.matmul(flat, rows[start:start + step])
        made = made.reshape(len(made), outputs, *kernel, *size)
        target = out[start:start + step]
        for tap, source, place in taps:
            target[(..., *place)] += made[(slice(None), slice(None), *tap, *source)]
    return out


def _taps(kernel: Sizes, size: Sizes, full: Sizes, stride: Sizes, padding: Sizes,
          dilation: Sizes) -> Iterator[tuple[Sizes, tuple[slice, ...], tuple[slice, ...]]]:
    """For every kernel element: the inputs that it spreads inside the result, and where to."""
    for tap in product(*map(range, kernel)):
        source, place = [], []
        for t, n, m, s, p, d in zip(tap, size, full, stride, padding, dilation, strict=True):
            shift = t * d - p
            first = max(0, -(shift // s))
            last = min(n, (m - 1 - shift) // s + 1)
            if last <= first:
                break
            source.append(slice(first, last))
            place.append(slice(first * s + shift, (last - 1) * s + shift + 1, s))
        else:
            yield tap, tuple(source), tuple(place)


def _spread_batch_last(input: Array, flat: Array, taps: Any, out: Array, kernel: Sizes) -> Array:
    batch, outputs = out.shape[:2]
    groups, size = len(flat), input.shape[2:]
    rows = np.moveaxis(input, 0, -1).reshape(groups, flat.shape[2], -1)  # (G, C, L·N)
    made = np.matmul(flat, rows).reshape(outputs, *kernel, *size, batch)
    spread = np.zeros((outputs, *out.shape[2:], batch), out.dtype)
    for tap, source, place in taps:
        spread[(slice(None), *place)] += made[(slice(None), *tap, *source)]
    out[...] = np.moveaxis(spread, -1, 0)
    return out


# --- the weight gradient


def convolution_grad_weight(grad: Array, input: Array, *, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes,
                            groups: int) -> Array:
    kernel, places = size[2:], grad.shape[2:]
    outputs, batch = size[0], len(grad)
    if not grad.size or not input.size:
        return np.zeros(size, grad.dtype)
    windows = _Windows(input, places, kernel, stride, padding, dilation, groups)
    if _batch_last(batch, places, kernel, input.shape[1], outputs):
        rows = np.moveaxis(grad, 0, -1).reshape(groups, outputs // groups, -1)
        return np.matmul(rows, windows.batch_last().swapaxes(1, 2)).reshape(size)
    order = (1, *range(2, 2 + 2 * len(kernel)))
    order = (*order[:1 + len(kernel)], 0, *order[1 + len(kernel):])  # (C, *kernel, n, *out)
    made: Any = 0
    for part, views in windows.blocks():
        columns = views.transpose(order).reshape(groups, windows.inner, -1)
        rows = grad[part].reshape(len(views), outputs, -1).swapaxes(0, 1).reshape(groups, outputs // groups, -1)
        made = made + np.matmul(rows, columns.swapaxes(1, 2))
    return made.reshape(size)


for _function in (convolution, convolution_grad_weight):
    register(_function.__name__, _function, FLOATS + COMPLEX + INTEGERS)
    register(_function.__name__, in_float32(_function), HALVES)
