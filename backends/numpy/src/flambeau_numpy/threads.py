"""BLAS's threads: how many it may use, and products too small to be shared out.

threadpoolctl knows every BLAS that NumPy may be linked with and finds the one that is loaded. It is
imported when the first product of middling size comes, or somebody asks for the number.

OpenBLAS shares a product out from about a million multiplications on. Up to eight million that
costs as often as it saves, and three times as much where the cores are busy, so those run on one
thread: two calls into the library around the product (docs/decisions/0010).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from itertools import product as combinations
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

SMALL = 8192  # elements of both matrices; with fewer BLAS does not share out, or there is next to no inner dim
_SHARED, _WORTH = 2**20, 2**23  # multiplications
_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "GOTO_NUM_THREADS")  # what OpenBLAS reads by itself


def get_num_threads() -> int:
    """How many threads NumPy's BLAS may use."""
    return max([library.num_threads or 1 for library in _libraries()], default=1)


def set_num_threads(n: int) -> None:
    """Lets NumPy's BLAS use `n` threads, in every Python thread."""
    for library in _libraries():
        call = _function(library, "set_num_threads", n)
        if call is None:
            library.set_num_threads(n)
        else:
            call(n)


def respect_environment() -> None:
    """MKL_NUM_THREADS is meant for whatever computes the products, whichever library that is."""
    asked = os.environ.get("MKL_NUM_THREADS", "")
    if asked.isdecimal() and int(asked) and not any(os.environ.get(name) for name in _VARIABLES):
        set_num_threads(int(asked))


def matrix_product(x: Array, y: Array) -> Array:
    """`x.dot(y)` of two matrices, on one thread where several would not pay."""
    if not _SHARED <= x.size * y.shape[1] < _WORTH:
        return x.dot(y)
    read, write = _pool()
    threads = read()
    if threads == 1:
        return x.dot(y)
    try:
        write(1)
        return x.dot(y)
    finally:
        write(threads)


@cache
def _libraries() -> list[Any]:
    """threadpoolctl's handles of the BLAS that NumPy brought, or of every BLAS where none lies beside it."""
    from threadpoolctl import ThreadpoolController

    found = [lib for lib in ThreadpoolController().lib_controllers if lib.user_api == "blas"]
    home = os.path.dirname(np.__file__)
    return [lib for lib in found if os.path.realpath(lib.filepath).startswith(os.path.realpath(home))] or found


@cache
def _pool() -> tuple[Callable[[], int], Callable[[int], None]]:
    """Reading and writing the count in a fraction of a microsecond; a count of 1 where that cannot be done."""
    for library in _libraries():
        calls = _function(library, "get_num_threads"), _function(library, "set_num_threads", 1)
        if calls[0] is not None and calls[1] is not None:
            return calls[0], calls[1]
    return lambda: 1, lambda n: None


def _function(library: Any, name: str, *arguments: int) -> Callable[..., Any] | None:
    """OpenBLAS's own function of that name, where its pool of threads is one for the whole process.

    threadpoolctl's method heeds the first Python thread that calls it and no other.
    """
    if library.internal_api != "openblas" or getattr(library, "threading_layer", "") != "pthreads":
        return None
    from ctypes import PyDLL, c_int

    calls = PyDLL(library.filepath)  # quicker than CDLL: it keeps the interpreter's lock
    for prefix, suffix in combinations(("", "scipy_"), ("", "64_", "_64")):
        call: Any = getattr(calls, f"{prefix}openblas_{name}{suffix}", None)
        if call is not None:
            call.argtypes, call.restype = [c_int for _ in arguments], None if arguments else c_int
            return call
    return None
