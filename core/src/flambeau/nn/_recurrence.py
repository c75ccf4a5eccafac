"""Recurrences over time: one step of each kind, and the walk over a sequence.

A sequence is a list of (batch, features) tensors, one a step. Of packed sequences the batch shrinks from step to step,
longest sequence first: the state of those that have ended stays what it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..functions import cat, relu, sigmoid, tanh
from ..tensors.tensor import Tensor
from .functional import linear

State = tuple[Tensor, ...]


class Weights(NamedTuple):
    """One layer's, in one direction; `projection` shrinks the hidden state of an LSTM."""

    input: Tensor
    hidden: Tensor
    input_bias: Tensor | None
    hidden_bias: Tensor | None
    projection: Tensor | None = None


def _rnn(activation: Callable[[Tensor], Tensor]) -> Callable[..., State]:
    def step(given: Tensor, state: State, weights: Weights) -> State:
        return (activation(given + linear(state[0], weights.hidden, weights.hidden_bias)),)

    return step


def _lstm(given: Tensor, state: State, weights: Weights) -> State:
    """input, forget, cell and output gate: c = f c + i g, h = o tanh(c) (Hochreiter & Schmidhuber, 1997)."""
    gates = given + linear(state[0], weights.hidden, weights.hidden_bias)
    enter, forget, candidate, leave = gates.chunk(4, 1)
    cell = sigmoid(forget) * state[1] + sigmoid(enter) * tanh(candidate)
    hidden = sigmoid(leave) * tanh(cell)
    return hidden if weights.projection is None else linear(hidden, weights.projection), cell


def _gru(given: Tensor, state: State, weights: Weights) -> State:
    """reset and update gate: n = tanh(W x + r (U h + b)), h = (1 - z) n + z h (Cho et al., 2014)."""
    reset, update, candidate = given.chunk(3, 1)
    reset_state, update_state, candidate_state = linear(state[0], weights.hidden, weights.hidden_bias).chunk(3, 1)
    candidate = tanh(candidate + sigmoid(reset + reset_state) * candidate_state)
    return (candidate + sigmoid(update + update_state) * (state[0] - candidate),)


STEPS: dict[str, Callable[[Tensor, State, Weights], State]] = {
    "RNN_TANH": _rnn(tanh), "RNN_RELU": _rnn(relu), "LSTM": _lstm, "GRU": _gru}
GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}


def one(mode: str, input: Tensor, state: State, weights: Weights) -> State:
    """The state after one step on `input` (batch, features)."""
    return STEPS[mode](linear(input, weights.input, weights.input_bias), state, weights)


def run(mode: str, inputs: list[Tensor], state: State, weights: Weights, reverse: bool) -> tuple[list[Tensor], State]:
    """The hidden state at every step, and the state after each sequence's last; `reverse` goes from the end."""
    sizes = [x.shape[0] for x in inputs]
    joined = linear(cat(inputs) if len(inputs) > 1 else inputs[0], weights.input, weights.input_bias)
    given = joined.split(sizes)
    made: list[Any] = [None] * len(inputs)
    batch = sizes[0]
    order = range(len(inputs) - 1, -1, -1) if reverse else range(len(inputs))
    ended: list[State] = []
    if reverse:
        state, waiting = _cut(state, sizes[-1], batch)
    for t in order:
        have, want = state[0].shape[0], sizes[t]
        if want < have:
            state, over = _cut(state, want, have)
            ended.append(over)
        elif want > have:  # sequences that end here begin, seen from the end
            new, waiting = _cut(waiting, want - have, waiting[0].shape[0])
            state = tuple(cat([a, b]) for a, b in zip(state, new, strict=True))
        state = STEPS[mode](given[t], state, weights)
        made[t] = state[0]
    if ended:
        state = tuple(cat(parts) for parts in zip(state, *reversed(ended), strict=True))
    return made, state


def _cut(state: State, count: int, size: int) -> tuple[State, State]:
    """The state of the first `count` sequences, and of the others."""
    return (tuple(s if count == size else s[:count] for s in state), tuple(s[count:] for s in state))
