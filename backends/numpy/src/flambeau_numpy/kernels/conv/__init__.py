"""Windows, and convolutions over them."""

from __future__ import annotations

from . import convolution, windows

__all__ = ["convolution", "windows"]
