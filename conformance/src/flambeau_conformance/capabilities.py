"""What a manifest says yes and no to, held against what was executed.

"yes", or nothing, must have executed at least one check that needs the capability; "no" must have
been verified to be refused. Asked of whole runs only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flambeau.table.registry import TABLE

from .record import PASS, UNSUPPORTED, VACUOUS, Record
from .target import DTYPE_CAPABILITIES, OP_CAPABILITIES

_NEED_NOTHING = {VACUOUS, "blocked"}
_SHARED = ("contract/write-to-base", "contract/write-to-view", "contract/assign/")


def verified(stated: dict[str, str], records: Iterable[Record]) -> list[dict[str, Any]]:
    """One row per capability: what is declared, how many checks executed or refused, how it ends."""
    held = list(records)
    rows = [_row(name, stated, [r for r in held if r.dtype in dtypes]) for name, dtypes in DTYPE_CAPABILITIES.items()]
    rows += [_row(name, stated, [r for r in held if _of_group(r, name)]) for name in OP_CAPABILITIES]
    shared = [r for r in held if r.id.startswith(_SHARED)]
    exchanged = [r for r in held if r.id == "contract/dlpack"]
    return [*rows, _row("shared_views", stated, shared, refusable=False), _row("dlpack", stated, exchanged)]


def _of_group(record: Record, capability: str) -> bool:
    """Whether a check is of an op of that group, and asks the backend: rules are core's."""
    return record.group != "rules" and record.op in TABLE and TABLE[record.op].capability == capability


def _row(name: str, stated: dict[str, str], records: list[Record], refusable: bool = True) -> dict[str, Any]:
    says = stated.get(name, "")
    refused = sum(r.outcome == UNSUPPORTED for r in records)
    executed = sum(r.outcome not in _NEED_NOTHING for r in records) - refused
    good, evidence = (UNSUPPORTED, refused) if says == "no" and refusable else (PASS, executed)
    outcome = good if evidence else VACUOUS
    return {"name": name, "stated": says or "required", "executed": executed, "refused": refused, "outcome": outcome}
