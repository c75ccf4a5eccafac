"""Pooling: the largest, or the mean, of windows over spatial dimensions.

Each kind is one node in any number of dimensions, its gradient an op of its own whose gradient is
the pooling again. The compositions read every window once; the work is bounded by memory traffic.
"""

from __future__ import annotations

from typing import Any

from ..dtypes import int64
from ..shapes import contiguous_strides, numel
from ..table.dispatch import composite
from ..table.samples import Sample, arr
from ..tensors.tensor import Tensor
from .arithmetic import div
from .compare import eq, ne, where_op
from .conv import fold_op, unfold_op
from .create import arange, cast, zeros_of
from .index import gather_op, scatter_add, take_along
from .movement import cat, expand, pad_op, permute_op, reshape, slice_op
from .reduce import argmax
from .reduce import sum as total

Sizes = tuple[int, ...]
_MAXIMA = (lambda: [
    Sample(arr(2, 3, 7, distinct=True), (3,), (2,), (1,), (1,), (4,)),
    Sample(arr(1, 2, 5, 6, distinct=True), (2, 3), (2, 1), (0, 1), (1, 2), (2, 4)),
    Sample(arr(1, 1, 5, 5, distinct=True), (2, 2), (2, 2), (0, 0), (1, 1), (3, 3)),
    Sample(arr(0, 2, 4), (2,), (2,), (0,), (1,), (2,))])


@composite(laws="items:input",
           saves="indices input_shape", dtype="same int64", outputs="values indices", dtypes="real number",
           grad_name="MaxPool2DWithIndicesBackward0", samples=_MAXIMA)
def max_pool(input: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any, size: Any) -> Any:
    """The largest of each window of (N, C, *spatial), or NaN, and its first place, of NaN its last; flat over the dims.

    Window i along a dim starts at i*stride - padding; `size` says how many there are. Elements outside
    the input do not count.
    """
    spatial, places = tuple(input._array.shape[2:]), []
    for n, k, s, p, d, o in zip(spatial, kernel_size, stride, padding, dilation, size, strict=True):
        places.append([_taps(i * s - p, k, d, n) for i in range(o)])
    return _largest(input, places)


def _taps(start: int, count: int, step: int, size: int) -> list[int]:
    """The places a window reads; those outside repeat one inside, which changes no maximum and no first place."""
    every = [start + j * step for j in range(count)]
    inside = [at for at in every if 0 <= at < size] or [min(max(start, 0), size - 1)]
    return [min(max(at, inside[0]), inside[-1]) for at in every]


def _largest(input: Tensor, places: list[list[list[int]]]) -> Any:
    """The largest of each window, given per dim the places that each window reads, and where it is."""
    shape, n = tuple(input._array.shape), len(places)
    windows: Any = input
    flat: Any = 0
    for i, (table, step) in enumerate(zip(places, contiguous_strides(shape[2:]), strict=True)):
        index = input.new_tensor(table, dtype=int64).reshape(len(table), len(table[0]) if table else 1)
        windows = take_along(windows, 2 + 2 * i, index)
        flat = flat + reshape(
            index * step, tuple(m for j in range(n) for m in (index._array.shape if j == i else (1, 1)))
        )
    order = (*range(0, 2 * n, 2), *range(1, 2 * n, 2))  # (*out, *kernel)
    out = tuple(len(table) for table in places)
    rows = permute_op(windows, (0, 1, *(2 + d for d in order)))
    rows = reshape(rows, (*shape[:2], *out, numel(rows._array.shape[2 + n :])))
    best = _last_nan_or(argmax(rows, -1, True), rows)
    flat = reshape(permute_op(flat, order), (*out, rows._array.shape[-1]))
    where = gather_op(expand(flat, tuple(rows._array.shape)), -1, best)
    return gather_op(rows, -1, best).squeeze(-1), where.squeeze(-1)


def _last_nan_or(best: Tensor, rows: Tensor) -> Tensor:
    """`best`, but in the rows with NaN the place of their last one."""
    if rows._kind.dtype.category < 2:
        return best
    turns = cast(ne(rows, rows), int64) * (arange(rows._array.shape[-1], device=rows.device) + 1)
    latest = argmax(turns, -1, True)
    return where_op(eq(gather_op(turns, -1, latest), 0), best, latest)


def _scattered(g, indices, input_shape):
    return max_pool_backward(g, indices, tuple(input_shape[2:]))


max_pool.grad("input")(_scattered)


@composite(saves="indices input_shape", kinds="T int64", dtypes="number", samples=lambda: [
    Sample(arr(1, 2, 3), arr(1, 2, 3, dtype="int64", fill=[0, 2, 2, 4, 0, 4]), (5,)),
    Sample(arr(1, 1, 1, 2), arr(1, 1, 1, 2, dtype="int64", fill=[3, 5]), (2, 3))])
def max_pool_backward(input: Tensor, indices: Tensor, size: Any) -> Tensor:
    """Zeros of (N, C, *size) with each element of `input` added at its place, flat over the spatial dims."""
    batch, channels, *out = input._array.shape
    rows, count = (batch, channels, numel(out)), numel(size)
    made = scatter_add(zeros_of(input, (batch, channels, count)), 2, reshape(indices, rows), reshape(input, rows))
    return reshape(made, (batch, channels, *size))


@max_pool_backward.grad("input")
def _(g, indices, input_shape):
    batch, channels, *size = g._array.shape
    places = reshape(indices, (batch, channels, numel(indices._array.shape[2:])))
    return reshape(gather_op(reshape(g, (batch, channels, numel(size))), 2, places), tuple(input_shape))


def _bounds(size: int, out: int) -> list[tuple[int, int]]:
    """Where the windows of an adaptive pooling begin and end."""
    return [(i * size // out, -((-(i + 1) * size) // out)) for i in range(out)]


@composite(laws="items:input",
           saves="indices input_shape", dtype="same int64", outputs="values indices", dtypes="real number",
           grad_name="AdaptiveMaxPool2DBackward0", samples=lambda: [
               Sample(arr(2, 3, 7, distinct=True), (3,)), Sample(arr(1, 2, 5, 4, distinct=True), (2, 4)),
               Sample(arr(1, 1, 2, distinct=True), (5,))])
def adaptive_max_pool(input: Tensor, size: Any) -> Any:
    """The largest of each of `size` windows that share out (N, C, *spatial), and its place."""
    spatial, places = tuple(input._array.shape[2:]), []
    for n, o in zip(spatial, size, strict=True):
        windows = _bounds(n, o)
        width = max((stop - start for start, stop in windows), default=1)
        places.append([[min(start + j, stop - 1) for j in range(width)] for start, stop in windows])
    return _largest(input, places)


adaptive_max_pool.grad("input")(_scattered)


def _counts(size: int, kernel: int, stride: int, padding: int, out: int, include_pad: bool) -> list[int]:
    """How many elements each window along one dim is divided by."""
    starts = [i * stride - padding for i in range(out)]
    if include_pad:
        return [min(s + kernel, size + padding) - s for s in starts]
    return [min(s + kernel, size) - max(s, 0) for s in starts]


def _divided(x: Tensor, spatial: Sizes, kernel_size: Sizes, stride: Sizes, padding: Sizes, size: Sizes,
             include_pad: bool, override: int | None) -> Tensor:
    """`x` (N, C, *size) divided by the number of elements in each window."""
    if override is not None:
        return _by(x, override)
    per_dim = [_counts(*each, include_pad) for each in zip(spatial, kernel_size, stride, padding, size, strict=True)]
    if all(len(set(counts)) == 1 for counts in per_dim):
        return _by(x, numel(counts[0] for counts in per_dim))
    for i, counts in enumerate(per_dim):
        x = _by(x, x.new_tensor(counts).reshape(-1, *[1] * (len(per_dim) - 1 - i)))
    return x


def _by(x: Tensor, count: Any) -> Tensor:
    return div(x, count, rounding_mode=None if x.dtype.category > 1 else "trunc")


def _extents(spatial: Sizes, kernel_size: Sizes, stride: Sizes, padding: Sizes, size: Sizes) -> Sizes:
    """How far behind the padded front of each dim the last window reaches, at least to the end of the input."""
    return tuple(max(n + p, (o - 1) * s + k) for n, k, s, p, o in zip(
        spatial, kernel_size, stride, padding, size, strict=True))


_MEANS = (lambda: [
    Sample(arr(2, 3, 7), (3,), (2,), (1,), (4,), True, None), Sample(arr(2, 3, 7), (3,), (2,), (1,), (4,), False, None),
    Sample(arr(1, 2, 5, 6), (2, 3), (2, 2), (0, 1), (3, 3), True, None),
    Sample(arr(1, 2, 5, 6), (2, 3), (2, 2), (0, 1), (3, 3), True, 5),
    Sample(arr(1, 1, 4, 4), (2, 2), (2, 2), (0, 0), (2, 2), True, None)])


@composite(laws="items:input",
           compute="float32", saves="input_shape", dtypes="real number", grad_name="AvgPool2DBackward0", samples=_MEANS)
def avg_pool(input: Tensor, kernel_size: Any, stride: Any, padding: Any, size: Any, count_include_pad: bool,
             divisor_override: int | None) -> Tensor:
    """The mean of each window of (N, C, *spatial), zeros around it; `size` says how many windows there are."""
    n, spatial = len(size), tuple(input._array.shape[2:])
    extents = _extents(spatial, kernel_size, stride, padding, size)
    padding_of = [(p, e - m - p) for p, e, m in zip(padding, extents, spatial, strict=True)]
    x = pad_op(input, ((0, 0), (0, 0), *padding_of), 0) if any(map(any, padding_of)) else input
    windows = unfold_op(x, kernel_size, (1,) * n, stride)
    summed = total(windows, tuple(range(2 + n, 2 + 2 * n)), dtype=input.dtype)
    summed = slice_op(summed, tuple(slice(0, m, 1) for m in (*input._array.shape[:2], *size)))
    return _divided(summed, spatial, kernel_size, stride, padding, size, count_include_pad, divisor_override)


@avg_pool.grad("input")
def _(g, input_shape, *, kernel_size, stride, padding, count_include_pad, divisor_override):
    return avg_pool_backward(g, tuple(input_shape[2:]), kernel_size, stride, padding, count_include_pad,
                             divisor_override)


@composite(compute="float32", saves="input_shape", dtypes="real floating", samples=lambda: [
    Sample(arr(1, 2, 4), (7,), (3,), (2,), (1,), True, None),
    Sample(arr(1, 1, 3, 3), (5, 6), (2, 3), (2, 2), (0, 1), False, None)])
def avg_pool_backward(input: Tensor, size: Any, kernel_size: Any, stride: Any, padding: Any, count_include_pad: bool,
                      divisor_override: int | None) -> Tensor:
    """Each element of `input` shared out among the elements, (N, C, *size), that its window averaged."""
    n, (batch, channels, *out) = len(size), input._array.shape
    shares = _divided(input, size, kernel_size, stride, padding, tuple(out), count_include_pad, divisor_override)
    windows = expand(reshape(shares, (batch, channels, *out, *[1] * n)), (batch, channels, *out, *kernel_size))
    reach = tuple((o - 1) * s + k for o, s, k in zip(out, stride, kernel_size, strict=True))
    made = fold_op(windows, reach, (1,) * n, stride)
    behind = tuple(max(0, p + m - r) for p, m, r in zip(padding, size, reach, strict=True))
    made = pad_op(made, ((0, 0), (0, 0), *((0, b) for b in behind)), 0) if any(behind) else made
    return slice_op(made, (slice(0, batch, 1), slice(0, channels, 1),
                           *(slice(p, p + m, 1) for p, m in zip(padding, size, strict=True))))


@avg_pool_backward.grad("input")
def _(g, input_shape, *, kernel_size, stride, padding, count_include_pad, divisor_override):
    return avg_pool(g, kernel_size, stride, padding, tuple(input_shape[2:]), count_include_pad, divisor_override)


@composite(compute="float32",
    saves="input_shape",
    dtypes="real floating",
    grad_name="AdaptiveAvgPool2DBackward0",
    samples=lambda: [
        Sample(arr(2, 3, 7), (3,)),
        Sample(arr(1, 2, 5, 4), (2, 4)),
        Sample(arr(1, 1, 2), (5,)),
        Sample(arr(2, 1, 4, 6), (1, 1)),
    ],
)
def adaptive_avg_pool(input: Tensor, size: Any) -> Tensor:
    """The mean of each of `size` windows that share out (N, C, *spatial)."""
    for dim, o in enumerate(size, 2):
        parts = [total(_part(input, dim, start, stop), dim, True) / (stop - start)
                 for start, stop in _bounds(input._array.shape[dim], o)]
        input = cat(parts, dim) if parts else _part(input, dim, 0, 0)
    return input


def _part(x: Tensor, dim: int, start: int, stop: int) -> Tensor:
    return slice_op(x, tuple(slice(start, stop, 1) if d == dim else slice(0, n, 1)
                             for d, n in enumerate(x._array.shape)))


@adaptive_avg_pool.grad("input")
def _(g, input_shape):
    return adaptive_avg_pool_backward(g, tuple(input_shape[2:]))


@composite(compute="float32", saves="input_shape", dtypes="real floating", samples=lambda: [
    Sample(arr(2, 3, 3), (7,)), Sample(arr(1, 2, 2, 4), (5, 4)), Sample(arr(1, 1, 5), (2,))])
def adaptive_avg_pool_backward(input: Tensor, size: Any) -> Tensor:
    """Each element of `input` shared out among the elements, (N, C, *size), that its window averaged."""
    for dim, n in enumerate(size, 2):
        shape, bounds = tuple(input._array.shape), _bounds(n, input._array.shape[dim])
        made = zeros_of(input, (*shape[:dim], n, *shape[dim + 1 :]))
        for i, (start, stop) in enumerate(bounds):
            _part(made, dim, start, stop).add_(_part(input, dim, i, i + 1) / (stop - start))
        input = made
    return input


@adaptive_avg_pool_backward.grad("input")
def _(g, input_shape):
    return adaptive_avg_pool(g, tuple(input_shape[2:]))
