"""The catalogue of mutants: many, all different, each shown to checks that exist; and how they are scored.

A few are really run here, in worker processes. `nox -s mutants` runs all of them.
"""

from __future__ import annotations

import pytest

from flambeau_conformance import cli, mutants
from flambeau_conformance.commands import mutants as command
from flambeau_conformance.mutants import promises, score
from flambeau_conformance.mutants.mutant import NEEDS, Mutant, Parts, pointless
from flambeau_conformance.mutants.page import page, summary
from flambeau_conformance.mutants.score import LOADING, Result, checks_for, scored
from flambeau_conformance.outcome import executed
from flambeau_conformance.selection import contract_of
from flambeau_conformance.target import UnusableError, load

SLOW = {"leak", "thread race", "process", "size", "per-thread mode"}  # classes of bugs that take seconds to find
CORE = "flambeau_conformance.mutants.core"  # these change core itself, and so every test after them


def quick() -> list[Mutant]:
    """The mutants that can be tried in this process at no cost."""
    return [m for m in mutants.catalogue().values()
            if m.sort not in SLOW and m.checks and m.inject.__module__ != CORE and m.sort != "random stream"]


def test_the_catalogue_is_large_and_says_what_is_wrong():
    found = mutants.catalogue()
    assert len(found) >= 150
    assert len({m.sort for m in found.values()}) >= 40
    assert all(m.bug[:1] and m.bug.endswith(".") and "\n" not in m.bug for m in found.values())
    assert len({m.bug for m in found.values()}) == len(found)
    assert all(m.needs in ("", *NEEDS) for m in found.values())


def test_every_mutant_is_shown_to_checks_that_exist():
    checks = contract_of("reference")
    lost = {(m.name, pattern) for m in mutants.catalogue().values() for pattern in m.checks
            if not checks_for(Mutant("", "", "", (pattern,), m.inject), checks)}
    assert lost == set()


def test_numpy_survives_no_mutant_that_is_quickly_tried():
    checks = {c.id: c for c in contract_of("numpy")}
    survivors = []
    for found in quick():
        target = mutants.build(f"numpy+{found.name}")
        ids = checks_for(found, checks.values())
        if not any(executed(checks[i], target)["outcome"] == "fail" for i in ids):
            survivors.append(found.name)
    assert survivors == []


def test_mutants_that_crash_hang_or_leave_are_killed_by_the_check_that_they_take_down():
    results = {r.mutant.name: r.killers for r in scored(["numpy"], ["crash", "hang", "exit", "missing-primitive"], 2)}
    assert results["crash"] == {"cos/float32/sample-00": "crash"}
    assert results["hang"] == {"cos/float32/sample-00": "timeout"}
    assert results["exit"] == {"cos/float32/sample-00": "SystemExit"}
    assert list(results["missing-primitive"]) == [LOADING]


def test_a_mutant_that_changes_core_is_killed_in_a_process_of_its_own():
    first, second = scored(["numpy"], ["rule-scale", "seed-off-by-one"], 2)
    assert first.killers["exp/float32/sample-00/gradient"] == "value"
    assert second.killers["contract/random/uniform"] == "value"


def test_what_fails_on_the_healthy_wrapper_too_kills_nothing(monkeypatch: pytest.MonkeyPatch):
    def tried(base: str, found: Mutant, ids: list[str]) -> Result:
        killers = {"neg/float32/sample-00": "value"} if found is mutants.HEALTHY else dict.fromkeys(
            ["neg/float32/sample-00", "neg/float32/sample-01"], "value")
        return Result(base, found, len(ids), killers)

    monkeypatch.setattr(score, "tried", tried)
    (result,) = scored(["numpy"], ["stride-ignored"])
    assert result.killers == {"neg/float32/sample-01": "value"}


def test_a_bug_that_can_make_no_difference_is_not_counted():
    found = mutants.catalogue()["copied-view"]
    assert pointless(found, load("numpy")) == ""
    result = Result("array-api-strict", found, pointless="it shares no memory")
    assert not result.killed and not result.survived
    assert "0 of 0 mutants killed, 1 make no difference" in summary([result])


def test_names_of_mutants_that_do_not_exist_come_with_suggestions(capsys: pytest.CaptureFixture):
    with pytest.raises(UnusableError, match="no mutant is called 'lost-nan', did you mean 'lost-nan-amax'"):
        mutants.build("numpy+lost-nan")
    assert cli.main(["mutants", "numpy", "--mutant", "crush"]) == cli.USAGE
    assert "no mutant is called 'crush', did you mean 'crash'?" in capsys.readouterr().err
    assert cli.main(["mutants", "nunpy", "--mutant", "crash"]) == cli.UNUSABLE
    assert cli.main(["mutants", "numpy+crash"]) == cli.USAGE
    assert cli.main(["mutants", "-n", "0"]) == cli.USAGE


def test_the_catalogue_is_listed(capsys: pytest.CaptureFixture):
    assert cli.main(["mutants", "--list"]) == cli.PASSED
    out = capsys.readouterr().out
    assert len(out.splitlines()) == len(mutants.catalogue())
    assert "stride-ignored" in out


def _survivor() -> Mutant:
    return Mutant("nothing", "Nothing is wrong, and so nothing can notice.", "none", ("neg/*",), lambda base: Parts())


def test_a_survivor_is_named_and_fails_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    monkeypatch.setattr(command, "scored", lambda *rest: [Result("numpy", _survivor(), 3)])
    assert cli.main(["mutants", "numpy", "-q"]) == cli.FAILED
    assert "SURVIVED: nothing on numpy (3 checks): Nothing is wrong" in capsys.readouterr().out


@pytest.mark.parametrize(("check", "promise"), [
    ("contract/round-trip/float32", "contract/round-trip"), ("contract/growth/math", "contract/growth"),
    ("contract/growth/training", "contract/growth/training"), ("contract/random/uniform", "contract/random/uniform"),
    ("add/float32/sample-00", "values"), ("add/float32/sample-00/gradient", "gradients"),
    ("add/float32/special", "special numbers"), ("add/int8/extremes", "extreme integers"),
    ("add/float32/bad-00", "errors"), ("sin/float64/sample-00/rule", "rules")])
def test_a_check_belongs_to_a_promise(check: str, promise: str):
    assert promises.promise_of(check) == promise


def test_a_promise_that_kills_nothing_is_told_unless_it_gives_its_reason(monkeypatch: pytest.MonkeyPatch):
    checks = [c for c in contract_of("numpy") if c.op == "neg"]
    result = Result("numpy", _survivor(), 1, {"neg/float32/sample-00": "value"})
    found = promises.kills([result], checks)
    assert found["values"] == ["nothing"]
    assert set(promises.idle(found)) == {promises.promise_of(c.id) for c in checks} - {"values"}
    monkeypatch.setattr(promises, "JUSTIFIED", dict.fromkeys(promises.idle(found), "seen elsewhere"))
    assert promises.idle(found) == promises.outlived(found) == []
    monkeypatch.setattr(promises, "JUSTIFIED", {"values": "not needed"})
    assert promises.outlived(found) == ["values"]


def test_every_reason_is_for_a_promise_that_exists():
    existing = {promises.promise_of(c.id) for c in contract_of("reference")}
    assert set(promises.JUSTIFIED) <= existing
    assert all(reason.strip() for reason in promises.JUSTIFIED.values())


def test_the_page_says_who_killed_whom_and_nothing_of_the_day():
    killed = Result("numpy", mutants.catalogue()["last-argmax"], 40, {"argmax/float32/sample-04": "value"})
    by_promise = promises.kills([killed], contract_of("numpy"))
    text = page([killed], by_promise)
    assert text == page([killed], by_promise)
    assert "| numpy | 1 of 1 | 0 |" in text
    assert "| argmax names the last of equal elements. | 1 of 40: `argmax/float32/sample-04` (value) |" in text
    assert "| `values` | 1 | last-argmax |" in text
    assert "| `argmax` | last-argmax |" in text
