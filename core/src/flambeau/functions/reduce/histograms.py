"""Histograms of one and of several dims, weighed and normalised."""

from __future__ import annotations

import math
from typing import Any

from ... import dtypes
from ...errors import DTypeError, DTypeNotOfferedError, ShapeError, ValueRangeError
from ...modes import no_grad
from ...ops.index import scatter_add_op
from ...ops.movement import reshape
from ...ops.sort import searchsorted_op, sort_op
from ...table.dispatch import into
from ...table.returns import return_type
from ...tensors.tensor import Tensor, attach
from ..create import linspace

histogram_result = return_type("histogram", ("hist", "bin_edges"))
histogramdd_result = return_type("histogramdd", ("hist", "bin_edges"))


def histogram(input: Tensor, bins: Any, *, range: Any = None, weight: Tensor | None = None, density: bool = False,
              out: Any = None) -> Any:
    """Counts of the elements between neighbouring edges, and the edges; the last bin has both its edges.

    `bins` is the number of equal bins over `range` (from least to greatest element unless given), or a 1-d tensor of
    rising edges. `weight`, shaped as `input`, is added instead of 1; `density` makes the integral 1. Takes float32 and
    float64. Returns the named tuple (hist, bin_edges).

    >>> import flambeau
    >>> flambeau.histogram(flambeau.tensor([1.0, 2.0, 1.0]), bins=2, range=(0.0, 3.0)).hist
    tensor([2., 1.])
    """
    flat = reshape(input, (-1, 1)) if input.numel() else input.new_zeros((0, 1))
    weight = weight if weight is None else _weights(flat, input, weight)
    hist, edges = _counted("histogram", flat, [bins], range, weight, density)
    made = histogram_result(hist, edges[0])
    return made if out is None else into(sort_op.op, out, made)


def histogramdd(input: Tensor, bins: Any, range: Any = None, weight: Tensor | None = None,
                density: bool = False) -> Any:
    """The histogram of points: `input` (*, N) has N coordinates in its last dim, `hist` a dim for each.

    `bins` is one number of bins, N of them, or N 1-d tensors of edges; `range` has 2N numbers, least and greatest in
    turn. Returns the named tuple (hist, bin_edges), the edges a tuple of N tensors.

    >>> import flambeau
    >>> points = flambeau.tensor([[0.0, 1.0], [1.0, 0.0], [2.0, 0.0], [2.0, 2.0]])
    >>> flambeau.histogramdd(points, bins=[3, 3]).hist.sum()
    tensor(4.)
    """
    op = "histogramdd"
    if input.ndim < 2:
        raise ShapeError("input tensor should have at least 2 dimensions", op=op)
    n = input.shape[-1]
    given = [bins] * n if isinstance(bins, int) else list(bins)
    if len(given) != n:
        raise ShapeError(f"The size of bins must be equal to the innermost dimension of the input, got {len(given)}"
                         f" for {n}", op=op)
    flat = reshape(input, (input.numel() // n if n else 0, n))
    if weight is not None:
        if tuple(weight.shape) != tuple(input.shape[:-1]):
            raise ShapeError("if weight tensor is provided it should have the same shape as the input tensor excluding"
                             f" its innermost dimension, but got input with shape {list(input.shape)} and weight with"
                             f" shape {list(weight.shape)}", op=op)
        weight = reshape(weight, (-1,))
    return histogramdd_result(*_counted(op, flat, given, range, weight, density))


def _weights(flat: Tensor, input: Tensor, weight: Tensor) -> Tensor:
    if tuple(weight.shape) != tuple(input.shape):
        raise ShapeError("if weight tensor is provided it should have the same shape as the input tensor, but got"
                         f" input with shape {list(input.shape)} and weight with shape {list(weight.shape)}",
                         op="histogram")
    return reshape(weight, (flat.shape[0],))


def _counted(op: str, points: Tensor, bins: list[Any], range: Any, weight: Tensor | None,
             density: bool) -> tuple[Tensor, tuple[Tensor, ...]]:
    if points.dtype not in (dtypes.float32, dtypes.float64):
        raise DTypeNotOfferedError(f"not implemented for {points.dtype!r}, takes float32 and float64", op=op,
                                   dtype=points.dtype)
    if weight is not None and weight.dtype is not points.dtype:
        raise DTypeError(f"if weight tensor is provided, input tensor and weight tensor should have the same dtype, but"
                         f" got {points.dtype!r} and {weight.dtype!r}", op=op, dtype=weight.dtype)
    with no_grad():
        edges = _edges(op, points, bins, range)
        sizes = [max(e.shape[0] - 1, 0) for e in edges]
        inside: Any = None
        place: Any = 0
        for i, (edge, size) in enumerate(zip(edges, sizes, strict=True)):
            column = points[:, i].contiguous()
            at = searchsorted_op(edge.contiguous(), column, right=True) - 1
            at = at - ((column == edge[-1]) & (at == size)).long() if size else at
            kept = (column >= edge[0]) & (column <= edge[-1]) & (at >= 0) & (at < size)
            inside = kept if inside is None else inside & kept
            place = place * size + at
        if inside is None:
            return points.new_zeros(()), ()
        count = math.prod(sizes)
        values = points.new_ones((points.shape[0],)) if weight is None else weight
        hist = scatter_add_op(points.new_zeros((count,)), 0, place[inside], values[inside])
        hist = reshape(hist, tuple(sizes))
        return (_density(hist, edges) if density else hist), tuple(edges)


def _density(hist: Tensor, edges: list[Tensor]) -> Tensor:
    hist = hist / hist.sum()
    for i, edge in enumerate(edges):
        hist = hist / reshape(edge.diff(), tuple(-1 if d == i else 1 for d in range(len(edges))))
    return hist


def _edges(op: str, points: Tensor, bins: list[Any], limits: Any) -> list[Tensor]:
    if limits is not None and len(limits) != 2 * len(bins):
        raise ShapeError(f"if range is specified, it should have {2 * len(bins)} elements (2x the number of dims), got"
                         f" {len(limits)}", op=op)
    found = []
    for i, given in enumerate(bins):
        if isinstance(given, Tensor):
            found.append(_given_edges(op, points, given))
            continue
        if given <= 0:
            raise ValueRangeError(f"bins must be > 0, but got {given} for dimension {i}", op=op)
        low, high = _limits(op, points, i, limits)
        found.append(linspace(low, high, given + 1, dtype=points.dtype, device=points.device))
    return found


def _given_edges(op: str, points: Tensor, given: Tensor) -> Tensor:
    if given.dtype is not points.dtype:
        raise DTypeError(f"input tensor and bins tensors should have the same dtype, but got {points.dtype!r} and"
                         f" {given.dtype!r}", op=op, dtype=given.dtype)
    if given.ndim != 1:
        raise ShapeError(f"bins tensor should have one dimension, but got {given.ndim} dimensions", op=op)
    if given.shape[0] < 2:
        raise ValueRangeError(f"bins must be > 0, but got {max(given.shape[0] - 1, 0)}", op=op)
    return given.clone()


def _limits(op: str, points: Tensor, i: int, limits: Any) -> tuple[float, float]:
    if limits is not None:
        low, high = float(limits[2 * i]), float(limits[2 * i + 1])
    elif points.shape[0]:
        low, high = float(points[:, i].min()), float(points[:, i].max())
    else:
        low, high = 0.0, 1.0
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueRangeError(f"dimension {i}'s range [{low}, {high}] is not finite", op=op)
    if low > high:
        raise ValueRangeError(f"min should not exceed max, but got min {low} max {high} for dimension {i}", op=op)
    return (low - 0.5, high + 0.5) if low == high else (low, high)


attach(histogram, "histogram")

__all__ = ["histogram", "histogramdd"]
