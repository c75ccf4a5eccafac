"""Promises that no sample of the op table describes: memory, views, mutation, promotion, whole programs.

A module of this package lists its checks in `CHECKS`; `promise` makes one from a function of the
target.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from ..check import Check

MODULES = ("structure", "hardware", "memory", "accumulation", "halves", "views", "promotion", "programs", "streams",
           "threads", "growth", "guards", "hazards", "denormals", "determinism", "optimizers", "refusals", "writers",
           "overlaps", "special", "sizes", "exact", "lifetimes", "orders", "distributions", "when")


def checks() -> Iterator[Check]:
    """Every check of the group."""
    for name in MODULES:
        yield from import_module(f"{__name__}.{name}").CHECKS
