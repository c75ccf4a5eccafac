"""What a condition is, and the list of all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .call import Call
from .draft import Draft
from .sites import Site

STRUCTURE, VALUES, STATE = "structure", "values", "state"


@dataclass(frozen=True, slots=True)
class Condition:
    """When a bug shows: `holds` for a call, `aim` bends a draft towards it, `fits` says where it may stand.

    `sort` is the class that a score is broken down by; `scope` is what `holds` looks at.
    """

    name: str
    sort: str
    holds: Callable[[Call], bool]
    aim: Callable[[Draft], None]
    fits: Callable[[Site], bool] = lambda site: True
    scope: str = STRUCTURE


ALWAYS = Condition("always", "always", lambda call: True, lambda draft: None)
