"""Which names of torch a source uses, found in its syntax tree, and which of them flambeau lacks."""

from __future__ import annotations

import ast
import importlib
from types import ModuleType
from typing import Any


class _Uses(ast.NodeVisitor):
    """Collects the dotted torch names of a tree, each with the first line that has it."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}
        self._bound: dict[str, str] = {}

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if _is_torch(alias.name):
                self._note(alias.name, node.lineno)
                self._bound[alias.asname or "torch"] = alias.name if alias.asname else "torch"

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level or not node.module or not _is_torch(node.module):
            return
        for alias in node.names:
            full = node.module if alias.name == "*" else f"{node.module}.{alias.name}"
            self._note(full, node.lineno)
            self._bound[alias.asname or alias.name] = full

    def visit_Attribute(self, node: ast.Attribute) -> None:
        full = self._full_name(node)
        if full is None:
            self.generic_visit(node)
        else:
            self._note(full, node.lineno)

    def _full_name(self, node: ast.expr) -> str | None:
        """The torch name that a chain of attributes spells; None if it does not begin at an import of torch."""
        tail: list[str] = []
        while isinstance(node, ast.Attribute):
            tail.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self._bound:
            return None
        return ".".join((self._bound[node.id], *reversed(tail)))

    def _note(self, full: str, line: int) -> None:
        self.lines.setdefault(full, line)


def names_used(source: str | bytes, path: str = "<source>") -> dict[str, int]:
    r"""The torch names that a source uses, by imports and attributes, with the line of the first use.

    >>> names_used("import torch.nn as nn\nnn.Linear(2, 3)")
    {'torch.nn': 1, 'torch.nn.Linear': 2}
    """
    tree = ast.parse(source, path)
    uses = _Uses()
    for node in ast.walk(tree):  # imports first: a function may stand before the import that its body needs
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            uses.visit(node)
    uses.visit(tree)
    return uses.lines


def missing(source: str | bytes, path: str = "<source>") -> dict[str, int]:
    """Those of `names_used` that flambeau lacks, cut after the first part that is not there.

    `import torch` has to mean flambeau (`activate`). An attribute of a value that is neither a module nor a class
    is not looked up: it may be one that an instance gets.
    """
    lacking: dict[str, int] = {}
    for full, line in names_used(source, path).items():
        name = _first_missing(full)
        if name is not None:
            lacking[name] = min(line, lacking.get(name, line))
    return dict(sorted(lacking.items(), key=lambda item: (item[1], item[0])))


def _first_missing(full: str) -> str | None:
    first, *rest = full.split(".")
    value: Any = importlib.import_module(first)
    at = first
    for part in rest:
        at = f"{at}.{part}"
        if not isinstance(value, (ModuleType, type)):
            return None
        try:
            value = getattr(value, part)
        except (AttributeError, ImportError):
            try:
                value = importlib.import_module(at)
            except ImportError:
                return at
    return None


def _is_torch(module: str) -> bool:
    return module == "torch" or module.startswith("torch.")
