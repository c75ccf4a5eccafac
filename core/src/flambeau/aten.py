"""Functions that PyTorch has in its main namespace with the arguments of its kernels: numbers for words, flat weights.

What `nn.functional` calls "none", "mean" and "sum" is 0, 1 and 2 here. The weights of a recurrent network are one list,
layer by layer and direction by direction: of the input, of the hidden state, then both biases, then a projection.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .errors import ArgumentError, DimError, ShapeError, ValueRangeError
from .functions import cat, rsqrt, stack
from .nn import functional as F
from .nn._recurrence import Weights, one, run
from .tensors.tensor import Tensor

_REDUCTIONS = ("none", "mean", "sum")


def _word(op: str, reduction: int) -> str:
    if type(reduction) is not int or not 0 <= reduction < 3:
        raise ValueRangeError(f"reduction must be 0 (none), 1 (mean) or 2 (sum), got {reduction!r}", op=op)
    return _REDUCTIONS[reduction]


def cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0,
                          reduction: int = 1) -> Tensor:
    """`nn.functional.cosine_embedding_loss`.

    >>> import flambeau
    >>> cosine_embedding_loss(flambeau.ones(1, 2), flambeau.ones(1, 2), flambeau.ones(1))
    tensor(0.)
    """
    return F.cosine_embedding_loss(input1, input2, target, margin, reduction=_word("cosine_embedding_loss", reduction))


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, reduction: int = 1) -> Tensor:
    """`nn.functional.hinge_embedding_loss`."""
    return F.hinge_embedding_loss(input, target, margin, reduction=_word("hinge_embedding_loss", reduction))


def margin_ranking_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0,
                        reduction: int = 1) -> Tensor:
    """`nn.functional.margin_ranking_loss`."""
    return F.margin_ranking_loss(input1, input2, target, margin, reduction=_word("margin_ranking_loss", reduction))


def poisson_nll_loss(input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float,
                     reduction: int) -> Tensor:
    """`nn.functional.poisson_nll_loss`."""
    return F.poisson_nll_loss(input, target, log_input, full, eps=eps, reduction=_word("poisson_nll_loss", reduction))


def triplet_margin_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2,
                        eps: float = 1e-6, swap: bool = False, reduction: int = 1) -> Tensor:
    """`nn.functional.triplet_margin_loss`."""
    return F.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap,
                                 reduction=_word("triplet_margin_loss", reduction))


def ctc_loss(log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: int = 0,
             reduction: int = 1, zero_infinity: bool = False) -> Tensor:
    """`nn.functional.ctc_loss`."""
    return F.ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, _word("ctc_loss", reduction),  # type: ignore[no-any-return]
                      zero_infinity)


# --- dropout


def alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.alpha_dropout`."""
    return F.alpha_dropout(input, p, train)


def alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`alpha_dropout` in place."""
    return F.alpha_dropout(input, p, train, inplace=True)


def feature_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.feature_alpha_dropout`."""
    return F.feature_alpha_dropout(input, p, train)


def feature_alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`feature_alpha_dropout` in place."""
    return F.feature_alpha_dropout(input, p, train, inplace=True)


def native_dropout(input: Tensor, p: float, train: bool | None) -> tuple[Tensor, Tensor]:
    """`dropout`, and which elements stay."""
    if train is False or not p:
        return input.clone(), input.new_ones(tuple(input.shape), dtype=(input == 0).dtype)
    mask = F.dropout(input.new_ones(tuple(input.shape)), p, True) != 0
    return input * mask * (1 / (1 - p) if p < 1 else 0.0), mask


# --- norms, products, padding


def native_layer_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None, bias: Tensor | None,
                      eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """`layer_norm`, the mean and the reciprocal of the standard deviation of each group."""
    dims = tuple(range(-len(normalized_shape), 0))
    mean, var = input.mean(dims, keepdim=True), input.var(dims, unbiased=False, keepdim=True)
    return F.layer_norm(input, normalized_shape, weight, bias, eps), mean.detach(), rsqrt(var + eps).detach()


def native_group_norm(input: Tensor, weight: Tensor | None, bias: Tensor | None, N: int, C: int, HxW: int, group: int,
                      eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """`group_norm`, the mean and the reciprocal of the standard deviation of each group."""
    flat = input.reshape(N, group, -1)
    mean, var = flat.mean(-1), flat.var(-1, unbiased=False)
    return F.group_norm(input, group, weight, bias, eps), mean, rsqrt(var + eps)


def convolution(input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any,
                transposed: bool, output_padding: Any, groups: int) -> Tensor:
    """A convolution, transposed or not, over the dims that `weight` (out, in / groups, ...) has after its first two."""
    dims = weight.ndim - 2
    if not 1 <= dims <= 3:
        raise DimError(f"weight must have 3 to 5 dimensions, got {weight.ndim}", op="convolution", dim=dims,
                       ndim=weight.ndim)
    if transposed:
        call = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[dims - 1]
        return call(input, weight, bias, stride, padding, output_padding, groups, dilation)  # type: ignore[no-any-return]
    return (F.conv1d, F.conv2d, F.conv3d)[dims - 1](input, weight, bias, stride, padding, dilation, groups)  # type: ignore[no-any-return]


def constant_pad_nd(input: Tensor, pad: Sequence[int], value: Any = 0) -> Tensor:
    """`nn.functional.pad` with a constant."""
    return F.pad(input, pad, value=value)


def grid_sampler(input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int,
                 align_corners: bool) -> Tensor:
    """`nn.functional.grid_sample`, its modes by number."""
    return F.grid_sample(input, grid, ("bilinear", "nearest", "bicubic")[interpolation_mode],  # type: ignore[no-any-return]
                         ("zeros", "border", "reflection")[padding_mode], align_corners)


grid_sampler_2d = grid_sampler_3d = grid_sampler


def affine_grid_generator(theta: Tensor, size: Any, align_corners: bool) -> Tensor:
    """`nn.functional.affine_grid`."""
    return F.affine_grid(theta, size, align_corners)  # type: ignore[no-any-return]


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """Vandermonde's matrix of a 1-d tensor: its powers N-1 to 0 as columns, or rising.

    >>> import flambeau
    >>> vander(flambeau.tensor([2, 3]))
    tensor([[2, 1],
            [3, 1]])
    """
    if x.ndim != 1:
        raise ShapeError(f"x must be a one-dimensional tensor, got {x.ndim} dimensions", op="vander")
    count = x.shape[0] if N is None else N
    if count < 0:
        raise ValueRangeError(f"N must be non-negative, got {N}", op="vander")
    if not count:
        return x.new_empty((x.shape[0], 0))  # type: ignore[no-any-return]
    powers = [x**k if k else x * 0 + 1 for k in range(count)]
    return stack(powers if increasing else powers[::-1], 1)


# --- recurrences


def _layers(op: str, params: Sequence[Tensor], biases: bool, layers: int, directions: int) -> list[list[Weights]]:
    each = 4 if biases else 2
    count = layers * directions
    projected = len(params) == count * (each + 1)
    if len(params) != count * (each + projected):
        raise ArgumentError(f"{count} sets of weights have {each} tensors each, got {len(params)} in all", op=op)
    step, made = each + projected, []
    for i in range(count):
        part = list(params[i * step:(i + 1) * step])
        bias = part[2:4] if biases else [None, None]
        made.append(Weights(part[0], part[1], bias[0], bias[1], part[-1] if projected else None))
    return [made[i:i + directions] for i in range(0, count, directions)]


def _recurrent(op: str, mode: str, input: Tensor, states: tuple[Tensor, ...], params: Any, biases: bool, layers: int,
               p: float, train: bool, bidirectional: bool, batch_first: bool) -> tuple[Tensor, ...]:
    steps = list((input.transpose(0, 1) if batch_first else input).unbind(0))
    lasts: list[tuple[Tensor, ...]] = []
    for i, weights in enumerate(_layers(op, params, biases, layers, 2 if bidirectional else 1)):
        made = []
        for d, one_way in enumerate(weights):
            at = i * len(weights) + d
            outputs, last = run(mode, steps, tuple(s[at] for s in states), one_way, bool(d))
            made.append(stack(outputs))
            lasts.append(last)
        joined = made[0] if len(made) == 1 else cat(made, -1)
        if p and train and i < layers - 1:
            joined = F.dropout(joined, p, True)
        steps = list(joined.unbind(0))
    output = stack(steps)
    state = tuple(stack([last[k] for last in lasts]) for k in range(len(states)))
    return (output.transpose(0, 1) if batch_first else output, *state)


def lstm(input: Tensor, hx: Any, params: Any, has_biases: bool, num_layers: int, dropout: float, train: bool,
         bidirectional: bool, batch_first: bool) -> tuple[Tensor, ...]:
    """An LSTM over a sequence (time, batch, features): the output, and the last hidden and cell states."""
    return _recurrent("lstm", "LSTM", input, tuple(hx), params, has_biases, num_layers, dropout, train, bidirectional,
                      batch_first)


def gru(input: Tensor, hx: Tensor, params: Any, has_biases: bool, num_layers: int, dropout: float, train: bool,
        bidirectional: bool, batch_first: bool) -> tuple[Tensor, ...]:
    """A GRU over a sequence (time, batch, features): the output and the last hidden states."""
    return _recurrent("gru", "GRU", input, (hx,), params, has_biases, num_layers, dropout, train, bidirectional,
                      batch_first)


def rnn_tanh(input: Tensor, hx: Tensor, params: Any, has_biases: bool, num_layers: int, dropout: float, train: bool,
             bidirectional: bool, batch_first: bool) -> tuple[Tensor, ...]:
    """A plain recurrent network with tanh over a sequence (time, batch, features)."""
    return _recurrent("rnn_tanh", "RNN_TANH", input, (hx,), params, has_biases, num_layers, dropout, train,
                      bidirectional, batch_first)


def rnn_relu(input: Tensor, hx: Tensor, params: Any, has_biases: bool, num_layers: int, dropout: float, train: bool,
             bidirectional: bool, batch_first: bool) -> tuple[Tensor, ...]:
    """A plain recurrent network with relu over a sequence (time, batch, features)."""
    return _recurrent("rnn_relu", "RNN_RELU", input, (hx,), params, has_biases, num_layers, dropout, train,
                      bidirectional, batch_first)


def lstm_cell(input: Tensor, hx: Any, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None,
              b_hh: Tensor | None = None) -> tuple[Tensor, ...]:
    """One step of an LSTM: the hidden and cell states of (batch, features)."""
    return one("LSTM", input, tuple(hx), Weights(w_ih, w_hh, b_ih, b_hh))


def gru_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None,
             b_hh: Tensor | None = None) -> Tensor:
    """One step of a GRU: the hidden state of (batch, features)."""
    return one("GRU", input, (hx,), Weights(w_ih, w_hh, b_ih, b_hh))[0]


def rnn_tanh_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None,
                  b_hh: Tensor | None = None) -> Tensor:
    """One step of a plain recurrent network with tanh."""
    return one("RNN_TANH", input, (hx,), Weights(w_ih, w_hh, b_ih, b_hh))[0]


def rnn_relu_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None,
                  b_hh: Tensor | None = None) -> Tensor:
    """One step of a plain recurrent network with relu."""
    return one("RNN_RELU", input, (hx,), Weights(w_ih, w_hh, b_ih, b_hh))[0]
