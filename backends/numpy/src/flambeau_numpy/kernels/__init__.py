"""Kernels by op family; importing the package fills `registry.TABLE`.

Later modules override what earlier ones register for the same op and dtype.
"""

from __future__ import annotations

from . import elementwise, division, selection, special  # isort: skip
from . import activation, conv, convolution, create, index, linalg, loss, movement, norm, pool, reduce, sort

__all__ = [
    "activation", "conv", "convolution", "create", "division", "elementwise", "index", "linalg", "loss", "movement",
    "norm", "pool", "reduce", "selection", "sort", "special",
]
