"""Signal processing, PyTorch's `torch.signal`: windows."""

from __future__ import annotations

from ..spelling import public

__all__ = ["windows"]
__getattr__, __dir__ = public(__name__, {"windows": ".windows"})
