"""`torch.cuda` beside flambeau's: marks for a profiler, graphs, counters."""

from __future__ import annotations

from ...refusal import refuse

globals().update(refuse("cuda", "there is no CUDA runtime to be asked",
                        "cudart make_graphed_callables _sleep CUDAGraph graph"))
_mode = [0]


def set_sync_debug_mode(debug_mode: int | str) -> None:
    """Noted for nothing."""
    _mode[0] = {"default": 0, "warn": 1, "error": 2}.get(debug_mode, debug_mode)  # type: ignore[call-overload]


def get_sync_debug_mode() -> int:
    """What `set_sync_debug_mode` was told."""
    return _mode[0]
