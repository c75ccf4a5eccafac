"""The table of kernels: op name → dtype of the input → function.

Most ops have one function for every dtype; the others name the dtypes each function is for. The
choice is made once, when core fills its slots, so no kernel tests its input's dtype.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np
from flambeau.dtypes import ALL, DType

from .dtypes import FLOAT32

Kernel = Callable[..., Any]
K = TypeVar("K", bound=Kernel)

TABLE: dict[str, dict[DType, Kernel]] = {}


def register(name: str, function: Kernel, dtypes: Iterable[DType] = ALL) -> None:
    """Makes `function` the kernel of op `name` for inputs of `dtypes`."""
    TABLE.setdefault(name, {}).update(dict.fromkeys(dtypes, function))


def kernel(name: str, dtypes: Iterable[DType] = ALL) -> Callable[[K], K]:
    """Registers the decorated function under `name` for `dtypes`."""
    def decorate(function: K) -> K:
        register(name, function, dtypes)
        return function

    return decorate


def in_float32(function: Kernel) -> Kernel:
    """`function` on float16 or bfloat16 arrays: computed in float32, rounded once to the first array's type."""
    def half(*arrays: Any, **attributes: Any) -> Any:
        result = function(*[a.astype(FLOAT32) for a in arrays], **attributes)
        return np.asarray(result).astype(arrays[0].dtype)

    return half
