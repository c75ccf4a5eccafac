"""Editions: the lists of checks that released versions of the contract consist of.

Samples of the op table say nothing of versions, and a sample that is added must not fail anybody at
once. So a release of the contract writes down the IDs that are new in it
(`python -m flambeau_conformance.editions`, next to this file, one line per op and label), and an ID
that no edition has belongs to the next minor version. Until the first edition is written the first
version is still open, and everything belongs to it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

from .check import Check
from .versions import FIRST, Version, current, parsed, shown

FOLDER = Path(__file__).parent / "released"


@cache
def released(folder: Path = FOLDER) -> dict[str, Version]:
    """Every ID of a released edition and the first that had it."""
    found: dict[str, Version] = {}
    for path in sorted(folder.glob("*.txt"), key=lambda p: parsed(p.stem)):
        for wanted in _read(path):
            found.setdefault(wanted, parsed(path.stem))
    return found


def _read(path: Path) -> Iterable[str]:
    """A line holds an op, the labels after the dtype, and the dtypes; or one whole ID."""
    for line in path.read_text(encoding="utf-8").splitlines():
        op, _, rest = line.partition(" ")
        label, _, dtypes = rest.partition(" ")
        yield from (f"{op}/{dtype}/{label}" for dtype in dtypes.split(",")) if dtypes else [op]


def dated(checks: Iterable[Check], folder: Path = FOLDER) -> list[Check]:
    """The checks with `since` as the editions have it; what states a later version itself keeps that."""
    known = released(folder)
    if not known:
        return list(checks)
    last = max(known.values())
    following = shown((last[0], last[1] + 1))
    return [c if parsed(c.since) != FIRST else replace(c, since=shown(known[c.id]) if c.id in known else following)
            for c in checks]


def edition(checks: Iterable[Check], version: str, folder: Path = FOLDER) -> str:
    """The text of an edition: what no earlier one has."""
    known = released(folder)
    rows: dict[tuple[str, str], list[str]] = {}
    for check in checks:
        if check.id not in known and parsed(check.since) <= parsed(version):
            op, _, rest = check.id.partition("/")
            label = rest.partition("/")[2] if check.op else ""
            rows.setdefault((op, label) if label else (check.id, ""), []).append(check.dtype)
    lines = [f"{head} {label} {','.join(dtypes)}" if label else head for (head, label), dtypes in rows.items()]
    return "\n".join(sorted(lines)) + "\n"


def main() -> None:
    """Writes the edition of core's version of the contract."""
    from .selection import contract_of

    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{current()}.txt"
    if path.exists():
        sys.exit(f"{path} is written; a released edition does not change")
    path.write_text(edition(contract_of("reference"), current()), encoding="utf-8")
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
