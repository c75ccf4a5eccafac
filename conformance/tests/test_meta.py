"""The suite notices bugs: every deliberately broken backend fails, by the check and for the reason that it should.

And it finds nothing where nothing is wrong: the healthy wrapper passes the same checks. The whole
catalogue is run by `nox -s mutants`; here is what a bug of each kind looks like when it is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from flambeau.table.registry import FALLBACK, TABLE
from flambeau.tensors.tensor import wrap
from flambeau_conformance import mutants
from flambeau_conformance.cases import accepted, samples, table
from flambeau_conformance.check import PASSED, UNSUPPORTED, Check, CheckFailed
from flambeau_conformance.collection import collected
from flambeau_conformance.contract import structure
from flambeau_conformance.outcome import executed
from flambeau_conformance.selection import contract_of
from flambeau_conformance.target import Target, UnusableError, load
from flambeau_conformance.wrapped import wrapped

BASE = "numpy"
FOUND = {  # mutant -> a check that must fail, and the kind of failure it must report
    "wrong-element": ("add/float32/sample-00", "value"),
    "wrong-dtype": ("sin/float32/sample-00", "dtype"),
    "aliased-output": ("copy/float32/sample-00", "aliased output"),
    "copied-view": ("permute/float32/sample-00", "view"),
    "copying-view": ("contract/view-refused", "view"),
    "gradient-scale": ("slice/float32/sample-00/gradient", "value"),
    "gradient-twice": ("contract/accumulation", "gradient"),
    "lost-nan-maximum": ("maximum/float32/special", "value"),
    "swapped-operands": ("sub/float32/sample-00", "value"),
    "stride-ignored": ("neg/float32/sample-01", "value"),
    "offset-ignored": ("neg/float32/sample-00", "value"),
    "memory-order": ("neg/float32/sample-01", "value"),
    "wrong-axis": ("sum/float32/sample-03", "shape"),
    "mutated-input": ("mul/float32/sample-00", "mutated input"),
    "fused-mean": ("mean/float32/sample-00", "value"),
    "bias-float32": ("exp/float32/sample-00", "value"),
    "constant-sine": ("sin/float32/sample-00", "value"),
    "last-argmax": ("argmax/float32/sample-04", "value"),
    "lost-zero-sign": ("neg/float32/special", "value"),
    "flushed-denormals": ("mul/float32/special", "value"),
    "halves-up": ("round/float32/special", "value"),
    "saturating-add": ("add/int8/extremes", "value"),
    "rounding-cast": ("contract/casts/float32", "value"),
    "lost-collisions": ("scatter_add/float32/sample-00", "value"),
    "reversed-ties": ("sort/bool/sample-00", "value"),
    "no-shape-error": ("add/float32/bad-00", "no error"),
    "rounded-each-time": ("contract/accumulation/float16", "accumulation"),
    "shared-buffer": ("contract/copied/float32", "copy"),
    "false-aliasing": ("contract/manifest", "manifest"),
    "overrun": ("contract/guards/assign/float32", "guard"),
    "neighbours-read": ("contract/guards/arithmetic", "guard"),
    "low-mean": ("contract/halves/mean/float16", "accumulation"),
    "low-matmul": ("contract/halves/matmul/bfloat16", "accumulation"),
    "upload-deferred": ("contract/hazards/source-overwritten/float32", "stale read"),
    "broken-after-error": ("contract/error-fields", "next op"),
    "other-contract": ("contract/manifest", "manifest"),
    "unsupported-but-works": ("contract/refusals", "refusal")}
WITHOUT_ROUNDING = {  # results are no float32 numbers, so no factor spoils them
    "argmax", "argmin", "bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift",
    "bitwise_xor", "complex", "eq", "gcd", "imag", "lcm", "le", "logical_not",
    "lt", "nonzero", "rank_place", "real", "searchsorted"}
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore:Casting complex values")  # of broken kernels


@pytest.fixture(scope="module")
def checks() -> dict[str, Check]:
    return {c.id: c for c in contract_of(BASE)}


@pytest.fixture(scope="module")
def healthy() -> Target:
    return mutants.build(f"{BASE}+healthy")


@pytest.mark.parametrize("name", FOUND)
def test_a_broken_backend_fails_where_and_as_it_should(name: str, checks: dict[str, Check]):
    wanted, kind = FOUND[name]
    found = executed(checks[wanted], mutants.build(f"{BASE}+{name}"))
    assert (found["outcome"], found["kind"]) == ("fail", kind), found["message"]
    assert wanted.removesuffix("/gradient") in found["message"] or wanted.startswith("contract/")


def test_the_healthy_wrapper_passes_the_same_checks(healthy: Target, checks: dict[str, Check]):
    for wanted, _ in FOUND.values():
        assert executed(checks[wanted], healthy)["outcome"] == PASSED


# --- every op in turn


def after(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The kernel's result, spoilt."""
    return lambda kernel: lambda *arrays, **attributes: each_result(kernel(*arrays, **attributes), function)


def each_result(result: Any, function: Callable[[Any], Any]) -> Any:
    if isinstance(result, tuple):
        return tuple(each_result(r, function) for r in result)
    return function(np.asarray(result))


def one_bad_element(out: Any) -> Any:
    out = np.array(out, order="C")  # in another order the flat view would be a copy
    if out.size:
        last = out.reshape(-1)[-1:]
        last[...] = ~last if out.dtype == bool else last + 1
    return out


def biased(out: Any) -> Any:
    return (out * (1 + 1e-4)).astype(out.dtype) if out.dtype.kind in "fc" else out


def first_failure(name: str, target: Target) -> Exception | None:
    accepts = [d.name for d in accepted(TABLE[name])]
    dtype = "float32" if "float32" in accepts else accepts[-1]
    for check in collected("values", target, name, dtype):
        try:
            check.run(target)
        except Exception as error:
            return error
    return None


@pytest.mark.parametrize("spoil", [one_bad_element, biased, np.zeros_like], ids=["one-element", "bias-1e-4", "zeros"])
def test_no_kernel_of_the_contract_can_be_wrong_unnoticed(spoil: Callable[[Any], Any]):
    """One element off, a bias of 1e-4, constant zero: in each kernel in turn."""
    survivors = []
    for name in load(BASE).backend.kernels:
        if TABLE[name].view or name == "assign":
            continue  # the group "contract" speaks of these
        target = wrapped(BASE, f"spoilt-{spoil.__name__}-{name}", {name: after(spoil)})
        if first_failure(name, target) is None and not (spoil is biased and name in WITHOUT_ROUNDING):
            survivors.append(name)
    assert survivors == []


def test_no_composite_can_be_wrong_unnoticed(monkeypatch: pytest.MonkeyPatch):
    """One element off in what each composite without a kernel of its own gives."""
    backend = load(BASE).backend
    composites = [op.name for op in table() if op.name not in backend.kernels and samples(op.name)[0]]
    assert len(composites) > 60
    assert [name for name in composites if first_failure(name, spoilt_composite(name, monkeypatch)) is None] == []


def spoilt_composite(name: str, monkeypatch: pytest.MonkeyPatch) -> Target:
    """A backend on which the op answers with one wrong element."""
    op, target = TABLE[name], load(BASE)
    if not op.inlined:
        composed = after(one_bad_element)(FALLBACK[0](op, target.device))
        return wrapped(BASE, f"spoilt-{name}", add={name: composed})
    right = op.call  # no kernel stands for it: core writes it out in other ops
    monkeypatch.setattr(op, "call", lambda *args, **kwargs: spoilt_tensors(right(*args, **kwargs), target.device))
    return target


def spoilt_tensors(result: Any, device: Any) -> Any:
    if isinstance(result, tuple):
        return tuple(spoilt_tensors(r, device) for r in result)
    return wrap(one_bad_element(result._array), result._kind) if result._kind.device is device else result


# --- what core and the suite say of backends that cannot be tried


def test_a_missing_primitive_is_refused_with_its_name():
    with pytest.raises(UnusableError, match=r"lacks 2 required primitive\(s\): erf, tanh"):
        mutants.build(f"{BASE}+missing-primitive")


def test_an_unknown_kernel_is_refused_with_its_name():
    with pytest.raises(UnusableError, match=r"registers unknown op\(s\): soft_max"):
        mutants.build(f"{BASE}+unknown-kernel")


def test_a_refusal_that_the_manifest_declares_must_happen(checks: dict[str, Check]):
    target = wrapped(BASE, "broken-refusal")
    declared = Target(target.name, target.device, {**target.manifest, "capabilities": {"bfloat16": "no"}})
    found = executed(checks["erf/bfloat16/sample-00"], declared)
    assert found["kind"] == "refusal"
    assert "the manifest says no" in found["message"]


def test_a_declared_refusal_that_happens_is_verified_and_not_skipped():
    target = wrapped(BASE, "refusing-wrapper", unsupported={("erf", "float32"): "left out on purpose"})
    checks = collected("values", target, "erf", "float32")
    assert {c.run(target) for c in checks} == {UNSUPPORTED}
    assert {c.run(target) for c in collected("values", target, "erf", "float64")} == {PASSED}


FACTORS = tuple(op.name for op in table() if op.capability == "linalg")


@pytest.mark.parametrize("declared", ["no", "yes"])
def test_a_group_of_ops_is_there_or_declared_absent(declared: str):
    target = wrapped(BASE, f"without-factors-{declared}", drop=FACTORS)
    target = Target(target.name, target.device, {**target.manifest, "capabilities": {"linalg": declared}})
    checks = [c for op in ("linalg_svd", "linalg_inv_ex", "linalg_pinv") for c in collected("values", target, op,
                                                                                            "float32")]
    ended = {c.run(target) if declared == "no" else executed(c, target)["outcome"] for c in checks}
    assert ended == ({UNSUPPORTED} if declared == "no" else {"fail"})
    kernels = executed(next(c for c in structure.CHECKS if c.id == "contract/kernels-callable"), target)
    assert (kernels["kind"] == "") == (declared == "no")


def test_the_message_names_layout_place_and_distance(checks: dict[str, Check]):
    told = executed(checks["exp/float32/sample-00"], mutants.build(f"{BASE}+bias-float32"))["message"]
    assert re.search(r"exp/float32/sample-00 \(contiguous\): 3 of 3 elements differ: at \[0\] got .*, expected .*"
                     r" \([0-9.e+]+ ulp\); .*allowed 4 ulp", told), told


def test_a_wrong_fused_kernel_is_compared_with_the_composition_too():
    from flambeau_conformance import values
    from flambeau_conformance.cases import good_cases

    case = next(c for c in good_cases(TABLE["mean"]) if c.id == "mean/float32/sample-00")
    with pytest.raises(CheckFailed, match="the fused kernel against the composition"):
        values._fused_like_composed(case, mutants.build(f"{BASE}+fused-mean"))
