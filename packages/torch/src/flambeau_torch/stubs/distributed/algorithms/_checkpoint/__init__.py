"""Checkpointing of wrapped modules."""

from __future__ import annotations

from . import checkpoint_wrapper as checkpoint_wrapper
