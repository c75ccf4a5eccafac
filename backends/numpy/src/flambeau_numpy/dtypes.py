"""flambeau's dtypes as NumPy's, and the groups that kernels are registered for."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from flambeau import dtypes as fd

NUMPY: dict[fd.DType, np.dtype[Any]] = {
    d: np.dtype(ml_dtypes.bfloat16 if d is fd.bfloat16 else d.name) for d in fd.ALL
}
FLAMBEAU: dict[np.dtype[Any], fd.DType] = {n: d for d, n in NUMPY.items()}

BOOL = (fd.bool,)
INTEGERS = fd.INTEGERS
SIGNED = tuple(d for d in fd.INTEGERS if d.is_signed)
HALVES = (fd.float16, fd.bfloat16)
FLOATS = (fd.float32, fd.float64)
REALS = HALVES + FLOATS
COMPLEX = fd.COMPLEX

FLOAT32, FLOAT64, INT64 = NUMPY[fd.float32], NUMPY[fd.float64], NUMPY[fd.int64]
BFLOAT16, UINT16 = NUMPY[fd.bfloat16], np.dtype(np.uint16)

# The type in which sums and products of a type accumulate.
ACCUMULATOR: dict[fd.DType, np.dtype[Any]] = {d: FLOAT32 if d in HALVES else n for d, n in NUMPY.items()}
