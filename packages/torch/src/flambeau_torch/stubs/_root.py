"""Names of `torch` itself that only PyTorch programs need: typed constructors, compilers."""

from __future__ import annotations

from typing import Any

from ..legacy import *  # noqa: F403 - the typed constructors

__version__ = "2.13.0+flambeau"


def compile(model: Any = None, **options: Any) -> Any:
    """The function or module itself: there is no compiler, and its meaning is the same without one."""
    return (lambda function: function) if model is None else model


__all__ = ["__version__", "compile"]
