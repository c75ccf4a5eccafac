"""Memory for time: parts of a graph that are computed again by the walk instead of kept."""

from __future__ import annotations

from ..autograd.checkpoint import CheckpointError, checkpoint, checkpoint_sequential, noop_context_fn
from ..spelling import public

__all__ = ["CheckpointError", "checkpoint", "checkpoint_sequential", "noop_context_fn"]
__getattr__, __dir__ = public(__name__)
