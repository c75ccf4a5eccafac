"""Windows for convolution and pooling, and their adjoint.

`unfold` is a strided view copied out; `fold` collects what lands on each place and sums it
exactly.
"""

from __future__ import annotations

from typing import Any

from flambeau.errors import ShapeError
from flambeau.shapes import Shape, numel

from ..array import Array, copied, elements, positions_of
from ..rounding import rounded
from ._common import Kernel
from .index import total_of


def _windows(x: Array, kernel_size: Shape, dilation: Shape, stride: Shape) -> Array:
    """A view of `x` (N, C, *spatial) as (N, C, *out, *kernel_size)."""
    spatial, steps = x.shape[2:], x.strides[2:]
    out = tuple((s - d * (k - 1) - 1) // st + 1
                for s, k, d, st in zip(spatial, kernel_size, dilation, stride, strict=True))
    if any(o < 0 for o in out):
        raise ShapeError(f"kernel {list(kernel_size)} with dilation {list(dilation)} exceeds {list(spatial)}",
                         op="unfold")
    strides = (*x.strides[:2], *[s * st for s, st in zip(steps, stride, strict=True)],
               *[s * d for s, d in zip(steps, dilation, strict=True)])
    return x.viewed((*x.shape[:2], *out, *kernel_size), strides, x.offset)


def _unfold(x: Array, *, kernel_size: Shape, dilation: Shape, stride: Shape) -> Array:
    view = _windows(x, kernel_size, dilation, stride)
    return Array(copied(view), view.shape, x.dtype)


def _fold(x: Array, *, size: Shape, dilation: Shape, stride: Shape) -> Array:
    shape = x.shape[:2] + tuple(size)
    kernel_size = x.shape[2 + len(size) :]
    frame = Array([], shape, x.dtype)
    view = _windows(frame, kernel_size, dilation, stride)
    if view.shape != x.shape:
        raise ShapeError(f"windows of {list(size)} have shape {list(view.shape)}, got {list(x.shape)}", op="fold")
    terms: list[list[Any]] = [[] for _ in range(numel(shape))]
    for p, v in zip(positions_of(view) if numel(x.shape) else (), elements(x), strict=True):
        terms[p].append(v)
    return Array(rounded(list(map(total_of(x.dtype), terms)), x.dtype), shape, x.dtype)


KERNELS: dict[str, Kernel] = {"unfold": _unfold, "fold": _fold}
