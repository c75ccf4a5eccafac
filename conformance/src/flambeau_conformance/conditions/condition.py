"""What a condition is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .call import Call
from .draft import Draft
from .site import Fits, Site

STRUCTURE, VALUES, STATE = "structure", "values", "state"

Holds = Callable[[Call], bool]
Aim = Callable[[Draft], None]


def anywhere(site: Site) -> bool:
    """What fits every site."""
    return True


def nothing(draft: Draft) -> None:
    """The aim of what needs no aim, or has to wait for chance."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`holds` for a call; `aim` bends a draft towards it; `fits` says at which sites it means something.

    `sort` is the class that scores are broken down by; `scope` is what `holds` looks at.
    """

    name: str
    sort: str
    holds: Holds
    aim: Aim = nothing
    fits: Fits = anywhere
    scope: str = STRUCTURE


ALWAYS = Condition("always", "always", lambda call: True)
