"""The same programs under PyTorch and under `python -m flambeau_torch`: what they print, side by side."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parents[1] / "programs"
NUMBER = re.compile(r"[-+]?\d+\.\d+(?:e[-+]?\d+)?")


def output(*command: str) -> list[str]:
    done = subprocess.run([sys.executable, *command], check=True, capture_output=True, text=True, timeout=100,
                          env={**os.environ, "OMP_NUM_THREADS": "1"})
    return done.stdout.splitlines()


@pytest.mark.parametrize("program", sorted(p.name for p in PROGRAMS.glob("*.py")))
def test_a_program_prints_what_it_prints_under_pytorch(program: str):
    path = str(PROGRAMS / program)
    ours, theirs = output("-m", "flambeau_torch", path), output(path)
    if program == "names.py":  # whether torch.distributed was built is the only difference
        theirs = [re.sub(r"^False 0 False (True|False)", "False 0 False False", line) for line in theirs]
    assert [NUMBER.sub("#", line) for line in ours] == [NUMBER.sub("#", line) for line in theirs]
    for a, b in zip(ours, theirs, strict=True):
        assert [float(n) for n in NUMBER.findall(a)] == pytest.approx([float(n) for n in NUMBER.findall(b)],
                                                                      rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("program", ["line.py", "function.py", "language.py"])
def test_the_recorded_outputs_are_pytorchs(program: str):
    recorded = (PROGRAMS / "recorded" / program).with_suffix(".txt").read_text().splitlines()
    now = output(str(PROGRAMS / program))
    assert [NUMBER.sub("#", line) for line in now] == [NUMBER.sub("#", line) for line in recorded]
