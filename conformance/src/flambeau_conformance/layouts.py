"""The memory layouts in which a sample is run: users make them without noticing.

One oracle result serves all layouts but `expanded`, whose elements repeat and which therefore has
numbers of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .cases import Case
from .host import Host, Placement, contiguous, expanded, transposed, with_gaps, with_offset

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
    return spec.dtype is None and spec.fill is None and not spec.distinct and any(
        n > 1 for n in shape) and 0 not in shape and case.hosts[i].dtype is case.dtype


def expanded_case(case: Case) -> tuple[list[Host], list[Placement | None], list[list[Any]]]:
    """Repeated elements for every input that can have them, where they lie, and what is stored."""
    hosts, placements, stored = [], [], []
    for i, host in enumerate(case.hosts):
        if _expandable(case, i):
            host, held = _repeated(host)
            placements.append(expanded(host.shape))
        else:
            held = host.values
            placements.append(None)
        hosts.append(host)
        stored.append(held)
    return hosts, placements, stored


def _repeated(host: Host) -> tuple[Host, list[Any]]:
    """The elements of the first part of the first long dim, repeated along it."""
    dim = next(d for d, n in enumerate(host.shape) if n > 1)
    inner = 1
    for n in host.shape[dim + 1 :]:
        inner *= n
    outer = len(host.values) // (inner * host.shape[dim])
    held = [v for o in range(outer) for v in host.values[o * host.shape[dim] * inner :][:inner]]
    repeated = [v for o in range(outer) for _ in range(host.shape[dim]) for v in held[o * inner : (o + 1) * inner]]
    return Host(repeated, host.shape, host.dtype), held
