"""Integrals by the trapezoidal rule and gradients by second-order differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import dtypes
from ...errors import ArgumentError, DTypeError, ShapeError, ValueRangeError
from ...ops.movement import cat, copy, narrow_op, reshape
from ...ops.reduce import cumsum
from ...ops.reduce import sum as total
from ...shapes import canonical_dim, canonical_dims
from ...tensors.tensor import Tensor


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral of the samples `y` along `dim` by the trapezoidal rule, taken at the points `x` or `dx` (1) apart.

    >>> import flambeau
    >>> flambeau.trapezoid(flambeau.tensor([1.0, 5.0, 10.0]))
    tensor(10.5000)
    """
    dim = canonical_dim("trapezoid", dim, y.ndim)
    if not (y.shape[dim] if y.ndim else 0):
        return total(y, (dim,)) if y.ndim else y.new_zeros(())
    return total(_strips("trapezoid", y, x, dx, dim), (dim,))


def trapz(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The same as `trapezoid`."""
    return trapezoid(y, x, dx=dx, dim=dim)


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral (see `trapezoid`) up to each sample but the first.

    >>> import flambeau
    >>> flambeau.cumulative_trapezoid(flambeau.tensor([1.0, 5.0, 10.0]))
    tensor([ 3.0000, 10.5000])
    """
    dim = canonical_dim("cumulative_trapezoid", dim, y.ndim)
    return cumsum(_strips("cumulative_trapezoid", y, x, dx, dim), dim)


def _strips(op: str, y: Tensor, x: Tensor | None, dx: Any, dim: int) -> Tensor:
    """The areas between neighbouring samples."""
    if y.dtype is dtypes.bool:
        raise DTypeError(f"{op}: received a bool input for `y`, but bool is not supported", op=op, dtype=y.dtype)
    if x is not None and dx is not None:
        raise ArgumentError("x and dx are two ways to say one thing: give one of them", op=op)
    if not y.ndim:
        raise ShapeError("expects at least one dimension", op=op)
    count = y.shape[dim]
    if not count:
        return y
    pairs = narrow_op(y, dim, 0, count - 1) + narrow_op(y, dim, 1, count - 1)
    if x is None:
        return pairs * ((1.0 if dx is None else dx) / 2)
    if x.dtype is dtypes.bool:
        raise DTypeError(f"{op}: received a bool input for `x`, but bool is not supported", op=op, dtype=x.dtype)
    return pairs * _steps(op, y, x, dim) / 2


def _steps(op: str, y: Tensor, x: Tensor, dim: int) -> Tensor:
    """Distances of neighbouring points, laid along `dim` of `y`."""
    if x.ndim == 1:
        if x.shape[0] != y.shape[dim]:
            raise ShapeError(f"There must be one `x` value for each sample point, got {x.shape[0]} for"
                             f" {y.shape[dim]}", op=op)
        return reshape(x.diff(), tuple(-1 if d == dim else 1 for d in range(y.ndim)))
    at = dim - y.ndim + max(x.ndim, y.ndim) if x.ndim else 0
    padded = reshape(x, (*([1] * (y.ndim - x.ndim)), *x.shape))
    if padded.shape[at] == 1:
        return padded.new_zeros(())
    return padded.diff(dim=at)


def gradient(input: Tensor, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1) -> tuple[Tensor, ...]:
    """The gradient of sampled values along each of `dim` (None: all): second-order accurate inside.

    `spacing` is a number, one number per dim, or one 1-d tensor of coordinates per dim. At the edges differences are
    of first or second order (`edge_order`). The formula for uneven spacing is Fornberg's.

    >>> import flambeau
    >>> flambeau.gradient(flambeau.tensor([1.0, 4.0, 9.0, 16.0]))
    (tensor([3., 4., 6., 7.]),)
    """
    op = "gradient"
    if edge_order not in (1, 2):
        raise ValueRangeError(f"torch.gradient only supports edge_order=1 and edge_order=2, got {edge_order}", op=op)
    dims = canonical_dims(op, dim, input.ndim)
    if len(set(dims)) < len(dims):
        raise ShapeError(f"dim {list(dims)} names a dim twice", op=op)
    spacings = _spacings(op, input, spacing, dims, dim)
    for d in dims:
        if input.shape[d] < edge_order + 1:
            raise ShapeError(f"torch.gradient expected each dimension size to be at least {edge_order + 1}, got"
                             f" {input.shape[d]} for dim {d}", op=op)
    if input.dtype in (dtypes.bool, dtypes.uint8):
        raise DTypeError(f"does not support {input.dtype!r}", op=op, dtype=input.dtype)
    values = input if input.dtype.category > 1 else input.to(dtypes.get_default_dtype())
    return tuple(_along(values, d, space, edge_order) for d, space in zip(dims, spacings, strict=True))


def _spacings(op: str, input: Tensor, spacing: Any, dims: Sequence[int], dim: Any) -> list[Any]:
    if spacing is None:
        spacing = 1
    if isinstance(spacing, (int, float, complex)) or (isinstance(spacing, Tensor) and not spacing.ndim):
        return [spacing] * len(dims)
    if isinstance(spacing, Tensor):
        spacing = (spacing,)
    if len(spacing) != len(dims):
        raise ShapeError(f"torch.gradient expected spacing to be unspecified, a scalar, or a list of length"
                         f" {len(dims)}, got a list of length {len(spacing)}", op=op)
    for space, d in zip(spacing, dims, strict=True):
        if isinstance(space, Tensor) and space.ndim and tuple(space.shape) != (input.shape[d],):
            raise ShapeError(f"torch.gradient expected each coordinate tensor to be 1-d with {input.shape[d]}"
                             f" elements for dim {d}, got {list(space.shape)}", op=op)
    return list(spacing)


def _along(values: Tensor, dim: int, space: Any, edge_order: int) -> Tensor:
    count = values.shape[dim]

    def part(start: int, length: int) -> Tensor:
        return narrow_op(values, dim, start, length)

    if isinstance(space, Tensor) and space.ndim:
        steps = reshape(space.diff(), tuple(-1 if d == dim else 1 for d in range(values.ndim)))
        before, after = narrow_op(steps, dim, 0, count - 2), narrow_op(steps, dim, 1, count - 2)
        near, far = (narrow_op(steps, dim, i, 1) for i in (0, count - 2))
        inner = (part(2, count - 2) * before / after - part(0, count - 2) * after / before
                 + part(1, count - 2) * (after / before - before / after)) / (before + after)
        second = [narrow_op(steps, dim, i, 1) for i in (min(1, count - 2), max(0, count - 3))]
    else:
        near = far = before = after = space
        inner = (part(2, count - 2) - part(0, count - 2)) / (2 * space)
        second = [space, space]
    if edge_order == 1:
        first = (part(1, 1) - part(0, 1)) / near
        last = (part(count - 1, 1) - part(count - 2, 1)) / far
    else:
        first = _edge(part(0, 1), part(1, 1), part(2, 1), near, second[0])
        last = -_edge(part(count - 1, 1), part(count - 2, 1), part(count - 3, 1), far, second[1])
    return cat([first, inner, last], dim) if count > 2 else copy(cat([first, last], dim))


def _edge(a: Tensor, b: Tensor, c: Tensor, near: Any, next: Any) -> Tensor:
    """The derivative at `a` of the parabola through three samples, `near` and then `next` apart."""
    return (-(2 * near + next) / (near * (near + next)) * a + (near + next) / (near * next) * b
            - near / (next * (near + next)) * c)


__all__ = ["cumulative_trapezoid", "gradient", "trapezoid", "trapz"]
