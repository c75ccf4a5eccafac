"""PyTorch's convolutions, windows as columns, and channels exchanged for space."""

from __future__ import annotations

from typing import Any

from ..dtypes import float32
from ..errors import DTypeError, ShapeError, ValueRangeError
from ..ops.conv import Sizes, _convolution_rule, convolution, fold_op, padded, reach, unfold_op
from ..ops.create import cast
from ..ops.movement import copy, pad_op, permute_op, reshape, slice_op
from ..shapes import as_size, numel
from ..table.refusals import require_dtype
from ..tensors.tensor import Tensor


def per_dim(op: str, name: str, value: Any, dims: int) -> Sizes:
    """An int for every spatial dim, or one int each."""
    if type(value) is int:
        return (value,) * dims
    sizes = as_size(op, value, name)
    if len(sizes) == 1:
        return sizes * dims
    if len(sizes) != dims:
        raise ShapeError(f"expected {name} to be a single integer value or a list of {dims} values to match the"
                         f" convolution dimensions, but got {name}={list(sizes)}", op=op)
    return sizes


def _same_padding(op: str, input: Tensor, kernel: Sizes, stride: Sizes, dilation: Sizes) -> tuple[Tensor, Sizes]:
    """What keeps the sizes; the odd one out goes behind."""
    if any(s != 1 for s in stride):
        raise ValueRangeError("padding='same' is not supported for strided convolutions", op=op, stride=stride)
    extra = [r - 1 for r in reach(kernel, dilation)]
    if any(t % 2 for t in extra):
        input = pad_op(input, ((0, 0), (0, 0), *((0, t % 2) for t in extra)), 0)
    return input, tuple(t // 2 for t in extra)


def _checked_steps(op: str, stride: Sizes, dilation: Sizes, groups: Any) -> None:
    if min(stride) < 1:
        raise ValueRangeError(f"non-positive stride is not supported, got {list(stride)}", op=op, stride=stride)
    if min(dilation) < 1:
        raise ValueRangeError(f"dilation should be greater than zero, got {list(dilation)}", op=op, dilation=dilation)
    if type(groups) is not int or groups < 1:
        raise ValueRangeError(f"non-positive groups is not supported, got {groups!r}", op=op, groups=groups)


def _checked_tensors(op: str, input: Tensor, weight: Tensor, bias: Tensor | None, dims: int) -> None:
    if weight.ndim != dims + 2:
        raise ShapeError(f"expected {dims + 2}-dimensional weight for {op}, got weight of size {list(weight.shape)}",
                         op=op)
    if input.ndim not in (dims + 1, dims + 2):
        raise ShapeError(f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {op}, but got input of"
                         f" size: {list(input.shape)}", op=op)
    for name, other in (("weight", weight), ("bias", bias)):
        if other is not None and other._kind.dtype is not input._kind.dtype:
            raise DTypeError(f"Input type ({input.dtype!r}) and {name} type ({other.dtype!r}) should be the same",
                             op=op)


def _convolved(op: str, dims: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any,
               dilation: Any, groups: int) -> Tensor:
    _checked_tensors(op, input, weight, bias, dims)
    stride, dilation = per_dim(op, "stride", stride, dims), per_dim(op, "dilation", dilation, dims)
    _checked_steps(op, stride, dilation, groups)
    batched = input.ndim == dims + 2
    x = input if batched else input.unsqueeze(0)
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ValueRangeError(f"Invalid padding string: {padding!r}, should be one of 'valid', 'same'", op=op)
        padding = 0 if padding == "valid" else padding
    if padding == "same":
        x, padding = _same_padding(op, x, tuple(weight._array.shape[2:]), stride, dilation)
    padding = per_dim(op, "padding", padding, dims)
    if min(padding) < 0:
        raise ValueRangeError(f"negative padding is not supported, got {list(padding)}", op=op, padding=padding)
    _convolution_rule(x, weight, bias, stride=stride, padding=padding, dilation=dilation, transposed=False,
                      output_padding=(), groups=groups)
    made = convolution(x, weight, bias, stride, padding, dilation, False, (0,) * dims, groups)
    return made if batched else made.squeeze(0)


def conv1d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
           dilation: Any = 1, groups: int = 1) -> Tensor:
    """Windows of `input` (N, C, L) or (C, L) times `weight` (O, C/groups, K), plus `bias` (O).

    `padding` is an int, "valid" (none) or "same" (the length is kept). Raises ShapeError where sizes do not fit.

    >>> import flambeau
    >>> flambeau.conv1d(flambeau.ones(1, 1, 5), flambeau.ones(1, 1, 3), padding=1)
    tensor([[[2., 3., 3., 3., 2.]]])
    """
    return _convolved("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
           dilation: Any = 1, groups: int = 1) -> Tensor:
    """Windows of `input` (N, C, H, W) or (C, H, W) times `weight` (O, C/groups, KH, KW), plus `bias` (O).

    >>> import flambeau
    >>> flambeau.conv2d(flambeau.zeros(8, 3, 28, 28), flambeau.zeros(16, 3, 5, 5), stride=2).shape
    flambeau.Size([8, 16, 12, 12])
    """
    return _convolved("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
           dilation: Any = 1, groups: int = 1) -> Tensor:
    """Windows of `input` (N, C, D, H, W) or (C, D, H, W) times `weight` (O, C/groups, KD, KH, KW), plus `bias`."""
    return _convolved("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def _convolved_back(op: str, dims: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any,
                    output_padding: Any, groups: int, dilation: Any) -> Tensor:
    _checked_tensors(op, input, weight, bias, dims)
    stride, dilation = per_dim(op, "stride", stride, dims), per_dim(op, "dilation", dilation, dims)
    padding = per_dim(op, "padding", padding, dims)
    output_padding = per_dim(op, "output_padding", output_padding, dims)
    _checked_steps(op, stride, dilation, groups)
    if min(padding) < 0 or min(output_padding) < 0:
        raise ValueRangeError(f"negative padding is not supported, got padding={list(padding)},"
                              f" output_padding={list(output_padding)}", op=op)
    if any(o >= max(s, d) for o, s, d in zip(output_padding, stride, dilation, strict=True)):
        raise ValueRangeError("output padding must be smaller than either stride or dilation, but got"
                              f" output_padding={list(output_padding)}, stride={list(stride)},"
                              f" dilation={list(dilation)}", op=op)
    batched = input.ndim == dims + 2
    x = input if batched else input.unsqueeze(0)
    _convolution_rule(x, weight, bias, stride=stride, padding=padding, dilation=dilation, transposed=True,
                      output_padding=output_padding, groups=groups)
    _check_not_empty(op, x, weight, stride, padding, dilation, output_padding)
    made = convolution(x, weight, bias, stride, padding, dilation, True, output_padding, groups)
    return made if batched else made.squeeze(0)


def _check_not_empty(op: str, x: Tensor, weight: Tensor, stride: Sizes, padding: Sizes, dilation: Sizes,
                     output_padding: Sizes) -> None:
    spans = reach(tuple(weight._array.shape[2:]), dilation)
    out = [(n - 1) * s - 2 * p + r + o for n, s, p, r, o in zip(
        x._array.shape[2:], stride, padding, spans, output_padding, strict=True)]
    if min(out) < 1:
        raise ShapeError(f"Given input size per channel: ({' x '.join(map(str, x._array.shape[2:]))}). Calculated"
                         f" output size per channel: ({' x '.join(map(str, out))}). Output size is too small", op=op)


def conv_transpose1d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
                     output_padding: Any = 0, groups: int = 1, dilation: Any = 1) -> Tensor:
    """Every element of `input` (N, C, L) spreads `weight` (C, O/groups, K) over the result: the adjoint of conv1d.

    >>> import flambeau
    >>> flambeau.conv_transpose1d(flambeau.ones(1, 1, 3), flambeau.ones(1, 1, 2), stride=2)
    tensor([[[1., 1., 1., 1., 1., 1.]]])
    """
    return _convolved_back("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups,
                           dilation)


def conv_transpose2d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
                     output_padding: Any = 0, groups: int = 1, dilation: Any = 1) -> Tensor:
    """Every element of `input` (N, C, H, W) spreads `weight` (C, O/groups, KH, KW): the adjoint of conv2d."""
    return _convolved_back("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups,
                           dilation)


def conv_transpose3d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
                     output_padding: Any = 0, groups: int = 1, dilation: Any = 1) -> Tensor:
    """Every element of `input` (N, C, D, H, W) spreads `weight` (C, O/groups, KD, KH, KW): the adjoint of conv3d."""
    return _convolved_back("conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups,
                           dilation)


def _parameters(op: str, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> tuple[Sizes, ...]:
    given = {"kernel_size": kernel_size, "dilation": dilation, "padding": padding, "stride": stride}
    sizes = {name: per_dim(op, name, value, 2) for name, value in given.items()}
    for name, value in sizes.items():
        if min(value) < (0 if name == "padding" else 1):
            raise ValueRangeError(f"{name} should be {'non-negative' if name == 'padding' else 'greater than zero'},"
                                  f" but got {list(value)}", op=op, **{name: value})
    return tuple(sizes.values())


def _places(op: str, spatial: Sizes, kernel: Sizes, dilation: Sizes, padding: Sizes, stride: Sizes) -> Sizes:
    """How many windows lie along each dim."""
    out = tuple((n + 2 * p - r) // s + 1 for n, p, r, s in zip(
        spatial, padding, reach(kernel, dilation), stride, strict=True))
    if min(out) < 1:
        raise ShapeError(f"Given spatial size {list(spatial)}, kernel_size={list(kernel)}, dilation={list(dilation)},"
                         f" padding={list(padding)}, stride={list(stride)}, calculated shape of the array of sliding"
                         f" blocks as {list(out)}, but its components must be at least one", op=op)
    return out


def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """Windows of (N, C, H, W) or (C, H, W) as columns: (N, C * kernel elements, windows).

    >>> import flambeau
    >>> flambeau.nn.functional.unfold(flambeau.arange(4.0).reshape(1, 1, 2, 2), (1, 2))
    tensor([[[0., 2.],
             [1., 3.]]])
    """
    kernel, dilation, padding, stride = _parameters("unfold", kernel_size, dilation, padding, stride)
    if input.ndim not in (3, 4) or 0 in input._array.shape[-3:]:
        raise ShapeError(f"Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero"
                         f" dimensions for input, but got: {list(input.shape)}", op="unfold")
    x = _numeric("unfold", input if input.ndim == 4 else input.unsqueeze(0))
    out = _places("unfold", tuple(x._array.shape[2:]), kernel, dilation, padding, stride)
    windows = unfold_op(padded(x, padding), kernel, dilation, stride)
    batch, channels = x._array.shape[:2]
    made = reshape(permute_op(windows, (0, 1, 4, 5, 2, 3)), (batch, channels * numel(kernel), numel(out)))
    return (made if input.ndim == 4 else made.squeeze(0)).to(input.dtype)


def _numeric(op: str, input: Tensor) -> Tensor:
    """Booleans as the numbers 0 and 1. Raises DTypeNotOfferedError for integers, which PyTorch does not take."""
    if not input._kind.dtype.category:
        return cast(input, float32)
    require_dtype(op, "floating", input)
    return input


def fold(input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0,
         stride: Any = 1) -> Tensor:
    """Columns of windows (N, C * kernel elements, windows) summed into (N, C, *output_size): `unfold`'s adjoint."""
    kernel, dilation, padding, stride = _parameters("fold", kernel_size, dilation, padding, stride)
    size = per_dim("fold", "output_size", output_size, 2)
    if input.ndim not in (2, 3) or 0 in input._array.shape[-2:]:
        raise ShapeError(f"Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero"
                         f" dimensions for input, but got: {list(input.shape)}", op="fold")
    x = _numeric("fold", input if input.ndim == 3 else input.unsqueeze(0))
    out = _places("fold", size, kernel, dilation, padding, stride)
    batch, rows, columns = x._array.shape
    if rows % numel(kernel) or columns != numel(out):
        raise ShapeError(f"Expected size of input's dimension 1 to be divisible by the product of kernel_size"
                         f" {list(kernel)} and dimension 2 to be {numel(out)} blocks, but got {list(input.shape)}",
                         op="fold")
    channels = rows // numel(kernel)
    windows = permute_op(reshape(x, (batch, channels, *kernel, *out)), (0, 1, 4, 5, 2, 3))
    made = fold_op(windows, tuple(n + 2 * p for n, p in zip(size, padding, strict=True)), dilation, stride)
    made = slice_op(made, (slice(0, batch, 1), slice(0, channels, 1),
                           *(slice(p, p + n, 1) for p, n in zip(padding, size, strict=True))))
    return (made if input.ndim == 3 else made.squeeze(0)).to(input.dtype)


def _factor(op: str, input: Tensor, factor: int) -> tuple[Sizes, Sizes]:
    if input.ndim < 3:
        raise ShapeError(f"{op} expects input to have at least 3 dimensions, but got input with {input.ndim}"
                         " dimension(s)", op=op)
    if factor < 1:
        raise ValueRangeError(f"{op} expects a positive factor, but got {factor}", op=op)
    shape = tuple(input._array.shape)
    return shape[:-3], shape[-3:]


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """(*, C * r², H, W) → (*, C, H * r, W * r): channels become space."""
    r, (lead, (channels, height, width)) = upscale_factor, _factor("pixel_shuffle", input, upscale_factor)
    if channels % (r * r):
        raise ShapeError(f"expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but"
                         f" input.size(-3)={channels} is not divisible by {r * r}", op="pixel_shuffle")
    n = len(lead)
    split = reshape(input, (*lead, channels // (r * r), r, r, height, width))
    order = (*range(n + 1), n + 3, n + 1, n + 4, n + 2)
    return reshape(copy(permute_op(split, order)), (*lead, channels // (r * r), height * r, width * r))


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """(*, C, H * r, W * r) → (*, C * r², H, W): space becomes channels."""
    r, (lead, (channels, height, width)) = downscale_factor, _factor("pixel_unshuffle", input, downscale_factor)
    if height % r or width % r:
        raise ShapeError(f"expects height and width to be divisible by downscale_factor, but {height} x {width} is not"
                         f" divisible by {r}", op="pixel_unshuffle")
    n = len(lead)
    split = reshape(input, (*lead, channels, height // r, r, width // r, r))
    order = (*range(n + 1), n + 2, n + 4, n + 1, n + 3)
    return reshape(copy(permute_op(split, order)), (*lead, channels * r * r, height // r, width // r))

__all__ = [
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "fold",
    "pixel_shuffle", "pixel_unshuffle", "unfold",
]
