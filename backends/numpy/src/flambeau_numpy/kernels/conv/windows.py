"""Windows and their adjoint. One copy for `unfold`; one addition per kernel element for `fold`."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from ...dtypes import FLOAT32, HALVES
from ...registry import kernel
from ..movement import strided

Array = np.ndarray[Any, Any]
Sizes = tuple[int, ...]


def windows(x: Array, kernel_size: Sizes, dilation: Sizes, stride: Sizes) -> Array:
    """Every window of `x` (N, C, *spatial) as a view (N, C, *out, *kernel_size)."""
    steps, spatial = x.strides[2:], x.shape[2:]
    out = tuple([(n - d * (k - 1) - 1) // s + 1
                 for n, k, d, s in zip(spatial, kernel_size, dilation, stride, strict=True)])
    if min(out) < 0:
        raise ValueError(f"kernel {kernel_size} does not fit into {spatial}")
    strides = (x.strides[:2] + tuple([b * s for b, s in zip(steps, stride, strict=True)])
               + tuple([b * d for b, d in zip(steps, dilation, strict=True)]))
    return strided(x, x.shape[:2] + out + kernel_size, strides)


@kernel("unfold")
def unfold(x: Array, *, kernel_size: Sizes, dilation: Sizes, stride: Sizes) -> Array:
    return windows(x, kernel_size, dilation, stride).copy()


@kernel("fold")
def fold(x: Array, *, size: Sizes, dilation: Sizes, stride: Sizes) -> Array:
    spatial = len(size)
    out_size, kernel_size = x.shape[2:2 + spatial], x.shape[2 + spatial:]
    out = np.zeros(x.shape[:2] + size, x.dtype)
    for place in product(*map(range, kernel_size)):
        target = tuple([slice(k * d, k * d + (n - 1) * s + 1, s)
                        for k, d, n, s in zip(place, dilation, out_size, stride, strict=True)])
        out[(..., *target)] += x[(..., *place)]
    return out


@kernel("fold", HALVES)
def fold_half(x: Array, *, size: Sizes, dilation: Sizes, stride: Sizes) -> Array:
    return fold(x.astype(FLOAT32), size=size, dilation=dilation, stride=stride).astype(x.dtype)
