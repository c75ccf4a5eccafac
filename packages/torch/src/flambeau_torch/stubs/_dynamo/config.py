"""Switches of the compiler, which are noted and change nothing."""

from __future__ import annotations

from typing import Any

verbose = suppress_errors = capture_scalar_outputs = automatic_dynamic_shapes = False
capture_dynamic_output_shape_ops = optimize_ddp = inline_inbuilt_nn_modules = False
cache_size_limit = recompile_limit = accumulated_cache_size_limit = 8
log_level: Any = None


class patch:
    """Sets switches for a while: a context manager and a decorator."""

    def __init__(self, *args: Any, **changes: Any) -> None:
        self._changes = {**(args[0] if args and isinstance(args[0], dict) else dict([args] if args else [])), **changes}

    def __enter__(self) -> None:
        self._former = {name: globals().get(name) for name in self._changes}
        globals().update(self._changes)

    def __exit__(self, *error: Any) -> None:
        globals().update(self._former)

    def __call__(self, function: Any) -> Any:
        return function
