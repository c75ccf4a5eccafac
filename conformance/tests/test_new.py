"""`new` writes a package that passes smoke at once, and is not conformant while another backend computes for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from flambeau_conformance.cli import main
from flambeau_conformance.record import Report
from flambeau_conformance.verdict import DELEGATED, verdict_of

WRITTEN = {
    ".github/workflows/ci.yml", ".gitignore", "README.md", "pyproject.toml", "src/flambeau_my_own/__init__.py",
    "src/flambeau_my_own/backend.py", "src/flambeau_my_own/flambeau-backend.toml",
    "src/flambeau_my_own/flambeau-ledger.toml", "src/flambeau_my_own/kernels.py", "src/flambeau_my_own/plugin.py",
    "src/flambeau_my_own/py.typed", "tests/test_conformance.py"}


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "my-own"]) == 0
    return tmp_path / "flambeau-my-own"


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pip leaves behind, without pip: the package on the path and its entry points beside it."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    info = folder / "src" / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    points = project["entry-points"]["flambeau.backends"]
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    (info / "entry_points.txt").write_text(
        "[flambeau.backends]\n" + "\n".join(f"{name} = {target}" for name, target in points.items()) + "\n")
    known = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder / "src"), *([known] if known else [])]))


def conformance(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "flambeau_conformance", *arguments], capture_output=True, text=True)


def test_every_file_is_written_and_no_brace_is_left(written: Path):
    files = {str(p.relative_to(written)): p.read_text() for p in written.rglob("*") if p.is_file()}
    assert set(files) == WRITTEN
    assert [name for name, text in files.items() if "{%" in text or ("{{" in text and "${{" not in text)] == []
    assert "python-version: ${{ matrix.python }}" in files[".github/workflows/ci.yml"]
    assert len(files["tests/test_conformance.py"].split("def ")[1].splitlines()) == 2
    assert tomllib.loads(files["src/flambeau_my_own/flambeau-backend.toml"])["backend"]["name"] == "my-own"
    assert tomllib.loads(files["src/flambeau_my_own/flambeau-ledger.toml"]) == {}


def test_smoke_passes_at_once_and_says_what_is_delegated(written: Path, monkeypatch: pytest.MonkeyPatch):
    installed(written, monkeypatch)
    done = conformance("run", "my-own", "--profile", "smoke", "-q", "--json", "report.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "verdict: passed; not conformant while 78 kernels are delegated" in done.stdout
    report = json.loads(Path("report.json").read_text())
    assert len(report["backend"]["delegated"]) == 78
    assert not report["verdict"]["conformant"]


def test_a_kernel_that_is_written_is_no_longer_delegated_and_a_wrong_one_is_named(
        written: Path, monkeypatch: pytest.MonkeyPatch):
    installed(written, monkeypatch)
    kernels = written / "src" / "flambeau_my_own" / "kernels.py"
    text = kernels.read_text().replace('{"copy": copy}', '{"copy": copy, "logical_not": logical_not}')
    for body, status in (("v == 0", 0), ("v != 0", 1)):
        kernels.write_text(text.replace("KERNELS:", f'''from flambeau import dtypes
from flambeau.backend import decode, encode


def logical_not(x: Array) -> Array:
    return Array(encode([{body} for v in decode(x.data, x.dtype)], dtypes.bool), x.shape, dtypes.bool)


KERNELS:'''))
        done = conformance("run", "my-own", "--op", "logical_not", "-q", "-n", "1")
        assert done.returncode == status, done.stdout
        assert "77 kernels are delegated" in done.stdout
    assert "fail logical_not/bool/sample-00" in done.stdout
    assert "value: logical_not/bool/sample-00" in done.stdout


def test_a_whole_run_with_delegated_kernels_has_a_status_of_its_own():
    report = Report({"name": "x", "delegated": ["exp"]}, "1.0", "full", [], {}, "", {}, 0.0)
    report.records = [type("R", (), {"broken": False, "counts": True, "outcome": "pass", "id": "a"})()]
    verdict = verdict_of(report, 1)
    assert (verdict["status"], verdict["passed"], verdict["conformant"]) == (DELEGATED, True, False)
    report.profile = "smoke"
    assert verdict_of(report, 1)["status"] == 0


def test_over_a_namespace_of_the_array_api_nothing_is_delegated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert main(["new", "strictly", "--array-api", "array_api_strict", "--into", "here"]) == 0
    installed(tmp_path / "here", monkeypatch)
    done = conformance("run", "strictly", "-q", "-n", "1", "--op", "exp", "--json", "report.json")
    report = json.loads(Path("report.json").read_text())
    assert report["backend"]["delegated"] == []
    assert done.returncode in (0, 1) and sum(r["outcome"] == "pass" for r in report["records"]) > 20, done.stdout


@pytest.mark.parametrize(("arguments", "said"), [
    (["new", "My"], "'My' is no name for a backend"), (["new", "a--b"], "'a--b' is no name"),
    (["new", "class"], "'class' is no name"), (["new", "numpy"], "a backend called 'numpy' is installed already"),
    (["new", "mine", "--array-api", "a b"], "is not the name of a module"),
    (["new", "mine", "--into", "full"], "full exists and is not empty; nothing was written")])
def test_what_cannot_be_written_is_said_and_nothing_is_touched(
        arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("full").mkdir()
    Path("full/mine.txt").write_text("mine")
    assert main(arguments) == 2
    assert said in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["full", "mine.txt"]
