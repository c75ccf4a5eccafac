"""Recurrent layers and cells."""

from __future__ import annotations

import math
import warnings
from typing import Any

from ..errors import ArgumentError, DTypeError, ShapeError, SizeMismatchError, ValueRangeError
from ..functions import cat, empty, stack, zeros
from ..tensors.tensor import Tensor
from . import init
from ._recurrence import GATES, State, Weights, one, run
from .functional import dropout
from .module import Module
from .parameter import Parameter
from .utils.rnn import PackedSequence


class RNNBase(Module):
    """What RNN, LSTM and GRU share: weights by layer and direction, and the way through the layers.

    `input` is (T, N, input_size), with `batch_first` (N, T, input_size), unbatched (T, input_size), or a
    PackedSequence; the state (num_layers * directions, N, hidden_size), zeros if not given. Weights start uniform
    within 1 / sqrt(hidden_size). Raises ValueRangeError and ArgumentError for settings out of range.
    """

    __constants__ = ("mode", "input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout",
                     "bidirectional", "proj_size")
    states = 1  # tensors of state: the LSTM's has two

    def __init__(self, mode: str, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
                 batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, proj_size: int = 0,
                 device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        _check_settings(mode, input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size)
        self.mode, self.input_size, self.hidden_size, self.num_layers = mode, input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size = bidirectional, proj_size
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            for suffix in self._directions(layer):
                self._add_weights(layer, suffix, {"device": device, "dtype": dtype})
        self.reset_parameters()

    def _directions(self, layer: int) -> list[str]:
        return [f"_l{layer}", f"_l{layer}_reverse"][: 2 if self.bidirectional else 1]

    def _add_weights(self, layer: int, suffix: str, options: dict[str, Any]) -> None:
        """PyTorch's names and their order."""
        rows, out = GATES[self.mode] * self.hidden_size, self.proj_size or self.hidden_size
        width = self.input_size if not layer else out * (2 if self.bidirectional else 1)
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, width), "weight_hh": (rows, out)}
        if self.bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        for name, shape in shapes.items():
            self.register_parameter(name + suffix, Parameter(empty(shape, **options)))
        self._all_weights.append([name + suffix for name in shapes])

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """The parameters of every layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _flat_weights(self) -> list[Tensor]:
        return [weight for weights in self.all_weights for weight in weights]

    def reset_parameters(self) -> None:
        """Draws all parameters anew."""
        _reset(self, self.hidden_size)

    def flatten_parameters(self) -> None:
        """Nothing: the weights are used where they lie."""

    def _weights(self, suffix: str) -> Weights:
        return Weights(*(getattr(self, f"{name}{suffix}", None) for name in (
            "weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")))  # type: ignore[arg-type]

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        if isinstance(input, PackedSequence):
            return self._packed(input, hx)
        self._check_input(input)
        batched = input.ndim == 3
        self._check_ranks(hx, batched)
        steps = input if batched else input.unsqueeze(1)
        steps = steps.transpose(0, 1) if batched and self.batch_first else steps
        state = self._state(hx if batched or hx is None else self._each(hx, lambda h: h.unsqueeze(1)), steps.shape[1],
                            input)
        if not steps.shape[0]:
            raise ShapeError(f"Expected sequence length to be larger than 0 in {type(self).__name__}, got"
                             f" {list(input.shape)}", op=type(self).__name__)
        made, state = self._through(list(steps.unbind(0)), state)
        output = stack(made, 1 if batched and self.batch_first else 0)
        if not batched:
            output, state = output.squeeze(1), tuple(s.squeeze(1) for s in state)
        return output, self._answer(state)

    def _packed(self, input: PackedSequence, hx: Any) -> tuple[PackedSequence, Any]:
        data, batch_sizes, order, back = input
        sizes = batch_sizes.tolist()
        if data.shape[-1] != self.input_size:
            raise ShapeError(f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got"
                             f" {data.shape[-1]}", op=type(self).__name__)
        if hx is not None and order is not None:
            hx = self._each(hx, lambda h: h.index_select(1, order))
        made, state = self._through(list(data.split(sizes)), self._state(hx, sizes[0], data))
        if back is not None:
            state = tuple(s.index_select(1, back) for s in state)
        return PackedSequence(cat(made), batch_sizes, order, back), self._answer(state)

    def _through(self, steps: list[Tensor], state: State) -> tuple[list[Tensor], State]:
        """All layers, in both directions where asked; dropout between layers."""
        finals: list[State] = []
        for layer in range(self.num_layers):
            if layer and self.dropout and self.training:
                dropped = dropout(cat(steps), self.dropout, True)
                steps = list(dropped.split([s.shape[0] for s in steps]))
            made = []
            for suffix in self._directions(layer):
                at = len(finals)
                outputs, final = run(self.mode, steps, tuple(s[at] for s in state), self._weights(suffix),
                                     suffix.endswith("reverse"))
                made.append(outputs)
                finals.append(final)
            steps = made[0] if len(made) == 1 else [cat(pair, 1) for pair in zip(*made, strict=True)]
        return steps, tuple(stack(parts) for parts in zip(*finals, strict=True))

    def _each(self, hx: Any, function: Any) -> Any:
        return tuple(map(function, hx)) if isinstance(hx, (tuple, list)) else function(hx)

    def _answer(self, state: State) -> Any:
        return state if self.states > 1 else state[0]

    def _sizes(self, batch: int) -> list[tuple[int, int, int]]:
        count = self.num_layers * (2 if self.bidirectional else 1)
        return [(count, batch, self.proj_size or self.hidden_size), (count, batch, self.hidden_size)][: self.states]

    def _state(self, hx: Any, batch: int, like: Tensor) -> State:
        sizes = self._sizes(batch)
        if hx is None:
            return tuple(zeros(size, dtype=like.dtype, device=like.device) for size in sizes)
        given = tuple(hx) if self.states > 1 else (hx,)
        for i, (state, size) in enumerate(zip(given, sizes, strict=True)):
            if tuple(state.shape) != size:
                which = f"[{i}]" if self.states > 1 else ""
                raise ShapeError(f"Expected hidden{which} size {size}, got {list(state.shape)}",
                                 op=type(self).__name__)
            if state.dtype is not like.dtype:
                raise DTypeError(f"input and hidden state must have one dtype, got {like.dtype} and {state.dtype}",
                                 op=type(self).__name__, dtype=state.dtype)
        return given

    def _check_input(self, input: Tensor) -> None:
        name = type(self).__name__
        if input.ndim not in (2, 3):
            raise SizeMismatchError(f"{name}: Expected input to be 2D or 3D, got {input.ndim}D instead", op=name)
        if input.shape[-1] != self.input_size:
            raise ShapeError(f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got"
                             f" {input.shape[-1]}; the input's shape is {list(input.shape)}", op=name)
        weight = getattr(self, "weight_ih_l0")  # noqa: B009 - registered by name
        if weight.dtype is not input.dtype:
            raise ValueRangeError(f"input must have the dtype of the weights, {weight.dtype}, got {input.dtype}",
                                  op=name)

    def _check_ranks(self, hx: Any, batched: bool) -> None:
        if hx is None:
            return
        wanted, kind = (3, "batched 3-D") if batched else (2, "unbatched 2-D")
        for state in hx if self.states > 1 else (hx,):
            if state.ndim != wanted:
                raise ShapeError(f"For {kind} input, hx should also be {wanted}-D but got {state.ndim}-D tensor",
                                 op=type(self).__name__)

    def extra_repr(self) -> str:
        shown = [f"{self.input_size}, {self.hidden_size}"]
        for name, default in (("proj_size", 0), ("num_layers", 1), ("bias", True), ("batch_first", False),
                              ("dropout", 0), ("bidirectional", False)):
            value = getattr(self, name)
            if value != default:
                shown.append(f"{name}={value}")
        return ", ".join(shown)


def _check_settings(mode: str, input_size: Any, hidden_size: Any, num_layers: Any, bias: Any, batch_first: Any,
                    dropout: Any, proj_size: int) -> None:
    if isinstance(dropout, bool) or not isinstance(dropout, (int, float)) or not 0 <= dropout <= 1:
        raise ValueRangeError("dropout should be a number in range [0, 1] representing the probability of an element"
                              f" being zeroed, got {dropout!r}")
    if dropout > 0 and num_layers == 1:
        warnings.warn("dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects"
                      f" num_layers greater than 1, but got dropout={dropout} and num_layers={num_layers}",
                      stacklevel=4)
    for name, value, kind in (("bias", bias, bool), ("batch_first", batch_first, bool),
                              ("input_size", input_size, int), ("hidden_size", hidden_size, int)):
        if not isinstance(value, kind):
            raise ArgumentError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")
    for name, value in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
        if value <= 0:
            raise ValueRangeError(f"{name} must be greater than zero")
    if proj_size < 0:
        raise ValueRangeError("proj_size should be a positive integer or zero to disable projections")
    if proj_size >= hidden_size:
        raise ValueRangeError("proj_size has to be smaller than hidden_size")
    if mode not in GATES:
        raise ValueRangeError("Unrecognized RNN mode: " + mode)


def _reset(module: Module, hidden_size: int) -> None:
    bound = 1.0 / math.sqrt(hidden_size) if hidden_size > 0 else 0
    for weight in module.parameters():
        init.uniform_(weight, -bound, bound)


def _no_projection(kwargs: dict[str, Any]) -> None:
    if "proj_size" in kwargs:
        raise ValueRangeError("proj_size argument is only supported for LSTM, not RNN or GRU")


class RNN(RNNBase):
    """h = tanh(W x + b + U h + c) at every step, or ReLU with `nonlinearity="relu"` (Elman, 1990).

    Takes what RNNBase says; returns the hidden states of the last layer and the last state of every layer.

    >>> import flambeau
    >>> output, state = RNN(3, 4)(flambeau.zeros(5, 2, 3))
    >>> output.shape, state.shape
    (flambeau.Size([5, 2, 4]), flambeau.Size([1, 2, 4]))
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh",
                 *args: Any, **kwargs: Any) -> None:
        _no_projection(kwargs)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueRangeError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, *args, **kwargs)
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """Long short-term memory (Hochreiter & Schmidhuber, 1997); with `proj_size` its hidden state is projected.

    Takes what RNNBase says, the state being (h, c); returns the hidden states of the last layer and (h, c) of every
    layer after the last step.

    >>> import flambeau
    >>> output, (h, c) = LSTM(3, 4, num_layers=2, bidirectional=True)(flambeau.zeros(5, 2, 3))
    >>> output.shape, h.shape
    (flambeau.Size([5, 2, 8]), flambeau.Size([4, 2, 4]))
    """

    states = 2

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)

    def _check_ranks(self, hx: Any, batched: bool) -> None:
        if hx is None:
            return
        wanted, kind = (3, "batched 3-D") if batched else (2, "unbatched 2-D")
        if any(state.ndim != wanted for state in hx):
            ranks = ", ".join(f"{state.ndim}-D" for state in hx)
            raise ShapeError(f"For {kind} input, hx and cx should also be {wanted}-D but got ({ranks}) tensors",
                             op="LSTM")


class GRU(RNNBase):
    """Gated recurrent unit (Cho et al., 2014). Takes and returns what RNN does.

    >>> import flambeau
    >>> output, state = GRU(3, 4, batch_first=True)(flambeau.zeros(2, 5, 3))
    >>> output.shape
    flambeau.Size([2, 5, 4])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _no_projection(kwargs)
        super().__init__("GRU", *args, **kwargs)


class RNNCellBase(Module):
    """What the cells share: the weights of one step."""

    __constants__: tuple[str, ...] = ("input_size", "hidden_size", "bias")
    mode = "RNN_TANH"

    def __init__(self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        options, rows = {"device": device, "dtype": dtype}, num_chunks * hidden_size
        self.weight_ih = Parameter(empty((rows, input_size), **options))
        self.weight_hh = Parameter(empty((rows, hidden_size), **options))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, Parameter(empty(rows, **options)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws all parameters anew."""
        _reset(self, self.hidden_size)

    def _step(self, input: Tensor, hx: Any, count: int) -> State:
        """One step from (N, input_size) or (input_size); the state is zeros if not given."""
        name = type(self).__name__
        if input.ndim not in (1, 2):
            raise SizeMismatchError(f"{name}: Expected input to be 1D or 2D, got {input.ndim}D instead", op=name)
        given = () if hx is None else tuple(hx) if count > 1 else (hx,)
        for i, state in enumerate(given):
            if state.ndim not in (1, 2):
                which = f"hx[{i}]" if count > 1 else "hidden"
                raise SizeMismatchError(f"{name}: Expected {which} to be 1D or 2D, got {state.ndim}D instead", op=name)
        batch = input if input.ndim == 2 else input.unsqueeze(0)
        self._check_sizes(batch, given)
        given = given or (zeros((batch.shape[0], self.hidden_size), dtype=input.dtype, device=input.device),) * count
        given = tuple(s if s.ndim == 2 else s.unsqueeze(0) for s in given)
        made = one(self.mode, batch, given, Weights(
            self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh))  # type: ignore[arg-type]
        return made if input.ndim == 2 else tuple(s.squeeze(0) for s in made)

    def _check_sizes(self, batch: Tensor, given: State) -> None:
        name = type(self).__name__
        if batch.shape[1] != self.input_size:
            raise ShapeError(f"input has inconsistent input_size: got {batch.shape[1]} expected {self.input_size}"
                             f" (input {list(batch.shape)})", op=name)
        for state in given:
            if state.shape[-1] != self.hidden_size:
                raise ShapeError(f"hidden has inconsistent hidden_size: got {state.shape[-1]}, expected"
                                 f" {self.hidden_size} (hidden {list(state.shape)})", op=name)
            if state.ndim == 2 and state.shape[0] != batch.shape[0]:
                raise ShapeError(f"Input batch size {batch.shape[0]} doesn't match hidden batch size"
                                 f" {state.shape[0]}", op=name)

    def extra_repr(self) -> str:
        shown = f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else f", bias={self.bias}")
        kind = getattr(self, "nonlinearity", "tanh")
        return shown + ("" if kind == "tanh" else f", nonlinearity={kind}")


class RNNCell(RNNCellBase):
    """One step of an RNN: (N, input_size) and (N, hidden_size) to (N, hidden_size)."""

    __constants__ = ("input_size", "hidden_size", "bias", "nonlinearity")

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh",
                 device: Any = None, dtype: Any = None) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        if self.nonlinearity not in ("tanh", "relu"):
            raise ValueRangeError(f"Unknown nonlinearity: {self.nonlinearity}")
        self.mode = f"RNN_{self.nonlinearity.upper()}"
        return self._step(input, hx, 1)[0]


class LSTMCell(RNNCellBase):
    """One step of an LSTM: (N, input_size) and a state (h, c) of (N, hidden_size) each to the next state."""

    mode = "LSTM"

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> State:
        return self._step(input, hx, 2)


class GRUCell(RNNCellBase):
    """One step of a GRU: (N, input_size) and (N, hidden_size) to (N, hidden_size)."""

    mode = "GRU"

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        return self._step(input, hx, 1)[0]
