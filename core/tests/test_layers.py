"""Imports between core's modules point one way: from a layer to itself or to one below it.

An import inside a function that points up is allowed only where LATE names it with its reason; at module level
never. Imports under `if TYPE_CHECKING` are for readers and cost nothing, so they are free.
"""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "flambeau"

LAYERS = [
    {"errors", "dtypes", "shapes", "backend", "constants", "mt19937", "printing", "samples"},
    {"modes", "device"},
    {"tape", "registry", "codegen", "delegation", "hooks", "plugins", "settings"},
    {"tensor", "views", "random"},
    {"dispatch"},
    {"ops", "indexing", "interop", "display"},
    {"engine", "autograd"},
    {"nn", "optim", "utils", "linalg", "fft", "special", "func", "distributions", "serialization",
     "copying"},
    {"__init__", "__main__", "_gen", "_stubs"},
]
RANK = {module: rank for rank, layer in enumerate(LAYERS) for module in layer}

# (importing module, imported module): why this import may point up, from inside a function.
LATE: dict[tuple[str, str], str] = {
    ("device", "plugins"): "a device string names a backend, and backends are looked for at first use",
    ("plugins", "ops"): "the op table is complete before a backend is checked against it",
    ("tape", "engine"): "a node that is called runs its rules as the walk does",
    ("tensor", "display"): "printing is loaded when something is printed",
    ("tensor", "ops"): "the few methods written by hand call ops",
}


def module_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def inside_type_checking(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    while node in parents:
        node = parents[node]
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return True
    return False


def inside_function(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    while node in parents:
        node = parents[node]
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            return True
    return False


def targets(node: ast.AST, path: Path) -> list[str]:
    """The core modules an import statement names, by their first name below `flambeau`."""
    if isinstance(node, ast.Import):
        names = [alias.name.split(".") for alias in node.names]
        return [parts[1] if len(parts) > 1 else "__init__" for parts in names if parts[0] == "flambeau"]
    if not isinstance(node, ast.ImportFrom):
        return []
    package = list(path.relative_to(PACKAGE.parent).parts[: -node.level]) if node.level else []
    parts = [*package, *(node.module or "").split(".")] if node.module else package
    if not parts or parts[0] != "flambeau":
        return []
    if len(parts) > 1:
        return [parts[1]]
    known = {module_of(found) for found in PACKAGE.iterdir()}
    return [alias.name if alias.name in known else "__init__" for alias in node.names]


def imports() -> list[tuple[str, str, bool, str]]:
    """(importing module, imported module, inside a function, place) of every import within core."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text())
        parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        for node in ast.walk(tree):
            if not inside_type_checking(node, parents):
                place = f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}"
                found += [(module_of(path), target, inside_function(node, parents), place)
                          for target in targets(node, path)]
    return found


IMPORTS = imports()


def points_up(importer: str, imported: str) -> bool:
    return RANK[imported] > RANK[importer]


def test_every_module_has_a_layer():
    modules = {module_of(path) for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert modules - {"_callers"} <= set(RANK)  # the generated callers import nothing


@pytest.mark.parametrize("importer", sorted({row[0] for row in IMPORTS}))
def test_imports_at_module_level_point_down(importer: str):
    wrong = [f"{place} imports {imported}" for module, imported, late, place in IMPORTS
             if module == importer and not late and points_up(importer, imported)]
    assert wrong == []


@pytest.mark.parametrize("importer", sorted({row[0] for row in IMPORTS}))
def test_imports_inside_functions_point_down_or_are_listed(importer: str):
    wrong = [f"{place} imports {imported}" for module, imported, late, place in IMPORTS
             if module == importer and late and points_up(importer, imported) and (importer, imported) not in LATE]
    assert wrong == []


def test_the_list_of_late_imports_holds_nothing_that_is_gone():
    used = {(importer, imported) for importer, imported, late, _ in IMPORTS if late and points_up(importer, imported)}
    assert set(LATE) == used


def test_layers_above_the_engine_use_no_private_module():
    """nn, optim and utils are written against core's public names, as a user's code is."""
    private = {"tape", "dispatch", "engine", "registry"}
    wrong = [f"{place} imports {imported}" for importer, imported, _, place in IMPORTS
             if importer in {"nn", "optim", "utils"} and imported in private]
    assert wrong == []
