"""Conditions on what is asked: broadcasting, the number of inputs, dtypes, options, and what was asked before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flambeau import dtypes
from flambeau.dtypes import DType
from flambeau.shapes import numel
from flambeau.table.registry import ACCEPTS, MISSING, OpDef

from .call import Call
from .condition import STATE, Condition
from .draft import Draft
from .site import KERNEL, STEP, Site
from .sizes import ranked

Shape = tuple[int, ...]


def conditions() -> Iterator[Condition]:
    """Every condition that does not depend on the op's own options."""
    for first in (0, 1):
        yield from (_broadcast(name, first) for name in _PATTERNS)
    yield Condition("broadcast-both", "broadcasting", _both,
                    lambda d: d.reshape(lambda i, s: (1, 4) if i % 2 else (3, 1)), _spreads)
    yield Condition("inputs==1", "number of inputs", lambda c: len(c.arrays) == 1, lambda d: _sequence(d, 1),
                    lambda s: s.name == "cat")
    yield from map(_more_inputs, (2, 4, 8, 20))
    yield from map(_of_dtype, dtypes.ALL)
    yield from map(_every, (2, 3, 7, 20))
    yield Condition("second-call-on", "n-th call", lambda c: c.number > 1, lambda d: _repeat(d, 2), scope=STATE)
    yield Condition("thread", "thread", lambda c: c.threaded, _threaded, scope=STATE)
    yield Condition("after-error", "after an error", lambda c: c.erred, _after_error, lambda s: s.kind == KERNEL,
                    scope=STATE)


# --- broadcasting

_PATTERNS: dict[str, tuple[Callable[[Shape, Shape], bool], Callable[[Shape], Shape]]] = {
    "scalar": (lambda a, b: len(a) > 0 and b == (), lambda s: ()),
    "row": (lambda a, b: len(a) > 1 and b == a[-1:] and a[-1] > 1, lambda s: s[-1:]),
    "column": (lambda a, b: len(a) > 1 and len(b) == len(a) and b[-1] == 1 < a[-1], lambda s: (*s[:-1], 1)),
    "outer": (lambda a, b: len(a) == len(b) > 1 and b[0] == 1 < a[0], lambda s: (1, *s[1:])),
    "middle": (lambda a, b: len(a) == len(b) > 2 and b[1] == 1 < a[1], lambda s: (s[0], 1, *s[2:])),
    "one": (lambda a, b: len(a) > 0 and len(b) > 0 and numel(b) == 1 < numel(a), lambda s: (1,) * len(s))}


def _spreads(site: Site) -> bool:
    return site.inputs > 1 and site.op is not None and (site.op.broadcast or site.name == "assign")


def _broadcast(name: str, first: int) -> Condition:
    holds, part = _PATTERNS[name]

    def aim(draft: Draft) -> None:
        full = tuple(draft.random.choice((2, 3, 4, 5)) for _ in range(draft.random.choice((2, 3, 3))))
        draft.reshape(lambda i, s: part(full) if i == 1 - first else full)

    return Condition(f"broadcast-{name}[{1 - first}]", "broadcasting",
                     lambda c: len(c.shapes) > 1 and holds(c.shapes[first], c.shapes[1 - first]), aim, _spreads)


def _both(call: Call) -> bool:
    if len(call.shapes) < 2 or call.shapes[0] == call.shapes[1] or not numel(call.shapes[0]):
        return False
    longest = max(map(len, call.shapes))
    padded = [(1,) * (longest - len(s)) + s for s in call.shapes]
    return call.size < numel(tuple(max(column) for column in zip(*padded, strict=True)))


# --- how many inputs, which dtypes


def _many(site: Site) -> bool:
    if site.name in ("index", "index_put"):  # which take at most one index a dim
        return False
    return site.kind == STEP or (site.op is not None and any(p.role == "sequence" for p in site.op.inputs))


def _more_inputs(n: int) -> Condition:
    return Condition(f"inputs>{n}", "number of inputs", lambda c: len(c.arrays) > n, lambda d: _sequence(d, n + 1),
                     _many)


def _sequence(draft: Draft, count: int) -> None:
    op, sample = draft.case.op, draft.case.sample
    for param, value in zip(op.params, sample.args, strict=False):
        if param.role == "sequence" and value:
            parts = list(value) if draft.random.random() < 0.5 else [draft.random.choice(list(value))]
            draft.set_attribute(param.name, [parts[i % len(parts)] for i in range(count)])


def _of_dtype(dtype: DType) -> Condition:
    return Condition(f"dtype=={dtype.name}", "dtype", lambda c: c.dtype is dtype,
                     fits=lambda s: s.op is None or ACCEPTS[s.op.accepts](dtype))


# --- what happened before


def _repeat(draft: Draft, times: int) -> None:
    draft.repeats = times


def _every(n: int) -> Condition:
    return Condition(f"call%{n}==0", "n-th call", lambda c: c.number % n == 0, lambda d: _repeat(d, 2 * n), scope=STATE)


def _threaded(draft: Draft) -> None:
    draft.threaded = True


def _after_error(draft: Draft) -> None:
    draft.after_error = True


# --- options


def options(op: OpDef) -> Iterator[Condition]:
    """Conditions on the attributes of one op: which dims, and values that are not the default."""
    for param in op.params:
        if param.role != "attribute":
            continue
        if param.annotation.startswith("Dim") and op.name != "diagonal":  # whose two dims must not be one
            yield from (_dim(param.name, label, param.annotation.startswith("Dims"))
                        for label in (_DIMS if param.annotation.startswith("Dims") else ("first", "last", "middle")))
        elif param.annotation == "bool":
            yield from (_turned(param.name, value) for value in (True, False))
        elif param.annotation in ("int", "float", "Number") and param.default is not MISSING:
            yield _other(param.name, param.default)
        elif param.annotation == "Size" and param.name in ("dilation", "stride", "padding", "kernel_size"):
            yield _above_one(param.name)
            yield _unlike(param.name)


def _turned(name: str, value: bool) -> Condition:
    return Condition(f"{name}=={value}", "option", lambda c: c.attributes.get(name) is value,
                     lambda d: d.set_attribute(name, value))


def _other(name: str, default: Any) -> Condition:
    return Condition(f"{name}!=default", "option", lambda c: name in c.attributes and c.attributes[name] != default)


def _above_one(name: str) -> Condition:
    return Condition(f"{name}>1", "option", lambda c: any(v > 1 for v in c.attributes.get(name) or ()))


def _unlike(name: str) -> Condition:
    return Condition(f"{name}-differ", "option", lambda c: len(set(c.attributes.get(name) or ())) > 1)


# label -> whether the dims (of so many) are of that kind; some that are, for a tensor of that rank
_DIMS: dict[str, tuple[Callable[[Shape, int], bool], Callable[[int], list[int]]]] = {
    "first": (lambda d, r: r > 1 and d == (0,), lambda r: [0]),
    "last": (lambda d, r: r > 1 and d == (r - 1,), lambda r: [r - 1]),
    "middle": (lambda d, r: len(d) == 1 and 0 < d[0] < r - 1, lambda r: [1]),
    "all": (lambda d, r: r > 1 and len(d) == r, lambda r: list(range(r))),
    "none": (lambda d, r: r > 0 and d == (), lambda r: []),
    "apart": (lambda d, r: len(d) > 1 and d[-1] - d[0] >= len(d), lambda r: [0, r - 1]),
    "pair": (lambda d, r: len(d) == 2 < r and d[1] - d[0] == 1, lambda r: [0, 1] if r % 2 else [r - 2, r - 1])}


def _dim(name: str, label: str, several: bool) -> Condition:
    holds, some = _DIMS[label]

    def held(call: Call) -> bool:
        value = call.attributes.get(name)
        dims = value if isinstance(value, tuple) else () if value is None else (value,)
        return name in call.attributes and holds(dims, call.rank)

    def aim(draft: Draft) -> None:
        if draft.random.random() < 0.8:
            ranked(draft, draft.random.choice((2, 3, 3, 4)))
        if draft.shapes and draft.shapes[0]:
            chosen = some(len(draft.shapes[0]))
            draft.set_attribute(name, chosen if several else chosen[0])

    return Condition(f"{name}={label}", "dim", held, aim)
