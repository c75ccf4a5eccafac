"""Selecting by integer arrays, all of it by the standard's `take` on flat places; scattering goes to the host."""

from __future__ import annotations

from flambeau import dtypes as fd

from ..namespace import Array, Namespace
from ..registry import kernel, on_host

for _name in ("scatter", "scatter_add", "index_put"):
    on_host(_name)  # the standard has no assignment through integer arrays


def _check(ns: Namespace, index: Array, size: int, low: int = 0) -> None:
    """The standard leaves places out of range open."""
    if 0 not in index.shape and bool(ns.xp.any(ns.xp.logical_or(index < low, index >= size))):
        raise IndexError(f"index out of range for size {size}")


@kernel("take")
def take(ns: Namespace, x: Array, index: Array, *, dim: int) -> Array:
    x = x if x.ndim else ns.xp.reshape(x, (1,))
    _check(ns, index, x.shape[dim])
    out = ns.xp.take(x, ns.xp.reshape(index, (-1,)), axis=dim)
    return ns.xp.reshape(out, (*x.shape[:dim], *index.shape, *x.shape[dim + 1:]))


@kernel("gather")
def gather(ns: Namespace, x: Array, index: Array, *, dim: int) -> Array:
    shape, step = x.shape or (1,), 1
    index_shape = index.shape or (1,)
    _check(ns, index, shape[dim])
    total = ns.xp.zeros(index_shape, dtype=ns.native(fd.int64), **ns.where)
    for d in reversed(range(len(shape))):
        axis = (index_shape[d],) + (1,) * (len(shape) - 1 - d)
        place = ns.xp.reshape(index, index_shape) if d == dim else ns.xp.reshape(ns.arange(index_shape[d]), axis)
        total, step = total + place * step, step * shape[d]
    return _flat_take(ns, x, total, index.shape)


def _flat_take(ns: Namespace, x: Array, places: Array, shape: tuple[int, ...]) -> Array:
    return ns.xp.reshape(ns.xp.take(ns.xp.reshape(x, (-1,)), ns.xp.reshape(places, (-1,)), axis=0), shape)


@kernel("index")
def index(ns: Namespace, x: Array, *indices: Array) -> Array:
    lead = len(indices)
    total = ns.xp.zeros((), dtype=ns.native(fd.int64), **ns.where)
    for size, i in zip(x.shape, indices, strict=False):
        _check(ns, i, size, -size)
        total = total * size + ns.xp.where(i < 0, i + size, i)
    rest = tuple(x.shape[lead:])
    rows = 1
    for size in x.shape[:lead]:
        rows *= size
    out = ns.xp.take(ns.xp.reshape(x, (rows, *rest)), ns.xp.reshape(total, (-1,)), axis=0)
    return ns.xp.reshape(out, (*total.shape, *rest))


@kernel("nonzero")
def nonzero(ns: Namespace, x: Array) -> Array:
    if not x.ndim:
        return ns.xp.zeros((int(bool(x)), 0), dtype=ns.native(fd.int64), **ns.where)
    return ns.astype(ns.xp.stack(ns.xp.nonzero(x), axis=1), fd.int64)


@kernel("masked_select")
def masked_select(ns: Namespace, x: Array, mask: Array) -> Array:
    return ns.xp.reshape(x, (-1,))[ns.xp.reshape(mask, (-1,))]
