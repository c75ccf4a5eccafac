"""Values: every sample, in every dtype and layout, against the oracle.

What else a call must leave behind is looked at on the way: the inputs as they were, a result in
memory of its own (or, for views, in the input's), and the same result from a fused kernel as from
the composition it replaces.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from flambeau import dtypes
from flambeau.errors import ShapeError, UnsupportedError
from flambeau.shapes import can_view
from flambeau.table.registry import FALLBACK, OpDef
from flambeau.table.samples import Sample, arr

from . import aliasing, oracle
from .cases import Case, accepted, good_cases, samples
from .check import PASSED, UNSUPPORTED, Check, CheckFailed, require
from .compare import within
from .draw import extreme_integers, pairs, special_floats
from .host import Host, Placement, get, put, raw
from .layouts import can_expand, expanded_case, layouts
from .target import Target
from .tolerances import EITHER_ZERO, ELEMENTWISE, EXACT, FUSED, Budget, budget, granted


def checks(op: OpDef) -> Iterator[Check]:
    """One check per sample and dtype, and one per dtype for special numbers."""
    for case in [*good_cases(op), *_special_cases(op)]:
        yield Check(case.id, "values", partial(run_values, case), op.name, case.dtype.name)


def run_values(case: Case, target: Target) -> str:
    """The case in all its layouts."""
    reason = target.refuses(case.op.name, case.dtype, case.dtypes)
    if reason:
        return refused(case, target, reason)
    wide = oracle.expected(case, case.hosts)
    for name, placements in layouts(case):
        _run_layout(case, target, case.hosts, placements, wide, name)
    if can_expand(case):
        hosts, placements = expanded_case(case)
        _run_layout(case, target, hosts, placements, oracle.expected(case, hosts), "expanded")
    aliasing.checked(case, target)
    _fused_like_composed(case, target)
    return PASSED


def refused(case: Case, target: Target, reason: str) -> str:
    """What the manifest says no to must raise UnsupportedError that names op, dtype and backend."""
    try:
        case.call([put(h, target.device) for h in case.hosts], target.device)
    except UnsupportedError as error:
        require_fields(error, target, case.id)
        return UNSUPPORTED
    except Exception as error:
        raise CheckFailed("refusal", f"{case.id}: the manifest says no ({reason}), which must raise UnsupportedError,"
                                     f" but {type(error).__name__} was raised: {error}") from error
    raise CheckFailed("refusal", f"{case.id}: the manifest says no ({reason}), but the call worked")


def require_fields(error: UnsupportedError, target: Target, where: str) -> None:
    """Raises CheckFailed unless the error says which op, dtype and backend it is about."""
    told = bool(error.op) and isinstance(error.fields.get("dtype"), dtypes.DType)
    require(told and error.fields.get("backend") == target.name, "refusal",
            f"{where}: {error} must name op, dtype and backend {target.name!r}; it has op {error.op!r} and fields"
            f" {error.fields}")


def _run_layout(case: Case, target: Target, hosts: list[Host], placements: list[Placement | None],
                wide: list[Host], name: str) -> None:
    tensors = [put(h, target.device, p) for h, p in zip(hosts, placements, strict=True)]
    before = [raw(t) for t in tensors]
    where = f"{case.id} ({name})"
    if _must_refuse_view(case, tensors):
        return _refuses_view(case, tensors, target, where)
    results = case.call(tensors, target.device)
    require(len(results) == len(wide), "outputs", f"{where}: {len(results)} results, expected {len(wide)}")
    for i, (result, expected) in enumerate(zip(results, wide, strict=True)):
        check_result(case, hosts, get(result, where), expected, i, where)
    unchanged(tensors, before, where)
    return None


def unchanged(tensors: list[Any], before: list[bytes], where: str) -> None:
    """Raises CheckFailed if a call wrote into its inputs."""
    for i, (tensor, held) in enumerate(zip(tensors, before, strict=True)):
        require(raw(tensor) == held, "mutated input", f"{where}: input {i} was changed by the call")


def check_result(case: Case, hosts: list[Host], found: Host, wide: Host, i: int, where: str) -> None:
    """Raises CheckFailed where one result is further off than its class allows."""
    allowed = granted(case.op, found.dtype)
    named = case.op.outputs and case.op.invariants is None
    where = f"{where}, {case.op.outputs[i]}" if named else where
    with operands_named(case, hosts):
        within(found, wide, allowed, where, lambda: sensitivity_of(case, hosts)[i], zeros_count(case))


@contextmanager
def operands_named(case: Case, hosts: list[Host]) -> Iterator[None]:
    """A failure of an elementwise op says which operands stood at the place, in full."""
    try:
        yield
    except CheckFailed as error:
        if error.place is None or "elementwise" not in case.op.laws:
            raise
        operands = ", ".join(f"{p.param.name} {_element(h, error.place)!r}"
                             for p, h in zip(case.places, hosts, strict=True) if h.values)
        said = str(error).removeprefix(f"{error.kind}: ")
        raise CheckFailed(error.kind, f"{said}; operands at {error.place}: {operands}", error.place) from error


def _element(host: Host, place: list[int]) -> Any:
    """The element that broadcasting puts at that place."""
    flat, step = 0, 1
    for size, at in zip(reversed(host.shape), reversed(place), strict=False):
        flat += at * step if size > 1 else 0
        step *= size
    return host.values[flat]


def zeros_count(case: Case) -> bool:
    """Whether the signs of zeros in the case's results are compared."""
    return case.op.kind == "primitive" and case.label == "special" and case.op.name not in EITHER_ZERO


def sensitivity_of(case: Case, hosts: list[Host]) -> list[list[float] | None]:
    """How much small changes of these inputs are amplified by the op."""
    wide, function = oracle.widened(case, hosts), oracle.function_of(case)
    return oracle.sensitivity(function, wide, function(wide), case)


def _must_refuse_view(case: Case, tensors: list[Any]) -> bool:
    return case.op.name == "view" and not can_view(tensors[0].shape, tensors[0].stride(), case.sample.args[1])


def _refuses_view(case: Case, tensors: list[Any], target: Target, where: str) -> None:
    try:
        case.call(tensors, target.device)
    except ShapeError:
        return
    raise CheckFailed("view", f"{where}: strides {tensors[0].stride()} cannot be viewed as {case.sample.args[1]}, which"
                              " must raise ShapeError")


def _fused_like_composed(case: Case, target: Target) -> None:
    """A backend's kernel for a composite agrees with the composition on the same backend."""
    op = case.op
    if op.kind != "composite" or target.backend.kernel(op.name, case.dtype) is None:
        return
    hosts = case.hosts
    fused = [get(t) for t in case.call([put(h, target.device) for h in hosts], target.device)]
    body = composition(op, target)
    composed = [get(t) for t in case.call([put(h, target.device) for h in hosts], target.device, body)]
    for i, (mine, theirs) in enumerate(zip(fused, composed, strict=True)):
        where = f"{case.id}: the fused kernel against the composition"
        within(mine, theirs, _fused_budget(op), where, partial(_sensitivity_of_one, case, i))


def _sensitivity_of_one(case: Case, i: int) -> list[float] | None:
    return sensitivity_of(case, case.hosts)[i]


def _fused_budget(op: OpDef) -> Budget:
    return EXACT if budget(op) is EXACT else FUSED


def composition(op: OpDef, target: Target) -> Any:
    """The op computed by its body, whatever kernel the backend has for it."""
    if op.inlined:
        return op.body
    kernel = FALLBACK[0](op, target.device)

    def call(*args: Any, **kwargs: Any) -> Any:
        kinds = {kind: table for kind, table in op.kernels.items() if kind.device is target.device}
        op.kernels.update(dict.fromkeys(kinds, kernel))
        try:
            return op.call(*args, **kwargs)
        finally:
            op.kernels.update(kinds)

    return call


# --- special numbers


def _special_cases(op: OpDef) -> list[Case]:
    """NaN, infinities, signed zeros; the ends of the integers' range: in every combination of inputs.

    Composites are spared the largest number: what overflows inside them depends on how they are computed. Floating ones
    are spared the ends of integers for a like reason: the rounding of 2**31 to float32 is all that is left of a sine.
    """
    if op.family not in ELEMENTWISE or op.attributes or not samples(op.name)[0] or set(op.kinds.values()) != {"T"}:
        return []
    found = []
    for dtype in accepted(op):
        if dtype.category == 2:
            found.append(_special_case(op, dtype, special_floats(dtype, op.kind == "primitive")))
        elif dtype.category == 1 and (op.kind == "primitive" or op.result[0] != "floating"):
            found.append(_special_case(op, dtype, extreme_integers(dtype)))
    return found


def _special_case(op: OpDef, dtype: dtypes.DType, values: list[Any]) -> Case:
    columns = pairs(values, len(op.inputs))
    if dtype.category == 1 and any(p.spec.nonzero for p in _first_places(op, dtype)):
        rows = [row for row in zip(*columns, strict=True) if row[-1]]
        columns = [list(c) for c in zip(*rows, strict=True)]
    label = "special" if dtype.category == 2 else "extremes"
    return Case(op, dtype, label, Sample(*[arr(len(c), fill=c) for c in columns]))


def _first_places(op: OpDef, dtype: dtypes.DType) -> list[Any]:
    label, sample = samples(op.name)[0][0]
    return Case(op, dtype, label, sample).places
