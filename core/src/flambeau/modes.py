"""Grad mode and inference mode: one context variable, so every thread and task has its own.

The hot path asks only when an input requires a gradient.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
R = TypeVar("R")
V = TypeVar("V")

_grad = ContextVar("flambeau_grad_mode", default=True)
RANDOMNESS: ContextVar[str] = ContextVar("flambeau_vmap_randomness", default="")  # of the `vmap` that is running
_inference = ContextVar("flambeau_inference_mode", default=False)
AUTOCAST: ContextVar[Any] = ContextVar("flambeau_autocast", default=None)  # what `amp.state` keeps; None: all off
grad_enabled = _grad.get


def run_with(variable: ContextVar[V], value: V, function: Callable[..., R], *args: Any, **kwargs: Any) -> R:
    """`function(...)` while a variable has that value; it has its former one again on every way out.

    An interrupt may strike where the value is put back, before it is, so that is done twice.
    """
    former = variable.get()
    try:
        try:
            variable.set(value)
            return function(*args, **kwargs)
        finally:
            variable.set(former)
    finally:
        if variable.get() is not former:
            variable.set(former)


def unrecorded(function: F) -> F:
    """`no_grad` for a function of flambeau's own; unlike a `with`, it ends whenever an interrupt strikes."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return run_with(_grad, False, function, *args, **kwargs)

    return wrapped  # type: ignore[return-value]


def is_grad_enabled() -> bool:
    """Whether operations on tensors that require gradients are recorded in this thread."""
    return _grad.get()


def is_inference_mode_enabled() -> bool:
    """Whether `inference_mode` is on in this thread."""
    return _inference.get()


class _Mode:
    """A context manager that is a decorator too, also of generator functions."""

    def __call__(self, function: F) -> F:
        if function.__code__.co_flags & 0x20 if hasattr(function, "__code__") else False:
            return _decorated_generator(self, function)  # type: ignore[no-any-return]

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            return self._run(function, *args, **kwargs)

        return wrapped  # type: ignore[return-value]

    def _again(self) -> _Mode:
        return type(self)()

    def _run(self, function: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        raise NotImplementedError

    def __enter__(self) -> Self:
        raise NotImplementedError

    def __exit__(self, *exc: Any) -> None:
        raise NotImplementedError


def _decorated_generator(mode: _Mode, function: Any) -> Any:
    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        generator = function(*args, **kwargs)
        send: Any = None
        while True:
            with mode._again():
                try:
                    value = generator.send(send)
                except StopIteration as stop:
                    return stop.value
            send = yield value

    return wrapped


class _GradMode(_Mode):
    enabled = True

    def _run(self, function: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        return run_with(_grad, self.enabled, function, *args, **kwargs)

    def __enter__(self) -> Self:
        self._was = _grad.get()
        try:
            _grad.set(self.enabled)
            return self
        except BaseException:  # an interrupt: without an entry there will be no exit
            _grad.set(self._was)
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        _grad.set(self._was)


class no_grad(_GradMode):
    """Context manager or decorator: operations inside are not recorded.

    >>> import flambeau
    >>> x = flambeau.ones(2, requires_grad=True)
    >>> with flambeau.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    enabled = False

    def __new__(cls, function: Any = None) -> Any:
        mode = super().__new__(cls)
        return mode if function is None else mode(function)


class enable_grad(no_grad):
    """Context manager or decorator: operations inside are recorded again within `no_grad`."""

    enabled = True


class set_grad_enabled(_GradMode):
    """Sets grad mode at once; as a context manager it puts the former mode back at the end."""

    def __init__(self, mode: bool) -> None:
        self.enabled = mode
        self._was = _grad.get()
        _grad.set(mode)

    def __call__(self, function: F) -> F:
        _grad.set(self._was)
        return super().__call__(function)

    def _again(self) -> _Mode:
        return set_grad_enabled(self.enabled)

    def __enter__(self) -> Self:
        try:
            _grad.set(self.enabled)
            return self
        except BaseException:
            _grad.set(self._was)
            raise


class inference_mode(_Mode):
    """Context manager or decorator: no recording, for code that never needs a gradient.

    Tensors made inside are ordinary tensors that do not require gradients (PyTorch marks them so
    that later use in autograd raises; here it is allowed).
    """

    def __new__(cls, mode: Any = True) -> Any:
        made = super().__new__(cls)
        if callable(mode):
            made.mode = True
            return made(mode)
        return made

    def __init__(self, mode: bool = True) -> None:
        self.mode = mode

    def _again(self) -> _Mode:
        return inference_mode(self.mode)

    def _run(self, function: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        enabled = _grad.get() and not self.mode
        return run_with(_inference, self.mode, lambda: run_with(_grad, enabled, function, *args, **kwargs))

    def __enter__(self) -> Self:
        self._was = _grad.get(), _inference.get()
        try:
            _inference.set(self.mode)
            if self.mode:
                _grad.set(False)
            return self
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        try:
            _grad.set(self._was[0])
        finally:
            _inference.set(self._was[1])
