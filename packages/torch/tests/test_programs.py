"""Programs written for PyTorch run unchanged under `python -m flambeau_torch`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"


def run(*arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([sys.executable, "-W", "error", "-m", "flambeau_torch", *arguments], check=False,
                          capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, timeout=100)
    assert done.returncode == status, done.stderr
    return done


def numbers(text: str) -> list[float]:
    return [float(n) for n in re.findall(r"[-+]?\d+\.\d+", text)]


def test_what_a_program_prints_about_types_and_hardware():
    assert run(str(PROGRAMS / "names.py"), "first", "--second").stdout.splitlines() == [
        "<class 'torch.Tensor'> True True False",
        "torch.float32 <class 'torch.dtype'> torch.Size([2]) <class 'torch.Size'> <class 'torch.device'>",
        "tensor([1, 2]) torch.Size([2, 3]) 0",
        "<class 'torch.nn.modules.linear.Linear'> True <class 'torch.nn.parameter.Parameter'> True",
        "<class 'torch.optim.sgd.SGD'> <class 'torch.utils.data.dataloader.DataLoader'>"
        " <class 'torch.nn.modules.normalization.LayerNorm'>",
        "False 0 False True False", "True 1 False", "['first', '--second'] __main__ True"]


@pytest.mark.parametrize("program", ["line.py", "function.py", "language.py"])
def test_programs_print_the_numbers_recorded_from_pytorch(program: str):
    lines = run(str(PROGRAMS / program)).stdout.splitlines()
    expected = (PROGRAMS / "recorded" / program).with_suffix(".txt").read_text().splitlines()
    assert len(lines) == len(expected)
    for ours, theirs in zip(lines, expected, strict=True):
        assert re.sub(r"[-+]?\d+\.\d+", "#", ours) == re.sub(r"[-+]?\d+\.\d+", "#", theirs)
        assert numbers(ours) == pytest.approx(numbers(theirs), rel=1e-3, abs=1e-3)


def test_a_module_runs_as_well(tmp_path: Path):
    (tmp_path / "inside.py").write_text("import sys, torch\nprint(torch.ones(1), sys.argv[1:], __name__)\n")
    done = subprocess.run([sys.executable, "-m", "flambeau_torch", "-m", "inside", "x"], check=True, cwd=tmp_path,
                          capture_output=True, text=True)
    assert done.stdout == "tensor([1.]) ['x'] __main__\n"


def test_a_script_that_is_not_there_and_no_script():
    assert "cannot open 'nowhere.py': No such file" in run("nowhere.py", status=2).stderr
    assert run(status=2).stderr.startswith("usage: python -m flambeau_torch script.py")
    assert run("--help").stdout.startswith("usage:")


def test_the_scripts_own_exit_status_and_errors_are_kept(tmp_path: Path):
    script = tmp_path / "fails.py"
    script.write_text("import torch\ntorch.nonsense(1)\n")
    assert "flambeau has no torch.nonsense yet" in run(str(script), status=1).stderr
    script.write_text("raise SystemExit(7)\n")
    run(str(script), status=7)


def test_check_lists_the_names_that_flambeau_lacks(tmp_path: Path):
    lacking, complete = tmp_path / "lacking.py", tmp_path / "complete.py"
    lacking.write_text(
        "import torch, os\nimport torch.nn as nn\nfrom torch.nn import functional as F, Nowhere as N\n"
        "def later():\n    return far.thing.deeper(torch.no_such_name.at_all)\n"
        "import torch.no_such_module as far\n"
        "x = nn.Linear(2, 3)\nF.relu(F.no_such_function(x)).torch.nothing\n"
        "os.torch.nothing, N(1), torch.no_such_name(2), torch.pi.real, torch.Tensor.no_such_method\n")
    complete.write_text("import torch\nfrom torch.optim import *\nprint(torch.ones(2).no_such_attribute_is_seen)\n")
    assert run("check", str(complete)).stdout == ""
    assert run("check", str(complete), str(lacking), status=1).stdout.splitlines() == [
        f"{lacking}:{line}: flambeau has no torch.{name} yet" for line, name in [
            (3, "nn.Nowhere"), (5, "no_such_module"), (5, "no_such_name"), (8, "nn.functional.no_such_function"),
            (9, "Tensor.no_such_method")]]


def test_check_says_which_file_it_cannot_read(tmp_path: Path):
    broken = tmp_path / "broken.py"
    broken.write_text("def\n")
    done = run("check", "nowhere.py", str(broken), status=2)
    assert "cannot read 'nowhere.py'" in done.stderr and f"cannot read {str(broken)!r}" in done.stderr
