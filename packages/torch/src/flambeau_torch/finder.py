"""The modules that stand in for PyTorch's, made when they are imported.

A stand-in has an ordered list of sources, modules that are asked for a name one after the other:
first what this package adds (`stubs`), then flambeau's module of the same place. Only what no
source has is missing, and the error says it by its full PyTorch name.
"""

from __future__ import annotations

import dis
import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from flambeau.errors import NameUnknownError

from . import distribution, naming
from .sources import is_stubbed, sources_of

_IMPORT_FROM = dis.opmap["IMPORT_FROM"]


class StandIn(ModuleType):
    """A module of the name `torch...` whose names come from its sources; switches that are set there are set there."""

    def __init__(self, name: str, sources: list[ModuleType]) -> None:
        super().__init__(name, sources[-1].__doc__ if sources else None)
        self.__dict__["_sources"] = sources

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__") and name not in ("__version__", "__file__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        full = f"{self.__name__}.{name}"
        if is_stubbed(full):
            return importlib.import_module(full)
        for source in self._sources:
            try:
                found = getattr(source, name)
            except AttributeError:
                continue
            return self._adopted(name, full, found)
        if sources_of(full):
            return importlib.import_module(full)
        raise _missing(full, sys._getframe(1))

    def __setattr__(self, name: str, value: Any) -> None:
        for source in self._sources:
            if _is_switch(name, vars(source).get(name, self)):
                setattr(source, name, value)
                return
        super().__setattr__(name, value)

    def _adopted(self, name: str, full: str, found: Any) -> Any:
        """What a source has: its module becomes the stand-in of that module, a class bears PyTorch's name."""
        if isinstance(found, ModuleType):
            return importlib.import_module(full) if sources_of(full) else found
        if _is_switch(name, found):
            return found
        naming.adopt(found)
        self.__dict__[name] = found
        return found

    def __dir__(self) -> list[str]:
        return sorted({*self.__dict__, *(n for s in self._sources for n in dir(s))} - {"_sources"})

    @property
    def __all__(self) -> list[str]:
        return [n for n in dir(self) if not n.startswith("_")]

    def __repr__(self) -> str:
        return f"<module {self.__name__!r} (flambeau)>"


def _is_switch(name: str, value: Any) -> bool:
    """A variable that programs set and flambeau reads, such as `backends.cudnn.benchmark`."""
    return not name.startswith("_") and (value is None or isinstance(value, (bool, int, float, str)))


def _missing(full: str, frame: Any) -> Exception:
    """The error for a missing name: ImportError for `from torch import name`, which would hide another's text."""
    text = f"flambeau has no {full} yet"
    if frame.f_code.co_code[frame.f_lasti] == _IMPORT_FROM:
        return ImportError(text, name=full)
    return NameUnknownError(text)


class Finder:
    """Answers for `torch` and everything below it."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> Any:
        """A spec for a stand-in; raises ModuleNotFoundError for a module below torch that has no sources."""
        if name != "torch" and not name.startswith("torch."):
            return None
        if not sources_of(name):
            raise ModuleNotFoundError(f"flambeau has no {name} yet", name=name)
        return ModuleSpec(name, self, origin="flambeau", is_package=True)

    def find_distributions(self, context: Any = None) -> Any:
        """The distribution "torch", for `importlib.metadata`."""
        return distribution.find(context)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The stand-in, its sources imported."""
        return StandIn(spec.name, [importlib.import_module(s) for s in sources_of(spec.name)])

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: names are looked up when they are asked for."""
