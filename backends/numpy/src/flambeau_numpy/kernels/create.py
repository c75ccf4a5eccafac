"""New arrays. Bound by one write of the result."""

from __future__ import annotations

from typing import Any

import numpy as np

from flambeau import dtypes as fd

from ..dtypes import FLOAT64, INT64, NUMPY
from ..registry import kernel
from .movement import cast

Array = np.ndarray[Any, Any]


@kernel("full")
def full(*, size: tuple[int, ...], value: Any, dtype: fd.DType) -> Array:
    out = np.empty(size, NUMPY[dtype])
    try:
        out.fill(value)
    except (OverflowError, TypeError):  # an integer out of range wraps, a complex number loses its imaginary part
        out[...] = _converted(value, dtype)
    return out


def _converted(value: Any, dtype: fd.DType) -> Array:
    if isinstance(value, complex):
        value = value.real
    if isinstance(value, int):
        value = (value + 2**63) % 2**64 - 2**63
    return np.asarray(value).astype(NUMPY[dtype])


@kernel("arange")
def arange(*, start: float, step: float, length: int, dtype: fd.DType) -> Array:
    if isinstance(start, int) and isinstance(step, int):
        return cast(np.arange(length, dtype=INT64) * step + start, dtype=dtype)
    return cast(np.arange(length, dtype=FLOAT64) * step + start, dtype=dtype)
