"""The matrix product: each element one exact sum over a row and a column.

Products of float32 and shorter are exact in double, so such a product is rounded once; a float64
product is rounded before it is summed. Bound by `math.fsum(map(mul, row, column))`, about 50 ns
per multiplication.
"""

from __future__ import annotations

import math
import operator
from typing import Any

from flambeau.errors import ShapeError
from flambeau.shapes import broadcast_shapes

from ..array import Array, elements, expanded, permuted
from ..floating import complex_sum, exact_dot
from ..rounding import rounded
from ._common import Kernel

Lines = list[list[Any]]


def _matmul(x: Array, y: Array) -> Array:
    a = x if len(x.shape) > 1 else x.viewed((1, *x.shape), (0, *x.strides), x.offset)
    b = y if len(y.shape) > 1 else y.viewed((*y.shape, 1), (*y.strides, 0), y.offset)
    if a.shape[-1] != b.shape[-2]:
        raise ShapeError(f"inner sizes {a.shape[-1]} and {b.shape[-2]} differ: {list(x.shape)}, {list(y.shape)}",
                         op="matmul")
    batch = broadcast_shapes("matmul", a.shape[:-2], b.shape[:-2])
    rows = _lines(expanded(a, batch + a.shape[-2:]))
    columns = _lines(_transposed(expanded(b, batch + b.shape[-2:])))
    m, n = a.shape[-2], b.shape[-1]
    multiply = _MULTIPLY[x.dtype.category]
    values = []
    for i in range(math.prod(batch)):
        values += multiply(rows[i * m : (i + 1) * m], columns[i * n : (i + 1) * n])
    return Array(rounded(values, x.dtype), batch + x.shape[-2:-1] + (y.shape[-1:] if len(y.shape) > 1 else ()), x.dtype)


def _lines(x: Array) -> Lines:
    """The lists of elements along the last dim."""
    flat, size = elements(x), x.shape[-1]
    return [flat[i * size : (i + 1) * size] for i in range(math.prod(x.shape[:-1]))]


def _transposed(x: Array) -> Array:
    last = len(x.shape) - 1
    return permuted(x, (*range(last - 1), last, last - 1))


def _integer_products(rows: Lines, columns: Lines) -> list[Any]:
    return [sum(map(operator.mul, row, column)) for row in rows for column in columns]


def _real_products(rows: Lines, columns: Lines) -> list[Any]:
    fsum, mul = math.fsum, operator.mul
    try:
        return [fsum(map(mul, row, column)) for row in rows for column in columns]
    except (OverflowError, ValueError):
        return [exact_dot(row, column) for row in rows for column in columns]


def _complex_products(rows: Lines, columns: Lines) -> list[Any]:
    return [_complex_dot(row, column) for row in rows for column in columns]


def _complex_dot(row: list[complex], column: list[complex]) -> complex:
    terms = [complex(a.real * b.real, a.real * b.imag) for a, b in zip(row, column, strict=True)]
    terms += [complex(-a.imag * b.imag, a.imag * b.real) for a, b in zip(row, column, strict=True)]
    return complex_sum(terms)


_MULTIPLY = {1: _integer_products, 2: _real_products, 3: _complex_products}  # by the dtype's category

KERNELS: dict[str, Kernel] = {"matmul": _matmul}
