"""`torch._dynamo` without a compiler: its decorators give back what they get, its switches are noted."""

from __future__ import annotations

from typing import Any

from flambeau.errors import UnsupportedError

from ..compiler import allow_in_graph, assume_constant_result, disable, is_compiling, reset
from .eval_frame import OptimizedModule


def optimize(*args: Any, **kwargs: Any) -> Any:
    """A decorator that gives back what it gets."""
    return lambda function: function


run = disallow_in_graph = graph_break_on = disable
forbid_in_graph = nonstrict_trace = disable


def graph_break(msg: str = "") -> None:
    """Nothing to break."""


def mark_dynamic(t: Any, index: Any, **kwargs: Any) -> None:
    """Noted for nothing: every size may change."""


mark_static = maybe_mark_dynamic = mark_unbacked = mark_static_address = mark_dynamic


def list_backends(exclude_tags: Any = ()) -> list[str]:
    """No compilers."""
    return []


def explain(f: Any, *args: Any, **kwargs: Any) -> Any:
    """Raises UnsupportedError: there is no compiler whose graphs could be explained."""
    raise UnsupportedError("there is no compiler whose graphs could be explained", op="_dynamo.explain")


__all__ = [
    "OptimizedModule", "allow_in_graph", "assume_constant_result", "disable", "disallow_in_graph", "explain",
    "forbid_in_graph", "graph_break", "is_compiling", "list_backends", "mark_dynamic", "mark_static", "mark_unbacked",
    "maybe_mark_dynamic", "nonstrict_trace", "optimize", "reset", "run",
]
