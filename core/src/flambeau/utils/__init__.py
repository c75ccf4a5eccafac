"""Utilities; each part loads when it is first used."""

from __future__ import annotations

from ..spelling import public

__all__ = ["checkpoint", "data", "tensorboard"]

__getattr__, __dir__ = public(__name__, {"checkpoint": ".checkpoint", "data": ".data", "tensorboard": ".tensorboard"})
