"""`backends.mkldnn`: not used; its switches are noted."""

from __future__ import annotations

from contextlib import AbstractContextManager

from ..spelling import public as _public
from ._switches import switched as _switched

enabled = True
deterministic = False
allow_tf32 = True
fp32_precision = "none"


def is_available() -> bool:
    """False: no backend uses oneDNN by name."""
    return False


def flags(enabled: bool = False, deterministic: bool = False, allow_tf32: bool = True,
          fp32_precision: str = "none") -> AbstractContextManager[None]:
    """Notes the switches inside the `with` block."""
    return _switched(__name__, enabled=enabled, deterministic=deterministic, allow_tf32=allow_tf32,
                     fp32_precision=fp32_precision)


__all__ = ["allow_tf32", "deterministic", "enabled", "flags", "fp32_precision", "is_available"]
__getattr__, __dir__ = _public(__name__)
