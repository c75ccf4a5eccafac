"""Reductions of groups: of what an index sends to one place, of segments that lie one after the other."""

from __future__ import annotations

from typing import Any

from ... import dtypes
from ...errors import ArgumentError, DTypeError, IndexRangeError, ShapeError, ValueRangeError
from ...ops.index import scatter_op
from ...ops.movement import cat, expand, reshape
from ...shapes import canonical_dim
from ...table.dispatch import into
from ...tensors.tensor import Tensor, attach
from ..inplace.writes import in_place
from .picking import _spread, _vector, scatter_reduce

_SCATTERED = {"prod": "prod", "mean": "mean", "amax": "amax", "amin": "amin"}


def index_reduce(input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True,
                 out: Tensor | None = None) -> Tensor:
    """A copy of `input` whose parts of `dim` are combined with those of `source`, as the 1-d `index` says.

    `reduce` is "prod", "mean", "amax" or "amin"; without `include_self` the parts that are written forget what they
    held.

    >>> import flambeau
    >>> flambeau.index_reduce(flambeau.ones(2), 0, flambeau.tensor([0, 0]), flambeau.tensor([2.0, 5.0]), "prod")
    tensor([10.,  1.])
    """
    op = "index_reduce"
    if reduce not in _SCATTERED:
        raise ValueRangeError(f"reduce argument must be either prod, mean, amax or amin, got {reduce}", op=op)
    dim = canonical_dim(op, dim, input.ndim)
    places = _spread(op, input, dim, _vector(op, index), source)
    if places.numel() and not 0 <= int(places.min()) <= int(places.max()) < (input.shape[dim] if input.ndim else 1):
        raise IndexRangeError(f"index out of range in self: {int(places.min())} to {int(places.max())} for a dim of"
                              f" size {input.shape[dim] if input.ndim else 1}", op=op)
    made = scatter_reduce(input, dim, places, source, _SCATTERED[reduce], include_self=include_self)
    return made if out is None else into(scatter_op.op, out, made)  # type: ignore[no-any-return]


_STARTS = {"sum": 0.0, "mean": 0.0, "prod": 1.0, "max": float("-inf"), "min": float("inf")}
_REDUCES = {"sum": "sum", "mean": "sum", "prod": "prod", "max": "amax", "min": "amin"}


def segment_reduce(data: Tensor, reduce: str, *, lengths: Tensor | None = None, indices: Tensor | None = None,
                   offsets: Tensor | None = None, axis: int = 0, unsafe: bool = False, initial: Any = None) -> Tensor:
    """`data` reduced segment by segment along `axis`, of integer `lengths` or between integer `offsets`.

    Either has the dims of `data` before `axis` and one for the segments, which take `axis`'s place in the result.
    `reduce` is "sum", "mean", "max", "min" or "prod"; `initial` is what each begins with. An empty segment gives that,
    or the neutral element, NaN for "mean". Raises ArgumentError without lengths and offsets, ShapeError where the
    lengths do not add up.

    >>> import flambeau
    >>> flambeau.segment_reduce(flambeau.tensor([1.0, 2.0, 3.0]), "sum", lengths=flambeau.tensor([2, 1]))
    tensor([3., 3.])
    """
    op = "segment_reduce"
    if reduce not in _REDUCES:
        raise ValueRangeError(f"reduce must be one of {', '.join(_REDUCES)}, got {reduce!r}", op=op)
    if indices is not None:
        raise ArgumentError("indices based reduction is not supported yet", op=op)
    if lengths is None and offsets is None:
        raise ArgumentError("either lengths or offsets must be defined", op=op)
    axis = canonical_dim(op, axis, data.ndim)
    given = offsets if lengths is None else lengths
    _check_bounds(op, data, given, axis)
    counts = offsets.diff(dim=axis) if lengths is None else lengths  # type: ignore[union-attr]
    if not unsafe:
        _check_lengths(op, data, counts, axis)
    lead, size = tuple(data.shape[:axis]), data.shape[axis]
    flat, rows = reshape(counts, (-1, counts.shape[axis])), max(1, counts.numel() // max(1, counts.shape[axis]))
    numbers = [_segment_numbers(flat[row]) for row in range(rows)] if counts.numel() else []
    places = reshape(cat(numbers), (*lead, -1)) if numbers else counts.new_zeros((*lead, 0), dtype=dtypes.int64)
    if places.shape[axis] != size:
        data = data.narrow(axis, 0, places.shape[axis])
    tail = tuple(data.shape[axis + 1:])
    index = expand(reshape(places, (*places.shape, *([1] * len(tail)))), (*places.shape, *tail))
    start = data.new_full((*lead, counts.shape[axis], *tail), _STARTS[reduce] if initial is None else initial)
    made = scatter_reduce(start, axis, index, data, _REDUCES[reduce])
    return _means(made, counts, tail, initial) if reduce == "mean" else made


def _segment_numbers(lengths: Tensor) -> Tensor:
    return lengths.long().repeat_interleave() if lengths.numel() else lengths.long()


def _means(sums: Tensor, counts: Tensor, tail: tuple[int, ...], initial: Any) -> Tensor:
    """The mean of no elements is NaN, unless the reduction begins with something."""
    counts = reshape(counts, (*counts.shape, *([1] * len(tail))))
    made = sums / counts.clamp(min=1)
    return made.masked_fill(counts == 0, float("nan") if initial is None else initial)


def _check_bounds(op: str, data: Tensor, bounds: Any, axis: int) -> None:
    if bounds.dtype not in (dtypes.int64, dtypes.int32):
        raise DTypeError(f"lengths and offsets must be int32 or int64, got {bounds.dtype!r}", op=op,
                         dtype=bounds.dtype)
    if data.dtype.category != 2:
        raise DTypeError(f"not implemented for {data.dtype!r}", op=op, dtype=data.dtype)
    if bounds.ndim != axis + 1 or tuple(bounds.shape[:axis]) != tuple(data.shape[:axis]):
        raise ShapeError(f"lengths and offsets must have the dims of data before axis {axis} and one more, got"
                         f" {list(bounds.shape)} for {list(data.shape)}", op=op)


def _check_lengths(op: str, data: Tensor, counts: Tensor, axis: int) -> None:
    if counts.numel() and int(counts.min()) < 0:
        raise ValueRangeError("lengths contains negative value!", op=op)
    totals = counts.sum(axis).reshape(-1).tolist()
    if any(total != data.shape[axis] for total in totals):
        raise ShapeError(f"Expected all rows of lengths along axis to sum to data.size(axis) when !unsafe, got"
                         f" {totals} for {data.shape[axis]}", op=op)


attach(index_reduce, "index_reduce")
in_place("index_reduce", index_reduce)

__all__ = ["index_reduce", "segment_reduce"]
