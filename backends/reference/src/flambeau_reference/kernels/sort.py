"""Sorting and searching, by Python's own stable sort and bisection."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Any

from flambeau import dtypes
from flambeau.errors import DTypeError, ShapeError

from ..array import Array, elements
from ..floating import has_nan
from ._common import Kernel, from_rows, line_dims, rows


def _order(row: list[Any], descending: bool) -> list[int]:
    key: Callable[[int], Any] = row.__getitem__
    if has_nan(row):
        ranks = [(True, 0.0) if v != v else (False, v) for v in row]
        key = ranks.__getitem__
    return sorted(range(len(row)), key=key, reverse=descending)  # reverse keeps equal elements in order


def _sort(x: Array, *, dim: int, descending: bool) -> tuple[Array, Array]:
    if x.dtype.is_complex:
        raise DTypeError(f"complex numbers have no order ({x.dtype.name})", op="sort", dtype=x.dtype)
    lines = rows(x, line_dims(x, dim))
    orders = [_order(line, descending) for line in lines]
    values = [[line[i] for i in order] for line, order in zip(lines, orders, strict=True)]
    return from_rows(values, x, dim, x.dtype), from_rows(orders, x, dim, dtypes.int64)


def _place(row: list[Any], value: Any, right: bool) -> int:
    if value != value:
        return len(row)  # NaN comes after every number and, as in PyTorch, after the NaN already there
    if row and row[-1] != row[-1]:
        return _place_before_nan(row, value, right)
    return bisect_right(row, value) if right else bisect_left(row, value)


def _place_before_nan(row: list[Any], value: Any, right: bool) -> int:
    ranks = [(v != v, 0.0 if v != v else v) for v in row]
    return bisect_right(ranks, (False, value)) if right else bisect_left(ranks, (False, value))


def _searchsorted(sorted: Array, values: Array, *, right: bool) -> Array:
    flat, wanted = elements(sorted), elements(values)
    if len(sorted.shape) == 1:
        return Array([_place(flat, v, right) for v in wanted], values.shape, dtypes.int64)
    if sorted.shape[:-1] != values.shape[:-1]:
        raise ShapeError(f"shapes {list(sorted.shape)} and {list(values.shape)} differ before the last dim",
                         op="searchsorted")
    lines = rows(sorted, (len(sorted.shape) - 1,))
    count = values.shape[-1]
    places = [_place(line, v, right) for i, line in enumerate(lines) for v in wanted[i * count : (i + 1) * count]]
    return Array(places, values.shape, dtypes.int64)


KERNELS: dict[str, Kernel] = {"sort": _sort, "searchsorted": _searchsorted}
