"""PyTorch's name of the inverse error function; the others of the family are in `flambeau.special`."""

from __future__ import annotations

from ..ops.normal import erfinv

__all__ = ["erfinv"]
