"""What a check is and how it ends.

A check is a named function of the target. It returns an outcome or raises `CheckFailed`; any other
exception counts as a failure too. A check never skips: what a backend declares not to offer is
verified to be refused, which is an outcome of its own. A check that ends well without having looked
at anything is vacuous: `require` counts what was looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .target import Target

PASSED = "pass"
UNSUPPORTED = "unsupported-verified"

FULL, RELEASE = "full", "release"  # the profiles that a check belongs to from


class CheckFailed(Exception):
    """The backend did not do what the contract promises; `kind` names the way it failed."""

    def __init__(self, kind: str, message: str, place: list[int] | None = None) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind, self.place = kind, place  # of the first element that is wrong, where one is


@dataclass(frozen=True, slots=True)
class Check:
    """One promise: `id` is stable, `op` and `dtype` are empty where it concerns none."""

    id: str
    group: str
    run: Callable[[Target], str]
    op: str = ""
    dtype: str = ""
    since: str = "1.0"  # the version of the contract that first promised it
    retired: str = ""  # the version that dropped it
    requires: tuple[str, ...] = ()  # IDs of checks without which this one cannot pass, beside the kernels it runs
    lane: str = FULL


class Evidence:
    """How many conditions the running check has looked at."""

    count = 0


def require(condition: object, kind: str, message: str) -> None:
    """Raises CheckFailed unless the condition holds."""
    Evidence.count += 1
    if not condition:
        raise CheckFailed(kind, message)
