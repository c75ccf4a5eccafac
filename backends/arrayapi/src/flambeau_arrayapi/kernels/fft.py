"""Fourier transforms by the standard's extension; on the host where the library does not have it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..namespace import Namespace
from ..registry import COMPLEX, FLOATS, Kernel, register


def _by_extension(kernel: Callable[..., Any]) -> Callable[[Namespace], Kernel | None]:
    """Makes `kernel`, a function of the extension and what an op's kernel takes."""
    def make(ns: Namespace) -> Kernel | None:
        fft = getattr(ns.xp, "fft", None)
        return None if fft is None else lambda *arrays, **attributes: kernel(fft, *arrays, **attributes)

    return make


def _c2c(fft: Any, x: Any, *, dim: tuple[int, ...], norm: str, inverse: bool) -> Any:
    return (fft.ifftn if inverse else fft.fftn)(x, axes=dim, norm=norm)


def _r2c(fft: Any, x: Any, *, dim: int, norm: str) -> Any:
    return fft.rfft(x, axis=dim, norm=norm)


def _c2r(fft: Any, x: Any, *, dim: int, size: int, norm: str) -> Any:
    return fft.irfft(x, n=size, axis=dim, norm=norm)


register("fft_c2c", _by_extension(_c2c), COMPLEX)
register("fft_r2c", _by_extension(_r2c), FLOATS)
register("fft_c2r", _by_extension(_c2r), COMPLEX)
