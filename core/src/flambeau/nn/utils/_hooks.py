"""Taking off the hooks by which utilities keep a parameter in another form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..module import Module


def take_off(module: Module, ours: Callable[[Any], bool]) -> bool:
    """Lets the first hook before forward that is `ours` undo its work, and takes it off; False where there is none."""
    for key, hook in module._forward_pre_hooks.items():
        if ours(hook):
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return True
    return False
