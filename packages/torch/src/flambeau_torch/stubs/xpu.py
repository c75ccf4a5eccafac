"""`torch.xpu`: not there."""

from __future__ import annotations

from typing import Any


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Nothing."""


def empty_cache(*args: Any) -> None:
    """Nothing."""
