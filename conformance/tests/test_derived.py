"""Derived cases and laws: bugs that no sample shows, the same cases in every run, scripts that fail where checks do."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
import pytest

from flambeau import float32
from flambeau.errors import FlambeauError
from flambeau.table.registry import TABLE
from flambeau_conformance import oracle
from flambeau_conformance.amalgam import NoScriptError
from flambeau_conformance.cases import accepted, table
from flambeau_conformance.check import Check
from flambeau_conformance.derived.repeating import one_period
from flambeau_conformance.derived.themes import THEMES, cases_of
from flambeau_conformance.laws import LAWS
from flambeau_conformance.outcome import executed
from flambeau_conformance.scripts import script
from flambeau_conformance.selection import contract_of
from flambeau_conformance.target import Target, load
from flambeau_conformance.wrapped import wrapped

EVERY = {c.id: c for c in contract_of("numpy")}


def spoilt(condition: Any, change: Any) -> Any:
    """A change of a kernel: where the condition on its arguments holds, another result."""
    def around(kernel: Any) -> Any:
        def wrong(*arrays: Any, **attributes: Any) -> Any:
            made = kernel(*arrays, **attributes)
            return change(made, *arrays, **attributes) if condition(*arrays, **attributes) else made

        return wrong

    return around


def last_is(value: float) -> Any:
    def change(made: Any, *_: Any, **__: Any) -> Any:
        made = np.array(made)
        made[(-1,) * made.ndim] = value
        return made

    return change


def positive_zeros(made: Any, *_: Any, **__: Any) -> Any:
    return made + made.dtype.type(0)


def is_float(x: Any, *_: Any, **__: Any) -> bool:
    return x.dtype.kind == "f"


STATE = {"calls": 0}


def every_third(x: Any) -> bool:
    STATE["calls"] += 1
    return x.ndim > 0 and STATE["calls"] % 3 == 0


BUGS: dict[str, tuple[str, Any]] = {  # the check that must fail -> the op and what is done to its kernel
    "div/float32/derived-sharing": ("div", spoilt(lambda x, y: x is y, lambda made, *_: np.ones_like(made))),
    "le/int64/derived-sharing": ("le", spoilt(lambda x, y: x.size and np.may_share_memory(x, y),
                                              lambda made, *_: np.ones_like(made))),
    "add/float32/derived-ranks": ("add", spoilt(lambda x, y: x.ndim > 4, lambda made, x, y: x + x.dtype.type(0) * made)),  # noqa: E501
    "exp/float32/derived-sizes": ("exp", spoilt(lambda x: x.size == 65537, last_is(1.0))),
    "sqrt/float32/derived-sizes": ("sqrt", spoilt(lambda x: x.size == 100, last_is(0.0))),
    "sum/float32/derived-dims": ("sum", spoilt(lambda x, dim, **_: x.ndim > 3 and dim == (0, 2),
                                               lambda made, *_, **__: made * 2)),
    "matmul/float16/derived-lengths": ("matmul", spoilt(
        lambda x, y: x.ndim == y.ndim == 2 and x.shape[1] > 99,
        lambda made, x, y: ((x[:, :50] @ y[:50]) + (x[:, 50:] @ y[50:])).astype(made.dtype))),
    "amax/float32/derived-values": ("amax", spoilt(is_float, positive_zeros)),
    "take/float64/derived-values": ("take", spoilt(is_float, positive_zeros)),
    "argmax/int64/derived-values": ("argmax", spoilt(
        lambda x, **_: True, lambda made, x, dim, keepdim: np.asarray(
            x.astype(float).argmax(dim, keepdims=keepdim)).reshape(np.shape(made)).astype(np.int64))),
    "scatter/int64/derived-indices": ("scatter", spoilt(lambda x, *_, **__: x.ndim == 4, last_is(99))),
    "cat/float32/derived-many": ("cat", spoilt(lambda *parts, **_: len(parts) > 8, last_is(99.0))),
    "roll/int64/derived-bounds": ("roll", spoilt(
        lambda x, shifts, dims: any(s > x.shape[d] for s, d in zip(shifts, dims, strict=True)), last_is(99))),
    "tanh/float32/law-repeats": ("tanh", spoilt(every_third, last_is(0.25))),
    "sin/float32/law-layouts": ("sin", spoilt(lambda x: not x.flags.c_contiguous and x.flags.f_contiguous,
                                              lambda made, x: made * x.dtype.type(1.01))),
    "neg/float32/law-slices": ("neg", spoilt(lambda x: x.ndim and x.strides[-1] == 2 * x.itemsize, last_is(9.0))),
    "mul/float32/law-orders": ("mul", spoilt(lambda x, y: x.ndim == 3 and not x.flags.c_contiguous, lambda made, *_: made * 2)),  # noqa: E501
    "softmax/float32/law-items": ("softmax", spoilt(lambda x, dim: x.ndim == 2 and len(x) > 1,
                                                    lambda made, *_, **__: made[::-1].copy())),
    "prod/float32/law-composes": ("prod", spoilt(lambda x, dim, **_: len(dim) == 2, lambda made, *_, **__: abs(made) + 1)),  # noqa: E501
    "mul/float32/law-gradients-add": ("mul", spoilt(lambda x, y: x.size > 1, lambda made, *_: made + 1)),
    "permute/float32/law-views-alias": ("permute", spoilt(lambda x, dims: x.ndim > 2, lambda made, *_, **__: made.copy())),  # noqa: E501
    "contract/assign-views/float32": ("assign", lambda kernel: forwards),
    "add/float32/sample-00": ("add", spoilt(lambda x, y: x.ndim == 1, last_is(9.0))),
    "add/float32/special": ("add", spoilt(is_float, positive_zeros)),
    "copy/float32/sample-00": ("copy", lambda kernel: lambda x: x),
    "permute/float32/sample-00": ("permute", lambda kernel: lambda x, dims: x.transpose(dims).copy()),
    "mul/float32/sample-01/gradient": ("mul", spoilt(lambda x, y: x.shape == y.shape, lambda made, *_: made * 2)),
    "matmul/float32/bad-00": ("matmul", lambda kernel: lambda x, y: kernel(x[..., :1], y[..., :1, :])),
    "fuzz/kept/unfold-of-a-tracked-view": ("mul", spoilt(lambda x, y: True, lambda made, *_: made + 1)),
    "contract/collisions": ("scatter_add", spoilt(lambda *_, **__: True, last_is(9.0))),
}


def forwards(destination: Any, source: Any) -> Any:
    """Element by element, reading what it has written."""
    source = np.broadcast_to(source, destination.shape)
    for place in np.ndindex(destination.shape):
        destination[place] = source[place]
    return destination


def faulty(name: str) -> Target:
    op, change = BUGS[name]
    return wrapped("numpy", f"numpy-{name.replace('/', '-')}", {op: change})


def status_of(source: str) -> int:
    try:
        with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            exec(compile(source, "repro", "exec"), {"__name__": "__main__"})
    except SystemExit as ended:
        return int(bool(ended.code))
    except Exception:  # what the interpreter ends with status 1
        return 1
    return 0


def outcome(name: str, target: Target) -> dict[str, Any]:
    with np.errstate(all="ignore"):
        return executed(EVERY[name], target)


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_that_one_place_shows_fails_the_check_and_the_script_that_repro_prints(name: str):
    check: Check = EVERY[name]
    assert outcome(name, load("numpy"))["outcome"] == "pass"
    target = faulty(name)
    found = outcome(name, target)
    assert found["outcome"] == "fail", found
    assert status_of(script(check, target.name, said=found["message"])) == 1
    with contextlib.suppress(NoScriptError):  # of a fuzz seed, which says what failed, there is none without a failure
        assert status_of(script(check, "numpy", said=found["message"])) == 0


@pytest.mark.parametrize("theme", THEMES)
def test_cases_are_the_same_in_every_run_and_most_are_computed_and_not_refused(theme: str):
    ops = [op for op in table() if float32 in accepted(op)]
    drawn, again = ([case for op in ops for case in cases_of(op.name, float32, theme)] for _ in (1, 2))
    assert [(c.id, repr(c.sample), c.how) for c in drawn] == [(c.id, repr(c.sample), c.how) for c in again]
    refused = 0
    tried = drawn[::7] if len(drawn) > 300 else drawn
    for case in tried:
        short = one_period(case) if case.repeats else case
        try:
            oracle.expected(short, short.hosts)
        except FlambeauError:
            refused += 1
    assert len(tried) > 10
    assert refused <= len(tried) // 20


def test_every_op_with_inputs_has_derived_cases_or_a_law():
    spoken_of = {c.op for c in EVERY.values() if c.group in ("derived", "laws")}
    assert {op.name for op in table() if op.inputs} - spoken_of == {"assign", "to_device", "copy_slices"}


def test_laws_that_the_table_declares_exist():
    declared = {law.partition(":")[0] for op in table() for law in op.laws}
    assert declared == {"elementwise", "items", "composes"}
    assert set(LAWS) == {"repeats", "layouts", "slices", "orders", "items", "composes", "gradients-add", "views-alias"}
    for op in table():
        for law in op.laws:
            names = law.partition(":")[2]
            assert set(names.split(",") if names else []) <= set(TABLE[op.name].kinds), op.name
