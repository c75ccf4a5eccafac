"""Mutants drawn from a grammar: drawn again from a seed, told by a program, killed by checks, counted."""

from __future__ import annotations

import re
from math import isclose

import pytest

from flambeau import dtypes
from flambeau.contract.backend import encode
from flambeau_conformance import cli
from flambeau_conformance.conditions.call import Call
from flambeau_conformance.conditions.listing import by_name, conditions_of
from flambeau_conformance.conditions.numbers import described
from flambeau_conformance.conditions.site import KERNEL, Site, every_site, sites_of
from flambeau_conformance.mutants import build
from flambeau_conformance.mutants.grammar.board import Board, Fault
from flambeau_conformance.mutants.grammar.corruptions import corruptions
from flambeau_conformance.mutants.grammar.drawing import Drawn, drawn, seeds
from flambeau_conformance.mutants.grammar.estimate import Estimate, Fate, interval
from flambeau_conformance.mutants.grammar.page import page, text
from flambeau_conformance.mutants.grammar.trace import traced
from flambeau_conformance.mutants.grammar.trial import Judge, remembered
from flambeau_conformance.mutants.grammar.witness import witness
from flambeau_conformance.selection import contract_of
from flambeau_conformance.target import UnusableError, load

SHOWN = re.compile(r"(amax|sum|mul)/float32/(sample-0\d|special)$")


@pytest.fixture(scope="module")
def board() -> Board:
    return Board("numpy")


@pytest.fixture(scope="module")
def judge(board: Board) -> Judge:
    checks = {c.id: c for c in contract_of("numpy") if SHOWN.match(c.id)}
    with remembered():
        return Judge(board, checks, traced(board, checks.values()))


def mutant(site: str, condition: str, corruption: str, kind: str = KERNEL) -> Drawn:
    where = Site(kind, site)
    return Drawn(f"{site} {condition}", where, next(c for c in conditions_of(where) if c.name == condition),
                 next(c for c in corruptions() if c.name == corruption))


def test_a_seed_draws_the_same_mutants_again_and_another_seed_others(board: Board):
    first = [drawn(board.base, s).bug for s in seeds(7, 40)]
    assert first == [drawn(board.base, s).bug for s in seeds(7, 40)]
    assert len(set(first)) > 35
    assert first != [drawn(board.base, s).bug for s in seeds(8, 40)]


def test_every_corruption_and_every_condition_has_a_site(board: Board):
    sites = sites_of(board.base)
    assert len(sites) > 150
    assert all(any(c.fits(s) for s in sites) for c in corruptions())
    assert all(any(c.fits(s) for s in every_site()) for c in by_name().values())
    assert len({c.name for c in corruptions()}) == len(corruptions()) >= 60


@pytest.mark.parametrize(("site", "condition", "corruption"), [
    ("div", "same-object", "result: last element wrong"),
    ("amax", "some-negative-zero", "result: lost sign of zero"),
    ("sort", "elements-equal", "unstable order"), ("cat", "inputs>8", "last input repeats"),
    ("permute", "rank>3", "copy instead of alias"), ("sum", "dim=apart", "result: last element wrong"),
    ("add", "size%8==3", "result: tail beyond eight"), ("mul", "some-beyond-2**53", "input 0: through float64"),
    ("mul", "thread", "result: rotated"), ("neg", "call%7==0", "stale buffer"), ("take", "index-collides", "refused"),
    ("copy", "transposed[0]", "input 0: strides ignored"), ("matmul", "after-error", "wrong dtype")])
def test_a_program_tells_it_from_the_healthy_backend(board: Board, site: str, condition: str, corruption: str):
    assert witness(board, mutant(site, condition, corruption))


def test_a_copy_from_an_overlapping_view_that_reads_what_it_wrote_is_told(board: Board):
    assert "overlap" in witness(board, mutant("assign", "one-storage", "forward in overlapping memory", "writes"))


@pytest.mark.parametrize(("site", "condition", "corruption"), [
    ("abs", "always", "result: lost sign"), ("neg", "same-object", "refused"),
    ("add", "always", "operands swapped"), ("eq", "size==0", "result: last element wrong")])
def test_without_a_program_it_is_an_equivalent(board: Board, site: str, condition: str, corruption: str):
    found = Drawn("none", Site(KERNEL, site), by_name()[condition],
                  next(c for c in corruptions() if c.name == corruption))
    assert witness(board, found) == ""


def test_a_dozen_drawn_mutants_are_judged_alike_each_time(board: Board, judge: Judge):
    with remembered():
        first, second = ([judge.verdict(drawn(board.base, s)) for s in seeds(5, 12)] for _ in range(2))
    assert first == second
    assert 2 <= sum(v.counted for v in first) <= 11


def test_a_mutant_is_shown_the_checks_that_meet_its_condition_until_one_fails(judge: Judge):
    wide = mutant("sum", "dim=all", "result: last element wrong")
    with remembered():
        killed = judge.verdict(wide)
        overlooked = judge.verdict(mutant("sum", "rank==6", "result: last element wrong"))
    assert killed.killer.startswith("sum/")
    assert overlooked.survived and overlooked.shown == 0


def test_a_fault_strikes_while_its_condition_holds_and_leaves_the_backend_alone(board: Board):
    found = mutant("add", "rank==1", "result: first element wrong")
    one = load("numpy").backend.from_host(encode([1.0, 2.0], dtypes.float32), (2,), dtypes.float32)
    with board.under(Fault(board, found.site, found.condition, found.corruption), found.site) as target:
        kernel = target.backend.kernel("add", dtypes.float32)
        assert kernel(one, one).tolist() == [4.0, 4.0]
        assert kernel(one[None], one[None]).tolist() == [[2.0, 4.0]]
    assert kernel(one, one).tolist() == [2.0, 4.0]


def test_numbers_are_told_by_kind():
    held = described(encode([-0.0, 2.5, 1e-45, float("inf"), -3.0], dtypes.float32), dtypes.float32)
    assert held == {"zero", "negative-zero", "half-way", "subnormal", "tiny", "+inf", "negative"}
    assert described(encode([5, 5], dtypes.int64), dtypes.int64) == {"equal", "all-equal"}
    assert "beyond-2**53" in described(encode([2**53 + 1], dtypes.int64), dtypes.int64)


def test_layouts_and_aliases_of_a_call_are_told():
    base = load("numpy").backend
    x = base.from_host(encode([float(i) for i in range(6)], dtypes.float32), (2, 3), dtypes.float32)
    named = by_name()
    call = Call(base, "add", (x, x), {})
    assert named["same-object"].holds(call) and not named["one-storage"].holds(call)
    assert named["one-storage"].holds(Call(base, "add", (x[:1], x[1:]), {}))
    assert named["transposed[0]"].holds(Call(base, "neg", (x.T,), {}))
    assert named["gaps[0]"].holds(Call(base, "neg", (x[:, ::2],), {}))
    assert named["broadcast-row[1]"].holds(Call(base, "add", (x, x[0]), {}))


def test_the_interval_holds_the_share_and_narrows():
    low, high = interval(970, 1000)
    assert low < 0.97 < high and isclose(high - low, 0.021, abs_tol=0.002)
    assert isclose(interval(10, 10)[1], 1.0) and 0.7 < interval(10, 10)[0] < 0.75
    assert interval(0, 0) == (0.0, 1.0)


def estimate() -> Estimate:
    killed = Fate("3.0", "add, when rank==1: refused", ("rank", "refused"), "add float32", "add/float32/sample-00", 4)
    overlooked = Fate("3.1", "mul, when rank==6: refused", ("rank", "refused"), "mul float32", "", 0)
    equivalent = Fate("3.2", "eq, when always: operands swapped", ("always", "operands swapped"), "", "", 0)
    return Estimate("numpy", "full", 3, [killed, overlooked, equivalent], gaps={"rank": ["mul"]}, pairs=9)


def test_the_estimate_names_survivors_by_class_and_what_is_never_met():
    lines = "\n".join(text(estimate()))
    assert "1 of 2 mutants killed, 50.0%" in lines and "1 of 3 drawn are equivalents" in lines
    assert "1 × rank × refused: [3.1] mul, when rank==6: refused; told by mul float32" in lines
    assert "8 of 9 pairs" in lines and "never rank: mul" in lines
    assert "| numpy | full | 3 | 1 of 2 | 50.0% |" in page([estimate()])


def test_a_drawn_mutant_has_a_name_that_every_command_takes():
    target = build("numpy+random-7.12")
    assert target.name == "numpy+random-7.12" and target.backend.name == target.name
    with pytest.raises(UnusableError, match="draws no mutant"):
        build("numpy+random-x")


def test_options_that_contradict_each_other_are_refused(capsys: pytest.CaptureFixture):
    assert cli.main(["mutants", "numpy", "--random", "5", "--mutant", "crash"]) == cli.USAGE
    assert "draws its bugs" in capsys.readouterr().err
    assert cli.main(["mutants", "numpy", "--random", "-1"]) == cli.USAGE
