"""Sorting and searching. The standard leaves the place of NaN open: here NaN is the largest."""

from __future__ import annotations

from flambeau import dtypes as fd

from ..namespace import Array, Namespace
from ..registry import BOOL, INTEGERS, REALS, kernel
from .index import gather


def _order(ns: Namespace, keys: Array, dim: int, descending: bool) -> Array:
    order = ns.xp.argsort(keys, axis=dim, descending=descending, stable=True)
    return ns.astype(order, fd.int64)


@kernel("sort", INTEGERS + REALS)
def sort(ns: Namespace, x: Array, *, dim: int, descending: bool) -> tuple[Array, Array]:
    if not x.ndim:
        return ns.fresh(x), ns.xp.zeros((), dtype=ns.native(fd.int64), **ns.where)
    order = _order(ns, x, dim, descending)
    if ns.of(x).is_floating_point:
        order = _nan_largest(ns, x, dim, descending)
    return gather(ns, x, order, dim=dim), order


def _nan_largest(ns: Namespace, x: Array, dim: int, descending: bool) -> Array:
    """First by value with NaN out of the way, then, stably, by whether it is NaN."""
    nan = ns.xp.isnan(x)
    by_value = _order(ns, ns.xp.where(nan, ns.xp.zeros_like(x), x), dim, descending)
    by_nan = _order(ns, gather(ns, ns.astype(nan, fd.uint8), by_value, dim=dim), dim, descending)
    return gather(ns, by_value, by_nan, dim=dim)


@kernel("sort", BOOL)
def sort_bool(ns: Namespace, x: Array, *, dim: int, descending: bool) -> tuple[Array, Array]:
    values, order = sort(ns, ns.astype(x, fd.uint8), dim=dim, descending=descending)
    return ns.astype(values, fd.bool), order


@kernel("searchsorted", INTEGERS + REALS)
def searchsorted(ns: Namespace, sorted: Array, values: Array, *, right: bool) -> Array:
    xp = ns.xp
    if sorted.ndim == 1:
        flat = xp.searchsorted(sorted, xp.reshape(values, (-1,)), side="right" if right else "left")
        return ns.astype(xp.reshape(flat, values.shape), fd.int64)
    rows, wanted = xp.expand_dims(sorted, axis=-2), xp.expand_dims(values, axis=-1)
    before = rows <= wanted if right else rows < wanted
    return xp.sum(ns.astype(before, fd.int64), axis=-1, dtype=ns.native(fd.int64))
