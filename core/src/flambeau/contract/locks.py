"""Locks around what is shared by all threads of a process; a forked child finds them open."""

from __future__ import annotations

import os
from _thread import RLock  # `threading` takes a millisecond to import
from typing import Any


def lock() -> Any:
    """A lock that its thread may take again; open in a child that is forked while another thread holds it."""
    made: Any = RLock()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=made._at_fork_reinit)
    return made


LOADING = lock()  # held while backends are looked for and loaded, and devices are made for them
