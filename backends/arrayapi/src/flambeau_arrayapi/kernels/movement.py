"""Views and copies. The view kernels alias where the library's functions do (see `shared_views`)."""

from __future__ import annotations

from typing import Any

from flambeau import dtypes as fd
from flambeau.dtypes import DType
from flambeau.errors import UnsupportedError

from ..namespace import Array, Namespace
from ..registry import kernel
from .create import number

Shape = tuple[int, ...]


@kernel("view")
def view(ns: Namespace, x: Array, *, size: Shape) -> Array:
    return ns.xp.reshape(x, size, copy=False if ns.shared_views else None)


@kernel("permute")
def permute(ns: Namespace, x: Array, *, dims: Shape) -> Array:
    return ns.xp.permute_dims(x, dims)


@kernel("expand")
def expand(ns: Namespace, x: Array, *, size: Shape) -> Array:
    return ns.xp.broadcast_to(x, size)


@kernel("slice")
def slice_(ns: Namespace, x: Array, *, index: tuple[Any, ...]) -> Array:
    return x[(*index, ...)]


def _picked(ns: Namespace, op: str, x: Array, places: Array, size: Shape) -> Array:
    """Elements of `x` by flat place: as near to a view as the standard comes, so only where none is promised."""
    if ns.shared_views:
        raise UnsupportedError("the array API standard has no such view", op=op, backend=ns.name)
    return ns.xp.reshape(ns.xp.take(ns.xp.reshape(x, (-1,)), ns.xp.reshape(places, (-1,)), axis=0), size)


def strided_places(ns: Namespace, size: Shape, stride: Shape, offset: int) -> Array:
    """int64 array of shape `size`: offset + the sum of index times stride."""
    places = ns.xp.zeros((1,) * len(size), dtype=ns.native(fd.int64), **ns.where) + offset
    for d, (n, s) in enumerate(zip(size, stride, strict=True)):
        places = places + ns.xp.reshape(ns.arange(n) * s, (1,) * d + (n,) + (1,) * (len(size) - 1 - d))
    return places


@kernel("as_strided")
def as_strided(ns: Namespace, x: Array, *, size: Shape, stride: Shape, storage_offset: int) -> Array:
    return _picked(ns, "as_strided", x, strided_places(ns, size, stride, storage_offset), size)


@kernel("diagonal")
def diagonal(ns: Namespace, x: Array, *, offset: int, dim1: int, dim2: int) -> Array:
    rest = [d for d in range(x.ndim) if d not in (dim1, dim2)]
    x = ns.xp.permute_dims(x, (*rest, dim1, dim2))
    rows, columns = x.shape[-2:]
    length = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
    first = offset if offset >= 0 else -offset * columns
    size, count = (*x.shape[:-2], length), 1
    for n in x.shape[:-2]:
        count *= n
    places = strided_places(ns, (count, length), (rows * columns, columns + 1), first)
    return _picked(ns, "diagonal", x, places, size)


@kernel("copy")
def copy(ns: Namespace, x: Array) -> Array:
    return ns.fresh(x)


@kernel("cast")
def cast(ns: Namespace, x: Array, *, dtype: DType) -> Array:
    native = ns.native(dtype)
    if dtype is fd.bool:
        return x != 0 if x.dtype != native else ns.fresh(x)
    if ns.of(x).is_complex and not dtype.is_complex:
        x = ns.xp.real(x)  # the standard refuses to drop an imaginary part
    return ns.xp.astype(x, native)


@kernel("assign")
def assign(ns: Namespace, dst: Array, src: Array) -> Array:
    if not ns.shared_views:
        return ns.fresh(ns.xp.broadcast_to(src, dst.shape))
    dst[...] = ns.fresh(src)  # the standard has no word for memory that overlaps, nor on the order of a copy
    return dst


@kernel("pad")
def pad(ns: Namespace, x: Array, *, padding: tuple[tuple[int, int], ...], value: Any) -> Array:
    out = ns.fresh(x)
    for dim, sides in enumerate(padding):
        before, after = [ns.xp.full((*out.shape[:dim], n, *out.shape[dim + 1:]), number(value, ns.of(x)),
                                    dtype=x.dtype, **ns.where) for n in sides]
        out = ns.xp.concat([before, out, after], axis=dim)
    return out


@kernel("flip")
def flip(ns: Namespace, x: Array, *, dims: Shape) -> Array:
    return ns.fresh(ns.xp.flip(x, axis=dims) if dims else x)


@kernel("roll")
def roll(ns: Namespace, x: Array, *, shifts: Shape, dims: Shape) -> Array:
    out = ns.fresh(x)
    for shift, dim in zip(shifts, dims, strict=True):
        out = ns.xp.roll(out, shift, axis=dim)
    return out


@kernel("cat")
def cat(ns: Namespace, *arrays: Array, dim: int) -> Array:
    return ns.xp.concat(list(arrays), axis=dim)
