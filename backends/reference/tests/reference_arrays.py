"""Arrays from nested lists, and back, for the tests."""

from __future__ import annotations

from typing import Any

from flambeau import dtypes, later
from flambeau.contract.backend import encode
from flambeau.dtypes import DType
from flambeau.table.registry import check_backend
from flambeau_reference import Array, ReferenceBackend

BACKEND = ReferenceBackend()
later.load()
check_backend(BACKEND)  # which takes in the kernels of every family
KERNELS = BACKEND.kernels
INF, NAN = float("inf"), float("nan")


def make(nested: Any, dtype: DType = dtypes.float32) -> Array:
    """An array of the numbers in nested lists, through the backend's own `from_host`."""
    shape, flat = [], nested
    while isinstance(flat, list):
        shape.append(len(flat))
        flat = flat[0] if flat else 0
    numbers = nested if isinstance(nested, list) else [nested]
    for _ in shape[1:]:
        numbers = [v for part in numbers for v in part]
    return BACKEND.from_host(encode(numbers, dtype), tuple(shape), dtype)


def call(name: str, *nested: Any, dtype: DType = dtypes.float32, **attributes: Any) -> Any:
    """The kernel's result on arrays of one dtype, as nested lists."""
    result = KERNELS[name](*[make(n, dtype) for n in nested], **attributes)
    return tuple(map(BACKEND.tolist, result)) if isinstance(result, tuple) else BACKEND.tolist(result)


def text(values: Any) -> str:
    """Numbers as text, in which NaN equals NaN and -0.0 differs from 0.0."""
    return repr(values)
