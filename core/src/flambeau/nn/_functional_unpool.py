"""Max pooling undone, and over windows whose places are drawn."""

from __future__ import annotations

from typing import Any

from .. import functions
from ..dtypes import int64
from ..errors import DTypeError, ShapeError, ValueRangeError
from ..ops.pool import _last_nan_or
from ..shapes import contiguous_strides, numel
from ..table.refusals import require_dtype
from ..tensors.tensor import Tensor
from ._sizes import ntuple

Sizes = tuple[int, ...]


def max_unpool1d(input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
                 output_size: Any = None) -> Tensor:
    """The maxima of (N, C, L) or (C, L) put back where `max_pool1d` found them, zeros elsewhere.

    `output_size` chooses among the sizes that pooling makes equal. Raises ValueRangeError for a size that is not one of
    them or an index outside the output, ShapeError where input and indices differ.

    >>> import flambeau
    >>> max_unpool1d(flambeau.tensor([[5.0, 7.0]]), flambeau.tensor([[1, 2]]), 2)
    tensor([[0., 5., 7., 0.]])
    """
    return _unpooled("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
                 output_size: Any = None) -> Tensor:
    """The maxima of (N, C, H, W) or (C, H, W) put back where `max_pool2d` found them; see `max_unpool1d`."""
    return _unpooled("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
                 output_size: Any = None) -> Tensor:
    """The maxima of (N, C, D, H, W) or (C, D, H, W) put back where `max_pool3d` found them; see `max_unpool1d`."""
    return _unpooled("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)


def _unpooled(op: str, dims: int, input: Tensor, indices: Tensor, kernel_size: Any, stride: Any, padding: Any,
              output_size: Any) -> Tensor:
    kernel, pads = ntuple(kernel_size, dims), ntuple(padding, dims)
    size = _unpooled_size(op, input, kernel, kernel if stride is None else ntuple(stride, dims), pads, output_size)
    if indices.dtype is not int64:
        raise DTypeError(f"elements in indices should be type int64 but got: {indices.dtype!r}", op=op)
    if input.shape != indices.shape:
        raise ShapeError("Expected shape of indices to be same as that of the input tensor "
                         f"({list(input.shape)}) but got indices tensor with shape: {list(indices.shape)}", op=op)
    if input.ndim not in (dims + 1, dims + 2):
        raise ShapeError(f"Input to {op} should be a {dims + 1}d or {dims + 2}d Tensor, but got a tensor with dim "
                         f"{input.ndim}", op=op)
    if 0 in input.shape[1:]:
        raise ShapeError("Expected input to have non-zero size for non-batch dimensions, but got "
                         f"{list(input.shape)}", op=op)
    lead, count = tuple(input.shape[:-dims]), numel(size)
    if indices.numel() and not (indices.min() >= 0 and indices.max() < count):
        raise ValueRangeError(f"Found an invalid max index: {indices.max().item()} (output volumes are of size "
                              f"{' x '.join(map(str, size))})", op=op)
    made = input.new_zeros((*lead, count)).scatter(-1, indices.flatten(-dims), input.flatten(-dims))
    return made.reshape(*lead, *size)


def _unpooled_size(op: str, input: Tensor, kernel: Sizes, stride: Sizes, padding: Sizes, output_size: Any) -> Sizes:
    dims = len(kernel)
    plain = [(n - 1) * s + k - 2 * p for n, k, s, p in zip(input.shape[-dims:], kernel, stride, padding, strict=True)]
    if output_size is None:
        wanted = plain
    else:
        wanted = list(output_size)
        wanted = wanted[2:] if len(wanted) == dims + 2 else wanted
        if len(wanted) != dims:
            raise ValueRangeError(f"output_size should be a sequence containing {dims} or {dims + 2} elements, but it "
                                  f"has a length of '{len(wanted)}'", op=op)
        for d, (n, base, s) in enumerate(zip(wanted, plain, stride, strict=True)):
            if not base - s < n < base + s:
                raise ValueRangeError(f'invalid output_size "{wanted}" (dim {d} must be between {base - s} and '
                                      f"{base + s})", op=op)
    if min(wanted) < 0:
        raise ValueRangeError("output_size must contain non-negative spatial dimensions, but got "
                              f"{wanted}", op=op)
    return tuple(wanted)


def fractional_max_pool2d(input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
                          return_indices: bool = False, _random_samples: Tensor | None = None) -> Any:
    """The largest of windows of (N, C, H, W) or (C, H, W) at places drawn at random (Graham, 2014).

    `output_size` or `output_ratio`, the share of the input's size, says how many windows there are; with
    `return_indices` also where the maxima are. Raises ValueRangeError for neither or for windows that do not fit.
    """
    both = fractional_max_pool2d_with_indices(input, kernel_size, output_size, output_ratio, return_indices,
                                              _random_samples)
    return both if return_indices else both[0]


def fractional_max_pool3d(input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
                          return_indices: bool = False, _random_samples: Tensor | None = None) -> Any:
    """The largest of windows of (N, C, D, H, W) or (C, D, H, W) at places drawn; see `fractional_max_pool2d`."""
    both = fractional_max_pool3d_with_indices(input, kernel_size, output_size, output_ratio, return_indices,
                                              _random_samples)
    return both if return_indices else both[0]


def fractional_max_pool2d_with_indices(input: Tensor, kernel_size: Any, output_size: Any = None,
                                       output_ratio: Any = None, return_indices: bool = False,
                                       _random_samples: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """As `fractional_max_pool2d`, and where each maximum is, counted through H and W in C order."""
    return _fractional("fractional_max_pool2d", 2, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool3d_with_indices(input: Tensor, kernel_size: Any, output_size: Any = None,
                                       output_ratio: Any = None, return_indices: bool = False,
                                       _random_samples: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """As `fractional_max_pool3d`, and where each maximum is, counted through D, H and W in C order."""
    return _fractional("fractional_max_pool3d", 3, input, kernel_size, output_size, output_ratio, _random_samples)


def _fractional(op: str, dims: int, input: Tensor, kernel_size: Any, output_size: Any, output_ratio: Any,
                samples: Tensor | None) -> tuple[Tensor, Tensor]:
    size = _fractional_size(op, dims, input, output_size, output_ratio)
    require_dtype(op, "real floating", input)
    if input.ndim not in (dims + 1, dims + 2) or 0 in input.shape[-dims - 1:]:
        raise ShapeError(f"Expected {dims + 1}D or {dims + 2}D tensor with non-zero size for non-batch dimensions, but "
                         f"got: {list(input.shape)}", op=op)
    x = input if input.ndim == dims + 2 else input.unsqueeze(0)
    if samples is None:
        samples = functions.rand((x.shape[0], x.shape[1], dims), dtype=input.dtype, device=input.device)
    _check_samples(op, dims, x, samples)
    kernel = ntuple(kernel_size, dims)
    for n, o, k in zip(x.shape[2:], size, kernel, strict=True):
        if o < 1 or k < 1 or o + k - 1 > n:
            raise ValueRangeError(f"pool size {k} or output size {o} does not fit an input of {n} elements", op=op)
    values, indices = _largest(x, kernel, size, samples)
    return (values, indices) if x is input else (values.squeeze(0), indices.squeeze(0))


def _fractional_size(op: str, dims: int, input: Tensor, output_size: Any, output_ratio: Any) -> Sizes:
    if output_size is not None:
        return ntuple(output_size, dims)
    if output_ratio is None:
        raise ValueRangeError(f"{op} requires specifying either an output_size or an output_ratio")
    ratios = ntuple(output_ratio, dims)
    if len(ratios) != dims:
        raise ValueRangeError(f"{op} requires output_ratio to either be a single Int or tuple of Ints.")
    return tuple(int(n * ratio) for n, ratio in zip(input.shape[-dims:], ratios, strict=True))


def _check_samples(op: str, dims: int, x: Tensor, samples: Tensor) -> None:
    if samples.dtype is not x.dtype:
        raise DTypeError(f"Expect _random_samples to have the same dtype as input, got {samples.dtype!r} and "
                         f"{x.dtype!r}", op=op)
    if samples.ndim != 3 or samples.shape[0] < x.shape[0] or samples.shape[1] < x.shape[1] or samples.shape[2] != dims:
        raise ShapeError(f"Expect _random_samples of shape {[*x.shape[:2], dims]}, got {list(samples.shape)}", op=op)


def _largest(x: Tensor, kernel: Sizes, size: Sizes, samples: Tensor) -> tuple[Tensor, Tensor]:
    """The largest of each window (N, C, *size), and where it is."""
    dims, spatial, lead = len(size), tuple(x.shape[2:]), tuple(x.shape[:2])
    flat: Any = 0
    for d, step in enumerate(contiguous_strides(spatial)):
        drawn = 1 - d if dims == 2 else d  # in two dims the first number drawn is the last dim's
        begins = _begins(samples[: lead[0], : lead[1], drawn], spatial[d], size[d], kernel[d])
        at = begins.unsqueeze(-1) + functions.arange(kernel[d], device=x.device)  # (N, C, out, kernel)
        shape = [*lead, *[1] * (2 * dims)]
        shape[2 + d], shape[2 + dims + d] = size[d], kernel[d]
        flat = flat + at.reshape(shape) * step
    flat = flat.flatten(-dims)  # (N, C, *size, elements of a window)
    rows = x.flatten(2).gather(2, flat.flatten(2)).reshape(flat.shape)
    best = _last_nan_or(rows.argmax(-1, keepdim=True), rows)
    return rows.gather(-1, best).squeeze(-1), flat.gather(-1, best).squeeze(-1)


def _begins(samples: Tensor, count: int, size: int, kernel: int) -> Tensor:
    """Where the windows along one dim begin, (N, C, size): spread by a number drawn, the last one at the end."""
    last = functions.full((*samples.shape, 1), count - kernel, dtype=int64, device=samples.device)
    if size == 1:
        return last
    step = (count - kernel) / (size - 1)
    shifted = functions.arange(size - 1, device=samples.device).to(samples.dtype) + samples.unsqueeze(-1)
    begins = (shifted * step).to(int64) - (samples.unsqueeze(-1) * step).to(int64)
    return functions.cat([begins, last], -1)
