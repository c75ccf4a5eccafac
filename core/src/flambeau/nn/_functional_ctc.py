"""Connectionist temporal classification (Graves et al., 2006).

The loss is minus the log of the probability that a labelling comes out of the network, summed over all paths that spell
it with repetitions and blanks. With blanks put around every label there are 2 S + 1 states; one pass over time carries
the log probability of having come to each of them, for the whole batch at once.
"""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes, functions
from ..errors import DTypeError, DTypeNotOfferedError, ShapeError, ValueRangeError
from ..tensors.tensor import Tensor
from ._reduction import check_reduction

_OP = "ctc_loss"
_NEVER = -1e30  # the log of a probability of zero: minus infinity would give gradients of NaN


def ctc_loss(log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: int = 0,
             reduction: str = "mean", zero_infinity: bool = False) -> Tensor:
    """Minus the log likelihood of `targets` under `log_probs` (T, N, C) or (T, C), whichever way they are aligned.

    `targets` (N, S) or all of them in one row; `input_lengths` and `target_lengths` (N) say how much of each counts.
    "mean" divides each loss by its target's length first. An input that is too short has an infinite loss, or a loss
    and gradients of zero with `zero_infinity`. The gradient is that of what `log_softmax` was given, as in PyTorch.
    Raises ShapeError or ValueRangeError for sizes, lengths or a blank that do not fit.

    >>> import flambeau
    >>> even = flambeau.zeros(2, 1, 2).log_softmax(2)
    >>> ctc_loss(even, flambeau.tensor([[1]]), [2], [1])
    tensor(0.2877)
    """
    check_reduction(reduction)
    if log_probs.dtype not in (dtypes.float32, dtypes.float64):
        raise DTypeNotOfferedError(f"not implemented for {log_probs.dtype!r}, takes float32 and float64", op=_OP)
    if targets.dtype not in (dtypes.int64, dtypes.int32):
        raise DTypeError(f"targets must be int64 or int32, got {targets.dtype!r}", op=_OP)
    batched = log_probs.dim() == 3
    if not batched and log_probs.dim() != 2:
        raise ShapeError(f"log_probs must be (T, N, C) or (T, C), got {list(log_probs.shape)}", op=_OP)
    rows = log_probs if batched else log_probs.unsqueeze(1)
    if not 0 <= blank < rows.shape[2]:
        raise ValueRangeError(f"blank must be in label range, 0 to {rows.shape[2] - 1}, got {blank}", op=_OP)
    ins = _lengths("input_lengths", input_lengths, rows, rows.shape[0])
    outs = _lengths("target_lengths", target_lengths, rows, None)
    losses = _losses(rows, _padded(targets, outs, blank, rows), ins, outs, blank, zero_infinity)
    if reduction == "mean":
        return (losses / functions.tensor(outs, device=losses.device).clamp(min=1).to(losses.dtype)).mean()
    return losses.sum() if reduction == "sum" else losses if batched else losses.squeeze(0)


def _lengths(name: str, given: Any, rows: Tensor, most: int | None) -> list[int]:
    """The lengths as Python numbers, one per sample."""
    if isinstance(given, Tensor):
        if given.dtype.category != 1:
            raise DTypeError(f"{name} must be integral, got {given.dtype!r}", op=_OP)
        given = given.reshape(-1).tolist()
    values = [int(n) for n in (given if isinstance(given, (list, tuple)) else [given])]
    if len(values) != rows.shape[1]:
        raise ShapeError(f"{name} must be of size batch_size: expected {rows.shape[1]}, got {len(values)}", op=_OP)
    if values and min(values) < 0:
        raise ValueRangeError(f"{name} must be non-negative, got {min(values)}", op=_OP)
    if most is not None and values and max(values) > most:
        raise ValueRangeError(f"Expected {name} to have value at most {most}, but got value {max(values)}", op=_OP)
    return values


def _padded(targets: Tensor, lengths: list[int], blank: int, rows: Tensor) -> Tensor:
    """The targets as rows (N, longest), int64, blanks after their end."""
    longest = max(lengths, default=0)
    if targets.dim() == 1:
        if targets.shape[0] != sum(lengths):
            raise ShapeError(f"Expected targets of {sum(lengths)} elements, the sum of target_lengths, got "
                             f"{targets.shape[0]}", op=_OP)
        starts = [sum(lengths[:i]) for i in range(len(lengths))]
    elif targets.dim() == 2 and targets.shape[0] == len(lengths):
        if longest > targets.shape[1]:
            raise ShapeError(f"Expected tensor to have size at least {longest} at dimension 1, but got size "
                             f"{targets.shape[1]} for targets", op=_OP)
        starts = [i * targets.shape[1] for i in range(len(lengths))]
    else:
        raise ShapeError(f"targets must be (N, S) with N = {len(lengths)}, or one row of all, got "
                         f"{list(targets.shape)}", op=_OP)
    flat = targets.reshape(-1).tolist()
    table = [flat[s:s + n] + [blank] * (longest - n) for s, n in zip(starts, lengths, strict=True)]
    made = functions.tensor(table, dtype=dtypes.int64, device=rows.device)
    return made.reshape(len(lengths), longest)


def _losses(rows: Tensor, targets: Tensor, ins: list[int], outs: list[int], blank: int,
            zero_infinity: bool) -> Tensor:
    """The loss of each sample, (N)."""
    states = _states(targets, blank)
    scores = _forward(rows, states, ins, blank)
    last = functions.tensor([[2 * n, max(2 * n - 1, 0)] for n in outs], device=rows.device).reshape(len(outs), 2)
    empty = functions.tensor([n == 0 for n in outs], dtype=dtypes.bool, device=rows.device)
    ends = scores.gather(1, last)
    loss = -functions.where(empty, ends[:, 0], ends.logsumexp(1))
    loss = loss + _as_of_logits(rows, ins)
    unreachable = loss > -_NEVER / 2
    return loss.masked_fill(unreachable, 0.0 if zero_infinity else math.inf)


def _states(targets: Tensor, blank: int) -> Tensor:
    """Blank, first label, blank, second label, …, blank: (N, 2 S + 1)."""
    blanks = functions.full_like(targets, blank)
    pairs = functions.stack([blanks, targets], 2).flatten(1)
    return functions.cat([pairs, functions.full((targets.shape[0], 1), blank, dtype=dtypes.int64,
                                                device=targets.device)], 1)


def _forward(rows: Tensor, states: Tensor, ins: list[int], blank: int) -> Tensor:
    """The log probability of being in each state when the input ends, (N, states)."""
    time, batch, _ = rows.shape
    count = states.shape[1]
    place = functions.arange(count, device=rows.device)
    skips = (states != blank) & (states != states.roll(2, 1)) & (place >= 2)  # from label to another label
    no_skip = rows.new_zeros((batch, count)).masked_fill(~skips, _NEVER)
    before = rows.new_full((batch, 2), _NEVER)
    scores = rows.new_zeros((batch, count)).masked_fill(place > 0, _NEVER)  # before the first step
    emitted = rows.gather(2, states.unsqueeze(0).expand(time, batch, count)).unbind(0)
    for t in range(time):
        if t:
            wide = functions.cat([before, scores], 1)
            came = functions.logaddexp(functions.logaddexp(scores, wide[:, 1:-1]), wide[:, :-2] + no_skip)
        else:
            came = scores.masked_fill(place == 1, 0.0)
        stepped = came + emitted[t]
        ended = [t >= n for n in ins]
        over = functions.tensor(ended, device=rows.device).unsqueeze(1) if any(ended) else None
        scores = stepped if over is None else functions.where(over, scores, stepped)
    return scores


def _as_of_logits(rows: Tensor, ins: list[int]) -> Tensor:
    """Zeros (N) whose gradient is the probabilities: what makes the gradient that of the logits."""
    steps = functions.arange(rows.shape[0], device=rows.device).reshape(-1, 1, 1)
    counts = steps < functions.tensor(ins, device=rows.device).reshape(1, -1, 1)
    total = rows.exp().masked_fill(~counts, 0).sum((0, 2))
    return total - total.detach()
