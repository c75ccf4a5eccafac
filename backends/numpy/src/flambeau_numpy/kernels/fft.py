"""Fourier transforms: NumPy's own, which computes float32 in float32."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..registry import kernel

Array = np.ndarray[Any, Any]


@kernel("fft_c2c")
def fft_c2c(x: Array, *, dim: tuple[int, ...], norm: str, inverse: bool) -> Array:
    if len(dim) == 1:
        return (np.fft.ifft if inverse else np.fft.fft)(x, axis=dim[0], norm=norm)
    return (np.fft.ifftn if inverse else np.fft.fftn)(x, axes=dim, norm=norm)


@kernel("fft_r2c")
def fft_r2c(x: Array, *, dim: int, norm: str) -> Array:
    return np.fft.rfft(x, axis=dim, norm=norm)


@kernel("fft_c2r")
def fft_c2r(x: Array, *, dim: int, size: int, norm: str) -> Array:
    return np.fft.irfft(x, size, axis=dim, norm=norm)
