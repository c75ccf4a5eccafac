"""Discrete Fourier transforms: three primitives, each the other way round as its gradient.

A transform with `norm` "backward" is the plain sum and its inverse is divided by n; "forward" divides the transform
instead, "ortho" both by the root. The adjoint of a transform is the other direction with the other of these, so that
a gradient is a transform again, of any order. Bounded by n log n operations an element row.
"""

from __future__ import annotations

from typing import Any

from ..table.dispatch import primitive
from ..table.samples import Sample, arr
from ..tensors.tensor import Tensor
from .create import _filled
from .movement import pad_op, view_op

ADJOINT = {"backward": "forward", "forward": "backward", "ortho": "ortho"}


@primitive(saves="", dtypes="complex", capability="fft", samples=lambda: [
    Sample(arr(8), (0,), "backward", False), Sample(arr(3, 5), (1,), "ortho", True),
    Sample(arr(2, 3, 4), (0, 2), "forward", True), Sample(arr(6, 7), (1, 0), "backward", True),
    Sample(arr(2, 67), (1,), "backward", False), Sample(arr(0, 4), (1,), "backward", False),
    Sample(arr(1), (0,), "ortho", False)])
def fft_c2c(input: Tensor, dim: Any, norm: str, inverse: bool) -> Tensor:
    """The transform of complex numbers over every dim of the tuple `dim`; `inverse` turns the exponent's sign."""


@fft_c2c.grad("input")
def _(g, *, dim, norm, inverse):
    return fft_c2c(g, dim=dim, norm=ADJOINT[norm], inverse=not inverse)


@primitive(saves="input_shape", dtype="complex", dtypes="real floating, not 16-bit", capability="fft", samples=lambda: [
    Sample(arr(8), 0, "backward"), Sample(arr(3, 5), 1, "ortho"),
    Sample(arr(4, 2, 3), 0, "forward"), Sample(arr(2, 71), 1, "backward"),
    Sample(arr(0, 4), 1, "backward"), Sample(arr(3, 1), 1, "forward")])
def fft_r2c(input: Tensor, dim: int, norm: str) -> Tensor:
    """The first n // 2 + 1 values of the transform of real numbers over `dim`; the others are their conjugates."""


@fft_r2c.grad("input")
def _(g, input_shape, *, dim, norm):
    size = input_shape[dim]
    return fft_c2r(_inner(g, dim, size, 0.5), dim=dim, size=size, norm=ADJOINT[norm])


@primitive(saves="", dtype="real", dtypes="complex", capability="fft", samples=lambda: [
    Sample(arr(5), 0, 8, "backward"), Sample(arr(3, 3), 1, 5, "ortho"), Sample(arr(4, 2), 0, 6, "forward"),
    Sample(arr(2, 36), 1, 71, "backward"), Sample(arr(0, 3), 1, 4, "backward"), Sample(arr(3, 1), 1, 1, "forward")])
def fft_c2r(input: Tensor, dim: int, size: int, norm: str) -> Tensor:
    """The `size` real numbers over `dim` whose transform begins with the size // 2 + 1 values there.

    Imaginary parts of the first value, and for even sizes of the last, are not looked at.
    """


@fft_c2r.grad("input")
def _(g, *, dim, size, norm):
    return _inner(fft_r2c(g, dim=dim, norm=ADJOINT[norm]), dim, size, 2.0)


def _inner(half: Tensor, dim: int, size: int, factor: float) -> Tensor:
    """Half a spectrum with the values that stand for two multiplied by `factor`."""
    twice = (size - 1) // 2
    if not twice:
        return half
    kind = half._kind
    inside = _filled((twice,), factor, kind.device.kinds[kind.dtype.real])
    weights = pad_op(inside, padding=((1, 1 - size % 2),), value=1.0)
    return half * view_op(weights, size=(size // 2 + 1, *[1] * (half.ndim - dim - 1)))
