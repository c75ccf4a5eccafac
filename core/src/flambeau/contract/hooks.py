"""pluggy hooks: how plugins take part beyond declaring an entry point.

Used for discovery and lifecycle only, never in an operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pluggy

PROJECT = "flambeau"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Specs:
    """The hooks a plugin may implement."""

    @hookspec
    def flambeau_backends(self) -> Sequence[Any]:  # type: ignore[empty-body]
        """Descriptors of further backends."""


@cache
def manager() -> pluggy.PluginManager:
    """The plugin manager; plugins of the entry point group `flambeau.plugins` are loaded, each in its own guard."""
    from importlib.metadata import entry_points

    made = pluggy.PluginManager(PROJECT)
    made.add_hookspecs(Specs)
    for point in entry_points(group="flambeau.plugins"):
        try:
            made.register(point.load(), point.name)
        except Exception as error:
            import warnings

            warnings.warn(f"flambeau plugin {point.name!r} failed to load: {type(error).__name__}: {error}",
                          RuntimeWarning, stacklevel=2)
    return made
