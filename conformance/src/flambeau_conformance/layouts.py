"""The memory layouts in which a sample is run: users make them without noticing.

One oracle result serves all layouts but `expanded`, whose elements repeat and which therefore has
numbers of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flambeau.shapes import numel

from .cases import Case
from .host import Host, Placement, contiguous, expanded, transposed, with_gaps, with_offset
from .tolerances import FACTORED_FAMILIES

_DERIVED = (("transposed", transposed), ("gaps", with_gaps), ("offset", with_offset))

# Ops whose result depends on the storage and not on the elements alone: in C order only.
STORAGE_OPS = {"as_strided"}

Layout = tuple[str, list[Placement | None]]


def layouts(case: Case) -> Iterator[Layout]:
    """Names and placements, one per tensor, all different."""
    hosts = case.hosts
    yield "contiguous", [None] * len(hosts)
    if case.op.name in STORAGE_OPS or not hosts:
        return
    seen = {_key([contiguous(h.shape) for h in hosts])}
    columns = [[make(h.shape) for h in hosts] for _, make in _DERIVED]
    found: list[Layout] = [(name, list(column)) for (name, _), column in zip(_DERIVED, columns, strict=True)]
    if len(hosts) > 1:
        found.append(("mixed", [columns[i % 3][i] for i in range(len(hosts))]))
    for name, placements in found:
        if _key(placements) not in seen:
            seen.add(_key(placements))
            yield name, placements


def _key(placements: list[Any]) -> str:
    return repr(placements)


def can_expand(case: Case) -> bool:
    """Whether some input has elements of the dtype under test to repeat, none of them given by the sample."""
    return case.op.name not in STORAGE_OPS and any(_expandable(case, i) for i in range(len(case.hosts)))


def _expandable(case: Case, i: int) -> bool:
    spec, shape = case.places[i].spec, case.hosts[i].shape
    if 0 in shape or all(n <= 1 for n in shape):
        return False
    if case.op.family in FACTORED_FAMILIES and _long_dim(shape) >= len(shape) - 2:
        return False  # equal rows would make a matrix singular, whose factors are not unique
    return spec.dtype is None and spec.fill is None and not spec.distinct and case.hosts[i].dtype is case.dtype


def _long_dim(shape: tuple[int, ...]) -> int:
    return next(d for d, n in enumerate(shape) if n > 1)


def expanded_case(case: Case) -> tuple[list[Host], list[Placement | None]]:
    """Repeated elements for every input that can have them, and where they lie."""
    hosts = list(case.hosts)
    placements: list[Placement | None] = [None] * len(hosts)
    for i, host in enumerate(case.hosts):
        if _expandable(case, i):
            hosts[i], placements[i] = _repeated(host), expanded(host.shape)
    return hosts, placements


def _repeated(host: Host) -> Host:
    """The elements of the first part of the first long dim, repeated along it."""
    dim = _long_dim(host.shape)
    inner, count = numel(host.shape[dim + 1 :]), host.shape[dim]
    parts = [host.values[i : i + inner] for i in range(0, len(host.values), inner * count)]
    return Host([v for part in parts for v in part * count], host.shape, host.dtype)
