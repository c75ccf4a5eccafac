"""`backends.mkl`: not known of."""

from __future__ import annotations

from ..spelling import public as _public


def is_available() -> bool:
    """False: whether a backend's own library uses MKL is its affair."""
    return False


__all__ = ["is_available"]
__getattr__, __dir__ = _public(__name__)
