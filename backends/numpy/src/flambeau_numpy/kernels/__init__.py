"""Kernels by op family; importing the package fills `registry.TABLE`."""

from __future__ import annotations

from . import conv, create, elementwise, index, linalg, movement, reduce, sort, special

__all__ = ["conv", "create", "elementwise", "index", "linalg", "movement", "reduce", "sort", "special"]
