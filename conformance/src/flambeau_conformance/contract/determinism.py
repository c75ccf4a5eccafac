"""The same inputs give the same bits, again and again, whatever ran in between."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from flambeau import dtypes
from flambeau.table.registry import OpDef

from ..api import flambeau
from ..cases import Case, good_cases, table
from ..check import PASSED, Check, require
from ..gradients import Pullback, tracked
from ..host import Host, get, put, raw
from ..target import Target
from .promise import promise

CHECKS: list[Check] = []
_TIMES = 2


def families() -> list[str]:
    """The families of the op table that have samples, in its order."""
    return list(dict.fromkeys(op.family for op in table() if _largest(op)))


def cases_of(family: str, target: Target) -> Iterator[Case]:
    """One case per op of the family that the target offers: its largest sample, in float32 where the op takes it."""
    for op in table():
        if op.family == family:
            case = _largest(op)
            if case is not None and not target.refuses(op.name, case.dtype, case.dtypes):
                yield case


def _largest(op: OpDef) -> Case | None:
    cases = good_cases(op)
    wanted = [c for c in cases if c.dtype is dtypes.float32] or [c for c in cases if c.dtype is dtypes.int64] or cases
    return max(wanted, key=lambda c: sum(len(h.values) for h in c.hosts), default=None)


def _bits(case: Case, target: Target) -> list[bytes]:
    """Every result of the call, and every gradient, as bytes."""
    tensors = [put(h, target.device) for h in case.hosts]
    found = [raw(t) for t in case.call(tensors, target.device)]
    if case.dtype.category < 2 or not tracked(case):
        return found
    _, leaves, results = (pull := Pullback(case, target.device)).forward(case.hosts)
    if results:
        ones = [put(Host([1.0] * r.numel(), tuple(r.shape), r.dtype), target.device) for r in results]
        found += [raw(g) for g in pull.pull(leaves, results, ones)]
    return found


def _family(family: str, target: Target) -> str:
    """Every op of the family, twice, with its gradients."""
    for case in cases_of(family, target):
        first = _bits(case, target)
        for _ in range(_TIMES - 1):
            require(_bits(case, target) == first, "determinism", f"{case.id}: the same call gave other bits")
    return PASSED


CHECKS.extend(Check(f"contract/determinism/{name}", "contract", partial(_family, name)) for name in families())


def _trained(target: Target) -> list[Any]:
    """The weights after a few steps of a small network, from fixed seeds."""
    device, generator = target.device, flambeau.Generator().manual_seed(5)
    x = flambeau.randn(8, 6, generator=generator, device=device)
    y = flambeau.randint(0, 3, (8,), generator=generator, device=device)
    weights = [(flambeau.randn(*size, generator=generator, device=device) * 0.3).requires_grad_()
               for size in ((6, 5), (5, 3))]
    for _ in range(4):
        loss = flambeau.nn.functional.cross_entropy(flambeau.relu(x @ weights[0]) @ weights[1], y)
        for weight, gradient in zip(weights, flambeau.autograd.grad(loss, weights), strict=True):
            with flambeau.no_grad():
                weight -= 0.5 * gradient
    return [get(w.detach()).values for w in weights]


@promise("determinism/training", CHECKS)
def training(target: Target) -> None:
    """Two trainings from one seed end with the same weights, bit for bit."""
    first, second = _trained(target), _trained(target)
    require(first == second, "determinism", "two trainings from one seed differ")
    require(all(v == v for part in first for v in part), "value", "the weights are not numbers")


@promise("determinism/layout", CHECKS)
def fresh_memory(target: Target) -> None:
    """A result does not depend on what its memory held before: large temporaries come and go in between."""
    x = flambeau.arange(64, dtype=flambeau.float32, device=target.device).reshape(8, 8) / 7
    first = [raw(x @ x), raw(x.cumsum(0)), raw(flambeau.cat([x, x])), raw(x.tril())]
    for fill in (float("nan"), 1e30):
        for _ in range(3):
            junk = [flambeau.full((8, 8 * k), fill, device=target.device) for k in (1, 2)]
            del junk
            again = [raw(x @ x), raw(x.cumsum(0)), raw(flambeau.cat([x, x])), raw(x.tril())]
            require(again == first, "determinism", f"after temporaries full of {fill} the same calls gave other bits")
