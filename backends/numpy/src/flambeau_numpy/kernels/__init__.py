"""Kernels by op family; importing the package fills `registry.TABLE`."""

from __future__ import annotations

from . import (
    activation,
    conv,
    create,
    elementwise,
    index,
    linalg,
    loss,
    movement,
    norm,
    reduce,
    sort,
    special,
)

__all__ = [
    "activation", "conv", "create", "elementwise", "index", "linalg", "loss", "movement", "norm", "reduce", "sort",
    "special",
]
