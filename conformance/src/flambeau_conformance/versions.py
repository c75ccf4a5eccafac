"""Versions of the contract, and what a check counts for in each.

A check belongs to the contract from the version `since` on. In that version it is on probation: it
runs and is reported, and fails nobody. From the next minor version it is required. From `retired`
on it is gone. The first version had nobody to warn, so its checks are required at once. What a
version says of a check never changes afterwards, which is how `--contract 1.0` gives that version's
verdict for ever.
"""

from __future__ import annotations

from collections.abc import Iterable

from flambeau.contract.backend import CONTRACT

from .check import Check
from .record import PROBATION, REQUIRED, RETIRED

Version = tuple[int, int]
FIRST: Version = (1, 0)


class VersionError(Exception):
    """A version of the contract that does not exist."""


def parsed(text: str) -> Version:
    """`"1.0"` as a pair; raises VersionError for anything else."""
    major, dot, minor = text.partition(".")
    if not (dot and major.isdigit() and minor.isdigit()):
        raise VersionError(f"a version of the contract reads like 1.0, not {text!r}")
    return int(major), int(minor)


def current() -> str:
    """The version that core implements."""
    return shown((CONTRACT[0], CONTRACT[1]))


def shown(version: Version) -> str:
    """A pair as `1.0`."""
    return f"{version[0]}.{version[1]}"


def chosen(text: str, checks: Iterable[Check]) -> Version:
    """The version asked for; raises VersionError, naming those that exist, for another."""
    known = sorted({FIRST, (CONTRACT[0], CONTRACT[1]), *(parsed(c.since) for c in checks)})
    version = parsed(text or current())
    if version not in known:
        raise VersionError(f"there is no contract {text}; there are {', '.join(map(shown, known))}")
    return version


def status(check: Check, version: Version) -> str:
    """What the check counts for in that version; empty where it did not exist yet."""
    since = parsed(check.since)
    if check.retired and version >= parsed(check.retired):
        return RETIRED
    if version < since:
        return ""
    return PROBATION if version == since and since != FIRST else REQUIRED
