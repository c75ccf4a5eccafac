"""Exceptions that a signal's handler raised while flambeau computed: they are the program's, and nobody else's fault.

Handlers run between any two steps of Python's, so what one of them raises comes out of a kernel, or out of the reading
of a file, like an error of theirs. Its traceback tells them apart: a handler's frame is in it.
"""

from __future__ import annotations

from _signal import NSIG, getsignal  # type: ignore[import-not-found]  # `signal` wraps it in enums, at length
from types import CodeType, TracebackType
from typing import Any


def _handlers() -> set[CodeType]:
    """The code of every function that Python would call for a signal."""
    found = [handler for handler in map(getsignal, range(1, NSIG)) if callable(handler)]
    return {code for code in map(_code, found) if code is not None}


def _code(handler: Any) -> CodeType | None:
    """The code of a function, a method, a partial of one, or of an object that can be called."""
    while hasattr(handler, "func"):
        handler = handler.func
    handler = getattr(handler, "__func__", handler)
    if callable(handler) and not hasattr(handler, "__code__"):
        handler = getattr(type(handler).__call__, "__func__", type(handler).__call__)
    return getattr(handler, "__code__", None)


def _passes(trace: TracebackType | None, codes: set[CodeType]) -> bool:
    while trace is not None:
        if trace.tb_frame.f_code in codes:
            return True
        trace = trace.tb_next
    return False


def handlers_error(error: BaseException | None) -> BaseException | None:
    """The exception that a signal's handler raised, if `error` is one or was made of one."""
    codes = _handlers()
    while error is not None and codes:
        if _passes(error.__traceback__, codes):
            return error
        error = error.__cause__
    return None


def pass_on(error: BaseException) -> None:
    """Raises what a signal's handler raised; does nothing about another error."""
    struck = handlers_error(error)
    if struck is not None:
        raise struck


class suppressed:
    """`contextlib.suppress` of such exceptions as did not come from a signal's handler."""

    def __init__(self, *kinds: type[BaseException]) -> None:
        self.kinds = kinds

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> bool:
        return isinstance(error, self.kinds) and handlers_error(error) is None
