"""Calls repeated where a library complained of inf and nan, and the user made errors of that: they are answers."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ..contract.device import Kind
from ..modes import run_with

LOUD = (RuntimeWarning, FloatingPointError)
_repeating: ContextVar[bool] = ContextVar("flambeau_repeating", default=False)


def again(error: Exception, tensors: list[Any], function: Callable[..., Any], call: dict[str, Any]) -> Any:
    """The call once more under the backend's `quiet`, or `error` if it is one; kernels of ops leave inputs alone."""
    if not tensors or _repeating.get():
        raise error
    with tensors[0]._kind.device.backend.quiet():
        return run_with(_repeating, True, function, **call)


def quietly(kind: Kind, kernel: Any, *arrays: Any, **attrs: Any) -> Any:
    """A kernel called outside its op's caller: what it says of inf and nan is met as `recover` does."""
    try:
        return kernel(*arrays, **attrs)
    except LOUD:
        with kind.device.backend.quiet():
            return kernel(*arrays, **attrs)
