"""Laws that need no oracle: what a backend's results must have in common with one another.

Which laws hold of an op stands in its row of the table (`OpDef.laws`); that a call can be repeated, that layouts change
nothing and that gradients add up holds of all. Each law is tried on the op's samples, written and derived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from flambeau import contiguous_format, dtypes
from flambeau.dtypes import DType
from flambeau.errors import FlambeauError
from flambeau.shapes import broadcast_shapes, numel
from flambeau.table.registry import OpDef
from flambeau.table.samples import arr

from .cases import DESCRIBED_ELSEWHERE, Case, accepted, good_cases
from .check import PASSED, Check, require
from .compare import within
from .derived.case import Derived
from .derived.themes import cases_of
from .draw import generator
from .gradients import Pullback, incoming_like, sensitivity_of_gradients, tracked
from .host import Host, get, put, raw
from .target import Target
from .tolerances import Budget, gradient_budget, granted
from .values import refused, sensitivity_of

_LAW_CASES = 12  # cases of an op that a law is tried on
_LAW_THEMES = ("ranks", "dims", "bounds", "indices", "many", "lengths")
Law = Callable[[Case, Target], None]


def checks(op: OpDef) -> Iterator[Check]:
    """One check per law that holds of the op and dtype: float32 and one other that it takes, drawn by its name."""
    if op.name in DESCRIBED_ELSEWHERE or not op.inputs:
        return
    for dtype in _two_dtypes(op):
        for name in LAWS:
            if _holds(op, name, dtype):
                yield Check(f"{op.name}/{dtype.name}/law-{name}", "laws", partial(run_law, op, dtype, name), op.name,
                            dtype.name)


def _two_dtypes(op: OpDef) -> list[DType]:
    taken = accepted(op)
    rest = [d for d in taken if d is not dtypes.float32]
    drawn = [generator(f"laws of {op.name}").choice(rest)] if rest else []
    return [*(d for d in taken if d is dtypes.float32), *drawn]


def _holds(op: OpDef, name: str, dtype: DType) -> bool:
    if name == "gradients-add":
        return dtype.category > 1 and any(tracked(c) for c in good_cases(op) if c.dtype is dtype)
    if name == "views-alias":
        return op.view
    declared = {law.partition(":")[0] for law in op.laws}
    return {"slices": "elementwise", "orders": "elementwise", "items": "items", "composes": "composes"}.get(
        name, name) in declared or name in ("repeats", "layouts")


def run_law(op: OpDef, dtype: DType, name: str, target: Target) -> str:
    """The law on the op's cases in that dtype."""
    for case in cases_for(op, dtype):
        reason = target.refuses(op.name, dtype, case.dtypes)
        if reason:
            return refused(case, target, reason)
        LAWS[name](case, target)
    require(True, "law", "")  # a law may leave a sample out, and an op whose samples are all left out
    return PASSED


def cases_for(op: OpDef, dtype: DType) -> list[Case]:
    """Written samples, and some of the derived ones."""
    written: list[Case] = [c for c in good_cases(op) if c.dtype is dtype]
    derived = [c for theme in _LAW_THEMES for c in cases_of(op.name, dtype, theme)]
    random = generator(f"{op.name}/{dtype.name}/laws")
    return [*written, *random.sample(derived, min(len(derived), _LAW_CASES))]


def _inputs_of(case: Case, target: Target) -> list[Any]:
    return case.tensors(target.device) if isinstance(case, Derived) else [put(h, target.device) for h in case.hosts]


def _answer(case: Case, tensors: list[Any], target: Target) -> list[Any] | None:
    """The results; None where the op refuses the case."""
    try:
        return case.call(tensors, target.device)
    except (FlambeauError, IndexError):
        return None


def _alike(case: Case, found: list[Any], expected: list[Any], where: str) -> None:
    """Results that no oracle judges: equal within twice the bound of one."""
    require(len(found) == len(expected), "law", f"{where}: {len(found)} results beside {len(expected)}")
    for mine, theirs in zip(found, expected, strict=True):
        allowed = granted(case.op, mine.dtype)
        twice = Budget(2 * allowed.half, 2 * allowed.single, 2 * allowed.double, 2 * allowed.spread, allowed.why,
                       2 * allowed.underflows, 2 * allowed.cancels)
        within(get(mine, where), get(theirs), twice, where, partial(_worst, case, mine))


def _worst(case: Case, like: Any) -> list[float] | None:
    """The largest sensitivity of the whole case for each element: the law may have moved them."""
    if like.dtype.category < 2:
        return None
    found = [max(s) for s in sensitivity_of(case, case.hosts) if s]
    return [max(found, default=0.0)] * numel(like.shape)


def same_again(case: Case, target: Target) -> None:
    """The same call gives the same bits, on the same tensors and on copies, whatever ran in between."""
    tensors = _inputs_of(case, target)
    first = _answer(case, tensors, target)
    if first is None:
        return
    held = [raw(t) for t in first]
    for turn in range(3):
        again = _answer(case, tensors if turn < 2 else _inputs_of(case, target), target)
        require(again is not None and [raw(t) for t in again] == held, "law",
                f"{case.id}: call number {turn + 2} gave other bits than the first")


def same_in_layouts(case: Case, target: Target) -> None:
    """Copies of the inputs in C order, and in the opposite order of dims, give the same."""
    tensors = _inputs_of(case, target)
    if case.op.name in ("as_strided", "strided_copy", "view"):
        return
    expected = _answer(case, tensors, target)
    if expected is None:
        return
    _alike(case, case.call([_in_c_order(t) for t in tensors], target.device), expected, f"{case.id}, in C order")
    turned = [_in_fortran_order(t) for t in tensors]
    _alike(case, case.call(turned, target.device), expected, f"{case.id}, in Fortran's order")


def _in_c_order(tensor: Any) -> Any:
    return tensor.clone(memory_format=contiguous_format)


def _in_fortran_order(tensor: Any) -> Any:
    order = tuple(range(tensor.ndim))[::-1]
    return _in_c_order(tensor.permute(order)).permute(order) if tensor.ndim > 1 else tensor


def slices(case: Case, target: Target) -> None:
    """An elementwise op of a slice is the slice of its result."""
    for at, (tensors, results) in enumerate(_broadcast_whole(case, target)):
        for name, part in (("[1:]", slice(1, None)), ("[::2]", slice(None, None, 2)), ("[:1]", slice(None, 1))):
            key = (..., part)
            found = case.call([t[key] if t.ndim else t for t in tensors], target.device)
            _alike(case, found, [r[key] for r in results], f"{case.id}, slice [..., {name[1:]} of call {at}")


def orders(case: Case, target: Target) -> None:
    """An elementwise op of permuted inputs is the permuted result."""
    for tensors, results in _broadcast_whole(case, target):
        order = tuple(range(results[0].ndim))[::-1]
        found = case.call([t.permute(order) if t.ndim else t for t in tensors], target.device)
        _alike(case, found, [r.permute(order) for r in results], f"{case.id}, permuted")


def _broadcast_whole(case: Case, target: Target) -> Iterator[tuple[list[Any], list[Any]]]:
    """The inputs broadcast to one shape, and the results; nothing for results without dims."""
    tensors = _inputs_of(case, target)
    if not tensors:
        return
    shape = broadcast_shapes(case.op.name, *[tuple(t.shape) for t in tensors])
    if shape and not any(callable(a) for a in case.sample.args):
        full = [t.expand(shape).clone() for t in tensors]
        results = _answer(case, full, target)
        if results is not None and tuple(results[0].shape) == tuple(shape):
            yield full, results


def items(case: Case, target: Target) -> None:
    """A batch is its items, one by one: along the first dim of the inputs that the table names."""
    names = next(law for law in case.op.laws if law.startswith("items:")).partition(":")[2].split(",")
    tensors = _inputs_of(case, target)
    chosen = [i for i, p in enumerate(case.places) if p.param.name in names]
    if not chosen or not _counts_items(case, tensors, chosen):
        return
    results = _answer(case, tensors, target)
    count = tensors[chosen[0]].shape[0]
    if results is None or any(not r.ndim or r.shape[0] != count for r in results):
        return
    for n in range(min(count, 3)):
        part = [t[n : n + 1] if i in chosen else t for i, t in enumerate(tensors)]
        found = case.call(part, target.device)
        _alike(case, found, [r[n : n + 1] for r in results], f"{case.id}, item {n} of {count}")


def _counts_items(case: Case, tensors: list[Any], chosen: list[int]) -> bool:
    """Whether the first dim is one of items: of one size everywhere, and not what the op works along."""
    ranks = [tensors[i].ndim for i in chosen]
    least = 3 if case.op.name in ("matmul", "tril", "triu", "convolution", "unfold", "fold") else 2
    if case.op.name in ("embedding",):
        least = 1
    if min(ranks) < least or len({tensors[i].shape[0] for i in chosen}) > 1 or len(set(ranks)) > 1:
        return False
    if case.op.name in ("fold", "unfold") or case.op.name.endswith("pool"):
        return True
    return not any(d % ranks[0] == 0 for d in _working_dims(case, ranks[0]))


def _working_dims(case: Case, rank: int) -> list[int]:
    """The dims that the op works along; all of them where it does not say."""
    for param, value in _arguments(case):
        if param in ("dim", "dims"):
            return [value] if isinstance(value, int) else list(range(rank)) if value in (None, ()) else list(value)
    return list(range(rank)) if "dim" in case.op.attributes and case.op.family == "reduce" else []


def _arguments(case: Case) -> list[tuple[str, Any]]:
    names = [p.name for p in case.op.params]
    return [*zip(names, case.sample.args, strict=False), *case.sample.kwargs.items()]


def composes(case: Case, target: Target) -> None:
    """A reduction over several dims is that over one, of that over the others."""
    tensors = _inputs_of(case, target)
    rank = tensors[0].ndim
    if rank < 2 or 0 in tensors[0].shape:
        return
    rest = {n: v for n, v in _arguments(case) if not isinstance(v, arr) and n not in ("dim", "keepdim")}
    random = generator(f"{case.id}/composes")
    dims = sorted(random.sample(range(rank), min(rank, random.choice((2, 2, 3)))))
    whole = case.op.call(tensors[0], dim=tuple(dims), **rest)
    for order in (dims, dims[::-1]):
        step = tensors[0]
        for d in order:
            step = case.op.call(step, dim=(d,), keepdim=True, **rest)
        _alike(case, [step.reshape(tuple(whole.shape))], [whole], f"{case.id}, dims {tuple(order)} one by one")


def gradients_add(case: Case, target: Target) -> None:
    """The gradient of a sum is the sum of gradients, and the gradient of twice the result is twice the gradient."""
    if not tracked(case) or isinstance(case, Derived):
        return
    if any(d.category > 1 and d.real.itemsize < case.dtype.real.itemsize for d in case.dtypes):
        return  # a cast that rounds, and rounds a sum otherwise than its parts
    pull = Pullback(case, target.device)
    _, leaves, results = pull.forward(case.hosts)
    if not results:
        return
    incoming = incoming_like([r.detach() for r in results], case)
    one = [put(Host(w.values, w.shape, r.dtype), target.device) for w, r in zip(incoming, results, strict=True)]
    two = [w.flip(tuple(range(w.ndim))) for w in one]
    apart = [Pullback.pull(*pull.forward(case.hosts)[1:], sent) for sent in (one, two)]
    both = Pullback.pull(leaves, results, [a + b for a, b in zip(one, two, strict=True)])
    twice = Pullback.pull(*pull.forward(case.hosts)[1:], [w * 2 for w in one])
    for i, (a, b) in enumerate(zip(*apart, strict=True)):
        _sums_alike(case, incoming, i, get(both[i]), get(a + b), "the gradient of a sum")
        _sums_alike(case, incoming, i, get(twice[i]), get(a * 2), "twice the gradient")


def _sums_alike(case: Case, incoming: list[Host], i: int, found: Host, expected: Host, what: str) -> None:
    allowed = gradient_budget(case.op)
    wide = Budget(3 * allowed.half, 3 * allowed.single, 3 * allowed.double, 3 * allowed.spread, allowed.why, 3, 8)
    within(found, expected, wide, f"{what} of {case.id}, input {i}",
           lambda: _most(sensitivity_of_gradients(case, incoming)[i]))


def _most(found: list[float] | None) -> list[float] | None:
    return found and [max(found)] * len(found)


def views_alias(case: Case, target: Target) -> None:
    """A view shows what is written to its base, and its base what is written through it, and nothing beside."""
    if not target.backend.shared_views:
        return
    tensors = _inputs_of(case, target)
    views = _answer(case, tensors, target)
    if views is None or not views[0].numel():
        return
    places = put(Host(list(range(tensors[0].numel())), tuple(tensors[0].shape), dtypes.int64), target.device)
    held = get(case.call([places if i == 0 else t for i, t in enumerate(tensors)], target.device)[0]).values
    base, view = tensors[0], views[0]
    before = get(base).values
    if len(set(held)) == len(held):
        value: Any = not all(before) if case.dtype.category == 0 else 55
        view.fill_(value)
        expected = [value if i in set(held) else v for i, v in enumerate(before)]
        require(get(base).values == expected, "view", f"{case.id}: a write through the view leaves {get(base).values}"
                                                      f" in the base, expected {expected}")
    base.copy_(places.to(case.dtype))
    numbers = get(base).values
    require(get(view).values == [numbers[i] for i in held], "view",
            f"{case.id}: a write to the base does not show in the view")


LAWS: dict[str, Law] = {"repeats": same_again, "layouts": same_in_layouts, "slices": slices, "orders": orders,
                        "items": items, "composes": composes, "gradients-add": gradients_add,
                        "views-alias": views_alias}
