"""The demo, run on PyTorch and on flambeau, prints the same losses."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "examples" / "digits.py"


def losses(out: Path, *arguments: str) -> list[float]:
    done = subprocess.run([sys.executable, str(PROGRAM), f"--out={out}", *arguments],
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return [float(loss) for loss in re.findall(r"loss ([\d.]+)", done.stdout)]


@pytest.mark.parametrize("arguments", [[], ["--small"], ["--small", "--seed", "3"]], ids=" ".join)
def test_numpy_prints_the_losses_of_pytorch(tmp_path: Path, arguments: list[str]):
    expected = losses(tmp_path, "--framework", "torch", *arguments)
    assert losses(tmp_path, *arguments) == pytest.approx(expected, abs=1e-4)
    assert len(expected) == (6 if arguments else 15)
