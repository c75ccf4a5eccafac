"""PyTorch's functions over the op table: signatures, overloads, defaults and checks, a family a module.

Each family lists its public names in `__all__`; they become names of `flambeau`, those of the families that
`flambeau.later` lists when they are first used.
"""

from __future__ import annotations

import sys as _sys
from importlib import import_module
from types import ModuleType as _ModuleType
from typing import Any

from .. import later as _later

from .movement import *
from .index import *
from .create import *
from .complex import *
from .arithmetic import *
from .math import *
from .special import *
from .compare import *
from .activation import *
from .attention import *
from .dropout import *
from .linalg import *
from .norm import *
from .random import *
from .reduce import *
from .sort import *
from . import optim
from ..tensors import indexing
from .inplace import elementwise, resize
from .inplace.names import *

_FAMILIES = (
    "movement.join", "movement.padding", "movement.rearrange", "movement.triangle", "movement.views", "index.picking",
    "create", "complex", "arithmetic", "math", "special", "compare", "activation", "attention",
    "dropout", "linalg.einsum", "linalg.products", "norm", "random.sampling",
    "reduce.covariance", "reduce.order", "reduce.reductions", "sort", "inplace.names",
)
__all__ = [name for family in _FAMILIES for name in import_module(f".{family}", __name__).__all__]


class _Functions(_ModuleType):
    """A family of the name of a function, such as `embedding`, does not take the function's place when it loads."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not isinstance(value, _ModuleType) or (name not in __all__ and _later.family_of(name) is None):
            super().__setattr__(name, value)


_sys.modules[__name__].__class__ = _Functions


def __getattr__(name: str) -> Any:
    family = _later.family_of(name)
    if family is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{family}", __name__), name)
