"""Utilities; each part loads when it is first used."""

from __future__ import annotations

import importlib
from typing import Any

from ..errors import NameUnknownError

_PARTS = ("checkpoint", "data")


def __getattr__(name: str) -> Any:
    if name in _PARTS:
        return importlib.import_module(f"{__name__}.{name}")
    raise NameUnknownError(f"module 'flambeau.utils' has no attribute {name!r}")
