"""Kernels by op family; importing the package fills `registry.TABLE`."""

from __future__ import annotations

from . import arithmetic, compare, complex, conv, create, index, linalg, math, movement, reduce, sort, special

__all__ = ["arithmetic", "compare", "complex", "conv", "create", "index", "linalg", "math", "movement", "reduce",
           "sort", "special"]
