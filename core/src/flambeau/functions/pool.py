"""PyTorch's pooling functions over the ops of `pool`: windows, sizes and what is checked before."""

from __future__ import annotations

from typing import Any

from ..errors import ShapeError, ValueRangeError
from ..ops.pool import adaptive_avg_pool, adaptive_max_pool, avg_pool, max_pool
from ..shapes import as_size
from ..table.refusals import require_dtype
from ..table.returns import return_type
from ..tensors.tensor import Tensor

Sizes = tuple[int, ...]


def _per_dim(op: str, name: str, value: Any, dims: int) -> Sizes:
    """An int for every spatial dim, or one int each."""
    if type(value) is int:
        return (value,) * dims
    sizes = as_size(op, value, name)
    if len(sizes) not in (1, dims):
        raise ShapeError(f"{name} must either be a single int, or a tuple of {dims} ints, got {list(sizes)}", op=op)
    return sizes * dims if len(sizes) == 1 else sizes


def _batched(op: str, input: Tensor, dims: int) -> Tensor:
    """`input` as (N, C, *spatial), with elements everywhere but in the batch."""
    shape = input._array.shape
    if len(shape) not in (dims + 1, dims + 2):
        raise ShapeError(f"Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with optional 0 dim batch size for"
                         f" input, but got: {list(shape)}", op=op)
    if 0 in shape[-dims - 1 :]:
        raise ShapeError(f"Expected input to have non-zero size for non-batch dimensions, but got: {list(shape)}",
                         op=op)
    return input if len(shape) == dims + 2 else input.unsqueeze(0)


def _as_given(made: Tensor, input: Tensor) -> Tensor:
    return made if made.ndim == input.ndim else made.squeeze(0)


def _steps(op: str, dims: int, kernel_size: Any, stride: Any, padding: Any,
           dilation: Any) -> tuple[Sizes, Sizes, Sizes, Sizes]:
    """The parameters of the windows as full tuples; the stride left out is the kernel's size."""
    kernel = _per_dim(op, "kernel_size", kernel_size, dims)
    steps = kernel if stride is None or stride == () or stride == [] else _per_dim(op, "stride", stride, dims)
    pads, gaps = _per_dim(op, "padding", padding, dims), _per_dim(op, "dilation", dilation, dims)
    for name, sizes in (("kernel_size", kernel), ("stride", steps), ("dilation", gaps)):
        if min(sizes) < 1:
            raise ValueRangeError(f"{name} must be greater than zero, but got {list(sizes)}", op=op, **{name: sizes})
    if min(pads) < 0:
        raise ValueRangeError(f"pad must be non-negative, but got pad: {list(pads)}", op=op, padding=pads)
    if any(2 * p > k for p, k in zip(pads, kernel, strict=True)):
        raise ValueRangeError(f"pad should be at most half of kernel size, but got pad={list(pads)} and"
                              f" kernel_size={list(kernel)}", op=op, padding=pads)
    return kernel, steps, pads, gaps


def _out_size(op: str, x: Tensor, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes,
              ceil_mode: bool) -> Sizes:
    """How many windows there are; one that `ceil_mode` adds must begin inside the input or the padding before it."""
    out = []
    for n, k, s, p, d in zip(x._array.shape[2:], kernel, stride, padding, dilation, strict=True):
        count = (n + 2 * p - d * (k - 1) - 1 + (s - 1 if ceil_mode else 0)) // s + 1
        out.append(count - 1 if ceil_mode and (count - 1) * s >= n + p else count)
    if min(out) < 1:
        have, made = (" x ".join(map(str, sizes)) for sizes in (x._array.shape[1:], (x._array.shape[1], *out)))
        raise ShapeError(f"Given input size: ({have}). Calculated output size: ({made}). Output size is too small",
                         op=op)
    return tuple(out)


def _largest(op: str, dims: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any,
             ceil_mode: bool) -> tuple[Tensor, Tensor]:
    kernel, stride, padding, dilation = _steps(op, dims, kernel_size, stride, padding, dilation)
    x = _batched(op, input, dims)
    size = _out_size(op, x, kernel, stride, padding, dilation, ceil_mode)
    values, indices = max_pool(x, kernel, stride, padding, dilation, size)
    return _as_given(values, input), _as_given(indices, input)


def max_pool1d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
               ceil_mode: bool = False) -> Tensor:
    """The largest of each window of (N, C, L) or (C, L); NaN wins.

    >>> import flambeau
    >>> flambeau.max_pool1d(flambeau.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    tensor([[3., 2.]])
    """
    require_dtype("max_pool1d", "real floating", input)
    return _largest("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode)[0]


def max_pool2d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
               ceil_mode: bool = False) -> Tensor:
    """The largest of each window of (N, C, H, W) or (C, H, W); NaN wins."""
    return _largest("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode)[0]


def max_pool3d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
               ceil_mode: bool = False) -> Tensor:
    """The largest of each window of (N, C, D, H, W) or (C, D, H, W); NaN wins."""
    return _largest("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode)[0]


def max_pool1d_with_indices(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
                            ceil_mode: bool = False) -> tuple[Tensor, Tensor]:
    """As `max_pool1d`, and where in L each maximum is."""
    require_dtype("max_pool1d", "real floating", input)
    return _largest("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d_with_indices(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
                            ceil_mode: bool = False) -> tuple[Tensor, Tensor]:
    """As `max_pool2d`, and where each maximum is, counted through H and W in C order."""
    return _largest("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d_with_indices(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
                            ceil_mode: bool = False) -> tuple[Tensor, Tensor]:
    """As `max_pool3d`, and where each maximum is, counted through D, H and W in C order."""
    return _largest("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode)


def _averaged(op: str, dims: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool,
              count_include_pad: bool, divisor_override: int | None) -> Tensor:
    if divisor_override == 0:
        raise ValueRangeError("divisor must be not zero", op=op, divisor_override=0)
    kernel, stride, padding, ones = _steps(op, dims, kernel_size, stride, padding, 1)
    x = _batched(op, input, dims)
    if dims == 3 and any(n < k for n, k in zip(x._array.shape[2:], kernel, strict=True)):
        raise ShapeError(f"input image {list(x._array.shape[2:])} smaller than kernel size {list(kernel)}", op=op)
    size = _out_size(op, x, kernel, stride, padding, ones, ceil_mode)
    return _as_given(avg_pool(x, kernel, stride, padding, size, count_include_pad, divisor_override), input)


def avg_pool1d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
               count_include_pad: bool = True) -> Tensor:
    """The mean of each window of (N, C, L) or (C, L), zeros around it.

    >>> import flambeau
    >>> flambeau.avg_pool1d(flambeau.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    tensor([[2., 1.]])
    """
    return _averaged("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
               count_include_pad: bool = True, divisor_override: int | None = None) -> Tensor:
    """The mean of each window of (N, C, H, W) or (C, H, W), zeros around it.

    `count_include_pad` says whether the zeros count; `divisor_override` divides the sums instead.
    """
    return _averaged("avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad,
                     divisor_override)


def avg_pool3d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
               count_include_pad: bool = True, divisor_override: int | None = None) -> Tensor:
    """The mean of each window of (N, C, D, H, W) or (C, D, H, W); parameters as of `avg_pool2d`."""
    return _averaged("avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad,
                     divisor_override)


def _wanted(op: str, input: Tensor, output_size: Any, dims: int) -> Sizes:
    """The output's spatial sizes; None keeps the input's."""
    given = output_size if isinstance(output_size, (tuple, list)) else [output_size] * dims
    if len(given) != dims:
        raise ShapeError(f"output_size must be {dims} numbers, got {list(given)}", op=op)
    sizes = as_size(op, [n if o is None else o for o, n in zip(given, input._array.shape[-dims:], strict=True)],
                    "output_size")
    if min(sizes) < 0:
        raise ValueRangeError(f"elements of output_size must be greater than or equal to 0 but received {list(sizes)}",
                              op=op, output_size=sizes)
    return sizes


def _shared(op: str, dims: int, input: Tensor, output_size: Any) -> tuple[Tensor, Sizes]:
    shape = input._array.shape
    if len(shape) not in (dims + 1, dims + 2):
        raise ValueRangeError(f"Expected {dims + 1}D or {dims + 2}D tensor, but got {list(shape)}", op=op)
    if 0 in shape[-dims:]:
        raise ShapeError(f"Expected input to have non-zero size for non-batch dimensions, but input has sizes"
                         f" {list(shape)} with dimension {tuple(shape).index(0, len(shape) - dims)} being empty", op=op)
    x = input if len(shape) == dims + 2 else input.unsqueeze(0)
    return x, _wanted(op, input, output_size, dims)


def _adaptive_avg(op: str, dims: int, input: Tensor, output_size: Any) -> Tensor:
    x, size = _shared(op, dims, input, output_size)
    return _as_given(adaptive_avg_pool(x, size), input)


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """The means of `output_size` windows that share out (N, C, L) or (C, L).

    >>> import flambeau
    >>> flambeau.adaptive_avg_pool1d(flambeau.tensor([[1.0, 3.0, 2.0, 0.0]]), 1)
    tensor([[1.5000]])
    """
    return _adaptive_avg("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """The means of `output_size` windows (None: as many as elements) that share out (N, C, H, W) or (C, H, W)."""
    return _adaptive_avg("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """The means of `output_size` windows (None: as many as elements) that share out (N, C, D, H, W)."""
    return _adaptive_avg("adaptive_avg_pool3d", 3, input, output_size)


def _adaptive_max(op: str, dims: int, input: Tensor, output_size: Any) -> Any:
    require_dtype(op, "real floating", input)
    x, size = _shared(op, dims, input, output_size)
    values, indices = adaptive_max_pool(x, size)
    return _result(_as_given(values, input), _as_given(indices, input))


_result = return_type("adaptive_max_pool", ("values", "indices"))


def adaptive_max_pool1d(input: Tensor, output_size: Any) -> Any:
    """The maxima of `output_size` windows that share out (N, C, L) or (C, L), and where they are."""
    return _adaptive_max("adaptive_max_pool1d", 1, input, output_size)


def adaptive_max_pool2d(input: Tensor, output_size: Any) -> Any:
    """The maxima of `output_size` windows that share out (N, C, H, W) or (C, H, W), and where they are."""
    return _adaptive_max("adaptive_max_pool2d", 2, input, output_size)


def adaptive_max_pool3d(input: Tensor, output_size: Any) -> Any:
    """The maxima of `output_size` windows that share out (N, C, D, H, W), and where they are."""
    return _adaptive_max("adaptive_max_pool3d", 3, input, output_size)

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool2d", "adaptive_max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d", "max_pool1d",
    "max_pool1d_with_indices", "max_pool2d", "max_pool2d_with_indices", "max_pool3d", "max_pool3d_with_indices",
]
