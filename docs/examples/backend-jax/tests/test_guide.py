"""The guide "Write a backend" does what it says: files are written, commands run, and print what it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[3] / "guides" / "write-a-backend.md"
BLOCK = re.compile(r"^```(?P<kind>console|py|toml)(?P<file> [^\n]+)?\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """An empty folder; what the guide installs is gone afterwards."""
    yield tmp_path
    subprocess.run([sys.executable, "-m", "pip", "uninstall", "--quiet", "--yes", "flambeau-myjax"], check=True)


def commands(text: str) -> Iterator[tuple[str, list[str], int]]:
    """Each command, the lines that its output must contain in that order, and its status."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *lines = part.splitlines()
        status = next((int(line[8:-1]) for line in lines if line.startswith("[status ")), 0)
        yield command, [line for line in lines if line and not line.startswith("[status ")], status


def run(command: str, folder: Path) -> tuple[str, int]:
    if "pip install" in command:  # from what is here: a test fetches nothing
        command = command.replace("pip install", "pip install --quiet --no-deps --no-build-isolation")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout, done.returncode


def test_the_guide_from_beginning_to_end(place: Path):
    blocks = list(BLOCK.finditer(GUIDE.read_text(encoding="utf-8")))
    assert len(blocks) >= 5
    for block in blocks:
        if block["kind"] != "console":
            (place / block["file"].strip()).write_text(block["text"], encoding="utf-8")
            continue
        for command, expected, status in commands(block["text"]):
            output, ended = run(command, place)
            assert ended == status, f"{command}\n{output}"
            at = 0
            for line in expected:
                found = output.find(line, at)
                assert found >= 0, f"{command}: {line!r} is not in\n{output}"
                at = found + len(line)
