"""Sums, means and maxima over bags of rows of a table."""

from __future__ import annotations

import math
import warnings
from itertools import pairwise
from typing import Any

from .. import dtypes, functions
from ..errors import DTypeError, ShapeError, UnsupportedError, ValueRangeError
from ..ops.embedding import embedding_op
from ..table.precision import in_single
from ..table.refusals import require_alike
from ..tensors.tensor import Tensor
from ._functional_layers import limit_norms

_OP = "embedding_bag"
_INDICES = (dtypes.int64, dtypes.int32)


def embedding_bag(input: Tensor, weight: Tensor, offsets: Tensor | None = None, max_norm: float | None = None,
                  norm_type: float = 2, scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False,
                  per_sample_weights: Tensor | None = None, include_last_offset: bool = False,
                  padding_idx: int | None = None) -> Tensor:
    """The rows of `weight` (V, D) that each bag of indices names, put together: (B, D).

    `input` holds the bags as rows (B, N), or (N) one after the other, each beginning at its `offsets` (B); with
    `include_last_offset` the last offset is where the last bag ends. `mode` is "sum", "mean" or "max"; an empty bag
    gives zeros, `padding_idx` does not count, `per_sample_weights` weigh the rows of a sum. Raises ValueRangeError for
    arguments that do not go together, IndexRangeError for an index outside the table.

    >>> import flambeau
    >>> table = flambeau.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> embedding_bag(flambeau.tensor([0, 1, 2]), table, flambeau.tensor([0, 2]))
    tensor([[2., 3.],
            [5., 6.]])
    """
    if weight.dtype is dtypes.int64 and input.is_floating_point():
        warnings.warn("Argument order of nn.functional.embedding_bag was changed. Usage `embedding_bag(weight, input, "
                      "...)` is deprecated, and should now be `embedding_bag(input, weight, ...)`.", stacklevel=2)
        weight, input = input, weight
    _check(input, weight, per_sample_weights, mode, scale_grad_by_freq, sparse)
    rows = weight.shape[0]
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise ValueRangeError(f"padding_idx must be within the number of embeddings, -{rows} through {rows - 1}, but "
                              f"got {padding_idx}", op=_OP)
    bags = _bags(input, offsets, include_last_offset)
    flat = input.reshape(-1).long()
    if max_norm is not None:
        limit_norms(weight, flat, max_norm, norm_type)
    samples = None if per_sample_weights is None else per_sample_weights.reshape(-1)
    padding = -1 if padding_idx is None else padding_idx % rows
    return _together(weight, flat, bags, samples, mode, padding, scale_grad_by_freq)


def _check(input: Tensor, weight: Tensor, samples: Tensor | None, mode: str, by_frequency: bool, sparse: bool) -> None:
    if input.dtype not in _INDICES:
        raise DTypeError("Expected tensor for argument 'indices' to have one of the following scalar types: Long, Int;"
                         f" but got {input.dtype!r} instead", op=_OP)
    if samples is not None and samples.shape != input.shape:
        raise ValueRangeError(f"If per_sample_weights ({samples.shape}) is not None, then it must have the same shape "
                              f"as the input ({input.shape})", op=_OP)
    if weight.dim() != 2:
        raise ValueRangeError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.dim()}", op=_OP)
    if mode not in ("sum", "mean", "max"):
        raise ValueRangeError(f"mode has to be one of sum, mean or max, got {mode!r}", op=_OP)
    if mode == "max" and by_frequency:
        raise ValueRangeError("max mode does not support scaling the gradient by the frequency", op=_OP)
    if mode == "max" and sparse:
        raise ValueRangeError("max mode does not support sparse weights", op=_OP)
    if sparse:
        raise UnsupportedError("sparse gradients are not offered; use sparse=False", op=_OP)
    if samples is not None and mode != "sum":
        raise UnsupportedError("per_sample_weights was not None. per_sample_weights is only supported for mode='sum' "
                               f"(got mode='{mode}').", op=_OP)
    require_alike(_OP, weight, samples)


def _bags(input: Tensor, offsets: Tensor | None, include_last_offset: bool) -> list[int]:
    """Where the bags begin and where the last one ends."""
    if input.dim() == 2:
        if offsets is not None:
            raise ValueRangeError("if input is 2D, then offsets has to be None, as input is treated is a mini-batch of "
                                  f"fixed length sequences. However, found offsets of type {type(offsets)}", op=_OP)
        return [i * input.shape[1] for i in range(input.shape[0] + 1)]
    if input.dim() != 1:
        raise ValueRangeError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.dim()}", op=_OP)
    if offsets is None or offsets.dim() != 1:
        raise ValueRangeError("offsets has to be a 1D Tensor but got "
                              + ("None" if offsets is None else f"{offsets.dim()}D"), op=_OP)
    if offsets.dtype not in _INDICES:
        raise DTypeError("Expected tensor for argument 'offsets' to have one of the following scalar types: Long, Int;"
                         f" but got {offsets.dtype!r} instead", op=_OP)
    return _checked(offsets.tolist(), input.shape[0], include_last_offset)


def _checked(begins: list[int], count: int, include_last_offset: bool) -> list[int]:
    if include_last_offset and not begins:
        raise ShapeError("include_last_offset: number of offsets should be at least 1", op=_OP)
    if begins and begins[0] != 0:
        raise ValueRangeError("offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from "
                              f"position 0. However, got {begins[0]}", op=_OP)
    if begins and begins[-1] > count:
        raise ValueRangeError(f"offsets[-1] can not be greater than input's length {count} but got offsets[-1] of "
                              f"{begins[-1]}", op=_OP)
    if any(b < a for a, b in pairwise(begins)):
        raise ValueRangeError(f"offsets must not decrease, got {begins}", op=_OP)
    return begins if include_last_offset else [*begins, count]


@in_single
def _together(weight: Tensor, flat: Tensor, bags: list[int], samples: Tensor | None, mode: str, padding: int,
              by_frequency: bool) -> Tensor:
    counts = [end - begin for begin, end in pairwise(bags)]
    width = max(counts, default=0)
    if not flat.numel() or not width:
        return weight.new_zeros((len(counts), weight.shape[1])) + weight.sum() * 0
    rows = embedding_op(weight, flat, padding, by_frequency)
    if samples is not None:
        rows = rows * samples.unsqueeze(1)
    if mode == "max":
        return _maxima(rows, flat != padding, bags, counts)
    number = [bag for bag, count in enumerate(counts) for _ in range(count)]
    at = functions.tensor(number, device=flat.device)
    kept = (flat != padding)[:len(number)].unsqueeze(1)
    rows = rows[:len(number)].masked_fill(~kept, 0)
    made = rows.new_zeros((len(counts), rows.shape[1])).index_add(0, at, rows)
    if mode == "sum":
        return made
    sizes = made.new_zeros((len(counts), 1)).index_add(0, at, kept.to(made.dtype))
    return made / sizes.clamp(min=1)


def _maxima(rows: Tensor, counted: Tensor, bags: list[int], counts: list[int]) -> Tensor:
    """The largest of each column in each bag, zeros where a bag is empty: all bags padded to the longest."""
    width = max(counts)
    places = [[min(begin + j, rows.shape[0] - 1) for j in range(width)] for begin in bags[:-1]]
    at = functions.tensor(places, device=rows.device)  # (B, width)
    length: Any = functions.tensor(counts, device=rows.device).unsqueeze(1)
    inside = (functions.arange(width, device=rows.device) < length) & counted[at]
    spread = rows[at].masked_fill(~inside.unsqueeze(2), -math.inf)  # (B, width, D)
    return spread.max(1)[0].masked_fill(~inside.any(1, keepdim=True), 0)
