"""Arrays from nothing."""

from __future__ import annotations

from typing import Any

from flambeau import dtypes
from flambeau.dtypes import DType
from flambeau.shapes import Shape, numel

from ..array import Array
from ..rounding import converted, converted_scalar
from ._common import Kernel


def _full(*, size: Shape, value: Any, dtype: DType) -> Array:
    return Array([converted_scalar(value, dtype)] * numel(size), tuple(size), dtype)


def _arange(*, start: Any, step: Any, length: int, dtype: DType) -> Array:
    values = [start + i * step for i in range(length)]
    integers = isinstance(start, int) and isinstance(step, int)
    source = dtypes.int64 if integers else dtypes.float64
    return Array(converted(values, source, dtype) if values else [], (length,), dtype)


KERNELS: dict[str, Kernel] = {"full": _full, "arange": _arange}
