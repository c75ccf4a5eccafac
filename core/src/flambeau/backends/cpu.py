"""`backends.cpu`: what the processor offers is its backend's affair."""

from __future__ import annotations

from ..spelling import public as _public


def get_cpu_capability() -> str:
    """"DEFAULT": core itself uses no vector instructions."""
    return "DEFAULT"


__all__ = ["get_cpu_capability"]
__getattr__, __dir__ = _public(__name__)
