"""The repository keeps its own rules: packaging, lengths, tables that name what exists."""

import ast
import re
import statistics
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DISTRIBUTIONS = {
    "core": "flambeau", "backends/reference": "flambeau-reference", "backends/arrayapi": "flambeau-arrayapi",
    "backends/numpy": "flambeau-numpy", "backends/cupy": "flambeau-cupy", "conformance": "flambeau-conformance",
    "packages/bench": "flambeau-bench", "packages/torch": "flambeau-torch",
}


def project(folder: str) -> dict:
    return tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]


def sources() -> list[Path]:
    """Library code written by hand; the callers are generated."""
    found = [path for folder in DISTRIBUTIONS for path in (ROOT / folder / "src").rglob("*.py")]
    return sorted(path for path in found if "callers" not in path.parts)


def function_lengths(path: Path) -> list[int]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node.end_lineno - node.lineno + 1 for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, functions)]


@pytest.mark.parametrize(("folder", "name"), DISTRIBUTIONS.items())
def test_every_distribution_is_packaged_alike(folder: str, name: str):
    described = project(folder)
    assert described["name"] == name
    assert described["requires-python"] == ">=3.11"
    assert described["license"] == "Apache-2.0"
    assert (ROOT / folder / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    assert (ROOT / folder / "README.md").read_text().startswith(f"# {name}\n")
    assert (ROOT / folder / "src" / name.replace("-", "_") / "py.typed").exists()


def test_all_distributions_carry_one_version():
    assert {project(folder)["version"] for folder in DISTRIBUTIONS} == {project("core")["version"]}


def test_core_depends_on_pluggy_and_nothing_else():
    assert [re.match(r"[\w-]+", requirement)[0] for requirement in project("core")["dependencies"]] == ["pluggy"]


def test_functions_are_short():
    lengths = sorted(length for path in sources() for length in function_lengths(path))
    assert statistics.median(lengths) <= 8
    assert lengths[int(0.95 * (len(lengths) - 1))] <= 30


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_function_over_60_lines_and_no_file_over_500(path: Path):
    lines = len(path.read_text().splitlines())
    assert lines <= 500
    assert max(function_lengths(path), default=0) <= 60


def test_contributing_lists_every_nox_session():
    sessions = {}
    for node in ast.parse((ROOT / "noxfile.py").read_text()).body:
        if isinstance(node, ast.FunctionDef) and (node.decorator_list or node.name == "tests"):
            sessions[node.name.rstrip("_").replace("_", "-")] = ast.get_docstring(node)
    rows = re.findall(r"^\| `nox -s \W?([a-z]+(?:-[a-z]+)*)", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    assert sorted(set(rows)) == sorted(sessions)
    assert all(sessions.values())


def test_decision_records_are_numbered_without_gaps():
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "docs/index.md", "docs/decisions/README.md"])
def test_links_between_documents_lead_somewhere(document: str):
    path = ROOT / document
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []
