"""The table of kernels: op name → dtype of the input → function.

Most ops have one function for every dtype; the others name the dtypes each function is for. The
choice is made once, when core fills its slots, so no kernel tests its input's dtype.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, TypeVar

import numpy as np

from flambeau.dtypes import ALL, DType

from .dtypes import FLOAT32, FLOATS, HALVES, NUMPY

Kernel = Callable[..., Any]
K = TypeVar("K", bound=Kernel)

_HALF_TYPES = frozenset(NUMPY[d] for d in HALVES)

TABLE: dict[str, dict[DType, Kernel]] = {}
WRITERS: dict[str, dict[DType, Kernel]] = {}  # what writes into its last array, where the kernel is no ufunc


def register(name: str, function: Kernel, dtypes: Iterable[DType] = ALL) -> None:
    """Makes `function` the kernel of op `name` for inputs of `dtypes`."""
    TABLE.setdefault(name, {}).update(dict.fromkeys(dtypes, function))


def kernel(name: str, dtypes: Iterable[DType] = ALL) -> Callable[[K], K]:
    """Registers the decorated function under `name` for `dtypes`."""
    def decorate(function: K) -> K:
        register(name, function, dtypes)
        return function

    return decorate


def writer(name: str, dtypes: Iterable[DType] = ALL) -> Callable[[K], K]:
    """Registers the decorated function as what writes op `name`'s result into its last array."""
    def decorate(function: K) -> K:
        WRITERS.setdefault(name, {}).update(dict.fromkeys(dtypes, function))
        return function

    return decorate


def in_float32(function: Kernel) -> Kernel:
    """`function` on float16 or bfloat16 arrays: computed in float32, rounded once to the first array's type."""
    def half(*arrays: Any, **attributes: Any) -> Any:
        dtype = arrays[0].dtype
        made = function(*[widened(a) for a in arrays], **attributes)
        if type(made) is tuple:
            return tuple([_narrowed(m, dtype) for m in made])
        return np.asarray(made).astype(dtype)

    return half


def widened(array: Any) -> Any:
    """float16 and bfloat16 arrays as float32; anything else as it is."""
    if array is None or array.dtype not in _HALF_TYPES:
        return array
    if array.dtype == np.float16 and array.size >= _MANY:
        return _float16_values().take(array.view(np.uint16))
    return array.astype(FLOAT32)


_MANY = 4096


@cache
def _float16_values() -> np.ndarray[Any, Any]:
    """Every float16 number as float32 by its bits: looking one up takes half as long as NumPy's conversion."""
    return np.arange(65536, dtype=np.uint16).view(np.float16).astype(FLOAT32)


def _narrowed(array: Any, dtype: np.dtype[Any]) -> Any:
    """One of several results; indices stay what they are."""
    return np.asarray(array).astype(dtype) if array.dtype == FLOAT32 else array


def register_floating(name: str, function: Kernel) -> None:
    """Makes `function` the kernel of `name` for the real floating dtypes, float16 and bfloat16 in float32."""
    register(name, function, FLOATS)
    register(name, in_float32(function), HALVES)
