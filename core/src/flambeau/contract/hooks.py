"""pluggy hooks: how plugins take part beyond declaring an entry point.

Used for discovery and lifecycle only, never in an operation. A plugin that cannot be loaded, or whose hook raises, is
listed among the backends with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pluggy

from ..interrupts import pass_on
from .discovery import Installed, examine, points, told

PROJECT = "flambeau"
GROUP = "flambeau.plugins"
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
    return _loaded()[0]


@cache
def _loaded() -> tuple[pluggy.PluginManager, list[Installed]]:
    """The manager, and an entry for every plugin that could not be loaded."""
    made, failed = pluggy.PluginManager(PROJECT), []
    made.add_hookspecs(Specs)
    for point in points(GROUP):
        try:
            made.register(point.load(), point.name)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            pass_on(error)
            failed.append(_broken(point.name, getattr(point, "dist", None), error))
    return made, failed


def _broken(name: str, dist: Any, error: BaseException) -> Installed:
    entry = Installed(name, f"plugin {name!r}", str(getattr(dist, "name", "") or ""))
    entry.fail(told(error))
    return entry


def declared() -> list[Installed]:
    """The backends that plugins add, each plugin asked by itself, and the plugins that failed."""
    made, entries = manager(), list(_loaded()[1])
    everyone = [plugin for _, plugin in made.list_name_plugin() if plugin is not None]
    for plugin in everyone:
        name = made.get_name(plugin) or repr(plugin)
        ask = made.subset_hook_caller("flambeau_backends", [other for other in everyone if other is not plugin])
        try:
            entries += [examine(lambda d=descriptor: d, Installed(name, f"plugin {name!r}"))  # type: ignore[misc]
                        for descriptors in ask() for descriptor in descriptors]
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            pass_on(error)
            entries.append(_broken(name, None, error))
    return entries
