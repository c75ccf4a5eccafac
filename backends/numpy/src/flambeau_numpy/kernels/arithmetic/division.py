"""Division with a remainder, of float32 by way of float64.

NumPy's loops call C's fmod for every element, 20 ns. A float64 quotient of two float32 numbers, rounded
down, is off by at most one, and its product with the divisor is exact as long as it has no more than 29
bits: then the remainder is exact, too, and mends the quotient. Blocks in which a quotient is larger, or
anything not finite, go to NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flambeau.dtypes import float32

from ...dtypes import HALVES, INTEGERS
from ...registry import in_float32, register

Array = np.ndarray[Any, Any]

_BLOCK = 8192
_LARGEST = {"floor_divide": 2.0**24, "remainder": 2.0**29, "fmod": 2.0**29}  # a result of 24 bits is exact


def _blocked(name: str, function: Callable[..., Array]) -> Callable[[Array, Array], Array]:
    """`function` on float32 arrays, block by block."""
    largest, finish, whole = _LARGEST[name], _FINISH[name], _WHOLE[name]

    def divide(x: Array, y: Array) -> Array:
        if x.size < 256 or (x.shape != y.shape and y.ndim):
            return function(x, y)
        out = np.empty(x.shape, x.dtype)
        flat, divisor, results = x.reshape(-1), y.reshape(-1) if y.ndim else None, out.reshape(-1)
        a, b, q = np.empty((3, min(x.size, _BLOCK)))
        for start in range(0, x.size, _BLOCK):
            part = flat[start:start + _BLOCK]
            by = y if divisor is None else divisor[start:start + _BLOCK]
            a, b, q = a[:len(part)], b[:len(part)], q[:len(part)]
            a[...], b[...] = part, by
            whole(np.divide(a, b, out=q), out=q)
            if max(q.max(), -q.min()) < largest and max(b.max(), -b.min()) < np.inf:
                finish(a, b, q, results[start:start + _BLOCK])
            else:  # also where a quotient is NaN
                function(part, by, out=results[start:start + _BLOCK])
        return out

    return divide


def _rest(a: Array, b: Array, q: Array) -> Array:
    """a - q * b, in place of `a`."""
    a -= np.multiply(q, b)
    return a


def _modulo(a: Array, b: Array, q: Array, out: Array) -> None:
    dividend = a.copy()
    rest = _rest(a, b, q)
    rest += b * _wrong(rest, b)
    np.copyto(b, dividend, where=rest == 0)
    np.copysign(rest, b, out=out, casting="same_kind")


def _floor(a: Array, b: Array, q: Array, out: Array) -> None:
    np.copyto(out, q, casting="same_kind")
    out -= _wrong(_rest(a, b, q), b)


def _truncated(a: Array, b: Array, q: Array, out: Array) -> None:
    sign = a.copy()
    rest = _rest(a, b, q)
    np.copysign(b, sign, out=b)
    rest += b * _wrong(rest, sign)
    np.copysign(rest, sign, out=out, casting="same_kind")


def _wrong(rest: Array, b: Array) -> Array:
    """Where the sign of the remainder is not that of `b`: the quotient was rounded up."""
    return np.less(rest * b, 0)


_FINISH = {"floor_divide": _floor, "remainder": _modulo, "fmod": _truncated}
_WHOLE = {"floor_divide": np.floor, "remainder": np.floor, "fmod": np.trunc}


def _remainder(x: Array, y: Array, out: Array | None = None) -> Array:
    """NumPy's, whose zero has the divisor's sign, with the dividend's, which C's fmod keeps."""
    made = np.asarray(np.remainder(x, y, out=out))
    zero = made == 0
    return np.copysign(made, x, out=made, where=zero) if zero.any() else made


def _checked(ufunc: np.ufunc) -> Any:
    """An integer division that raises for a zero divisor, where NumPy warns and answers 0."""
    def divide(x: Array, y: Array) -> Array:
        if np.count_nonzero(y) != y.size and np.broadcast(x, y).size:
            raise ZeroDivisionError("integer division by zero")
        return ufunc(x, y)

    return divide


for _ufunc, _function in ((np.floor_divide, np.floor_divide), (np.remainder, _remainder), (np.fmod, np.fmod)):
    _single = _blocked(_ufunc.__name__, _function)
    register(_ufunc.__name__, _function)
    register(_ufunc.__name__, _checked(_ufunc), INTEGERS)
    register(_ufunc.__name__, _single, (float32,))
    register(_ufunc.__name__, in_float32(_single), HALVES)
