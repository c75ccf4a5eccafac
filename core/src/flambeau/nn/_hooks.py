"""Handles that take a hook out of the ordered dict in which it was put."""

from __future__ import annotations

import itertools
import weakref
from collections import OrderedDict
from types import TracebackType
from typing import Any

_ids = itertools.count()


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook out again.

    As a context manager it removes the hook on leaving. `extra` are further dicts that hold
    options of the hook under the same id; all are held weakly, so a handle keeps no module alive.
    """

    def __init__(self, hooks: OrderedDict[int, Any], *extra: OrderedDict[int, Any]) -> None:
        self.id = next(_ids)
        self._tables = tuple(weakref.ref(table) for table in (hooks, *extra))

    def remove(self) -> None:
        """Takes the hook out; doing so twice is harmless."""
        for reference in self._tables:
            table = reference()
            if table is not None:
                table.pop(self.id, None)

    def __getstate__(self) -> tuple[int, list[Any]]:
        return self.id, [table for table in (reference() for reference in self._tables) if table is not None]

    def __setstate__(self, state: tuple[int, list[Any]]) -> None:
        self.id, tables = state  # a copied module's handle belongs to the copied tables
        self._tables = tuple(map(weakref.ref, tables))

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.remove()


def add_hook(hooks: OrderedDict[int, Any], hook: Any, prepend: bool = False,
             *options: tuple[OrderedDict[int, Any], bool]) -> RemovableHandle:
    """Puts `hook` last (or first) and marks it in each options table whose flag is set."""
    handle = RemovableHandle(hooks, *(table for table, _ in options))
    hooks[handle.id] = hook
    for table, flag in options:
        if flag:
            table[handle.id] = True
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle
