"""`torch.distributed.elastic.multiprocessing.errors`: without a launcher, errors go to Python."""

from __future__ import annotations

from typing import Any


class ChildFailedError(Exception):
    """That a process of the launcher's failed; there is none, so nothing raises it."""


def record(fn: Any, error_handler: Any = None) -> Any:
    """The function itself: its errors are Python's, there being no launcher to tell."""
    return fn


__all__ = ["ChildFailedError", "record"]
