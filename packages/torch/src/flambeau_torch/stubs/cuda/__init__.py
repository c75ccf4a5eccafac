"""`torch.cuda` beside flambeau's: marks for a profiler, graphs, counters."""

from __future__ import annotations

from typing import Any

from flambeau.errors import UnsupportedError


def _absent(name: str) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        raise UnsupportedError("there is no CUDA runtime to be asked", op=f"cuda.{name}")

    call.__name__ = call.__qualname__ = name
    call.__doc__ = "Raises UnsupportedError: there is no CUDA runtime."
    return call


cudart, make_graphed_callables, _sleep, CUDAGraph, graph = (
    _absent(name) for name in ("cudart", "make_graphed_callables", "_sleep", "CUDAGraph", "graph"))
_mode = [0]


def set_sync_debug_mode(debug_mode: int | str) -> None:
    """Noted for nothing."""
    _mode[0] = {"default": 0, "warn": 1, "error": 2}.get(debug_mode, debug_mode)  # type: ignore[call-overload]


def get_sync_debug_mode() -> int:
    """What `set_sync_debug_mode` was told."""
    return _mode[0]
