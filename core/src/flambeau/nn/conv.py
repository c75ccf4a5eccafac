"""Convolution layers over one, two and three spatial dimensions."""

from __future__ import annotations

from typing import Any

from ..errors import ValueRangeError
from ..functions import empty
from ..tensors.tensor import Tensor
from . import functional as F
from ._sizes import doubled_reversed, ntuple
from .linear import reset_weight_and_bias
from .module import Module
from .parameter import Parameter

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def _check_groups(in_channels: int, out_channels: int, groups: int) -> None:
    if groups <= 0:
        raise ValueRangeError("groups must be a positive integer", groups=groups)
    if in_channels % groups != 0:
        raise ValueRangeError("in_channels must be divisible by groups", in_channels=in_channels, groups=groups)
    if out_channels % groups != 0:
        raise ValueRangeError("out_channels must be divisible by groups", out_channels=out_channels, groups=groups)


def _check_padding(padding: Any, padding_mode: str, stride: tuple[int, ...]) -> None:
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ValueRangeError(f"Invalid padding string {padding!r}, should be one of ('same', 'valid')")
        if padding == "same" and any(s != 1 for s in stride):
            raise ValueRangeError("padding='same' is not supported for strided convolutions")
    if padding_mode not in _PADDING_MODES:
        raise ValueRangeError(f"padding_mode must be one of {_PADDING_MODES}, but got padding_mode='{padding_mode}'")


def _pad_amounts(padding: Any, kernel_size: tuple[int, ...], dilation: tuple[int, ...]) -> list[int]:
    if padding == "valid":
        return [0, 0] * len(kernel_size)
    if padding != "same":
        return doubled_reversed(padding)
    totals = [d * (k - 1) for d, k in zip(reversed(dilation), reversed(kernel_size), strict=True)]
    return [amount for total in totals for amount in (total // 2, total - total // 2)]


class _ConvNd(Module):
    """What the convolution layers share: checked settings, weight, bias, repr."""

    __constants__ = ("stride", "padding", "dilation", "groups", "padding_mode", "output_padding", "in_channels",
                     "out_channels", "kernel_size")
    weight: Tensor
    bias: Tensor | None

    def __init__(self, in_channels: int, out_channels: int, kernel_size: tuple[int, ...], stride: tuple[int, ...],
                 padding: Any, dilation: tuple[int, ...], transposed: bool, output_padding: tuple[int, ...],
                 groups: int, bias: bool, padding_mode: str, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        _check_groups(in_channels, out_channels, groups)
        _check_padding(padding, padding_mode, stride)
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride, self.dilation = kernel_size, stride, dilation
        self.padding, self.padding_mode = padding, padding_mode
        self.transposed, self.output_padding = transposed, output_padding
        self._reversed_padding_repeated_twice = _pad_amounts(padding, kernel_size, dilation)
        outer, inner = (in_channels, out_channels) if transposed else (out_channels, in_channels)
        self.weight = Parameter(empty((outer, inner // groups, *kernel_size), device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weight and bias anew, uniform within 1 / sqrt(in_channels / groups * kernel elements)."""
        reset_weight_and_bias(self.weight, self.bias)

    def _inputs(self, input: Tensor) -> tuple[Tensor, Any]:
        """The input, padded here where the mode is not zeros, and the padding left to the op."""
        if self.padding_mode == "zeros":
            return input, self.padding
        return F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode), 0

    def extra_repr(self) -> str:
        parts = [str(self.in_channels), str(self.out_channels), f"kernel_size={self.kernel_size}",
                 f"stride={self.stride}"]
        dims = len(self.kernel_size)
        for name, plain in (("padding", (0,) * dims), ("dilation", (1,) * dims), ("output_padding", (0,) * dims),
                            ("groups", 1)):
            if getattr(self, name) != plain:
                parts.append(f"{name}={getattr(self, name)}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


class _Conv(_ConvNd):
    _dims: int

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
                 dilation: Any = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros",
                 device: Any = None, dtype: Any = None) -> None:
        n = self._dims
        super().__init__(in_channels, out_channels, ntuple(kernel_size, n), ntuple(stride, n),
                         padding if isinstance(padding, str) else ntuple(padding, n), ntuple(dilation, n), False,
                         (0,) * n, groups, bias, padding_mode, device, dtype)


class _ConvTransposeNd(_ConvNd):
    _dims: int

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
                 output_padding: Any = 0, groups: int = 1, bias: bool = True, dilation: Any = 1,
                 padding_mode: str = "zeros", device: Any = None, dtype: Any = None) -> None:
        if padding_mode != "zeros":
            raise ValueRangeError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        n = self._dims
        super().__init__(in_channels, out_channels, ntuple(kernel_size, n), ntuple(stride, n), ntuple(padding, n),
                         ntuple(dilation, n), True, ntuple(output_padding, n), groups, bias, padding_mode, device,
                         dtype)

    def _transposed(self, function: Any, input: Tensor, output_size: Any) -> Tensor:
        extra = self.output_padding if output_size is None else self._extra(input, tuple(output_size))
        return function(input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation)

    def _extra(self, input: Tensor, wanted: tuple[int, ...]) -> tuple[int, ...]:
        """The output padding that gives the wanted spatial sizes, of which each stride allows a range."""
        n = self._dims
        lead = 2 if input.dim() == n + 2 else 1
        sizes = wanted[lead:] if len(wanted) == lead + n else wanted
        if len(sizes) != n:
            raise ValueRangeError(f"ConvTranspose{n}D: for {input.dim()}D input, output_size must have {n} or "
                                  f"{lead + n} elements (got {len(sizes)})")
        least = [(size - 1) * s - 2 * p + d * (k - 1) + 1 for size, s, p, d, k in zip(
            input.shape[lead:], self.stride, self.padding, self.dilation, self.kernel_size, strict=True)]
        most = [size + s - 1 for size, s in zip(least, self.stride, strict=True)]
        if any(not a <= size <= b for a, size, b in zip(least, sizes, most, strict=True)):
            raise ValueRangeError(f"requested an output size of {list(sizes)}, but valid sizes range from {least} to "
                                  f"{most} (for an input of {input.shape[2:]})")
        return tuple(size - a for size, a in zip(sizes, least, strict=True))


class ConvTranspose1d(_ConvTransposeNd):
    """The adjoint of Conv1d; `output_size` chooses among the sizes that a stride leaves open."""

    _dims = 1

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        return self._transposed(F.conv_transpose1d, input, output_size)


class ConvTranspose2d(_ConvTransposeNd):
    """The adjoint of Conv2d; `output_size` chooses among the sizes that a stride leaves open."""

    _dims = 2

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        return self._transposed(F.conv_transpose2d, input, output_size)


class ConvTranspose3d(_ConvTransposeNd):
    """The adjoint of Conv3d; `output_size` chooses among the sizes that a stride leaves open."""

    _dims = 3

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        return self._transposed(F.conv_transpose3d, input, output_size)


class Conv1d(_Conv):
    """Cross-correlation over (N, C, L) or (C, L).

    Raises ValueRangeError for channels that `groups` does not divide or an unknown padding.

    >>> import flambeau
    >>> Conv1d(2, 4, 3, padding=1)(flambeau.ones(1, 2, 8)).shape
    flambeau.Size([1, 4, 8])
    """

    _dims = 1

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.weight, self.bias)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        padded, padding = self._inputs(input)
        return F.conv1d(padded, weight, bias, self.stride, padding, self.dilation, self.groups)


class Conv2d(_Conv):
    """Cross-correlation over (N, C, H, W) or (C, H, W).

    Raises ValueRangeError for channels that `groups` does not divide or an unknown padding.

    >>> import flambeau
    >>> Conv2d(1, 4, 3, stride=2)(flambeau.ones(2, 1, 9, 9)).shape
    flambeau.Size([2, 4, 4, 4])
    """

    _dims = 2

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.weight, self.bias)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        padded, padding = self._inputs(input)
        return F.conv2d(padded, weight, bias, self.stride, padding, self.dilation, self.groups)


class Conv3d(_Conv):
    """Cross-correlation over (N, C, D, H, W) or (C, D, H, W).

    Raises ValueRangeError for channels that `groups` does not divide or an unknown padding.
    """

    _dims = 3

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.weight, self.bias)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        padded, padding = self._inputs(input)
        return F.conv3d(padded, weight, bias, self.stride, padding, self.dilation, self.groups)
