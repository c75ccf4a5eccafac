"""`torch.version`: which PyTorch this stands in for, and what it was not built with."""

from __future__ import annotations

__version__ = "2.13.0+flambeau"
debug = False
cuda = hip = xpu = git_version = None
