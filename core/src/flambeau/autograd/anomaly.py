"""Anomaly mode: says which forward call made the node whose backward failed or gave NaN.

Off, it costs nothing: nothing on the hot path asks for it. On, it takes the place of three functions:
the counter that numbers new nodes (in every namespace that holds it) also records the call stack,
the walk visits every node by its general route, and that route's `node_gradients` checks results.
"""

from __future__ import annotations

import itertools
import sys
import traceback
import warnings
import weakref
from heapq import heappop
from typing import Any

from ..errors import GradientError
from ..modes import _grad, run_with
from ..table import dispatch
from ..table.registry import TABLE
from ..tensors import views
from ..tensors.tensor import Tensor
from ..walk import engine, tape
from ..walk.tape import Node
from . import function

_PACKAGE = __name__.partition(".")[0]
_stacks: weakref.WeakKeyDictionary[Node, traceback.StackSummary] = weakref.WeakKeyDictionary()
_settings = {"on": False, "check_nan": True, "whole": True}  # whole: every namespace has been changed
_plain_run, _plain_gradients, _plain_tick = engine.Walk.run, engine.node_gradients, tape.tick


def _recording_tick() -> int:
    """Numbers a node and keeps the stack of the call that makes it."""
    frame = sys._getframe(1)
    node = frame.f_locals.get("node")
    if isinstance(node, Node):
        outer: Any = frame
        while outer.f_back is not None and outer.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
            outer = outer.f_back
        _stacks[node] = traceback.StackSummary.extract(
            itertools.islice(traceback.walk_stack(outer), 16), lookup_lines=False)
    return _plain_tick()


def _watched_run(walk: engine.Walk) -> None:
    """The walk by its general route at every node."""
    while walk.heap:
        node = walk.nodes.pop(-heappop(walk.heap))
        g = walk.pending.pop(node, None)
        walk._visit(node, walk._gather(node) if g is None else g)
    walk._serve_leaves()


def _watched_gradients(node: Node, g: Any, create: bool, needed: set[Any] | None = None) -> list[tuple[Any, Any]]:
    try:
        results = _plain_gradients(node, g, create, needed)
    except Exception:
        _warn(node)
        raise
    if _settings["check_nan"]:
        for i, (_, made) in enumerate(results):
            if isinstance(made, Tensor) and _has_nan(made):
                _warn(node)
                raise GradientError(f"Function '{node.name()}' returned nan values in its {i}th output.{_site(node)}",
                                    op="backward")
    return results


def _has_nan(g: Tensor) -> bool:
    return g.dtype.category > 1 and bool(run_with(_grad, False, lambda: TABLE["ne"].call(g, g).sum().item()))


def _site(node: Node) -> str:
    stack = _stacks.get(node)
    if not stack:
        return ""
    call = stack[0]
    return f" It was made by {call.line!r} ({call.filename}:{call.lineno}, in {call.name})."


def _warn(node: Node) -> None:
    stack = _stacks.get(node)
    if stack:
        where = f"Traceback of forward call that caused the error:\n{''.join(list(reversed(stack.format())))}"
    else:
        where = ("No forward pass information available. Enable detect anomaly during forward pass for more"
                 " information.")
    warnings.warn(f"Error detected in {node.name()}. {where}", UserWarning, stacklevel=5)


def _namespaces() -> list[dict[str, Any]]:
    """Every namespace whose functions number nodes: the generated callers', and of the modules that record by hand."""
    found = {id(space): space for space in (dispatch.NAMES, vars(views), vars(function))}
    for op in TABLE.values():
        space = op.call.__globals__
        found[id(space)] = space
    return [space for space in found.values() if "tick" in space]


def _install(on: bool) -> None:
    for space in _namespaces():
        space["tick"] = _recording_tick if on else _plain_tick
    run: Any = _watched_run if on else _plain_run
    engine.Walk.run = run  # type: ignore[method-assign]
    engine.node_gradients = _watched_gradients if on else _plain_gradients
    if not on:
        _stacks.clear()


def _switch(on: bool, check_nan: bool) -> None:
    if on != _settings["on"] or not _settings["whole"]:
        _settings["whole"] = False
        _install(on)
    _settings.update(on=on, check_nan=check_nan, whole=True)


def _restore(former: tuple[bool, bool]) -> None:
    """Switches back; an interrupt on the way is raised when that is done."""
    try:
        _switch(*former)
    finally:
        _switch(*former)


def is_anomaly_enabled() -> bool:
    """Whether anomaly mode is on."""
    return _settings["on"]


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly mode looks for NaN in gradients."""
    return _settings["check_nan"]


class set_detect_anomaly:
    """Switches anomaly mode at once, for the whole process; as a context manager it puts the former state back."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._was = _settings["on"], _settings["check_nan"]
        try:
            _switch(mode, check_nan)
        except BaseException:
            _restore(self._was)
            raise

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        _restore(self._was)


class detect_anomaly:
    """Context manager: a backward that fails, or returns NaN, is reported with the forward call that caused it.

    The report is a UserWarning holding the traceback of the forward call; NaN raises GradientError.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self._was = _settings["on"], _settings["check_nan"]
        self.check_nan = check_nan
        warnings.warn("Anomaly Detection has been enabled. This mode will increase the runtime and should only be"
                      " enabled for debugging.", UserWarning, stacklevel=2)

    def __enter__(self) -> None:
        self._was = _settings["on"], _settings["check_nan"]
        try:
            _switch(True, self.check_nan)
        except BaseException:
            _restore(self._was)
            raise

    def __exit__(self, *exc: Any) -> None:
        _restore(self._was)


__all__ = ["detect_anomaly", "is_anomaly_check_nan_enabled", "is_anomaly_enabled", "set_detect_anomaly"]
