"""All conditions, by site."""

from __future__ import annotations

from functools import cache

from . import arguments, memory, numbers, sizes
from .condition import ALWAYS, Condition
from .site import Site


@cache
def by_name() -> dict[str, Condition]:
    """Every condition that is not one op's own."""
    return {c.name: c for module in (sizes, memory, arguments, numbers) for c in module.conditions()} | {
        ALWAYS.name: ALWAYS}


@cache
def conditions_of(site: Site) -> tuple[Condition, ...]:
    """Everything a bug there may depend on, always in the same order."""
    own = list(arguments.options(site.op)) if site.op is not None and site.kind != "writer" else []
    return tuple(c for c in [*by_name().values(), *own] if c.fits(site))
