"""Kernels by op family; importing the package fills `registry.TABLE`.

Later modules override what earlier ones register for the same op and dtype.
"""

from __future__ import annotations

from . import arithmetic, compare, complex, math, special  # isort: skip
from . import activation, conv, create, index, linalg, loss, movement, norm, optim, pool, reduce, sort

__all__ = [
    "activation", "arithmetic", "compare", "complex", "conv", "create", "index", "linalg", "loss", "math", "movement",
    "norm", "optim", "pool", "reduce", "sort", "special",
]
