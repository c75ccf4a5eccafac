"""Minimal scripts: one check as a program of its own, with its numbers written out.

They need flambeau and the backend, and nothing of this suite. A script ends with status 0 if the
backend is right, 1 if not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import flambeau
from flambeau.dtypes import DType
from flambeau.table.registry import TABLE
from flambeau.table.samples import arr

from . import compare, oracle
from .cases import Case
from .check import Check
from .commands.explain import case_of
from .gradients import Pullback, incoming_for, sensitivity_of_gradients
from .host import Host, Placement, positions, put, rounded
from .layouts import expanded_case, layouts
from .tolerances import Budget, budget, gradient_budget
from .values import sensitivity_of, zeros_count

_SHOWN_BY_NUMBERS = ("value:", "shape:", "rule:", "no error:", "error class:", "error text:")
_COMPARISON = '''
def flat(value):
    return [v for part in value for v in flat(part)] if isinstance(value, list) else [value]


def compare(what, found, shape, dtype, expected, allowed, signed=False):
    """Prints the elements that are further off than allowed, zeros of the other sign if that counts; how many."""
    if tuple(found.shape) != shape or found.dtype is not dtype:
        print(f"{what}: {found.dtype} of shape {tuple(found.shape)}, expected {dtype} of shape {shape}")
        return 1
    wrong = 0
    for i, (f, e, a) in enumerate(zip(flat(found.tolist()), expected, allowed, strict=True)):
        parts = ((f.real, e.real), (f.imag, e.imag))
        wrong_sign = signed and f == e == 0 and copysign(1, f) != copysign(1, e)
        if wrong_sign or not all(x == y or (x != x and y != y) or abs(x - y) <= a for x, y in parts):
            print(f"{what}, element {i}: got {f!r}, expected {e!r} give or take {a:.3g}")
            wrong += 1
    return wrong
'''


def script(check: Check, backend: str, layout: str = "contiguous", said: str = "") -> str:
    """The program for that check on that backend, with the inputs in that layout."""
    if check.group == "fuzz":
        from .fuzz.checks import script as fuzz_script

        return fuzz_script(check, backend, said)
    case = case_of(check)
    if case is None or case.op.invariants is not None or not _by_numbers(said):  # factors are not unique
        from .amalgam import program

        return program(check, backend, said)
    body = {"values": _values, "gradients": _gradients, "errors": _errors, "rules": _rules}[check.group]
    lines = [*_opening(check, backend, layout, said), *body(case, backend, layout)]
    return "\n".join(lines) + "\n"


def _by_numbers(said: str) -> bool:
    """Whether the inputs, the call and the expected numbers show the failure; else the check itself has to be run."""
    return not said or (said.startswith(_SHOWN_BY_NUMBERS) and "the fused kernel" not in said)


def _opening(check: Check, backend: str, layout: str, said: str) -> Iterator[str]:
    yield f'"""{check.id} on backend {backend!r}; inputs laid out as: {layout}.'
    if said:
        yield ""
        yield said.replace("\\", "\\\\").replace('"""', "'''")
    yield '"""'
    yield ""
    if check.group == "errors":
        yield "import re"
    yield "import sys"
    yield "from math import copysign, inf, nan"
    yield ""
    yield "import flambeau"
    if not public(check.op):
        yield "from flambeau.table.registry import op_named"
    yield ""
    yield f"device = flambeau.device({backend!r})"
    if check.group in ("values", "gradients"):
        yield _COMPARISON


def public(op: str) -> bool:
    """Whether the op is a name of flambeau's own."""
    return getattr(flambeau, op, None) is TABLE[op].call


def literal(value: Any) -> str:
    """Python source for a number, a dtype, a size, or lists of those."""
    if isinstance(value, DType):
        return f"flambeau.{value.name}"
    if isinstance(value, complex):
        return f"complex({value.real!r}, {value.imag!r})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


def _tensor(host: Host, place: Placement | None) -> str:
    if place is None:
        made = f"flambeau.tensor({literal(host.values)}, dtype={literal(host.dtype)}, device=device)"
        return made if len(host.shape) == 1 else f"{made}.reshape({literal(host.shape)})"
    storage: list[Any] = [(True, 111, float("nan"), complex("nan"))[host.dtype.category]] * place.size
    for position, value in zip(positions(host.shape, place.strides, place.offset), host.values, strict=True):
        storage[position] = value
    return (f"flambeau.tensor({literal(storage)}, dtype={literal(host.dtype)}, device=device).as_strided("
            f"{literal(host.shape)}, {literal(place.strides)}, {place.offset})")


def _placed(case: Case, layout: str) -> tuple[list[Host], list[Placement | None]]:
    if layout == "expanded":
        return expanded_case(case)
    return case.hosts, dict(layouts(case)).get(layout, [None] * len(case.hosts))


def _inputs(hosts: list[Host], places: list[Placement | None], grads: list[int] | None = None) -> Iterator[str]:
    for i, (host, place) in enumerate(zip(hosts, places, strict=True)):
        tracked = ".requires_grad_()" if grads and i in grads else ""
        yield f"x{i} = {_tensor(host, place)}{tracked}"
    names = [f"x{i}" for i in range(len(hosts))]
    yield f"inputs = [{', '.join(names)}]"


def _call(case: Case) -> Iterator[str]:
    numbers = iter(range(len(case.hosts)))
    args = [_argument(a, numbers) for a in case.sample.args]
    args += [f"{name}={_argument(v, numbers)}" for name, v in case.sample.kwargs.items()]
    function = f"flambeau.{case.op.name}" if public(case.op.name) else f"op_named({case.op.name!r}).call"
    if case.op.inputs:
        yield f"result = {function}({', '.join(args)})"
    else:
        if "dtype" in case.op.attributes and "dtype" not in case.sample.kwargs:
            args.append(f"dtype={literal(case.dtype)}")
        yield "with device:"
        yield f"    result = {function}({', '.join(args)})"
    yield "results = list(result) if isinstance(result, tuple) else [result]"


def _argument(value: Any, numbers: Iterator[int]) -> str:
    if isinstance(value, arr):
        return f"x{next(numbers)}"
    if isinstance(value, (list, tuple)) and any(isinstance(v, arr) for v in value):
        inner = ", ".join(_argument(v, numbers) for v in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner},)"
    return literal(value)


def _comparisons(name: str, what: str, expected: list[Host], allowed: list[list[float]],
                 signed: bool = False) -> Iterator[str]:
    yield "wrong = 0"
    for i, (host, bounds) in enumerate(zip(expected, allowed, strict=True)):
        yield (f"wrong += compare({f'{what} {i}'!r}, {name}[{i}], {literal(host.shape)}, {literal(host.dtype)},\n"
               f"                 {literal(host.values)},\n                 {literal([_short(b) for b in bounds])}"
               f"{', signed=True' if signed and host.dtype.category == 2 else ''})")


def _short(bound: float) -> float:
    return float(f"{bound:.4g}")


def _bounded(wide: Host, dtype: DType, rule: Budget, amplified: list[float] | None) -> tuple[Host, list[float]]:
    values = rounded(wide.values, dtype) if wide.dtype is not dtype else wide.values
    exact = dtype.category < 2
    bounds = [0.0] * len(values) if exact else compare.bounds(values, dtype, rule, amplified if rule.spread else None)
    return Host(values, wide.shape, dtype), bounds


def _values(case: Case, backend: str, layout: str) -> Iterator[str]:
    hosts, places = _placed(case, layout)
    wide = oracle.expected(case, hosts)
    narrow = [r.dtype for r in case.call([put(h, oracle.reference()) for h in hosts], oracle.reference())]
    rows = [_bounded(w, d, budget(case.op), s)
            for w, d, s in zip(wide, narrow, sensitivity_of(case, hosts), strict=True)]
    yield from _inputs(hosts, places)
    yield "before = [repr(x.tolist()) for x in inputs]"
    yield from _call(case)
    yield from _comparisons("results", "result", [h for h, _ in rows], [b for _, b in rows], zeros_count(case))
    yield "if before != [repr(x.tolist()) for x in inputs]:"
    yield '    print("the call changed its inputs")'
    yield "    wrong += 1"
    if not case.op.view and not case.op.inlined and layout != "expanded" and hosts:
        yield "held = [repr(r.tolist()) for r in results]"
        yield "for value in (0, 1):"
        yield "    for i, x in enumerate(inputs):"
        yield "        x.fill_(value)"
        yield "        if held != [repr(r.tolist()) for r in results]:"
        yield '            sys.exit(f"a result shares memory with input {i}")'
    yield 'sys.exit(f"{wrong} wrong" if wrong else 0)'


def _gradients(case: Case, backend: str, layout: str) -> Iterator[str]:
    pull = Pullback(case, oracle.reference())
    wide = oracle.widened(case, case.hosts)
    incoming = incoming_for(pull, case, wide)
    gradients = pull(wide, incoming)
    amplified = sensitivity_of_gradients(case, incoming) if incoming else []
    rows = [_bounded(g, case.hosts[i].dtype, gradient_budget(case.op), s)
            for i, g, s in zip(pull.inputs, gradients, amplified, strict=False)]
    yield from _inputs(case.hosts, [None] * len(case.hosts), pull.inputs)
    yield from _call(case)
    yield "results = [r for r in results if r.requires_grad]"
    narrow = [r.dtype for r in Pullback(case, oracle.reference()).forward(case.hosts)[2]]
    sent = [_tensor(Host(w.values, w.shape, d), None) for w, d in zip(incoming, narrow, strict=True)]
    yield f"incoming = [{', '.join(sent)}]"
    leaves = ", ".join(f"x{i}" for i in pull.inputs)
    yield f"gradients = flambeau.autograd.grad(results, [{leaves}], incoming, materialize_grads=True)"
    yield from _comparisons("gradients", "gradient", [h for h, _ in rows], [b for _, b in rows])
    yield 'sys.exit(f"{wrong} wrong" if wrong else 0)'


def _errors(case: Case, backend: str, layout: str) -> Iterator[str]:
    yield from _inputs(case.hosts, [None] * len(case.hosts))
    yield "try:"
    yield from (f"    {line}" for line in _call(case))
    yield "except Exception as error:"
    yield '    print(f"{type(error).__name__}: {error}")'
    yield f"    fits = isinstance(error, flambeau.errors.{case.sample.raises})"
    yield f"    fits = fits and re.search({case.sample.match!r}, str(error))"
    yield f"    sys.exit(0 if fits else {f'expected {case.sample.raises} that matches {case.sample.match!r}'!r})"
    yield f"sys.exit({f'no error; expected {case.sample.raises}'!r})"


def _rules(case: Case, backend: str, layout: str) -> Iterator[str]:
    pull = Pullback(case, oracle.reference())
    yield from _inputs(case.hosts, [None] * len(case.hosts), pull.inputs)
    yield ""
    yield "def function(*leaves):"
    yield f"    {', '.join(f'x{i}' for i in range(len(case.hosts)))}, = {_merged(case, pull.inputs)}"
    yield from (f"    {line}" for line in _call(case))
    yield "    return tuple(r for r in results if r.requires_grad)"
    yield ""
    leaves = ", ".join(f"x{i}" for i in pull.inputs)
    yield f"fine = flambeau.autograd.gradcheck(function, ({leaves},), raise_exception=False)"
    yield f"fine = fine and flambeau.autograd.gradgradcheck(function, ({leaves},), raise_exception=False)"
    yield 'print("the rule agrees with differences" if fine else "the rule differs from differences")'
    yield "sys.exit(0 if fine else 1)"


def _merged(case: Case, tracked: list[int]) -> str:
    parts = [f"leaves[{tracked.index(i)}]" if i in tracked else f"inputs[{i}]" for i in range(len(case.hosts))]
    return f"({', '.join(parts)},)"


def layout_in(message: str) -> str:
    """The memory layout that a failure's message names."""
    for name in ("transposed", "gaps", "offset", "mixed", "expanded"):
        if f"({name})" in message:
            return name
    return "contiguous"


__all__ = ["layout_in", "literal", "public", "script"]
