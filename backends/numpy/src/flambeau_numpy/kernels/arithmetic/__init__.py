"""Arithmetic. Later modules override what earlier ones register for the same op and dtype."""

from __future__ import annotations

from . import ufuncs, bounds, division  # isort: skip

__all__ = ["bounds", "division", "ufuncs"]
