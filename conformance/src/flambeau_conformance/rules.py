"""Gradient rules, checked once, on the reference: against central differences, at order 1 and 2.

Along two random directions v the change of the weighted results, measured by going a small step
either way, must be what the gradient says. At order 2 the same is asked of the gradient itself,
whose own gradient comes from `create_graph=True`. Everything is in float64; complex numbers count
as pairs of reals, as in PyTorch.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from flambeau import dtypes
from flambeau.table.registry import OpDef

from . import oracle
from .cases import Case
from .check import PASSED, Check, require
from .draw import generator, structured, weights
from .gradients import Pullback, differentiable_cases
from .host import Host, get, put
from .target import Target

STEP = 2.0**-17  # about the cube root of float64's precision: truncation and rounding errors are alike
ALLOWED = 2e-7  # of the size of the terms that the two numbers are sums of
DIRECTIONS = 2


def checks(op: OpDef) -> Iterator[Check]:
    """One check per differentiable sample, in float64 and in complex128."""
    for case in differentiable_cases(op):
        if case.dtype in (dtypes.float64, dtypes.complex128) and case.sample.gradcheck:
            yield Check(f"{case.id}/rule", "rules", partial(run, case), op.name, case.dtype.name)


class _Weighted:
    """The sum of a case's results, each element weighted, and its gradients of order 1 and 2."""

    def __init__(self, case: Case) -> None:
        self.case, self.pull = case, Pullback(case.with_dtypes(oracle.wide_dtype), oracle.reference())
        self.random = generator(f"rule of {case.id}")
        self.hosts = oracle.widened(case, case.hosts)
        _, _, results = self.pull.forward(self.hosts)
        self.weights = [weights(get(r.detach()), self.random) for r in results]

    def directions(self) -> list[Host]:
        """A random direction in the space of the tracked inputs."""
        return [self._direction(self.hosts[i], self.case.places[i].spec) for i in self.pull.inputs]

    def _direction(self, like: Host, spec: Any) -> Host:
        made = weights(like, self.random)
        return Host(structured(made.values, spec), made.shape, made.dtype)

    def moved(self, direction: list[Host], step: float) -> list[Host]:
        """The inputs, gone that far along a direction."""
        hosts = list(self.hosts)
        for i, v in zip(self.pull.inputs, direction, strict=True):
            values = [x + step * d for x, d in zip(hosts[i].values, v.values, strict=True)]
            hosts[i] = Host(values, hosts[i].shape, hosts[i].dtype)
        return hosts

    def value(self, hosts: list[Host]) -> float:
        """The weighted sum itself."""
        _, _, results = self.pull.forward(hosts)
        return sum(inner(w, get(r.detach())) for w, r in zip(self.weights, results, strict=True))

    def gradients(self, hosts: list[Host]) -> list[Host]:
        """Its gradients."""
        return self.pull(hosts, self.weights)

    def second(self, direction: list[Host]) -> list[Host]:
        """The gradient of <gradients, direction>; empty where the gradients are constants."""
        _, leaves, results = self.pull.forward(self.hosts)
        sent = [put(w, self.pull.device) for w in self.weights]
        first = Pullback.pull(leaves, results, sent, create_graph=True)
        pairs = [(g, v) for g, v in zip(first, direction, strict=True) if g.requires_grad]
        if not pairs:
            return []
        incoming = [put(v, self.pull.device) for _, v in pairs]
        return [get(g) for g in Pullback.pull(leaves, [g for g, _ in pairs], incoming)]


def inner(a: Host, b: Host) -> float:
    """The inner product, complex numbers taken as pairs of reals."""
    return float(sum((x.conjugate() * y).real for x, y in zip(a.values, b.values, strict=True)))


def _size(a: Host, b: Host) -> float:
    return float(sum(abs(x) * abs(y) for x, y in zip(a.values, b.values, strict=True)))


def run(case: Case, target: Target) -> str:
    """Both orders along every direction; `target` is not asked: rules are core's."""
    weighted = _Weighted(case)
    if weighted.weights and any(weighted.hosts[i].values for i in weighted.pull.inputs):
        for _ in range(DIRECTIONS):
            v, u = weighted.directions(), weighted.directions()
            _first_order(weighted, v)
            _second_order(weighted, v, u)
    elif weighted.weights:
        _empty(weighted)
    else:
        _, leaves, results = weighted.pull.forward(weighted.hosts)
        require(leaves and not results, "rule", f"{case.id}: results have a gradient now and then")
    return PASSED


def _empty(weighted: _Weighted) -> None:
    """Of no elements there is nothing to differ from; the gradients have their shapes nevertheless."""
    shapes = [weighted.hosts[i].shape for i in weighted.pull.inputs]
    found = [g.shape for g in weighted.gradients(weighted.hosts)]
    require(found == shapes, "rule", f"{weighted.case.id}: gradients have shapes {found}, the inputs {shapes}")


def _first_order(weighted: _Weighted, v: list[Host]) -> None:
    ahead, behind = (weighted.value(weighted.moved(v, s)) for s in (STEP, -STEP))
    gradients = weighted.gradients(weighted.hosts)
    said = sum(inner(g, d) for g, d in zip(gradients, v, strict=True))
    size = sum(_size(g, d) for g, d in zip(gradients, v, strict=True))
    scale = size + max(abs(ahead), abs(behind))
    _agree(weighted.case, 1, said, (ahead - behind) / (2 * STEP), scale)


def _second_order(weighted: _Weighted, v: list[Host], u: list[Host]) -> None:
    ahead, behind = (weighted.gradients(weighted.moved(v, s)) for s in (STEP, -STEP))
    measured = sum(inner(a, d) - inner(b, d) for a, b, d in zip(ahead, behind, u, strict=True)) / (2 * STEP)
    second = weighted.second(u)
    said = sum(inner(g, d) for g, d in zip(second, v, strict=True)) if second else 0.0
    size: float = sum(_size(g, d) for g, d in zip(second, v, strict=True)) if second else 0.0
    _agree(weighted.case, 2, said, measured, size + sum(_size(a, d) for a, d in zip(ahead, u, strict=True)))


def _agree(case: Case, order: int, said: float, measured: float, scale: Any) -> None:
    require(abs(said - measured) <= ALLOWED * (1 + scale), "rule",
            f"{case.id}, order {order}: the gradient along a random direction is {said!r}, differences say"
            f" {measured!r}")
