"""The table of kernels: op name → dtype of the input → how to make its kernel for a namespace.

A maker answers None where the namespace lacks the function; the op then goes through the host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from flambeau import dtypes as fd
from flambeau.dtypes import DType

from .namespace import Namespace

Kernel = Callable[..., Any]
Maker = Callable[[Namespace], Kernel | None]
K = TypeVar("K", bound=Kernel)

TABLE: dict[str, dict[DType, Maker]] = {}

BOOL, INTEGERS, HALVES, FLOATS = (fd.bool,), fd.INTEGERS, fd.FLOATING[:2], fd.FLOATING[2:]
REALS, COMPLEX, ALL = fd.FLOATING, fd.COMPLEX, fd.ALL
NUMBERS = INTEGERS + REALS + COMPLEX


def register(name: str, maker: Maker, dtypes: Iterable[DType] = ALL) -> None:
    """Makes `maker` the source of op `name`'s kernel for inputs of `dtypes`."""
    TABLE.setdefault(name, {}).update(dict.fromkeys(dtypes, maker))


def kernel(name: str, dtypes: Iterable[DType] = ALL) -> Callable[[K], K]:
    """Registers the decorated function of (namespace, *arrays, **attributes)."""
    def decorate(function: K) -> K:
        register(name, partial(partial, function), dtypes)
        return function

    return decorate


def standard(name: str, function: str, dtypes: Iterable[DType] = ALL) -> None:
    """Makes the standard's own function the kernel."""
    register(name, lambda ns: getattr(ns.xp, function, None), dtypes)


def on_host(name: str, dtypes: Iterable[DType] = ALL) -> None:
    """Says that op `name` is computed on the host for inputs of `dtypes`."""
    register(name, lambda ns: None, dtypes)


def in_float32(function: Kernel) -> Maker:
    """A maker for float16 and bfloat16: `function` in float32, rounded once to the first array's type."""
    def half(ns: Namespace, *arrays: Any, **attributes: Any) -> Any:
        result = function(ns, *[ns.astype(a, fd.float32) for a in arrays], **attributes)
        return ns.xp.astype(result, arrays[0].dtype)

    return lambda ns: partial(half, ns)
