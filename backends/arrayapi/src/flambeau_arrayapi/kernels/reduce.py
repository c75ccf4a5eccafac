"""Reductions and scans; float16 and bfloat16 accumulate in float32 and round once."""

from __future__ import annotations

from flambeau import dtypes as fd
from flambeau.dtypes import DType

from ..namespace import Array, Namespace
from ..registry import BOOL, INTEGERS, REALS, kernel, on_host, register
from .movement import cast

Dims = tuple[int, ...]


def _total(ns: Namespace, name: str, x: Array, dim: Dims, keepdim: bool, dtype: DType) -> Array:
    if dtype is fd.bool:
        function = ns.xp.any if name == "sum" else ns.xp.all
        return function(cast(ns, x, dtype=dtype), axis=dim, keepdims=keepdim) if dim else cast(ns, x, dtype=dtype)
    wide = ns.accumulator(dtype)
    x = cast(ns, x, dtype=wide)
    if dim:
        x = getattr(ns.xp, name)(x, axis=dim, keepdims=keepdim, dtype=ns.native(wide))
    return ns.astype(x, dtype)


@kernel("sum")
def sum_(ns: Namespace, x: Array, *, dim: Dims, keepdim: bool, dtype: DType) -> Array:
    return _total(ns, "sum", x, dim, keepdim, dtype)


@kernel("prod")
def prod(ns: Namespace, x: Array, *, dim: Dims, keepdim: bool, dtype: DType) -> Array:
    return _total(ns, "prod", x, dim, keepdim, dtype)


def _extreme(ns: Namespace, name: str, x: Array, dim: Dims, keepdim: bool) -> Array:
    if any(x.shape[d] == 0 for d in dim):
        raise ValueError(f"no extreme of nothing: shape {tuple(x.shape)}, dim {dim}")
    if not dim:
        return ns.fresh(x)
    return getattr(ns.xp, name)(x, axis=dim, keepdims=keepdim)


@kernel("amax", INTEGERS + REALS)
def amax(ns: Namespace, x: Array, *, dim: Dims, keepdim: bool) -> Array:
    return _extreme(ns, "max", x, dim, keepdim)


@kernel("amin", INTEGERS + REALS)
def amin(ns: Namespace, x: Array, *, dim: Dims, keepdim: bool) -> Array:
    return _extreme(ns, "min", x, dim, keepdim)


@kernel("amax", BOOL)
def amax_bool(ns: Namespace, x: Array, *, dim: Dims, keepdim: bool) -> Array:
    return ns.astype(_extreme(ns, "max", ns.astype(x, fd.uint8), dim, keepdim), fd.bool)


@kernel("amin", BOOL)
def amin_bool(ns: Namespace, x: Array, *, dim: Dims, keepdim: bool) -> Array:
    return ns.astype(_extreme(ns, "min", ns.astype(x, fd.uint8), dim, keepdim), fd.bool)


def _place(ns: Namespace, name: str, x: Array, dim: int | None, keepdim: bool) -> Array:
    """Where the extreme is; the standard leaves open where among NaNs: the first of them is ours."""
    xp = ns.xp
    if not x.ndim:
        return xp.zeros((), dtype=ns.native(fd.int64), **ns.where)
    if x.dtype == ns.native(fd.bool):
        x = ns.astype(x, fd.uint8)
    found = getattr(xp, name)(x, axis=dim, keepdims=keepdim)
    if ns.of(x).is_floating_point:
        nan = xp.isnan(x)
        first = xp.argmax(ns.astype(nan, fd.uint8), axis=dim, keepdims=keepdim)
        found = xp.where(xp.any(nan, axis=dim, keepdims=keepdim), first, found)
    return ns.astype(found, fd.int64)


@kernel("argmax", BOOL + INTEGERS + REALS)
def argmax(ns: Namespace, x: Array, *, dim: int | None, keepdim: bool) -> Array:
    return _place(ns, "argmax", x, dim, keepdim)


@kernel("argmin", BOOL + INTEGERS + REALS)
def argmin(ns: Namespace, x: Array, *, dim: int | None, keepdim: bool) -> Array:
    return _place(ns, "argmin", x, dim, keepdim)


def _scan(ns: Namespace, name: str, x: Array, dim: int, dtype: DType) -> Array:
    """float32 accumulates in float64 where there is one: a scan has no pairwise order."""
    wide = fd.float64 if dtype is fd.float32 and fd.float64 in ns.dtypes else ns.accumulator(dtype)
    x = cast(ns, x, dtype=wide)
    flat = x if x.ndim else ns.xp.reshape(x, (1,))
    out = getattr(ns.xp, name)(flat, axis=dim, dtype=ns.native(wide))
    return ns.astype(ns.xp.reshape(out, x.shape), dtype)


def _scanner(op: str, name: str) -> None:
    def scan(ns: Namespace, x: Array, *, dim: int, dtype: DType) -> Array:
        return ns.via_host(op)(x, dim=dim, dtype=dtype) if dtype is fd.bool else _scan(ns, name, x, dim, dtype)

    register(op, lambda ns: (lambda x, **a: scan(ns, x, **a)) if hasattr(ns.xp, name) else None)


_scanner("cumsum", "cumulative_sum")
_scanner("cumprod", "cumulative_prod")  # in the standard since 2024.12
on_host("cummax", BOOL + INTEGERS + REALS)
on_host("cummin", BOOL + INTEGERS + REALS)

