"""Modules of the core under the paths they had before they were grouped: programs that import them go on working.

The old path of a module that `import flambeau` loads is an entry of `sys.modules`: it costs nothing and is no attribute
of `flambeau`. The few that load later are found when somebody asks for them.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from typing import Any

MOVED = {
    "contract": ("backend", "device", "plugins"),
    "table": ("codegen", "dispatch", "registry", "samples", "settings"),
    "tensors": ("copying", "display", "indexing", "interop", "tensor", "views"),
    "walk": ("engine", "tape"),
    "random": ("mt19937",),
}
LATER = {"delegation": "contract", "hooks": "contract", "printing": "tensors"}


class _Moved:
    """Finds the modules of LATER under their old path; asked after every other finder."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        loader: Any = self
        package, _, module = fullname.rpartition(".")
        return ModuleSpec(fullname, loader) if package == __package__ and module in LATER else None

    def create_module(self, spec: ModuleSpec) -> None:
        return None  # an ordinary one, whose place the moved module takes

    def exec_module(self, module: Any) -> None:
        name = module.__name__.rpartition(".")[2]
        sys.modules[module.__name__] = import_module(f"{__package__}.{LATER[name]}.{name}")


def remember(package: str) -> None:
    """Enters every moved module that is loaded under its old path."""
    for room, modules in MOVED.items():
        for module in modules:
            if loaded := sys.modules.get(f"{package}.{room}.{module}"):
                sys.modules[f"{package}.{module}"] = loaded
    sys.meta_path.append(_Moved())
