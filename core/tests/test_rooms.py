"""One list of families, the same in the op table, in PyTorch's spelling over it and in every backend's kernels."""

import ast
from pathlib import Path

import pytest

from flambeau import later
from flambeau.table.registry import TABLE

later.load()
ROOT = Path(__file__).parents[2]
CORE = ROOT / "core" / "src" / "flambeau"

FAMILIES = {
    "activation", "angle", "arithmetic", "attention", "bessel", "compare", "complex", "conv", "create",
    "decomposition", "digits", "dropout", "embedding", "fft", "gamma", "incomplete", "index", "inplace", "linalg",
    "loss", "math", "matrix", "movement", "norm", "normal", "optim", "order", "polynomial", "pool", "random", "reduce",
    "sort", "special",
}
SHARED = {"common"}  # what several families of one folder use


def families_in(folder: Path) -> set[str]:
    """The families a folder has, each a module or a folder of its name."""
    return {path.stem for path in folder.iterdir()
            if (path.suffix == ".py" or (path / "__init__.py").exists()) and not path.name.startswith("_")} - SHARED


FOLDERS = [
    "core/src/flambeau/ops", "core/src/flambeau/functions", "core/src/flambeau/table/callers",
    "backends/reference/src/flambeau_reference/kernels", "backends/arrayapi/src/flambeau_arrayapi/kernels",
    "backends/numpy/src/flambeau_numpy/kernels",
]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_has_families_of_the_list_only(folder: str):
    assert families_in(ROOT / folder) - FAMILIES == set()


def test_an_op_is_of_the_family_whose_module_defines_it():
    core = [op for op in TABLE.values() if op.body.__module__.startswith("flambeau.")]
    assert {op.body.__module__ for op in core} == {f"flambeau.ops.{op.family}" for op in core}


def top_level(path: Path) -> dict[str, ast.stmt]:
    return {node.name: node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


def registers(function: ast.FunctionDef) -> bool:
    decorators = " ".join(ast.unparse(d) for d in function.decorator_list)
    return "primitive" in decorators or "composite" in decorators or "grad(" in decorators or "_unary" in decorators


def names_used(path: Path) -> dict[str, set[str]]:
    """Which names each top-level statement of a module uses, by the name it defines ("" where it defines none)."""
    used: dict[str, set[str]] = {}
    for node in ast.parse(path.read_text()).body:
        if not isinstance(node, (ast.Import, ast.ImportFrom)):
            own = getattr(node, "name", "")
            used.setdefault(own, set()).update(n.id for n in ast.walk(node) if isinstance(n, ast.Name))
            used[own].update(a.name for n in ast.walk(node) if isinstance(n, ast.ImportFrom) for a in n.names)
    return used


def test_what_lies_in_ops_is_an_op_or_spoken_by_one():
    """A function of PyTorch's stands among the ops only where the body or the gradient of an op calls it."""
    used: dict[str, set[str]] = {}
    defined = []
    for path in (CORE / "ops").glob("*.py"):
        for own, names in names_used(path).items():
            for name in names - {own}:
                used.setdefault(name, set()).add(path.stem)
        defined += [(path.stem, name) for name, node in top_level(path).items() if not registers(node)]
    assert [f"{family}.{name}" for family, name in sorted(defined) if name not in used] == []


def test_tests_of_ops_go_by_family():
    tests = [p.stem.removeprefix("test_ops_") for p in (ROOT / "core" / "tests").rglob("test_ops_*.py")]
    assert set(tests) - FAMILIES == set()
