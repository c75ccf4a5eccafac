"""`torch.cuda.nvtx`: marks for a profiler that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def range(msg: str, *args: Any, **kwargs: Any) -> Iterator[None]:
    """Marks nothing; a context manager and a decorator."""
    yield


def range_push(msg: str) -> int:
    """0: nothing is marked."""
    return 0


def range_pop() -> int:
    """0: nothing is marked."""
    return 0


def mark(msg: str) -> None:
    """Marks nothing."""
