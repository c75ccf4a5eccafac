"""`torch.__config__`: what this was built with."""

from __future__ import annotations

from flambeau.__main__ import report


def show() -> str:
    """Flambeau's version and its backends, as text."""
    return report()[0]


def parallel_info() -> str:
    """How many threads an op may use."""
    from flambeau import get_num_threads

    return f"at::get_num_threads() : {get_num_threads()}"
