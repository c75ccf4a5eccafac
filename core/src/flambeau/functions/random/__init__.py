"""Random tensors under PyTorch's names."""

from __future__ import annotations

from .sampling import *
from .sampling import __all__ as _sampling

__all__ = [*_sampling]
