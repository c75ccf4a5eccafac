"""The lane of drawn programs in short, and that it finds and shortens a planted disagreement."""

from __future__ import annotations

import pytest
from drawn.__main__ import search
from drawn.minimising import find, minimised
from drawn.program import Line
from drawn.running import Found

import flambeau

ALLOWED = 0.01  # whatever else remains is listed in docs/reliability.md


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_few_of_the_drawn_programs_disagree(device: str) -> None:
    tally = search(device, 7, 200)
    assert sum(tally.kinds.values()) <= ALLOWED * tally.count, "\n".join(tally.scripts.values())


def test_a_planted_fault_is_found_and_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flambeau.Tensor, "tanh", lambda self: self * 1.0)
    lines = ["t0 = lib.tensor([0.5, 1.0], requires_grad=True)", "t1 = t0 + 1", "t2 = t0.tanh()", "t3 = t1 * 2"]
    program = tuple(Line(line, line) for line in lines)
    found = find(program, "cpu")
    assert isinstance(found, Found) and found.kind == "value"
    shorter, again = minimised(program, found, "cpu")
    assert [line.text for line in shorter] == [lines[0], lines[2]]
    assert again.line.text == lines[2]


@pytest.mark.parametrize(("line", "kind"), [
    ("t1 = t0.float()", "dtype"), ("t1 = t0.reshape(2, 1)", "shape"), ("t1 = t0.detach()", "requires_grad"),
    ("t1 = t0 * 3", "value"), ("t1 = t0.nope()", "raised")])
def test_each_difference_has_its_kind(line: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {"dtype": "float", "shape": "reshape", "requires_grad": "detach", "value": "__mul__", "raised": "nope"}[kind]
    replaced = {"dtype": lambda x: x * 1, "shape": lambda x, *size: x * 1, "requires_grad": lambda x: x * 1,
                "value": lambda x, n: x + n, "raised": None}[kind]
    if kind != "raised":
        monkeypatch.setattr(flambeau.Tensor, made, replaced)
    else:
        import torch

        monkeypatch.setattr(torch.Tensor, made, lambda x: x.clone(), raising=False)
    leaf = "t0 = lib.tensor([0.5, 1.0], dtype=lib.float64, requires_grad=True)"
    found = find((Line(leaf, ""), Line(line, "")), "cpu")
    assert isinstance(found, Found) and found.kind == kind
