"""`torch.utils._triton`: whether Triton can be used."""

from __future__ import annotations


def has_triton() -> bool:
    """False."""
    return False


has_triton_package = has_triton_tma = has_triton
