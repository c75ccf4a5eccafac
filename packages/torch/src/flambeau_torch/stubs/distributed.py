"""`torch.distributed` where it was not built."""

from __future__ import annotations


def is_available() -> bool:
    """False."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def is_torchelastic_launched() -> bool:
    """False."""
    return False


__all__ = ["is_available", "is_initialized", "is_torchelastic_launched"]
