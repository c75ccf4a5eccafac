"""Random tensors under PyTorch's names."""

from __future__ import annotations

from .sampling import *
