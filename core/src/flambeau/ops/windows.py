"""Windows as columns, and channels exchanged for space: PyTorch's unfold, fold, pixel_shuffle and kin."""

from __future__ import annotations

from typing import Any

from ..errors import ShapeError, ValueRangeError
from ..shapes import numel
from ..tensor import Tensor
from .conv import Sizes, fold_op, padded, per_dim, reach, unfold_op
from .movement import permute_op, reshape, slice_op


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
    x = input if input.ndim == 4 else input.unsqueeze(0)
    out = _places("unfold", tuple(x._array.shape[2:]), kernel, dilation, padding, stride)
    windows = unfold_op(padded(x, padding), kernel, dilation, stride)
    batch, channels = x._array.shape[:2]
    made = reshape(permute_op(windows, (0, 1, 4, 5, 2, 3)), (batch, channels * numel(kernel), numel(out)))
    return made if input.ndim == 4 else made.squeeze(0)


def fold(input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0,
         stride: Any = 1) -> Tensor:
    """Columns of windows (N, C * kernel elements, windows) summed into (N, C, *output_size): `unfold`'s adjoint."""
    kernel, dilation, padding, stride = _parameters("fold", kernel_size, dilation, padding, stride)
    size = per_dim("fold", "output_size", output_size, 2)
    if input.ndim not in (2, 3) or 0 in input._array.shape[-2:]:
        raise ShapeError(f"Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero"
                         f" dimensions for input, but got: {list(input.shape)}", op="fold")
    x = input if input.ndim == 3 else input.unsqueeze(0)
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
    return made if input.ndim == 3 else made.squeeze(0)


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
    return reshape(permute_op(split, order), (*lead, channels // (r * r), height * r, width * r))


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """(*, C, H * r, W * r) → (*, C * r², H, W): space becomes channels."""
    r, (lead, (channels, height, width)) = downscale_factor, _factor("pixel_unshuffle", input, downscale_factor)
    if height % r or width % r:
        raise ShapeError(f"expects height and width to be divisible by downscale_factor, but {height} x {width} is not"
                         f" divisible by {r}", op="pixel_unshuffle")
    n = len(lead)
    split = reshape(input, (*lead, channels, height // r, r, width // r, r))
    order = (*range(n + 1), n + 2, n + 4, n + 1, n + 3)
    return reshape(permute_op(split, order), (*lead, channels * r * r, height // r, width // r))


__all__ = ["fold", "pixel_shuffle", "pixel_unshuffle", "unfold"]
