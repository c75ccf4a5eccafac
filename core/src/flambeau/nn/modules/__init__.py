"""PyTorch's module paths: `nn.modules.conv` is where programs look for `_ConvNd`, and so on.

The names are those of `flambeau.nn`; a module path leads to the file here that holds what PyTorch has there.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from typing import Any

from ... import nn as _nn
from ...spelling import unknown

# PyTorch's file -> the files here whose names it has, where it is not the one of the same name
FILES: dict[str, tuple[str, ...]] = {
    "activation": ("activation", "multihead"),
    "batchnorm": ("norm", "_lazy_layers"),
    "container": ("containers", "parameter_containers"),
    "conv": ("conv", "_lazy_layers"),
    "instancenorm": ("norm", "_lazy_layers"),
    "linear": ("linear", "_lazy_layers"),
    "module": ("module", "_global_hooks", "_call", "_state"),
    "normalization": ("norm",),
    "pooling": ("pooling", "unpooling"),
}
SAME = ("adaptive", "channelshuffle", "distance", "dropout", "flatten", "fold", "lazy", "loss", "padding",
        "pixelshuffle", "rnn", "sparse", "transformer", "upsampling")


class _Paths:
    """Finds `nn.modules.<file>`: a module that asks the files here for its names."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        package, _, name = fullname.rpartition(".")
        loader: Any = self
        return ModuleSpec(fullname, loader) if package == __name__ and (name in FILES or name in SAME) else None

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: Any) -> None:
        name = module.__name__.rpartition(".")[2]
        parts = [import_module(f"{_nn.__name__}.{part}") for part in FILES.get(name, (name,))]

        def find(wanted: str) -> Any:
            for part in parts:
                if wanted in vars(part) and not wanted.startswith("__"):
                    return vars(part)[wanted]
            raise unknown(module.__name__, wanted)

        module.__doc__, module.__getattr__ = parts[0].__doc__, find
        module.__dir__ = lambda: sorted({n for part in parts for n in vars(part) if not n.startswith("__")})
        module.__all__ = [n for n in _nn.__all__ if any(n in vars(part) for part in parts)]


sys.meta_path.append(_Paths())
__all__ = [n for n in _nn.__all__ if n[0].isupper()]


def __getattr__(name: str) -> Any:
    if name in FILES or name in SAME or name == "utils":
        return import_module(f".{name}", __name__)
    if name in __all__:
        return getattr(_nn, name)
    raise unknown(__name__, name)


def __dir__() -> list[str]:
    return sorted({*__all__, *FILES, *SAME, "utils"})
