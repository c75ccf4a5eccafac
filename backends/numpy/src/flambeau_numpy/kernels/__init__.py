"""Kernels by op family; importing the package fills `registry.TABLE`, but for those of `LATER`.

Later modules override what earlier ones register for the same op and dtype.
"""

from __future__ import annotations

from . import arithmetic, compare, complex, math, special  # isort: skip
from . import activation, create, index, linalg, movement, norm, optim, reduce, sort

__all__ = [
    "activation", "arithmetic", "compare", "complex", "create", "index", "linalg", "math", "movement",
    "norm", "optim", "reduce", "sort", "special",
]
LATER = frozenset({  # imported when a kernel of the family is first wanted
    "conv", "decomposition", "digits", "fft", "gamma", "loss", "matrix", "normal", "pool"})
