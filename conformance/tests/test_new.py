"""`new` writes a package that passes smoke at once, and is not conformant while another backend computes for it."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from spent import processor_seconds

import flambeau_conformance
from flambeau import later
from flambeau.table.registry import TABLE
from flambeau_conformance.cli import DELEGATED, FAILED, PASSED, USAGE, main
from flambeau_conformance.record import Record, Report
from flambeau_conformance.reports.badge import render as badge
from flambeau_conformance.reports.text import verdict
from flambeau_conformance.verdict import verdict_of

pytest.importorskip("copier", reason="the extra `new` is not installed")

later.load()
REQUIRED = sum(op.kind == "primitive" for op in TABLE.values())
OWN = 2  # kernels that the template has itself
COMMON = {".github/workflows/ci.yml", ".gitignore", "README.md", "pyproject.toml", "tests/test_conformance.py"}
MODULE = ("__init__.py", "backend.py", "flambeau-backend.toml", "flambeau-ledger.toml", "kernels.py", "plugin.py",
          "py.typed")
NEG = '''
from array import array


def neg(x: Array) -> Array:
    """The negative; whole numbers wrap."""
    if x.dtype is not dtypes.float32:
        raise NotImplementedError(x.dtype)
    return Array(array("f", [{sign}v for v in array("f", x.data)]).tobytes(), x.shape, x.dtype)


KERNELS["neg"] = neg
'''


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def written(here: Path) -> Path:
    assert main(["new", "my-own"]) == PASSED
    return here / "flambeau-my-own"


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an editable install leaves behind, without pip: the package on the path and its entry points beside it."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    info = folder / "src" / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    points = project["entry-points"]["flambeau.backends"]
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    (info / "entry_points.txt").write_text(
        "[flambeau.backends]\n" + "\n".join(f"{name} = {target}" for name, target in points.items()) + "\n")
    on_path(folder / "src", monkeypatch)


def on_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *([known] if known else [])]))


def python(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, cwd=cwd)


def conformance(*arguments: str) -> subprocess.CompletedProcess[str]:
    return python("flambeau_conformance", *arguments)


def files(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*") if p.is_file()}


# --- what is written


def test_a_package_with_manifest_kernels_ledger_ci_file_and_test_is_written(written: Path):
    found = files(written)
    assert set(found) == {*COMMON, *(f"src/flambeau_my_own/{name}" for name in (*MODULE, "array.py"))}
    assert tomllib.loads(found["src/flambeau_my_own/flambeau-backend.toml"])["backend"]["name"] == "my-own"
    assert tomllib.loads(found["src/flambeau_my_own/flambeau-ledger.toml"]) == {}
    assert "flambeau-conformance run my-own" in found[".github/workflows/ci.yml"]
    assert "class MyOwnBackend(Backend):" in found["src/flambeau_my_own/backend.py"]


def test_the_test_is_three_lines(written: Path):
    lines = [line for line in (written / "tests" / "test_conformance.py").read_text().splitlines() if line]
    assert len(lines) == 3
    assert lines[2].strip() == 'assert main(["run", "my-own", "--profile", "smoke"]) == 0'


def test_nothing_of_the_template_is_left_over(written: Path):
    for name, text in files(written).items():
        assert "{%" not in text and "jinja" not in text, name
        assert "{{" not in text.replace("${{ matrix.python }}", ""), name


def test_over_a_namespace_the_manifest_says_no_to_the_dtypes_that_it_lacks(here: Path):
    pytest.importorskip("array_api_strict")
    assert main(["new", "strictly", "--array-api", "array_api_strict", "--into", "there"]) == PASSED
    found = files(here / "there")
    assert set(found) == {*COMMON, *(f"src/flambeau_strictly/{name}" for name in MODULE)}
    manifest = tomllib.loads(found["src/flambeau_strictly/flambeau-backend.toml"])
    assert manifest["capabilities"] == {"float16": "no", "bfloat16": "no", "shared_views": "no"}
    assert '"array-api-strict",' in found["pyproject.toml"]


def test_a_namespace_that_is_not_here_is_written_for_all_the_same(here: Path, capsys: pytest.CaptureFixture):
    assert main(["new", "far", "--array-api", "far_away.numpy"]) == PASSED
    assert "far_away.numpy cannot be imported here" in capsys.readouterr().out
    assert "import far_away.numpy as xp" in (here / "flambeau-far/src/flambeau_far/backend.py").read_text()


@pytest.mark.parametrize("options", [[], ["--array-api", "array_api_strict"]], ids=["plain", "array-api"])
def test_the_package_is_formatted_linted_and_typed(options: list[str], here: Path):
    assert main(["new", "neat", *options]) == PASSED
    for name, text in files(here / "flambeau-neat").items():
        if name.endswith(".py"):
            tree = ast.parse(text)
            functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
            assert all(f.returns is not None for f in functions), name
            assert max(map(len, text.splitlines()), default=0) <= 100, name
    for tool in (["ruff", "check", "--isolated", "."], ["ruff", "format", "--isolated", "--check", "."],
                 ["mypy", "--strict", "src", "tests"]):
        if shutil.which(tool[0], path=str(Path(sys.executable).parent)):
            done = python(*tool, cwd=here / "flambeau-neat")
            assert done.returncode == 0, done.stdout + done.stderr


# --- what it does


def test_it_installs_passes_smoke_at_once_and_is_not_called_conformant(
        written: Path, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("hatchling")
    done = python("pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target",
                  str(written.parent / "site"), str(written))
    assert done.returncode == 0, done.stderr
    on_path(written.parent / "site", monkeypatch)
    started = processor_seconds()
    done = conformance("run", "my-own", "--profile", "smoke", "-q", "--json", "report.json", "--markdown", "report.md",
                       "--html", "report.html", "--badge", "badge.svg")
    assert done.returncode == PASSED, done.stdout + done.stderr
    assert processor_seconds() - started < 20
    count = f"{REQUIRED - OWN} of {REQUIRED} required kernels are delegated"
    assert f"verdict: passed, but not conformant: {count}" in done.stdout
    report = json.loads(Path("report.json").read_text())
    assert (len(report["backend"]["delegated"]), report["backend"]["required"]) == (REQUIRED - OWN, REQUIRED)
    assert not report["verdict"]["conformant"]
    assert f"## Delegated kernels ({REQUIRED - OWN} of {REQUIRED})" in Path("report.md").read_text()
    assert count in Path("report.html").read_text()
    assert f"smoke passed, {REQUIRED - OWN} of {REQUIRED} kernels delegated" in Path("badge.svg").read_text()


def test_its_own_test_passes(written: Path, monkeypatch: pytest.MonkeyPatch):
    installed(written, monkeypatch)
    path = written / "tests" / "test_conformance.py"
    path.write_text(path.read_text().replace('"smoke"', '"smoke", "--op", "neg"'))  # quicker, and as good here
    done = python("pytest", "-q", "-p", "no:cacheprovider", str(written))
    assert done.returncode == 0, done.stdout


def test_a_kernel_that_is_written_is_delegated_no_more_and_a_wrong_one_is_named(
        written: Path, monkeypatch: pytest.MonkeyPatch):
    installed(written, monkeypatch)
    kernels = written / "src" / "flambeau_my_own" / "kernels.py"
    before = kernels.read_text()
    kernels.write_text(before + NEG.format(sign="-"))
    done = conformance("run", "my-own", "--op", "neg", "--dtype", "float32", "-q", "-n", "1")
    assert done.returncode == PASSED, done.stdout
    assert f"{REQUIRED - OWN - 1} of {REQUIRED} required kernels are delegated" in done.stdout
    kernels.write_text(before + NEG.format(sign="+"))
    done = conformance("run", "my-own", "--op", "neg", "--dtype", "float32", "-q", "-n", "1")
    assert done.returncode == FAILED
    assert "fail neg/float32/sample-00" in done.stdout
    assert "value: neg/float32/sample-00 (contiguous)" in done.stdout
    assert "flambeau-conformance repro neg/float32/sample-00 --backend my-own" in done.stdout


@pytest.mark.parametrize(("profile", "status"), [("smoke", PASSED), ("full", DELEGATED), ("release", DELEGATED)])
def test_a_whole_run_with_delegated_kernels_has_a_status_of_its_own(profile: str, status: int):
    report = Report({"name": "x", "delegated": ["exp"], "required": REQUIRED}, "1.0", profile,
                    [Record("neg/float32/sample-00", "values", "pass")])
    report.verdict = verdict_of(report, 1)
    assert (report.verdict["status"], report.verdict["conformant"]) == (status, False)
    assert verdict(report).startswith(f"verdict: passed, but not conformant: 1 of {REQUIRED} required kernels are")
    assert "conformant" not in badge(report)
    report.backend["delegated"] = []
    report.verdict = verdict_of(report, 1)
    assert (report.verdict["status"], report.verdict["conformant"]) == (PASSED, profile != "smoke")


def test_over_a_namespace_nothing_is_delegated(here: Path, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("array_api_strict")
    assert main(["new", "strictly", "--array-api", "array_api_strict"]) == PASSED
    installed(here / "flambeau-strictly", monkeypatch)
    done = conformance("run", "strictly", "-q", "-n", "1", "--op", "exp", "--json", "report.json")
    report = json.loads(Path("report.json").read_text())
    assert (done.returncode, report["backend"]["delegated"]) == (PASSED, []), done.stdout
    assert done.stdout.rstrip().endswith("verdict: passed")


# --- what cannot be written


@pytest.mark.parametrize(("arguments", "said"), [
    (["new", "My"], "'My' is no name for a backend: lower case letters and digits, parted by single - or _, did you"
                    " mean 'my'?"),
    (["new", "a--b"], "did you mean 'a-b'?"), (["new", "1st"], "'1st' is no name"), (["new", ""], "'' is no name"),
    (["new", "flambeau-mine"], "the package is called flambeau-NAME already, did you mean 'mine'?"),
    (["new", "reference"], "a backend called 'reference' is installed already (flambeau-reference)"),
    (["new", "cuda"], "'cuda' is taken"), (["new", "torch"], "'torch' is taken"),
    (["new", "conformance"], "'conformance' is taken"),
    (["new", "mine", "--array-api", "a b"], "--array-api 'a b' is not the name of a module"),
    (["new", "mine", "--into", "full"], "full exists and is not empty; nothing was written"),
    (["new", "mine", "--into", "full/mine.txt"], "full/mine.txt exists and is not empty; nothing was written")])
def test_what_cannot_be_written_is_said_and_nothing_is_touched(
        arguments: list[str], said: str, here: Path, capsys: pytest.CaptureFixture):
    Path("full").mkdir()
    Path("full/mine.txt").write_text("mine")
    assert main(arguments) == USAGE
    assert said in capsys.readouterr().err
    assert sorted(p.name for p in here.rglob("*")) == ["full", "mine.txt"]


def test_a_second_package_of_the_name_does_not_overwrite_the_first(written: Path, capsys: pytest.CaptureFixture):
    (written / "README.md").write_text("changed by its author")
    assert main(["new", "my-own"]) == USAGE
    assert "flambeau-my-own exists and is not empty" in capsys.readouterr().err
    assert (written / "README.md").read_text() == "changed by its author"


def test_an_empty_folder_may_be_filled(here: Path):
    (here / "empty").mkdir()
    assert main(["new", "mine", "--into", "empty"]) == PASSED
    assert (here / "empty" / "pyproject.toml").is_file()


@pytest.mark.parametrize(("arguments", "said"), [
    (["new", "mine", "--aray-api", "x"], "unrecognized arguments: --aray-api x, did you mean '--array-api'?"),
    (["nwe", "mine"], "did you mean 'new'?"), (["run", "numpy", "--profil3", "full"], "did you mean '--profile'?")])
def test_unknown_options_and_commands_come_with_a_suggestion(
        arguments: list[str], said: str, capsys: pytest.CaptureFixture):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == USAGE
    assert said in capsys.readouterr().err


def test_without_copier_the_command_to_install_it_is_named(
        here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    monkeypatch.setattr("flambeau_conformance.commands.new.find_spec", lambda name: None)
    assert main(["new", "mine"]) == USAGE
    assert "python -m pip install 'flambeau-conformance[new]'" in capsys.readouterr().err
    assert list(here.iterdir()) == []


# --- what is shipped


def test_the_wheel_has_the_whole_template(here: Path):
    pytest.importorskip("hatchling")
    project = Path(flambeau_conformance.__file__).parents[2]
    if not (project / "pyproject.toml").is_file():
        pytest.skip("installed from a wheel: what is tested here is how one is made")
    done = python("pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", f"--wheel-dir={here}",
                  str(project))
    assert done.returncode == 0, done.stderr
    (wheel,) = here.glob("*.whl")
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if "/scaffold/" in name}
    template = Path(flambeau_conformance.__file__).parent / "scaffold"
    assert shipped == {f"flambeau_conformance/scaffold/{name}" for name in files(template)}
    assert "flambeau_conformance/scaffold/template/.github/workflows/ci.yml.jinja" in shipped
