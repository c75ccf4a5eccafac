"""`torch.fx`: programs are not traced into graphs; what marks functions for a tracer is taken and does nothing."""

from __future__ import annotations

from typing import Any

from flambeau import nn
from flambeau.errors import UnsupportedError


def wrap(fn_or_name: Any) -> Any:
    """The function or name itself: there is no tracer to be told."""
    return fn_or_name


def symbolic_trace(root: Any, concrete_args: Any = None) -> Any:
    """Raises UnsupportedError: programs are not traced into graphs."""
    raise UnsupportedError("programs are not traced into graphs", op="fx.symbolic_trace")


replace_pattern = map_arg = symbolic_trace


class _Refusing:
    """Raises UnsupportedError where it is made; for `isinstance` and as a base class it is there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise UnsupportedError("programs are not traced into graphs", op=f"fx.{type(self).__name__}")


class Graph(_Refusing):
    """A graph of calls; there is none."""


class Node(_Refusing):
    """A call in a graph; there is none."""


class Proxy(_Refusing):
    """What stands for a value while a program is traced; there is none."""


class Tracer(_Refusing):
    """What traces a program; there is none."""


class Interpreter(_Refusing):
    """What runs a graph; there is none."""


Transformer = Interpreter


class GraphModule(nn.Module):
    """A module made of a graph; there is none."""


__all__ = ["Graph", "GraphModule", "Interpreter", "Node", "Proxy", "Tracer", "Transformer", "map_arg",
           "replace_pattern", "symbolic_trace", "wrap"]
