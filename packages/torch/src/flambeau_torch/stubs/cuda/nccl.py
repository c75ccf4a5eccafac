"""`torch.cuda.nccl`: not there."""

from __future__ import annotations

from typing import Any


def is_available(tensors: Any = ()) -> bool:
    """False."""
    return False


def version() -> tuple[int, int, int]:
    """(0, 0, 0): there is none."""
    return (0, 0, 0)
