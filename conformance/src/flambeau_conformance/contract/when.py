"""Calls of every kind: for each site and each condition of `conditions`, programs that meet it, against the reference.

A check is one site and one module of conditions. Its programs are drawn from a generator seeded by
its ID: samples of the op, bent until they are long, transposed, broadcast, repeated, full of NaNs.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from types import ModuleType

from ..check import PASSED, RELEASE, Check, CheckFailed, require
from ..conditions import arguments, memory, numbers, sizes
from ..conditions.comparing import difference
from ..conditions.condition import ALWAYS, STATE, VALUES, Condition
from ..conditions.draft import Draft
from ..conditions.drafting import drafted
from ..conditions.listing import conditions_of
from ..conditions.payload import PAYLOADS
from ..conditions.programs import performed, told
from ..conditions.site import KERNEL, WRITER, Site, every_site
from ..draw import generator
from ..oracle import reference
from ..target import Target
from ..tolerances import ELEMENTWISE

_LARGEST, _SMALL = 2500, 200  # elements, which the oracle computes one by one; of programs in all payloads
_TIMES = 2  # the tolerance: inputs of every kind and size, of which the bounds for samples say little
_FEW = {"size above a bound": 4, "inner dim above a bound": 3, "size beside a multiple": 4}  # drawn of many alike
_PARTS: dict[str, ModuleType] = {"sizes": sizes, "memory": memory, "arguments": arguments, "numbers": numbers}
_UNSTATED = ("value: nan", "value: +inf", "value: -inf", "value: large", "value: tiny", "value: subnormal")
_INSIDE = {"prod", "cumprod", "scatter_product", "softmax_backward", "cross_entropy_loss", "cross_entropy_backward",
           "logsumexp", "vector_norm", "var_backward", "normalized_backward"}
_STEPPED = {"div_rounded"}
HISTORY, OPTIONS = "history", "options"


@cache
def _homes() -> dict[str, str]:
    """By name of a condition, the module that it is from."""
    return {c.name: name for name, module in _PARTS.items() for c in module.conditions()}


def _part(condition: Condition) -> str:
    return HISTORY if condition.scope == STATE else _homes().get(condition.name, OPTIONS)


def _run(site: Site, part: str, target: Target) -> str:
    """Every condition of the part, with every payload that the site takes."""
    for condition in chosen(site, part):
        for name, payload, suits in PAYLOADS:
            random = generator(f"{site} {condition.name} {name}")
            draft = drafted(target, site, [condition, *payload], random, suits)
            if draft is not None and suits(draft.case.dtype) and _stated(draft, condition, name):
                _compare(draft, site, condition, target)
    return PASSED


def _stated(draft: Draft, condition: Condition, payload: str) -> bool:
    """Whether the contract says what comes out.

    It is silent on infinities and NaNs in complex numbers, on what overflows or vanishes inside of sums, products and
    composites, and on where quotients in 16 bits are cut off.
    """
    op, dtype = draft.case.op, draft.case.dtype
    if draft.elements() > (_LARGEST if payload in ("floats", "strided") else _SMALL):
        return False  # too many for the oracle
    if dtype.is_complex and (condition.sort in _UNSTATED or draft.elements() > _SMALL):
        return False
    if op.name in _INSIDE and (payload in ("mixed", "wide") or condition.sort in _UNSTATED):
        return False
    if op.name in _STEPPED and dtype.category == 2:
        return False
    if payload == "wide" and op.kind == "composite" and op.result[0] == "floating":
        return False  # the rounding of 2**53 + 1 is all that is left
    if op.name == "searchsorted" and (payload == "mixed" or condition.scope == VALUES):
        return False  # of a sequence that is not in order
    bounded = op.kind == "primitive" and op.family in ELEMENTWISE
    return bounded or condition.sort not in ("value: large", "value: tiny")


def _compare(draft: Draft, site: Site, condition: Condition, target: Target) -> None:
    wide = site.op is not None and site.kind in (KERNEL, WRITER)
    try:
        expected = performed(draft, site, reference(), wide)
    except Exception:  # what the reference refuses is no program
        return
    where = f"{site}, when {condition.name}: {told(draft)}"
    try:
        found = performed(draft, site, target.device)
    except Exception as error:
        raise CheckFailed("raised", f"{where} raises {type(error).__name__}: {error}") from error
    told_apart = difference(site, draft, found, expected, _TIMES)
    require(not told_apart, "value", f"{where}: {told_apart}")


def chosen(site: Site, part: str) -> list[Condition]:
    """The conditions of that part which fit the site; of many that differ in a number alone, some."""
    found: dict[str, list[Condition]] = {}
    for condition in conditions_of(site):
        if condition is not ALWAYS and _part(condition) == part:
            found.setdefault(condition.sort, []).append(condition)
    return [c for sort, alike in found.items() for c in _drawn(site, sort, alike)]


def _drawn(site: Site, sort: str, alike: list[Condition]) -> list[Condition]:
    count = min(len(alike), _FEW.get(sort, len(alike)))
    return generator(f"{site} {sort}").sample(alike, count)


def _checks() -> Iterator[Check]:
    for site in every_site():
        for part in dict.fromkeys(_part(c) for c in conditions_of(site) if c is not ALWAYS):
            yield Check(f"contract/when/{part}/{site}", "contract", partial(_run, site, part),
                        lane=RELEASE)


CHECKS: list[Check] = list(_checks())
