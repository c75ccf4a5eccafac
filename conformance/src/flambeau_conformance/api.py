"""flambeau as a user's program sees it: its public names, most of them attached from the op table at import."""

from __future__ import annotations

from importlib import import_module
from typing import Any

flambeau: Any = import_module("flambeau")
