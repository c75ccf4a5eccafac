"""What the array API standard lacks, or says less of than the contract asks, in JAX's own functions."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy import special

Array = jax.Array
Kernel = Callable[..., Any]
HALVES = (jnp.dtype("float16"), jnp.dtype("bfloat16"))

KERNELS: dict[str, Kernel] = {"erf": special.erf, "erfc": special.erfc, "log1p": jnp.log1p}


def kernel(function: Kernel) -> Kernel:
    """Registers the function under its own name."""
    KERNELS[function.__name__.rstrip("_")] = function
    return function


@kernel
def complex_(x: Array, y: Array) -> Array:
    """lax.complex takes equal shapes and single precision at least."""
    wide = jnp.promote_types(x.dtype, jnp.float32)
    return lax.complex(*jnp.broadcast_arrays(x.astype(wide), y.astype(wide)))


@kernel
def sign(x: Array) -> Array:
    """Zero and NaN give a plain zero, where jnp.sign keeps them."""
    return ((x > 0).astype(jnp.int8) - (x < 0).astype(jnp.int8)).astype(x.dtype)


# --- writing through indices: arrays never change, so each of these makes a new one


def _written(x: Array, places: Array, values: Array) -> Array:
    """x with values at flat places; of those that collide the last wins, which XLA's scatter leaves open."""
    order = jnp.full(x.size, -1, jnp.int64).at[places].max(jnp.arange(places.size))
    flat = x.reshape(-1)
    return jnp.where(order < 0, flat, values[order]).reshape(x.shape) if places.size else x


def _added(x: Array, places: Array, values: Array) -> Array:
    """x with values added at flat places; halves are summed in float32, bool by or."""
    if x.dtype == bool:
        return x.reshape(-1).at[places].max(values).reshape(x.shape)
    wide = jnp.float32 if x.dtype in HALVES else x.dtype
    return x.astype(wide).reshape(-1).at[places].add(values.astype(wide)).reshape(x.shape).astype(x.dtype)


def _along(shape: tuple[int, ...], index: Array, dim: int) -> Array:
    """Flat places, in an array of that shape, of what `index` picks along `dim`."""
    shape, picked = shape or (1,), index.reshape(index.shape or (1,))
    if picked.size and not ((picked >= 0) & (picked < shape[dim])).all():
        raise IndexError(f"index out of range for size {shape[dim]}")
    places = [lax.broadcasted_iota(jnp.int64, picked.shape, d) for d in range(len(shape))]
    places[dim] = picked
    return _flat(shape, places).reshape(-1)


def _flat(shape: tuple[int, ...], places: list[Array]) -> Array:
    total: Any = 0
    for size, place in zip(shape, places, strict=True):
        total = total * size + place
    return total


@kernel
def scatter(x: Array, index: Array, src: Array, *, dim: int) -> Array:
    return _written(x, _along(x.shape, index, dim), _matching(src, index))


@kernel
def scatter_add(x: Array, index: Array, src: Array, *, dim: int) -> Array:
    return _added(x, _along(x.shape, index, dim), _matching(src, index))


def _matching(src: Array, index: Array) -> Array:
    """The elements of src that index has places for."""
    return src[tuple(slice(n) for n in index.shape)].reshape(-1)


@kernel
def index_put(x: Array, values: Array, *indices: Array, accumulate: bool) -> Array:
    lead = jnp.broadcast_shapes(*[i.shape for i in indices])
    rest = x.shape[len(indices):]
    wrapped = [jnp.broadcast_to(_wrapped(i, n), lead) for i, n in zip(indices, x.shape, strict=False)]
    rows = _flat(x.shape[:len(indices)], wrapped).reshape(-1, 1)
    places = (rows * prod(rest) + jnp.arange(prod(rest))).reshape(-1)
    values = jnp.broadcast_to(values, lead + rest).reshape(-1)
    return (_added if accumulate else _written)(x, places, values)


def _wrapped(index: Array, size: int) -> Array:
    if index.size and not ((index >= -size) & (index < size)).all():
        raise IndexError(f"index out of range for size {size}")
    return jnp.where(index < 0, index + size, index)


# --- running extremes, order, products


@kernel
def cummax(x: Array, *, dim: int) -> tuple[Array, Array]:
    return _running(x, dim, lax.cummax)


@kernel
def cummin(x: Array, *, dim: int) -> tuple[Array, Array]:
    return _running(x, dim, lax.cummin)


def _running(x: Array, dim: int, scan: Kernel) -> tuple[Array, Array]:
    """The last place so far of the running extreme; a NaN stays once it has come."""
    if not x.ndim:
        return x, jnp.zeros((), jnp.int64)
    numbers = x.astype(jnp.int8) if x.dtype == bool else x
    reached = (numbers == scan(numbers, axis=dim)) | jnp.isnan(numbers)
    place = lax.cummax(jnp.where(reached, lax.broadcasted_iota(jnp.int64, x.shape, dim), 0), axis=dim)
    return jnp.take_along_axis(x, place, axis=dim), place


@kernel
def sort(x: Array, *, dim: int, descending: bool) -> tuple[Array, Array]:
    if not x.ndim:
        return x, jnp.zeros((), jnp.int64)
    order = jnp.argsort(x, axis=dim, stable=True, descending=descending).astype(jnp.int64)
    return jnp.take_along_axis(x, order, axis=dim), order


@kernel
def matmul(x: Array, y: Array) -> Array:
    """Halves accumulate in float32; without the word, GPUs would multiply float32 in fewer bits."""
    wide = jnp.float32 if x.dtype in HALVES else x.dtype
    return jnp.matmul(x.astype(wide), y.astype(wide), precision=lax.Precision.HIGHEST).astype(x.dtype)
