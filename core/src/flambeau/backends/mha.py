"""`backends.mha`: the switch of a fast path that is not here."""

from __future__ import annotations

from ..spelling import public as _public

_fastpath = [True]


def get_fastpath_enabled() -> bool:
    """What `set_fastpath_enabled` was told."""
    return _fastpath[0]


def set_fastpath_enabled(value: bool) -> None:
    """Noted."""
    _fastpath[0] = value


__all__ = ["get_fastpath_enabled", "set_fastpath_enabled"]
__getattr__, __dir__ = _public(__name__)
