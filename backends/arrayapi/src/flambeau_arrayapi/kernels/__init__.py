"""Kernels by op family; importing the package fills `registry.TABLE`, but for those of `LATER`."""

from __future__ import annotations

from . import arithmetic, compare, complex, create, index, linalg, math, movement, reduce, sort, special

__all__ = ["arithmetic", "compare", "complex", "create", "index", "linalg", "math", "movement", "reduce",
           "sort", "special"]
LATER = frozenset({"conv", "decomposition", "fft"})  # imported when a kernel of the family is first wanted
