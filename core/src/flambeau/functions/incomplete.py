"""PyTorch's names of the incomplete gamma functions."""

from __future__ import annotations

from ..ops.incomplete import igamma, igammac

__all__ = ["igamma", "igammac"]
