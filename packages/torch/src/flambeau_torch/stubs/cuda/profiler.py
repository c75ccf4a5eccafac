"""`torch.cuda.profiler`: a profiler of CUDA's, which is not there."""

from __future__ import annotations

from contextlib import nullcontext as profile


def start() -> None:
    """Nothing to start."""


def stop() -> None:
    """Nothing to stop."""


__all__ = ["profile", "start", "stop"]
