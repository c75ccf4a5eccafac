"""What the families share: building elementwise kernels, moving a dim to the end and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from flambeau.dtypes import DType
from flambeau.errors import DTypeError
from flambeau.shapes import Shape, broadcast_shapes, numel

from ..array import Array, elements, expanded, permuted
from ..rounding import rounded

Bulk = Callable[..., Iterable[Any]]  # lists of elements in, the elements of the result out
Kernel = Callable[..., Any]


def each(function: Callable[..., Any]) -> Bulk:
    """`function` over every element, the loop in C."""
    return partial(map, function)


def guarded(function: Callable[..., Any], safe: Callable[..., Any]) -> Bulk:
    """`function` over every element; where Python raises for one of them, `safe` over all."""
    def bulk(*columns: list[Any]) -> list[Any]:
        try:
            return list(map(function, *columns))
        except (ValueError, OverflowError, ZeroDivisionError):
            return list(map(safe, *columns))

    return bulk


def same(dtype: DType) -> DType:
    return dtype


def elementwise(name: str, *, boolean: Bulk | None = None, integer: Bulk | None = None, real: Bulk | None = None,
                imaginary: Bulk | None = None, to: Callable[[DType], DType] = same, exact: bool = False) -> Kernel:
    """A broadcasting kernel from one loop per category of input; `exact` results need no rounding."""
    bulks = (boolean, integer, real, imaginary)

    def kernel(*arrays: Array) -> Array:
        dtype = arrays[0].dtype
        bulk = bulks[dtype.category]
        if bulk is None:
            raise DTypeError(f"not defined for {dtype.name}", op=name, dtype=dtype)
        shape, columns = aligned(name, arrays)
        values = list(bulk(*columns))
        result = to(dtype)
        return Array(values if exact else rounded(values, result), shape, result)

    return kernel


def aligned(name: str, arrays: Sequence[Array]) -> tuple[Shape, list[list[Any]]]:
    """The common shape and every array's elements, broadcast to it."""
    shape = arrays[0].shape
    if all(x.shape == shape for x in arrays):
        return shape, [elements(x) for x in arrays]
    shape = broadcast_shapes(name, *[x.shape for x in arrays])
    return shape, [elements(x if x.shape == shape else expanded(x, shape)) for x in arrays]


def rows(x: Array, dims: Shape) -> list[list[Any]]:
    """The elements along `dims`, one list for each place in the other dims (in C order)."""
    kept = [d for d in range(len(x.shape)) if d not in dims]
    flat = elements(permuted(x, (*kept, *dims)))
    size = numel(x.shape[d] for d in dims)
    return [flat[i * size : (i + 1) * size] for i in range(numel(x.shape[d] for d in kept))]


def line_dims(x: Array, dim: int) -> Shape:
    """The dims that a kernel along `dim` runs over: none for a 0-d array."""
    return (dim,) if x.shape else ()


def from_rows(lines: Iterable[Iterable[Any]], x: Array, dim: int, dtype: DType) -> Array:
    """Lists along `dim` back in the places that `rows` took them from, in C order."""
    flat = [v for line in lines for v in line]
    if dim >= len(x.shape) - 1:
        return Array(flat, x.shape, dtype)
    moved = Array(flat, (*x.shape[:dim], *x.shape[dim + 1 :], x.shape[dim]), dtype)
    back = (*range(dim), len(x.shape) - 1, *range(dim, len(x.shape) - 1))
    return Array(elements(permuted(moved, back)), x.shape, dtype)


def function(name: str, real: Bulk, imaginary: Bulk | None = None) -> Kernel:
    return elementwise(name, real=real, imaginary=imaginary)
