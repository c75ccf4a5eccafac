"""What a run is made of: profiles, selections, versions; names that do not exist come with suggestions."""

from __future__ import annotations

from pathlib import Path

import pytest

from flambeau.contract.backend import CONTRACT
from flambeau_conformance import versions
from flambeau_conformance.check import FULL, PASSED, RELEASE, Check
from flambeau_conformance.collection import SelectionError
from flambeau_conformance.editions import dated, edition, released
from flambeau_conformance.record import PROBATION, REQUIRED, RETIRED
from flambeau_conformance.selection import PROFILES, Selection, contract_of, matcher, selected, suggest_id


@pytest.fixture(scope="module")
def every() -> list[Check]:
    return contract_of("numpy")


def test_identifiers_are_unique_over_the_whole_contract(every: list[Check]):
    assert len({c.id for c in every}) == len(every)


def test_what_everything_rests_on_comes_first(every: list[Check]):
    order = [c.id for c in every]
    chain = ["contract/kernels", "contract/round-trip/float32", "contract/assign/float32", "exp/float32/sample-00",
             "softmax/float32/sample-00", "exp/float32/sample-00/gradient", "contract/regression"]
    assert sorted(chain, key=order.index) == chain


def test_profiles_grow(every: list[Check]):
    sizes = [len(selected(every, p, Selection())) for p in PROFILES]
    assert sizes[0] < sizes[1] / 10
    assert sizes[1] <= sizes[2] == len(every)
    released = Check("x", "values", lambda t: PASSED, "neg", "float32", lane=RELEASE)
    assert released not in selected([*every, released], FULL, Selection())
    assert released in selected([*every, released], RELEASE, Selection())


def test_smoke_has_every_op_once(every: list[Check]):
    smoke = [c for c in selected(every, "smoke", Selection()) if c.group == "values"]
    assert sorted(c.op for c in smoke) == sorted({c.op for c in every if c.group == "values"})


@pytest.mark.parametrize(("expression", "fits"), [
    ("", True), ("float32", True), ("float64", False), ("exp and float32", True), ("exp and not float32", False),
    ("float64 or float32", True), ("not (float64 or float32)", False), ("sample-00 and (exp or sin)", True)])
def test_expressions(expression: str, fits: bool):
    assert matcher(expression)("exp/float32/sample-00") is fits


@pytest.mark.parametrize("expression", ["and", "exp and", "(exp", "exp)", "exp sin", "not"])
def test_expressions_that_make_no_sense_are_errors(expression: str):
    with pytest.raises(SelectionError, match="-k"):
        matcher(expression)


@pytest.mark.parametrize(("unknown", "meant"), [
    ("exp/float32/smple-00", "exp/float32/sample-00"), ("sofmax/float32/sample-00", "softmax/float32/sample-00"),
    ("softmax/float31/sample-00", "softmax/float32/sample-00"), ("contract/asign/float32", "contract/assign/float32")])
def test_unknown_ids_are_errors_with_suggestions(unknown: str, meant: str, every: list[Check]):
    with pytest.raises(SelectionError, match=f"no check has the ID '{unknown}', did you mean '.+'"):
        selected(every, FULL, Selection(ids=(unknown,)))
    assert suggest_id(unknown, [c.id for c in every]) == f", did you mean {meant!r}?"


# --- versions of the contract


def added(since: str, retired: str = "") -> Check:
    return Check("x", "contract", lambda t: PASSED, since=since, retired=retired)


@pytest.mark.parametrize(("check", "statuses"), [
    (added("1.0"), [REQUIRED, REQUIRED, REQUIRED, REQUIRED]),  # the first version had nobody to warn
    (added("1.1"), ["", PROBATION, REQUIRED, REQUIRED]),
    (added("1.2"), ["", "", PROBATION, REQUIRED]),
    (added("1.0", "1.2"), [REQUIRED, REQUIRED, RETIRED, RETIRED]),
    (added("1.1", "2.0"), ["", PROBATION, REQUIRED, RETIRED])])
def test_a_check_reports_for_one_minor_version_before_it_counts(check: Check, statuses: list[str]):
    assert [versions.status(check, v) for v in ((1, 0), (1, 1), (1, 2), (2, 0))] == statuses


def test_a_version_that_does_not_exist_is_an_error():
    with pytest.raises(versions.VersionError, match=r"there is no contract 1\.7; there are 1\.0, 1\.2"):
        versions.chosen("1.7", [added("1.0"), added("1.2")])
    with pytest.raises(versions.VersionError, match=r"reads like 1\.0, not '1'"):
        versions.chosen("1", [])
    assert versions.chosen("", []) == CONTRACT
    assert versions.chosen("1.2", [added("1.2")]) == (1, 2)


def test_probation_never_decides_the_verdict():
    from flambeau_conformance.record import FAIL, PASS, Record, Report
    from flambeau_conformance.verdict import PASSED as PASSED_STATUS
    from flambeau_conformance.verdict import notices, verdict_of

    records = [Record("a", "values", PASS), Record("new", "values", FAIL, since="1.1", status=PROBATION)]
    report = Report({"name": "x"}, "1.1", "full", records)
    assert verdict_of(report, 2)["status"] == PASSED_STATUS
    assert notices(report) == ["1 checks on probation would fail from the next contract on: new"]


def test_every_check_says_since_when(every: list[Check]):
    assert all(versions.parsed(c.since) >= (1, 0) for c in every)


def test_what_a_release_writes_down_stays_required_and_what_comes_later_is_on_probation(every: list[Check],
                                                                                        tmp_path: Path):
    first, later = every[:-40], every[-40:]
    (tmp_path / "1.0.txt").write_text(edition(first, "1.0", tmp_path / "none"))
    assert set(released(tmp_path)) == {c.id for c in first}
    dates = {c.id: c.since for c in dated(every, tmp_path)}
    assert {dates[c.id] for c in first} == {"1.0"}
    assert {dates[c.id] for c in later} == {"1.1"}
    after = dated(every, tmp_path)
    assert {versions.status(c, (1, 0)) for c in after[-40:]} == {""}
    assert {versions.status(c, (1, 1)) for c in after[-40:]} == {PROBATION}
    assert {versions.status(c, (1, 2)) for c in after} == {REQUIRED}


def test_until_the_first_release_everything_belongs_to_the_first_version(every: list[Check], tmp_path: Path):
    assert dated(every, tmp_path) == every
