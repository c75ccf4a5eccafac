"""`repro` scripts: programs that need no suite and pass on healthy backends, for every kind of check."""

from __future__ import annotations

import contextlib
import io
import random

import pytest

from flambeau.table.registry import TABLE
from flambeau_conformance import tolerances
from flambeau_conformance.check import Check
from flambeau_conformance.scripts import layout_in, literal, script
from flambeau_conformance.selection import contract_of
from flambeau_conformance.target import load, manifest_faults

EVERY = contract_of("reference")


def status_of(source: str) -> int:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(source, "repro", "exec"), {"__name__": "__main__"})
    except SystemExit as ended:
        return int(bool(ended.code))
    return 0


def some(group: str, count: int) -> list[Check]:
    found = [c for c in EVERY if c.group == group]
    return random.Random(group).sample(found, min(count, len(found)))


@pytest.mark.parametrize("check", [*some("values", 40), *some("gradients", 25), *some("errors", 10), *some("rules", 5)],
                         ids=lambda c: c.id)
def test_a_script_needs_no_suite_and_passes_where_the_check_does(check: Check):
    source = script(check, "reference" if check.group == "rules" else "numpy")
    assert "flambeau_conformance" not in source
    assert status_of(source) == 0, source


@pytest.mark.parametrize("layout", ["transposed", "gaps", "offset", "mixed", "expanded"])
def test_a_script_lays_its_inputs_out_as_the_failure_says(layout: str):
    check = next(c for c in EVERY if c.id == "matmul/float32/sample-03")
    source = script(check, "numpy", layout)
    assert ".as_strided(" in source
    assert status_of(source) == 0
    assert layout_in(f"value: matmul/float32/sample-03 ({layout}): 1 of 6 elements differ") == layout


@pytest.mark.parametrize("name", ["round-trip/float32", "assign/int64", "write-to-base", "in-place-gradients",
                                  "random/normal", "regression", "accumulation/float16", "halves/mean/float16",
                                  "halves/index_put/bfloat16", "manifest", "names"])
def test_promises_of_the_contract_are_cut_out_of_the_suite(name: str):
    source = script(next(c for c in EVERY if c.id == f"contract/{name}"), "numpy")
    assert "flambeau_conformance" not in source
    assert status_of(source) == 0, source


def test_literals_are_python():
    value = [float("nan"), float("inf"), complex(1, float("-inf")), (1,), (), True, "x"]
    assert literal(value) == "[nan, inf, complex(1.0, -inf), (1,), (), True, 'x']"


# --- loosened tolerances


def manifest(ulps: float, op: str = "exp", reason: str = "a table of 64 entries") -> dict:
    return {"tolerances": [{"op": op, "dtypes": ["float32"], "ulps": ulps, "reason": reason}]}


def test_a_loosened_tolerance_is_debt_and_is_granted_up_to_the_cap():
    (row,) = tolerances.debt(manifest(100))
    assert (row["standard"], row["asked"], row["cap"], row["granted"]) == (4, 100, 16, 16)
    (fault,) = tolerances.tolerance_faults(manifest(100))
    assert fault == "tolerances asks 100 ulp for exp in float32; the cap is 16"
    assert tolerances.tolerance_faults(manifest(8)) == []


@pytest.mark.parametrize("wrong", [manifest(8, op="expp"), manifest(8, reason="")])
def test_a_tolerance_without_a_reason_or_an_op_is_a_fault(wrong: dict):
    assert "unknown op or dtypes, or no reason" in tolerances.tolerance_faults(wrong)[0]


def test_exact_ops_have_no_tolerance_to_loosen():
    assert tolerances.debt(manifest(8, op="neg"))[0]["granted"] == 0


def test_a_granted_tolerance_widens_that_op_and_dtype_alone():
    from flambeau import float32, float64

    try:
        tolerances.loosen(manifest(8))
        assert tolerances.granted(TABLE["exp"], float32).ulps(float32) == 8
        assert tolerances.granted(TABLE["exp"], float64).ulps(float64) == 4
        assert tolerances.granted(TABLE["sin"], float32).ulps(float32) == 4
    finally:
        tolerances.loosen({})


def test_the_manifests_of_this_repository_have_no_faults():
    for name in ("reference", "numpy"):
        assert manifest_faults(load(name)) == []
