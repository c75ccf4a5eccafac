"""Public modules: exactly their declared names, parts that load when first used, and an answer for any other name.

A name that is not there is either a slip of the pen, and then the nearest name is offered, or one that PyTorch has and
flambeau does not have yet, and then the error says so. The answer is worked out when the error is shown: `hasattr` on
a missing name costs what it costs elsewhere.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from .errors import NameUnknownError

COVERAGE = "docs/coverage.md, or `python -m flambeau coverage`, lists what is there"


@cache
def pytorch_names() -> dict[str, tuple[str, ...]]:
    """PyTorch's public names by module, "torch.Tensor" among the modules."""
    from pathlib import Path

    found: dict[str, list[str]] = {}
    for line in (Path(__file__).parent / "pytorch_names.txt").read_text().splitlines():
        if line.endswith(":"):
            names = found.setdefault(line[:-1], [])
        else:
            names += line.split()
    return {module: tuple(names) for module, names in found.items()}


def hint(pytorchs: str, name: str, known: Iterable[str]) -> str:
    """What an error says after "there is no such name": what was meant, or that only PyTorch has it."""
    from difflib import get_close_matches

    if name in pytorch_names().get(pytorchs, ()):
        return f": PyTorch has {pytorchs}.{name}, flambeau does not yet; {COVERAGE}"
    near = get_close_matches(name, [n for n in known if not n.startswith("_")], n=1, cutoff=0.7)
    if near:
        return f"; did you mean {near[0]!r}?"
    near = get_close_matches(name, pytorch_names().get(pytorchs, ()), n=1, cutoff=0.85)
    return f"; PyTorch has {pytorchs}.{near[0]}, which flambeau does not have yet; {COVERAGE}" if near else ""


def unknown(module: str, name: str) -> NameUnknownError:
    """The error for a name that the public module does not have."""
    def answer() -> str:
        return hint("torch" + module.removeprefix("flambeau"), name, getattr(sys.modules[module], "__all__", ()))

    return NameUnknownError(f"module {module!r} has no attribute {name!r}", hint=answer)


def public(module: str, lazy: Mapping[str, str] | None = None) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a public module whose names stand in its `__all__`.

    `lazy` maps names to where they are taken from when first used: ".part" is a module below this one, ".part:name" a
    name in it.
    """
    parts = lazy or {}

    def get(name: str) -> Any:
        if name not in parts:
            raise unknown(module, name)
        part, _, attribute = parts[name].partition(":")
        source = importlib.import_module(part, module)
        found = getattr(source, attribute) if attribute else source
        setattr(sys.modules[module], name, found)  # over a submodule of that name, which the import has set
        return found

    return get, lambda: sorted(sys.modules[module].__all__)


class Missing:
    """Stands on Tensor for a method that PyTorch has: to ask for it raises AttributeError that says so."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        raise NameUnknownError(f"{owner.__name__!r} object has no attribute {self.name!r}",
                               hint=lambda: hint("torch.Tensor", self.name, ()))
