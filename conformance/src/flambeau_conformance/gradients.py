"""Gradients: of every sample that has one, on the backend against the reference's in float64.

The numbers that come in (`weights`) have the sign and size of nothing in particular, so that a rule
that forgets one of its factors, or scales by a wrong one, shows. Second order is a matter of the
rules, which core owns: `rules` checks them once, on the reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from flambeau.autograd import grad
from flambeau.contract.device import Device
from flambeau.table.registry import OpDef

from . import oracle
from .cases import Case, good_cases
from .check import PASSED, Check, require
from .compare import within
from .draw import generator, weights
from .host import Host, Placement, get, put, raw, transposed, with_gaps
from .layouts import STORAGE_OPS
from .target import Target
from .tolerances import gradient_budget
from .values import refused, unchanged


def checks(op: OpDef) -> Iterator[Check]:
    """One check per sample and floating dtype."""
    for case in differentiable_cases(op):
        yield Check(f"{case.id}/gradient", "gradients", partial(run, case), op.name, case.dtype.name)


def differentiable_cases(op: OpDef) -> list[Case]:
    """The op's samples in the dtypes that have gradients."""
    return [c for c in good_cases(op) if c.dtype.category > 1 and tracked(c)]


def tracked(case: Case) -> list[int]:
    """Which tensors of the sample a gradient goes to."""
    op = case.op
    if (not op.differentiable and not op.inlined) or op.grad_name == "NotImplemented":  # the walk back raises
        return []
    return [i for i, place in enumerate(case.places)
            if place.spec.requires_grad and place.param.name not in op.nondiff
            and op.kinds.get(place.param.name) not in ("bool", "int64") and case.dtype_of(place).category > 1]


class Pullback:
    """A case's gradient as a function of its numbers and of the gradients that come in."""

    def __init__(self, case: Case, device: Device) -> None:
        self.case, self.device, self.inputs = case, device, tracked(case)

    def forward(self, hosts: list[Host], placements: list[Placement | None] | None = None) -> tuple[Any, Any, Any]:
        """All tensors, those that a gradient goes to, and the results that have one."""
        places = placements or [None] * len(hosts)
        tensors = [put(h, self.device, p) for h, p in zip(hosts, places, strict=True)]
        leaves = [tensors[i].requires_grad_() for i in self.inputs]
        return tensors, leaves, [r for r in self.case.call(tensors, self.device) if r.requires_grad]

    def __call__(self, hosts: list[Host], incoming: list[Host]) -> list[Host]:
        """The gradients; zeros where the results do not depend on an input."""
        _, leaves, results = self.forward(hosts)
        if not results:
            return []
        return [get(g) for g in self.pull(leaves, results, [put(w, self.device) for w in incoming])]

    @staticmethod
    def pull(leaves: list[Any], results: list[Any], incoming: list[Any], create_graph: bool = False) -> list[Any]:
        """The gradients as tensors."""
        return list(grad(results, leaves, incoming, create_graph=create_graph, materialize_grads=True))


def run(case: Case, target: Target) -> str:
    """The gradients in C order, and once more with inputs and incoming gradients in another layout."""
    reason = target.refuses(case.op.name, case.dtype, case.dtypes)
    if reason:
        return refused(case, target, reason)
    oracle_pull = Pullback(case, oracle.reference())
    wide = oracle.widened(case, case.hosts)
    incoming = incoming_for(oracle_pull, case, wide)
    if not incoming:
        _, _, results = Pullback(case, target.device).forward(case.hosts)
        require(not results, "tracked", f"gradient of {case.id}: no result has one on the reference, {len(results)} do"
                                        " here")
        return PASSED
    expected = oracle_pull(wide, incoming)
    mine = Pullback(case, target.device)
    for layout in ("contiguous", "strided"):
        _run_layout(mine, incoming, expected, layout)
    return PASSED


def incoming_for(pull: Pullback, case: Case, wide: list[Host]) -> list[Host]:
    """Random gradients for every result that has one, which the dtype under test can hold."""
    return incoming_like(pull.forward(wide)[2], case)


def incoming_like(results: list[Any], case: Case) -> list[Host]:
    """`incoming_for` these results."""
    random = generator(f"weights of {case.op.name}/{case.label}")
    narrow = [Host(r.values, r.shape, _narrow(r, case)) for r in map(get, (r.detach() for r in results))]
    return [Host(w.values, w.shape, oracle.wide_dtype(w.dtype)) for w in (weights(n, random) for n in narrow)]


def _narrow(result: Host, case: Case) -> Any:
    if result.dtype.is_complex == case.dtype.is_complex:
        return case.dtype
    return case.dtype.complex if result.dtype.is_complex else case.dtype.real


def _run_layout(mine: Pullback, incoming: list[Host], expected: list[Host], layout: str) -> None:
    case = mine.case
    placements = [_strided(case, h) if layout == "strided" else None for h in case.hosts]
    tensors, leaves, results = mine.forward(case.hosts, placements)
    where = f"gradient of {case.id} ({layout})"
    require(len(results) == len(incoming), "untracked", f"{where}: {len(results)} results have a gradient, expected"
                                                        f" {len(incoming)}")
    before = [raw(t) for t in tensors]
    sent = [put(Host(w.values, w.shape, r.dtype), mine.device, transposed(w.shape) if layout == "strided" else None)
            for w, r in zip(incoming, results, strict=True)]
    found = [get(g, where) for g in Pullback.pull(leaves, results, sent)]
    for n, i in enumerate(mine.inputs):
        _compare(mine, incoming, n, found[n], expected[n], f"{where}, {case.places[i].param.name} (tensor {i})")
    unchanged(tensors, before, where)


def _strided(case: Case, host: Host) -> Placement | None:
    return None if case.op.name in (*STORAGE_OPS, "view") else with_gaps(host.shape)


def _compare(mine: Pullback, incoming: list[Host], n: int, found: Host, expected: Host, where: str) -> None:
    within(found, expected, gradient_budget(mine.case.op), where,
           lambda: sensitivity_of_gradients(mine.case, incoming)[n])


def sensitivity_of_gradients(case: Case, incoming: list[Host]) -> list[list[float] | None]:
    """How much small changes of the inputs and of the incoming gradients are amplified."""
    pull, wide = Pullback(case, oracle.reference()), oracle.widened(case, case.hosts)

    def function(hosts: list[Host]) -> list[Host]:
        return pull(hosts[: len(wide)], hosts[len(wide) :])

    return oracle.sensitivity(function, [*wide, *incoming], pull(wide, incoming), case)

