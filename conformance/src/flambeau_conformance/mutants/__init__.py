"""Backends that are wrong on purpose, by which the suite is measured.

`numpy+lost-nan-maximum` names the backend "numpy" with one bug put in; every command takes such a
name. `catalogue()` has them all, `score` runs them. `numpy+random-7.12` is mutant 12 of those that seed 7
draws from the grammar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

from ..target import Target, UnusableError, load, suggestion
from ..wrapped import wrapped
from .mutant import CATALOGUE, Mutant, Parts

SIGN = "+"
RANDOM = "random-"
HEALTHY = Mutant("healthy", "Nothing is wrong.", "healthy", (), lambda base: Parts())
MODULES = ("numerics", "structure", "transfer", "behaviour", "states", "fused", "steps", "devices", "core", "halves")


def catalogue() -> dict[str, Mutant]:
    """Every mutant by name."""
    for name in MODULES:
        import_module(f"{__name__}.{name}")
    return CATALOGUE


def build(name: str) -> Target:
    """The target called `BACKEND+MUTANT`.

    Raises UnusableError for names that do not exist, and where core refuses what the mutant is.
    """
    base, _, wanted = name.partition(SIGN)
    if wanted.startswith(RANDOM) and wanted not in catalogue():
        from .grammar.trial import planted

        return planted(base, wanted.removeprefix(RANDOM), name)
    found = HEALTHY if wanted == HEALTHY.name else catalogue().get(wanted)
    if found is None:
        raise UnusableError(f"no mutant is called {wanted!r}{suggestion(wanted, list(CATALOGUE))};"
                            " `flambeau-conformance mutants --list` names them")
    parts = found.inject(load(base).backend)
    target = wrapped(base, name, parts.change, parts.add, parts.drop, **parts.members)
    return replace(target, manifest=_stated(target.manifest, parts.manifest))


def _stated(manifest: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest with tables changed: entries of a table replaced one by one, lists as a whole."""
    return {**manifest, **{key: {**manifest.get(key, {}), **value} if isinstance(value, dict) else value
                           for key, value in changes.items()}}
