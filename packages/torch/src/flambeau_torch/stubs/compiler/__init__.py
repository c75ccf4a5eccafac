"""`torch.compiler` without a compiler: whoever asks is told that nothing is being compiled."""

from __future__ import annotations

from typing import Any


def compile(*args: Any, **kwargs: Any) -> Any:
    """`torch.compile`: the callable itself."""
    from .._root import compile

    return compile(*args, **kwargs)


def is_compiling() -> bool:
    """False."""
    return False


is_dynamo_compiling = is_exporting = is_compiling


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """The function itself, also as `@disable(...)`."""
    return fn if callable(fn) else lambda function: function


allow_in_graph = assume_constant_result = substitute_in_graph = disable


def reset() -> None:
    """Nothing to forget."""


def list_backends(exclude_tags: Any = ()) -> list[str]:
    """No compilers."""
    return []


def cudagraph_mark_step_begin() -> None:
    """Nothing to mark."""


class set_stance:
    """Notes how the compiler is to behave, for nothing; a context manager and a decorator."""

    def __init__(self, stance: str = "default", *, skip_guard_eval_unsafe: bool = False,
                 force_backend: Any = None) -> None:
        self.stance = stance

    def __call__(self, function: Any) -> Any:
        return function

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: Any) -> None:
        pass


__all__ = [
    "allow_in_graph", "assume_constant_result", "compile", "cudagraph_mark_step_begin", "disable", "is_compiling",
    "is_dynamo_compiling", "is_exporting", "list_backends", "reset", "set_stance", "substitute_in_graph",
]
