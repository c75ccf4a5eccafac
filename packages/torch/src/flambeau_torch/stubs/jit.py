"""`torch.jit` without a compiler: what it would compile runs as Python, with the same meaning."""

from __future__ import annotations

from typing import Any


def script(obj: Any, *args: Any, **kwargs: Any) -> Any:
    """The function or module itself."""
    return obj


def _same(fn: Any = None, **kwargs: Any) -> Any:
    """The function itself, also as `@name(...)`."""
    return fn if callable(fn) else lambda function: function


ignore = unused = export = script_if_tracing = _same


def is_scripting() -> bool:
    """False."""
    return False


is_tracing = is_scripting

__all__ = ["export", "ignore", "is_scripting", "is_tracing", "script", "script_if_tracing", "unused"]
