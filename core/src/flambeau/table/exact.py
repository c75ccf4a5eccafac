"""Numbers that must fit the dtype they meet: limits, fills, choices, assignments."""

from __future__ import annotations

from typing import Any

from ..dtypes import DType, fit, float64
from .lifting import NUMBERS, lift


def lift_exact(tensor: Any, value: Any, dtype: DType | None = None) -> Any:
    """`lift` where PyTorch refuses what `dtype` cannot hold: limits, fills, choices.

    Without `dtype` it is the one computed with, but half precision takes any number, the large ones as infinity.
    """
    made = lift(tensor, value)
    if (type(value) is float or type(value) is int) and 0 <= value < 128:  # every dtype holds it
        return made
    if made is not value and made is not NotImplemented and not made._array.shape:
        number = value if isinstance(value, NUMBERS) else value.item()
        fit(number, generous(made._kind.dtype) if dtype is None else dtype)
    return made


def generous(dtype: DType) -> DType:
    """What a number must fit where half precision takes any: float64 for it, else the dtype itself."""
    return float64 if dtype.category == 2 and dtype.itemsize == 2 else dtype
