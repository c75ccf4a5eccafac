"""Reductions and scans.

The elements along the reduced dims are gathered into one list per result. Sums are exact
(`math.fsum`, rounded once), also the running ones; bound by fsum's 20 to 60 ns per element.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from functools import partial, reduce
from itertools import accumulate
from typing import Any

from flambeau import dtypes
from flambeau.dtypes import DType
from flambeau.errors import DTypeError, ValueRangeError
from flambeau.shapes import Shape, numel, reduced_shape

from .. import floating
from ..array import Array, copied, elements
from ..rounding import converted, rounded
from ._common import Kernel, each, from_rows, guarded, line_dims, rows

_MASK = (1 << 64) - 1


def _as_dtype(x: Array, dtype: DType) -> Array:
    return x if x.dtype is dtype else Array(converted(elements(x), x.dtype, dtype), x.shape, dtype)


def _wrapped_product(x: int, y: int) -> int:
    return x * y & _MASK  # of the low 64 bits only, so that a long product stays a short integer


def _integer_prod(row: list[int]) -> int:
    return reduce(_wrapped_product, row, 1)


_SUM = (each(any), each(sum), guarded(math.fsum, floating.exact_sum), each(floating.complex_sum))
_PROD = (each(all), each(_integer_prod), each(partial(math.prod, start=1.0)),
         each(partial(math.prod, start=1 + 0j)))


def _folding(bulks: tuple[Callable[..., Iterable[Any]], ...]) -> Kernel:
    def kernel(x: Array, *, dim: Shape, keepdim: bool, dtype: DType) -> Array:
        x = _as_dtype(x, dtype)
        shape = reduced_shape(x.shape, dim, keepdim)
        if numel(x.shape[d] for d in dim) == 1:  # nothing to fold: -0.0 stays -0.0
            return Array(copied(x), shape, dtype)
        return Array(rounded(list(bulks[dtype.category](rows(x, dim))), dtype), shape, dtype)

    return kernel


def _refuse_complex(name: str, x: Array) -> None:
    if x.dtype.is_complex:
        raise DTypeError(f"complex numbers have no order ({x.dtype.name})", op=name, dtype=x.dtype)


def _refuse_empty(name: str, x: Array, dims: Shape) -> None:
    for d in dims:
        if not x.shape[d]:
            raise ValueRangeError(f"dim {d} of {list(x.shape)} is empty and has no extreme", op=name, dim=d)


def _first_nan(row: list[Any]) -> int:
    """Where the first NaN lies, or -1."""
    return next((i for i, v in enumerate(row) if v != v), -1)


def _extreme(name: str, best: Callable[[list[Any]], Any]) -> Kernel:
    def of(row: list[Any]) -> Any:
        nan = _first_nan(row)
        return best(row) if nan < 0 else row[nan]

    def kernel(x: Array, *, dim: Shape, keepdim: bool) -> Array:
        _refuse_complex(name, x)
        _refuse_empty(name, x, dim)
        pick = of if floating.has_nan(elements(x)) else best
        return Array(list(map(pick, rows(x, dim))), reduced_shape(x.shape, dim, keepdim), x.dtype)

    return kernel


def _arg_extreme(name: str, best: Callable[[list[Any]], Any]) -> Kernel:
    def of(row: list[Any]) -> int:
        nan = _first_nan(row)
        return row.index(best(row)) if nan < 0 else nan

    def kernel(x: Array, *, dim: int | None, keepdim: bool) -> Array:
        _refuse_complex(name, x)
        dims = tuple(range(len(x.shape))) if dim is None else line_dims(x, dim)
        _refuse_empty(name, x, dims)
        return Array(list(map(of, rows(x, dims))), reduced_shape(x.shape, dims, keepdim), dtypes.int64)

    return kernel


def _bool_sums(row: list[bool]) -> Iterable[bool]:
    return accumulate(row, operator.or_)


def _bool_products(row: list[bool]) -> Iterable[bool]:
    return accumulate(row, operator.and_)


def _integer_products(row: list[int]) -> Iterable[int]:
    return accumulate(row, _wrapped_product)


def _products(row: list[Any]) -> Iterable[Any]:
    return accumulate(row, operator.mul)


def _complex_sums(row: list[complex]) -> Iterable[complex]:
    return map(complex, floating.running_sums([v.real for v in row]), floating.running_sums([v.imag for v in row]))


def _scanning(scans: tuple[Callable[[list[Any]], Iterable[Any]], ...]) -> Kernel:
    def kernel(x: Array, *, dim: int, dtype: DType) -> Array:
        x = _as_dtype(x, dtype)
        scan = scans[dtype.category]
        result = from_rows(map(scan, rows(x, line_dims(x, dim))), x, dim, dtype)
        return Array(rounded(result.storage, dtype), x.shape, dtype)

    return kernel


def _running_extreme(name: str, beats: Callable[[Any, Any], bool]) -> Kernel:
    def places(row: list[Any]) -> list[int]:
        result, at = [], 0
        for i, v in enumerate(row):
            best = row[at]
            if v != v or (best == best and beats(v, best)):
                at = i
            result.append(at)
        return result

    def kernel(x: Array, *, dim: int) -> tuple[Array, Array]:
        _refuse_complex(name, x)
        lines = rows(x, line_dims(x, dim))
        found = list(map(places, lines))
        values = [[line[i] for i in at] for line, at in zip(lines, found, strict=True)]
        return from_rows(values, x, dim, x.dtype), from_rows(found, x, dim, dtypes.int64)

    return kernel


KERNELS: dict[str, Kernel] = {
    "sum": _folding(_SUM),
    "prod": _folding(_PROD),
    "amax": _extreme("amax", max),
    "amin": _extreme("amin", min),
    "argmax": _arg_extreme("argmax", max),
    "argmin": _arg_extreme("argmin", min),
    "cumsum": _scanning((_bool_sums, accumulate, floating.running_sums, _complex_sums)),
    "cumprod": _scanning((_bool_products, _integer_products, _products, _products)),
    "cummax": _running_extreme("cummax", operator.ge),
    "cummin": _running_extreme("cummin", operator.le),
}
