"""What a profiler records: a range of time for every op, function, node of a walk and `record_function`, nested.

While some profiler records, these functions are intercepted (see `table.intercept`); after the last has stopped they
are as they were. A range belongs to every profiler that was open when it ended.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from types import FunctionType
from typing import Any

from .. import later
from ..contract.locks import lock
from ..table.intercept import PROFILER as LAYER
from ..table.intercept import intercept, release
from ..table.registry import TABLE, OpDef
from ..tensors.tensor import Tensor
from ..walk import engine, rules
from .anomaly import _plain_run, _watched_run

_PACKAGE = __name__.partition(".")[0]
_current: ContextVar[Range | None] = ContextVar("flambeau_profiled_range", default=None)
_open: list[Recorder] = []
_changing = lock()


class Range:
    """One call: times are in nanoseconds."""

    __slots__ = ("children", "end", "memory", "name", "parent", "shapes", "stack", "start", "thread", "user")

    def __init__(self, name: str, user: bool) -> None:
        self.name, self.user, self.thread = name, user, threading.get_ident()
        self.parent = _current.get()
        self.children: list[Range] = []
        self.shapes: list[list[int]] = []
        self.stack: list[str] = []
        self.memory = 0  # bytes of results that no range within it accounts for
        self.start = self.end = time.perf_counter_ns()


class Recorder:
    """Holds what ended while it was open."""

    def __init__(self, record_shapes: bool, profile_memory: bool, with_stack: bool) -> None:
        self.record_shapes, self.profile_memory, self.with_stack = record_shapes, profile_memory, with_stack
        self.ranges: list[Range] = []
        self.began = self.ended = 0

    def start(self) -> None:
        """Begins to record, in all threads."""
        with _changing:
            if not _open:
                _install()
            _open.append(self)
        self.began = time.perf_counter_ns()

    def stop(self) -> None:
        """Ends that; nothing where it has not begun."""
        self.ended = time.perf_counter_ns()
        with _changing:
            if self in _open:
                _open.remove(self)
            if not _open:
                release(LAYER)


@contextmanager
def ranged(name: str, args: tuple[Any, ...] = (), user: bool = False) -> Iterator[Range]:
    """A range of time; recorded where somebody records."""
    made = Range(name, user)
    if any(r.record_shapes for r in _open):
        made.shapes = [shape for value in args for shape in _shapes(value)]
    if any(r.with_stack for r in _open):
        made.stack = _stack()
    token = _current.set(made)
    made.start = time.perf_counter_ns()
    try:
        yield made
    finally:
        made.end = time.perf_counter_ns()
        _current.reset(token)
        if made.parent is not None:
            made.parent.children.append(made)
        for recorder in list(_open):
            recorder.ranges.append(made)


def _shapes(value: Any) -> list[list[int]]:
    """The shape of a tensor, [] for anything else that an argument is."""
    if isinstance(value, (list, tuple)) and value and all(isinstance(v, Tensor) for v in value):
        return [list(v.shape) for v in value]
    return [list(value.shape) if isinstance(value, Tensor) else []]


def _stack() -> list[str]:
    """The calls of the program that led here, innermost first."""
    return [f"{frame.f_code.co_filename}({line}): {frame.f_code.co_name}"
            for frame, line in traceback.walk_stack(sys._getframe(2))
            if frame.f_globals.get("__name__", "").partition(".")[0] not in (_PACKAGE, "contextlib")]


def _through(name: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    within = _current.get()
    if within is not None and within.name == name:  # a function and the op that it is a front to are one call
        return function(*args, **kwargs)
    with ranged(name, args) as made:
        result = function(*args, **kwargs)
    if not made.children and any(r.profile_memory for r in _open):
        made.memory = sum(t.numel() * t.element_size() for t in (result if isinstance(result, tuple) else (result,))
                          if isinstance(t, Tensor) and t._view is None)
    return result


def _visited(function: Callable[..., Any], walk: Any, node: Any, g: Any) -> Any:
    with ranged(f"autograd::engine::evaluate_function: {node.name()}"):
        return function(walk, node, g)


def _differentiated(function: Callable[..., Any], node: Any, *args: Any) -> Any:
    with ranged(node.name(), args[:1]):
        return function(node, *args)


def _stepped(function: Callable[..., Any], walk: Any) -> None:
    """The walk by its general route, on which every node is visited by `_visit`."""
    _watched_run(walk)


def _targets() -> dict[FunctionType, str]:
    """What is recorded: every op by whatever name it is called, and PyTorch's functions over them."""
    later.load()
    found: dict[Any, str] = {}
    for module in [m for name, m in list(sys.modules.items()) if name.startswith(f"{_PACKAGE}.functions")]:
        for name in getattr(module, "__all__", ()):
            found[getattr(module, name)] = name
    for name, value in list(vars(Tensor).items()):
        op = _op_of(value)
        if name.endswith("_") and not name.startswith("_") and name != "requires_grad_":
            found[value] = name  # in place
        elif op is not None:
            found[value] = op.name
    for op in TABLE.values():
        found[op.call] = op.name
    return {function: name for function, name in found.items() if isinstance(function, FunctionType)}


def _op_of(function: Any) -> Any:
    """The op whose caller it is; None for another function."""
    names = getattr(getattr(function, "__code__", None), "co_freevars", ())
    op = function.__closure__[names.index("op")].cell_contents if "op" in names else None
    return op if isinstance(op, OpDef) else None


def _install() -> None:
    for function, name in _targets().items():
        intercept(function, LAYER, partial(_through, f"aten::{name}"))
    walking: list[tuple[Any, Callable[..., Any]]] = [
        (_plain_run, _stepped), (engine.Walk._visit, _visited), (rules.node_gradients, _differentiated)]
    for function, through in walking:
        intercept(function, LAYER, through)
