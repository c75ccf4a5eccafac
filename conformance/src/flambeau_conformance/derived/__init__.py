"""Derived cases: from the rows of the op table, where `values` runs the samples that somebody wrote.

A check is a theme of an op in a dtype: its inputs one object or views of one another, all ranks, sizes and dims, the
classes of values, indices that collide, attributes at their bounds. Its cases are drawn from a generator seeded by its
ID, so they are the same in every run.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from flambeau.table.registry import OpDef

from ..cases import DESCRIBED_ELSEWHERE, accepted
from ..check import Check
from .running import run_theme
from .themes import THEMES, has


def checks(op: OpDef) -> Iterator[Check]:
    """One check per theme and dtype."""
    if op.name in DESCRIBED_ELSEWHERE:
        return
    for dtype in accepted(op):
        for theme in THEMES:
            if has(op, dtype, theme):
                run = partial(run_theme, op.name, dtype, theme)
                yield Check(f"{op.name}/{dtype.name}/derived-{theme}", "derived", run, op.name, dtype.name)
