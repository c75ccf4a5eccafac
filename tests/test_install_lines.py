"""The documented install lines name every distribution of this repository that they need."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECTS = {p.parent: tomllib.loads(p.read_text())["project"] for p in ROOT.glob("*/**/pyproject.toml")
            if ".nox" not in p.parts and "project" in tomllib.loads(p.read_text())}
NAMES = {project["name"] for project in PROJECTS.values()}
PAGES = [p for p in [*ROOT.glob("*.md"), *ROOT.glob("*/**/*.md")] if ".nox" not in p.parts]
LINES = [(str(p.relative_to(ROOT)), found) for p in PAGES
         for found in re.findall(r"python -m pip install ((?:[^\n`]*\s)?'?\./[^\n`]*)", p.read_text())]


def test_the_root_readme_has_one():
    assert any(page == "README.md" for page, _ in LINES)


@pytest.mark.parametrize("page, line", LINES)
def test_it_is_complete(page, line):
    folders = [ROOT / word.partition("[")[0] for word in shlex.split(line) if word.startswith("./")]
    projects = [PROJECTS[folder.resolve()] for folder in folders]
    needed = {re.split(r"[\s\[<>=~!;]", d)[0] for project in projects for d in project.get("dependencies", [])}
    assert needed & NAMES <= {project["name"] for project in projects}
