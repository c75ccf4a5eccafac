"""Kernels by op family; importing the package fills `registry.TABLE`."""

from __future__ import annotations

from . import (
    activation,
    conv,
    convolution,
    create,
    elementwise,
    index,
    linalg,
    loss,
    movement,
    norm,
    pool,
    reduce,
    sort,
    special,
)

__all__ = [
    "activation", "conv", "convolution", "create", "elementwise", "index", "linalg", "loss", "movement", "norm", "pool", "reduce", "sort",
    "special",
]
