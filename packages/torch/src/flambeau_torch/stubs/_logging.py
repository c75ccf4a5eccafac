"""`torch._logging`: what the compiler would tell."""

from __future__ import annotations

from typing import Any


def set_logs(**switches: Any) -> None:
    """Noted for nothing: there is no compiler that tells anything."""
