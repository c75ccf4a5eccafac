"""`backends.opt_einsum`: einsum multiplies from left to right; the switches are noted."""

from __future__ import annotations

from contextlib import AbstractContextManager

from ..spelling import public as _public
from ._switches import switched as _switched

enabled = False
strategy: str | None = None


def is_available() -> bool:
    """False: einsum does not look for a cheaper order."""
    return False


def flags(enabled: bool | None = None, strategy: str | None = None) -> AbstractContextManager[None]:
    """Notes the switches inside the `with` block."""
    return _switched(__name__, enabled=enabled, strategy=strategy)


__all__ = ["enabled", "flags", "is_available", "strategy"]
__getattr__, __dir__ = _public(__name__)
