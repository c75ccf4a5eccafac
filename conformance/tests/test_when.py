"""Promises about calls of every kind: every condition has a check, healthy backends stand them, bugs do not."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from flambeau_conformance.check import CheckFailed
from flambeau_conformance.conditions.condition import ALWAYS
from flambeau_conformance.conditions.listing import conditions_of
from flambeau_conformance.conditions.site import KERNEL, Site, every_site
from flambeau_conformance.contract.when import CHECKS, chosen
from flambeau_conformance.mutants.grammar.board import Board, Fault
from flambeau_conformance.mutants.grammar.corruptions import corruptions
from flambeau_conformance.target import load

BY_ID = {c.id: c for c in CHECKS}
PARTS = ("sizes", "memory", "arguments", "numbers", "history", "options")


@pytest.fixture(scope="module")
def board() -> Board:
    return Board("numpy")


def test_every_class_of_conditions_is_met_by_a_check_of_its_site():
    for site in every_site():
        asked = {c.sort for part in PARTS for c in chosen(site, part)}
        assert asked == {c.sort for c in conditions_of(site) if c is not ALWAYS}
        assert all(f"contract/when/{part}/{site}" in BY_ID for part in PARTS if chosen(site, part))


def test_the_programs_of_a_check_are_the_same_in_every_run():
    add = Site(KERNEL, "add")
    assert [c.name for c in chosen(add, "sizes")] == [c.name for c in chosen(add, "sizes")]


def test_nothing_is_decided_by_hashes_of_text_that_differ_from_process_to_process():
    program = ("from flambeau_conformance.conditions.programs import _coin; from flambeau_conformance.cases import"
               " good_cases; from flambeau_conformance.conditions.draft import Draft; from random import Random;"
               " from flambeau.table.registry import TABLE;"
               " print([_coin(Draft(c, Random(0))) for c in good_cases(TABLE['add'])])")
    shown = [subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, check=True,
                            capture_output=True, text=True).stdout for seed in ("1", "2")]
    assert shown[0] == shown[1]
    assert "True" in shown[0] and "False" in shown[0]


@pytest.mark.parametrize("base", ["numpy", "reference"])
@pytest.mark.parametrize("check", ["memory/add", "numbers/amax", "options/sum", "history/neg", "memory/writes-assign"])
def test_a_healthy_backend_stands_it(base: str, check: str):
    assert BY_ID[f"contract/when/{check}"].run(load(base)) == "pass"


@pytest.mark.parametrize(("check", "condition", "corruption"), [
    ("memory/div", "same-object", "result: last element wrong"),
    ("numbers/amax", "some-negative-zero", "result: lost sign of zero"),
    ("memory/writes-assign", "one-storage", "forward in overlapping memory"),
    ("options/sum", "dim=apart", "result: rotated"),
    ("history/neg", "call%3==0", "stale buffer"),
    ("arguments/cat", "inputs>8", "last input repeats"),
    ("sizes/cumsum", "rank==5", "wrong dim")])
def test_a_bug_that_shows_under_the_condition_fails_it(board: Board, check: str, condition: str, corruption: str):
    kind, _, name = check.partition("/")[2].rpartition("-")
    site = Site(kind or KERNEL, name)
    fault = Fault(board, site, next(c for c in conditions_of(site) if c.name == condition),
                  next(c for c in corruptions() if c.name == corruption))
    with board.under(fault, site) as target, pytest.raises(CheckFailed, match="when"):
        BY_ID[f"contract/when/{check}"].run(target)
