"""The suite notices bugs: every deliberately broken backend fails, by the check and for the reason that it should.

And it finds nothing where nothing is wrong: the healthy wrapper passes the same checks.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from conformance_broken import BROKEN, Broken, after, biased, each_result, one_bad_element

from flambeau.registry import TABLE
from flambeau_conformance.cases import accepted
from flambeau_conformance.check import PASSED, UNSUPPORTED, Check, CheckFailed
from flambeau_conformance.collection import GROUPS, collected
from flambeau_conformance.target import Target, UnusableError, load
from flambeau_conformance.wrapped import wrapped

BASE = "numpy"
WITHOUT_ROUNDING = {  # results are no float32 numbers, so no factor spoils them
    "argmax", "argmin", "bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift",
    "bitwise_xor", "complex", "eq", "imag", "le", "logical_not", "lt", "nonzero", "real", "searchsorted"}
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore:Casting complex values")  # of broken kernels


@pytest.fixture(scope="module")
def healthy() -> Target:
    return wrapped(BASE, "healthy-wrapper")


def build(bug: Broken) -> Target:
    return wrapped(BASE, f"broken-{bug.name}", bug.change, bug.add, **bug.members(load(BASE).backend))


def checks_for(bug: Broken, target: Target) -> list[Check]:
    groups = ["contract"] if bug.op == "contract" else [g for g in GROUPS if g != "contract"]
    return [c for g in groups for c in collected(g, target, "*" if bug.op == "contract" else bug.op)]


def failures(checks: list[Check], target: Target) -> dict[str, Exception]:
    found = {}
    for check in checks:
        try:
            assert check.run(target) in (PASSED, UNSUPPORTED)
        except Exception as error:
            found[check.id] = error
    return found


@pytest.mark.parametrize("bug", BROKEN, ids=lambda bug: bug.name)
def test_a_broken_backend_fails_where_and_as_it_should(bug: Broken):
    target = build(bug)
    found = failures(checks_for(bug, target), target)
    assert bug.fails in found, f"survived; what failed: {sorted(found)[:5]}"
    error = found[bug.fails]
    assert isinstance(error, CheckFailed), f"{type(error).__name__}: {error}"
    assert error.kind == bug.kind, str(error)
    assert bug.fails.removesuffix("/gradient") in str(error) or bug.op == "contract"


@pytest.mark.parametrize("bug", BROKEN, ids=lambda bug: bug.name)
def test_the_healthy_wrapper_passes_the_same_checks(bug: Broken, healthy: Target):
    checks = checks_for(bug, healthy)
    assert bug.fails in {c.id for c in checks}
    assert failures(checks, healthy) == {}


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
def test_no_kernel_of_the_contract_can_be_wrong_unnoticed(spoil):
    """One element off, a bias of 1e-4, constant zero: in each kernel in turn."""
    survivors = []
    for name in load(BASE).backend.kernels:
        if TABLE[name].view or name == "assign":
            continue  # the group "contract" speaks of these
        target = wrapped(BASE, f"spoilt-{spoil.__name__}-{name}", {name: after(each_result(spoil))})
        if first_failure(name, target) is None and not (spoil is biased and name in WITHOUT_ROUNDING):
            survivors.append(name)
    assert survivors == []


def test_a_missing_primitive_is_refused_with_its_name():
    with pytest.raises(UnusableError, match=r"lacks 2 required primitive\(s\): erf, tanh"):
        wrapped(BASE, "broken-missing", drop=("tanh", "erf"))


def test_an_unknown_kernel_is_refused_with_its_name():
    with pytest.raises(UnusableError, match=r"registers unknown op\(s\): soft_max"):
        wrapped(BASE, "broken-unknown", add={"soft_max": lambda x: x})


def test_a_refusal_that_the_manifest_declares_must_happen():
    target = wrapped(BASE, "broken-refusal")
    declared = Target(target.name, target.device, {**target.manifest, "capabilities": {"bfloat16": "no"}})
    found = failures(collected("values", declared, "erf", "bfloat16"), declared)
    assert {error.kind for error in found.values()} == {"refusal"}
    assert "the manifest says no" in str(found["erf/bfloat16/sample-00"])


def test_a_declared_refusal_that_happens_is_verified_and_not_skipped():
    target = wrapped(BASE, "refusing-wrapper", unsupported={("erf", "float32"): "left out on purpose"})
    checks = collected("values", target, "erf", "float32")
    assert {c.run(target) for c in checks} == {UNSUPPORTED}
    assert {c.run(target) for c in collected("values", target, "erf", "float64")} == {PASSED}


def test_the_message_names_layout_place_and_distance():
    bug = next(b for b in BROKEN if b.name == "small-bias")
    error = failures(checks_for(bug, target := build(bug)), target)[bug.fails]
    assert re.search(r"exp/float32/sample-00 \(contiguous\): 3 of 3 elements differ: at \[0\] got .*, expected .*"
                     r" \([0-9.e+]+ ulp\); .*allowed 4 ulp", str(error)), str(error)


def test_a_wrong_fused_kernel_is_compared_with_the_composition_too():
    from flambeau_conformance import values
    from flambeau_conformance.cases import good_cases

    target = build(next(b for b in BROKEN if b.name == "fused-mean"))
    case = next(c for c in good_cases(TABLE["mean"]) if c.id == "mean/float32/sample-00")
    with pytest.raises(CheckFailed, match="the fused kernel against the composition"):
        values._fused_like_composed(case, target)


def test_the_broken_backends_are_many_and_all_different():
    assert len(BROKEN) >= 12
    assert len({b.name for b in BROKEN}) == len(BROKEN)
