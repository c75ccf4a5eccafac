"""The demo keeps its promises: accuracy, time, files, and the same losses on every backend."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / "examples" / "digits.py"


def run(out: Path, *arguments: str) -> str:
    done = subprocess.run([sys.executable, str(PROGRAM), f"--out={out}", *arguments],
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def losses(printed: str) -> list[float]:
    return [float(loss) for loss in re.findall(r"loss ([\d.]+)", printed)]


@pytest.mark.slow
def test_numpy_reaches_98_percent_and_leaves_picture_and_checkpoint(tmp_path: Path):
    printed = run(tmp_path)
    assert float(re.search(r"trained in ([\d.]+) s", printed)[1]) < 60
    assert float(re.search(r"^test accuracy ([\d.]+)%", printed, re.MULTILINE)[1]) >= 98
    assert "the checkpoint, loaded again, gives the same 360 predictions" in printed
    assert (tmp_path / "digits.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "digits.pt").stat().st_size > 4 * 6090


@pytest.mark.slow
def test_reference_prints_the_losses_of_numpy(tmp_path: Path):
    expected = losses(run(tmp_path, "--device", "numpy", "--small"))
    assert len(expected) == 6
    assert expected[-1] < expected[0] - 0.5
    assert losses(run(tmp_path, "--device", "reference")) == pytest.approx(expected, abs=1e-4)


def test_the_seed_decides(tmp_path: Path):
    first, again, other = (run(tmp_path, "--small", "--epochs", "1", "--seed", seed) for seed in "112")
    assert losses(first) == losses(again) != losses(other)


def test_the_progress_bar_moves_to_its_end(tmp_path: Path):
    done = subprocess.run([sys.executable, str(PROGRAM), f"--out={tmp_path}", "--small", "--epochs=1"],
                          capture_output=True, text=True, timeout=300, env=os.environ | {"TQDM_MININTERVAL": "0"})
    counts = [(int(n), int(total)) for n, total in re.findall(r"(\d+)/(\d+) \[", done.stderr)]
    assert counts == [(n, 8) for n in range(9)]
