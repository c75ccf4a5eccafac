"""Layers that pad: with a value, mirrored, repeated or in a circle."""

from __future__ import annotations

from typing import Any

from ..tensors.tensor import Tensor
from . import functional as F
from ._sizes import expect_dims, ntuple
from .module import Module


class _Pad(Module):
    """Padding of the last dims: before and after each, the last dim first."""

    __constants__: tuple[str, ...] = ("padding",)
    _dims: int
    _mode: str

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = ntuple(padding, 2 * self._dims)

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return str(self.padding)


class _ConstantPad(_Pad):
    __constants__ = ("padding", "value")

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_ConstantPad):
    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return str(self.padding)


class _CircularPad(_Pad):
    _mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        expect_dims(self, input, self._dims + 1, self._dims + 2)
        return super().forward(input)


class ConstantPad1d(_ConstantPad):
    """Pads the last dim with `value`."""

    _dims = 1


class ConstantPad2d(_ConstantPad):
    """Pads the last two dims with `value`."""

    _dims = 2


class ConstantPad3d(_ConstantPad):
    """Pads the last three dims with `value`."""

    _dims = 3


class ZeroPad1d(_ZeroPad):
    """Pads the last dim with zeros."""

    _dims = 1


class ZeroPad2d(_ZeroPad):
    """Pads the last two dims with zeros.

    >>> import flambeau
    >>> ZeroPad2d(1)(flambeau.ones(1, 1, 2)).tolist()
    [[[0.0, 0.0, 0.0, 0.0], [0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]]]
    """

    _dims = 2


class ZeroPad3d(_ZeroPad):
    """Pads the last three dims with zeros."""

    _dims = 3


class ReflectionPad1d(_Pad):
    """Pads the last dim with its mirror image, the border not repeated."""

    _dims, _mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """Pads the last two dims with their mirror image, the border not repeated."""

    _dims, _mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    """Pads the last three dims with their mirror image, the border not repeated."""

    _dims, _mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    """Pads the last dim with its border."""

    _dims, _mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """Pads the last two dims with their border."""

    _dims, _mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    """Pads the last three dims with their border."""

    _dims, _mode = 3, "replicate"


class CircularPad1d(_CircularPad):
    """Pads the last dim with its other end. Raises ValueRangeError for an input without channels."""

    _dims = 1


class CircularPad2d(_CircularPad):
    """Pads the last two dims with their other ends. Raises ValueRangeError for an input without channels."""

    _dims = 2


class CircularPad3d(_CircularPad):
    """Pads the last three dims with their other ends. Raises ValueRangeError for an input without channels."""

    _dims = 3
