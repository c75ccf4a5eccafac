"""Which checks a run is made of: the whole contract in its order, and the parts that can be asked for.

The order is fixed and goes from what everything rests on to what rests on everything, so that the
first failure listed is the one to mend first.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from types import SimpleNamespace
from typing import Any

from flambeau.dtypes import BY_NAME
from flambeau.table.registry import TABLE

from .cases import table
from .check import FULL, RELEASE, Check
from .collection import GROUPS, SelectionError, collected, verify_selection
from .editions import dated
from .target import suggestion

SMOKE = "smoke"
PROFILES = (SMOKE, FULL, RELEASE)
FOUNDATIONS = ("kernels", "kernels-callable", "names", "manifest", "declared-dtypes", "round-trip", "layouts",
               "strides", "copied", "item", "assign", "assign-overlap", "zero-dims")
AT_LENGTH = ("sizes", "large", "when", "growth")  # many elements, steps or programs: seconds, so not for smoke
THOROUGH = ("rules", "laws", "derived")  # many checks an op: not for smoke
_WORD = re.compile(r"\(|\)|[^\s()]+")


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for; a run with a part of it says nothing of the rest."""

    op: str = "*"
    dtype: str = ""
    expression: str = ""
    ids: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing was left out."""
        return self == Selection()

    def to_json(self) -> dict[str, Any]:
        """For the report; empty for the whole contract."""
        return {} if self.whole else asdict(self)


def contract_of(name: str) -> list[Check]:
    """Every check that the backend of that name has to stand, in order; nothing is loaded for it."""
    target: Any = SimpleNamespace(name=name)
    found = dated(check for group in GROUPS for check in collected(group, target))
    return sorted(found, key=_rank)  # stable: within a rank the op table's order


def _rank(check: Check) -> tuple[int, int]:
    if check.group == "contract":
        name = check.id.split("/")[1]
        return (0, FOUNDATIONS.index(name)) if name in FOUNDATIONS else (5, 0)
    if check.group == "values":
        return (1 if TABLE[check.op].kind == "primitive" else 3), 0
    return {"errors": 2, "gradients": 4}.get(check.group, 6), 0


def selected(checks: list[Check], profile: str, selection: Selection) -> list[Check]:
    """Those of the profile that fit the selection; raises SelectionError for names that do not exist."""
    verify_selection(selection.op, selection.dtype)
    if selection.ids:
        return _named(checks, selection.ids)
    matches = matcher(selection.expression)
    return [c for c in _of_profile(checks, profile) if matches(c.id)
            and (selection.op == "*" or fnmatch.fnmatchcase(c.op, selection.op))
            and (not selection.dtype or c.dtype == selection.dtype)]


def _named(checks: list[Check], ids: Iterable[str]) -> list[Check]:
    wanted = set(ids)
    known = {c.id for c in checks}
    for unknown in sorted(wanted - known):
        raise SelectionError(f"no check has the ID {unknown!r}{suggest_id(unknown, known)}")
    return [c for c in checks if c.id in wanted]


def suggest_id(unknown: str, known: Iterable[str]) -> str:
    """The ID that comes nearest: first the op, then the rest."""
    ids = list(known)
    head, slash, rest = unknown.partition("/")
    heads = sorted({i.partition("/")[0] for i in ids})
    if head not in heads:
        near = suggestion(head, heads)
        other = near.removeprefix(", did you mean '").removesuffix("'?")
        whole = f"{other}/{rest}"
        return f", did you mean {whole!r}?" if slash and whole in ids else near
    return suggestion(unknown, [i for i in ids if i.startswith(f"{head}/")])


def _of_profile(checks: list[Check], profile: str) -> list[Check]:
    if profile == SMOKE:
        return _smoke(checks)
    return [c for c in checks if profile == RELEASE or c.lane == FULL]


def _smoke(checks: list[Check]) -> list[Check]:
    """One sample of every op and one gradient, in float32 where the op takes it; the promises that are short."""
    taken: set[tuple[str, str]] = set()
    dtypes = {row.name: _smoke_dtype(checks_dtypes) for row, checks_dtypes in _dtypes_by_op(checks)}
    kept = []
    for check in checks:
        key = check.op, check.group
        if check.lane != FULL or check.group in THOROUGH:
            continue
        if not check.op:
            if check.dtype in ("", "float32") and check.id.split("/")[1] not in AT_LENGTH:
                kept.append(check)
        elif key not in taken and check.dtype == dtypes[check.op]:
            taken.add(key)
            kept.append(check)
    return kept


def _dtypes_by_op(checks: list[Check]) -> list[tuple[Any, list[str]]]:
    seen: dict[str, list[str]] = {}
    for check in checks:
        if check.group == "values":
            seen.setdefault(check.op, []).append(check.dtype)
    return [(row, seen[row.name]) for row in table() if row.name in seen]


def _smoke_dtype(dtypes: list[str]) -> str:
    return "float32" if "float32" in dtypes else next(d for d in BY_NAME if d in dtypes)


def matcher(expression: str) -> Callable[[str], bool]:
    """`-k`: parts of IDs joined by `and`, `or`, `not` and parentheses; empty matches everything."""
    if not expression.strip():
        return lambda _: True
    words = _WORD.findall(expression)
    rule, rest = _either(words)
    if rest:
        raise SelectionError(f"-k {expression!r}: did not expect {rest[0]!r}")
    return rule


_Rule = tuple[Callable[[str], bool], list[str]]


def _either(words: list[str]) -> _Rule:
    left, rest = _both(words)
    while rest and rest[0] == "or":
        right, rest = _both(rest[1:])
        left = _or(left, right)
    return left, rest


def _or(a: Callable[[str], bool], b: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda text: a(text) or b(text)


def _both(words: list[str]) -> _Rule:
    left, rest = _single(words)
    while rest and rest[0] == "and":
        right, rest = _single(rest[1:])
        left = _and(left, right)
    return left, rest


def _and(a: Callable[[str], bool], b: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda text: a(text) and b(text)


def _single(words: list[str]) -> _Rule:
    if not words or words[0] in (")", "and", "or"):
        raise SelectionError(f"-k: expected a part of an ID, got {words[0] if words else 'the end'!r}")
    if words[0] == "not":
        inner, rest = _single(words[1:])
        return (lambda text: not inner(text)), rest
    if words[0] == "(":
        inner, rest = _either(words[1:])
        if not rest or rest[0] != ")":
            raise SelectionError("-k: a parenthesis is not closed")
        return inner, rest[1:]
    part = words[0]
    return (lambda text: part in text), words[1:]
