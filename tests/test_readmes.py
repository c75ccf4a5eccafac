"""No command of a README slips by: the session `readme` runs them all, and here is what it would not see."""

import ast
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SPEC = spec_from_file_location("readmes", HERE / "readmes.py")
readmes = module_from_spec(SPEC)
sys.modules["readmes"] = readmes
SPEC.loader.exec_module(readmes)
PAGES = readmes.pages()
COMMANDS = [(page, step) for page in PAGES for step in readmes.steps(page.read_text()) if step.kind == "sh"]


def test_every_distribution_has_one_and_says_how_it_is_installed():
    for name, folder in readmes.projects().items():
        steps = readmes.steps((folder / "README.md").read_text())
        assert any("pip install" in step.text for step in steps), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(readmes.ROOT)))
def test_whatever_a_page_shows_is_run_or_no_command(page):
    assert readmes.faults(page.read_text()) == []


def test_whole_sessions_exist():
    defined = {node.name for node in ast.parse((readmes.ROOT / "noxfile.py").read_text()).body
               if isinstance(node, ast.FunctionDef)}
    named = {step.session for _, step in COMMANDS if step.session}
    assert named >= {"demo", "tests"} and named <= defined


@pytest.mark.parametrize("page, step", COMMANDS, ids=str)
def test_programs_are_known(page, step):
    assert step.text.split()[0] in readmes.programs()


@pytest.mark.parametrize(("text", "fault"), [
    ("A line:\n\n    pip install flambeau\n\nand on", "indented block 'pip install flambeau'"),
    ("```\npip install flambeau\n```\n", "a block of ''"),
    ("```bash\npip install flambeau\n```\n", "a block of 'bash'"),
    ("```sh\nflambeau-conformance run NAME\n```\n", "line 2: 'flambeau-conformance run NAME' cannot be typed"),
])
def test_what_would_slip_by_is_named(text, fault):
    assert [said.startswith(fault) for said in readmes.faults(text)] == [True]


def test_a_page_is_read_from_top_to_bottom():
    text = ("First `pytest --version`, a form `nox -s NAME`, a name `flambeau`.\n"
            "```sh\n# a remark\npython -m pip install \"flambeau-bench[peers]\"\nfalse  # ends with status 1\n```\n"
            "```toml\na = 1\n```\n```python\nx = 1\nprint(x)\n```\n`python -m nox -s tests`\n")
    found = readmes.steps(text)
    assert [(step.line, step.text) for step in found] == [
        (1, "pytest --version"), (4, 'python -m pip install "flambeau-bench[peers]"'),
        (5, "false  # ends with status 1"), (11, "x = 1\nprint(x)\n"), (14, "python -m nox -s tests")]
    assert [step.status for step in found] == [0, 0, 1, 0, 0]
    assert [step.session for step in found] == [None, None, None, None, "tests"]


@pytest.mark.parametrize(("text", "long"), [
    ("nox -s tests", True), ("python -m pip install nox && python -m nox -s mutants", True), ("nox -s demo", False),
    ("nox -s tests -- core/tests", False), ("run it  # 15 minutes", True), ("run it --minutes 1  # 2 minutes", False),
])
def test_what_takes_long_waits_until_it_is_asked_for(text, long):
    assert readmes.Step(1, "sh", text).long is long


def test_a_command_that_fails_fails_the_page(tmp_path, monkeypatch):
    reader = object.__new__(readmes.Reader)
    reader.folder = reader.clone = tmp_path
    reader.here = reader.published = None
    reader.code = ""
    assert reader.run(readmes.Step(1, "sh", "echo no; false")) == "ended with 1\nno\n"
    assert reader.run(readmes.Step(1, "sh", "false  # status 1")) == ""
    assert reader.run(readmes.Step(1, "python", "x = 1\n")) == ""
    assert "NameError" in reader.run(readmes.Step(1, "python", "print(x + y)\n"))


def test_the_copy_is_the_checkout(tmp_path):
    readmes._copy(tmp_path)
    listed = subprocess.run(["git", "ls-files"], cwd=readmes.ROOT, capture_output=True, text=True, check=True).stdout
    there = [name for name in listed.splitlines() if (readmes.ROOT / name).is_file()]
    assert there and [name for name in there if not (tmp_path / name).exists()] == []
