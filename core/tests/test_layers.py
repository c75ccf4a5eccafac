"""Imports between core's modules point one way: from a layer to itself or to one below it, and never in a circle.

It holds inside functions as at module level: an import that waits for its first use waits, but points down. Imports
under `if TYPE_CHECKING` are for readers and cost nothing, so they are free.
"""

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "flambeau"

# From the floor up. A folder stands for all in it that no line of its own names.
LAYERS = [
    ["called", "errors", "dtypes", "shapes", "constants", "interrupts", "modes", "spelling", "moved", "later",
     "random.mt19937", "random.draws", "tensors.printing", "table.samples", "contract.backend", "contract.hardware",
     "contract.hooks", "contract.discovery", "contract.locks",
     "walk.tape"],
    ["contract.device", "table.registry", "table.codegen", "table.intercept", "table.refusals", "table.quiet",
     "table.room"],
    ["contract", "table.settings"],
    ["tensors.tensor"],
    ["tensors.views", "random", "table.precision", "table.returns", "table.writers",
     "table.lifting", "table.keeping"],
    ["table.dispatch", "table.exact"],
    ["ops"],
    ["tensors", "functions"],
    ["walk.rules", "walk.engine", "autograd"],
    ["accelerator.devices"],
    ["accelerator.streams"],
    ["utils._pytree"],
    ["func"],
    ["linalg", "nn", "optim", "utils", "serialization", "accelerator", "amp", "backends", "cpu", "cuda", "mps",
     "xpu", "profiler", "fft", "signal", "sparse", "special", "switches", "distributions",
     "testing"],
    ["aten"],
    ["", "__main__", "_gen", "_stubs", "coverage"],
]
RANK = {module: rank for rank, layer in enumerate(LAYERS) for module in layer}
GENERATED = "table.callers"  # they import nothing
ROOMS = {"table", "walk"}  # folders whose modules lie in several layers, each named above


class Import(NamedTuple):
    importer: str
    imported: str
    place: str


def name_of(path: Path) -> str:
    """A module's dotted name below `flambeau`; the package itself is ""."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def rank(module: str) -> int | None:
    """The layer of a module, or of the nearest folder above it that has one."""
    while module not in RANK and "." in module:
        module = module.rpartition(".")[0]
    return RANK.get(module)


def for_type_checkers(tree: ast.AST) -> set[ast.AST]:
    """Every node under an `if TYPE_CHECKING`."""
    tests = (node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
    return {inner for test in tests for inner in ast.walk(test)}


def targets(node: ast.AST, module: str) -> list[str]:
    """The core modules that an import statement names."""
    if isinstance(node, ast.Import):
        return [alias.name.removeprefix("flambeau.") for alias in node.names if alias.name.startswith("flambeau.")]
    if not isinstance(node, ast.ImportFrom) or (not node.level and (node.module or "").split(".")[0] != "flambeau"):
        return []
    if node.level:
        package = module.split(".") if MODULES[module].stem == "__init__" and module else module.split(".")[:-1]
        base = package[: len(package) - node.level + 1] + (node.module.split(".") if node.module else [])
    else:
        base = node.module.split(".")[1:]
    named = [".".join([*base, alias.name]) for alias in node.names]
    return [name if name in MODULES else ".".join(base) for name in named]


@cache
def imports() -> tuple[Import, ...]:
    found = []
    for module, path in MODULES.items():
        tree = ast.parse(path.read_text())
        free = for_type_checkers(tree)
        for node in ast.walk(tree):
            if node not in free:
                place = f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}"
                found += [Import(module, target, place) for target in targets(node, module) if target != module]
    return tuple(found)


def test_every_module_has_a_layer():
    without = [m for m in MODULES if rank(m) is None and m not in ROOMS and not m.startswith(GENERATED)]
    assert without == []


@pytest.mark.parametrize("layer", sorted({module.split(".")[0] for module in MODULES}))
def test_imports_point_down(layer: str):
    wrong = [f"{i.place} imports {i.imported}" for i in imports()
             if i.importer.split(".")[0] == layer and rank(i.importer) is not None and rank(i.imported) is not None
             and rank(i.imported) > rank(i.importer)]
    assert wrong == []


def circle_from(module: str, graph: dict[str, set[str]]) -> list[str]:
    """A shortest way from a module over its imports back to itself; empty if there is none."""
    ways, seen = [[module]], {module}
    for way in ways:
        for target in sorted(graph.get(way[-1], ())):
            if target == module:
                return [*way, module]
            if target not in seen:
                seen.add(target)
                ways.append([*way, target])
    return []


def test_no_module_imports_itself_by_way_of_others():
    graph: dict[str, set[str]] = {}
    for found in imports():
        graph.setdefault(found.importer, set()).add(found.imported)
    assert [way for module in MODULES if (way := circle_from(module, graph))] == []


def test_the_layers_name_only_what_is_there():
    assert [name for name in RANK if name and name not in MODULES] == []


def test_layers_above_the_engine_use_no_private_module():
    """nn, optim and utils are written against core's public names, as a user's code is."""
    private = {"walk", "table.dispatch", "table.registry"}
    wrong = [f"{i.place} imports {i.imported}" for i in imports()
             if i.importer.split(".")[0] in {"nn", "optim", "utils"}
             and any(i.imported == p or i.imported.startswith(f"{p}.") for p in private)]
    assert wrong == []
