"""A promise of the contract as a program of its own: its function and what that needs, cut out of this suite.

Starting at the function, every name that it uses is followed to where it is defined; definitions of
this package are copied in the order in which they need one another, imports of other packages are
written at the top.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib import import_module
from typing import Any

from flambeau.dtypes import DType
from flambeau.table.registry import OpDef

from .cases import Case
from .check import Check

_PACKAGE = __package__ or "flambeau_conformance"
_MARKS = ("promise", "promise_each")  # decorators that put a function on the list of checks
_OPENING = '''import sys
from types import SimpleNamespace

{imports}

'''
_CLOSING = '''
device = flambeau.device({backend!r})
target = Target({backend!r}, device, read_manifest(plugins.installed()[{backend!r}].descriptor))
try:
    {call}
except CheckFailed as error:
    sys.exit(str(error))
print("as promised")
'''


class NoScriptError(Exception):
    """A check whose code cannot be cut out of the suite."""


class Module:
    """One module's source and what each of its top-level names is bound by."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.source = inspect.getsource(import_module(name))
        self.bound: dict[str, ast.stmt] = {}
        for node in ast.parse(self.source).body:
            for bound in _bound(node):
                self.bound.setdefault(bound, node)

    def resolved(self, node: ast.ImportFrom) -> str:
        """The module that a `from` names, absolute."""
        if not node.level:
            return node.module or ""
        parts = self.name.split(".")
        if not hasattr(import_module(self.name), "__path__"):
            parts = parts[:-1]
        base = parts[: len(parts) - node.level + 1]
        return ".".join([*base, *([node.module] if node.module else [])])


@cache
def module(name: str) -> Module:
    """Parsed once."""
    return Module(name)


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name))


class _Names(ast.NodeVisitor):
    """Names that a definition uses when it runs: annotations are not."""

    def __init__(self) -> None:
        self.used: dict[str, set[str]] = {}  # name to the attributes taken of it
        self.imports: list[ast.ImportFrom] = []

    def visit_Name(self, node: ast.Name) -> None:
        self.used.setdefault(node.id, set())

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name):
            self.used.setdefault(node.value.id, set()).add(node.attr)
        self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.imports.append(node)

    def visit_arg(self, node: ast.arg) -> None:
        pass

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        node.decorator_list = [d for d in node.decorator_list if not _is_mark(d)]
        for part in (*node.decorator_list, *node.body, *node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(part)


def _is_mark(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _MARKS


class _Local(ast.NodeTransformer):
    """Drops imports of this package from inside functions: what they name stands above."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt:
        return ast.Pass() if node.level else node


class Amalgam:
    """Collects pieces of source."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.imports: dict[str, None] = {"import flambeau": None}
        self.owners: dict[str, str] = {"flambeau": "flambeau"}
        self.namespaces: dict[str, set[str]] = {}  # modules that are used as such, and what of them

    def need(self, where: str, name: str, attributes: set[str]) -> None:
        """Adds what `name` means in the module `where`, and all that this needs."""
        node = module(where).bound.get(name)
        if node is None:
            return
        if isinstance(node, ast.ImportFrom):
            self._imported(where, node, name, attributes)
        elif isinstance(node, ast.Import):
            self.imports[ast.unparse(node)] = None
        elif self._claim(name, where):
            self._define(where, node)

    def _claim(self, name: str, where: str) -> bool:
        owner = self.owners.setdefault(name, where)
        if owner != where:
            raise NoScriptError(f"{name} means one thing in {owner} and another in {where}")
        return not any(p.startswith(f"# {where}: {name}\n") for p in self.pieces)

    def _imported(self, where: str, node: ast.ImportFrom, name: str, attributes: set[str]) -> None:
        source = module(where).resolved(node)
        alias = next(a for a in node.names if (a.asname or a.name) == name)
        if source.partition(".")[0] != _PACKAGE:
            if source != "__future__":
                self.imports[f"from {source} import {ast.unparse(alias)}"] = None
        elif source == f"{_PACKAGE}.api":
            pass  # flambeau itself, which is imported anyway
        elif alias.name in module(source).bound:
            self.need(source, alias.name, attributes)
        else:
            self._namespace(f"{source}.{alias.name}", name, attributes)

    def _namespace(self, source: str, name: str, attributes: set[str]) -> None:
        self._claim(name, source)
        self.namespaces.setdefault(name, set()).update(attributes)
        for attribute in sorted(attributes):
            self.need(source, attribute, set())

    def _define(self, where: str, node: ast.stmt) -> None:
        mark = f"# {where}: {next(_bound(node))}\n"
        self.pieces.append(mark)  # claims the place, so that recursion ends
        names = _Names()
        names.visit(node)
        for used, attributes in names.used.items():
            if used not in _bound(node):
                self.need(where, used, attributes)
        for inner in names.imports:
            for alias in inner.names:
                if inner.level:
                    self.need(module(where).resolved(inner), alias.name, set())
        self.pieces.append(ast.unparse(_Local().visit(node)))

    def source(self) -> str:
        """Imports and definitions."""
        bodies = [p for p in self.pieces if not p.startswith("# ")]
        bodies += [f"{name} = SimpleNamespace({', '.join(f'{a}={a}' for a in sorted(attributes))})"
                   for name, attributes in self.namespaces.items()]
        return _OPENING.format(imports="\n".join(sorted(self.imports))) + "\n\n\n".join(bodies) + "\n\n"


def program(check: Check, backend: str, said: str = "") -> str:
    """The script of a promise; raises NoScriptError where it cannot be made."""
    amalgam = Amalgam()
    for name in ("CheckFailed",):
        amalgam.need(f"{_PACKAGE}.check", name, set())
    for name in ("Target", "read_manifest"):
        amalgam.need(f"{_PACKAGE}.target", name, set())
    amalgam.imports["from flambeau import plugins"] = None
    function, arguments = entry(check)
    amalgam.need(function.__module__, function.__name__, set())
    shown = ", ".join([_written(a, amalgam) for a in arguments[0]] + ["target"]
                      + [_written(a, amalgam) for a in arguments[1]])
    opening = f'"""{check.id} on backend {backend!r}.' + (f"\n\n{_escaped(said)}\n" if said else "") + '"""\n'
    return (f"{opening}\nfrom __future__ import annotations\n\n{amalgam.source()}"
            + _CLOSING.format(backend=backend, call=f"{function.__name__}({shown})"))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"""', "'''")


def entry(check: Check) -> tuple[Callable[..., Any], tuple[list[Any], list[Any]]]:
    """The function behind a check, and the arguments that come before and after the target."""
    run = check.run
    if not isinstance(run, partial):
        return run, ([], [])
    if run.func.__module__.endswith(".promise"):
        kept = run.args[0]
        if isinstance(kept, partial):
            return kept.func, (list(kept.args), list(run.args[1:]))
        return kept, ([], list(run.args[1:]))
    if run.keywords:
        raise NoScriptError(f"{check.id} has keywords of its own")
    return run.func, (list(run.args), [])


def _written(value: Any, amalgam: Amalgam) -> str:
    """Source for an argument of a check."""
    if isinstance(value, DType):
        return f"flambeau.{value.name}"
    if isinstance(value, OpDef):
        amalgam.imports["from flambeau.table.registry import TABLE"] = None
        return f"TABLE[{value.name!r}]"
    if isinstance(value, Case):
        if value.label in ("special", "extremes"):
            amalgam.need(f"{_PACKAGE}.values", "_special_cases", set())
            amalgam.imports["from flambeau.table.registry import TABLE"] = None
            return f"next(c for c in _special_cases(TABLE[{value.op.name!r}]) if c.id == {value.id!r})"
        for name in ("Case", "samples"):
            amalgam.need(f"{_PACKAGE}.cases", name, set())
        amalgam.imports["from flambeau.table.registry import TABLE"] = None
        return (f"Case(TABLE[{value.op.name!r}], flambeau.{value.dtype.name}, {value.label!r},"
                f" dict(sum(samples({value.op.name!r}), []))[{value.label!r}])")
    if callable(value) and getattr(value, "__module__", "").startswith(_PACKAGE):
        amalgam.need(value.__module__, value.__name__, set())
        return str(value.__name__)
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)
    raise NoScriptError(f"no source for {value!r}")
