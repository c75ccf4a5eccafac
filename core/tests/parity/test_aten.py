"""Functions with the arguments of PyTorch's kernels, beside PyTorch's."""

from typing import Any

import pytest
import torch

D = torch.float64


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(shape, dtype=D).requires_grad_()


def weights(gates: int, inputs: int, hidden: int, layers: int, directions: int) -> list[torch.Tensor]:
    made = []
    for layer in range(layers):
        for _ in range(directions):
            size = inputs if not layer else hidden * directions
            made += [drawn(gates * hidden, size), drawn(gates * hidden, hidden), drawn(gates * hidden),
                     drawn(gates * hidden)]
    return made


@pytest.mark.parametrize(("name", "gates"), [("lstm", 4), ("gru", 3), ("rnn_tanh", 1), ("rnn_relu", 1)])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
def test_recurrences(beside: Any, name: str, gates: int, bidirectional: bool, batch_first: bool) -> None:
    directions = 1 + bidirectional
    state = drawn(2 * directions, 3, 4)
    hx = [state, drawn(2 * directions, 3, 4)] if name == "lstm" else state
    x = drawn(3, 5, 2) if batch_first else drawn(5, 3, 2)
    beside(name, x, hx, weights(gates, 2, 4, 2, directions), True, 2, 0.0, False, bidirectional, batch_first,
           second=False, ulps=4096)


@pytest.mark.parametrize(("name", "gates"), [("lstm_cell", 4), ("gru_cell", 3), ("rnn_tanh_cell", 1),
                                             ("rnn_relu_cell", 1)])
def test_cells(beside: Any, name: str, gates: int) -> None:
    hx = [drawn(3, 4), drawn(3, 4)] if name == "lstm_cell" else drawn(3, 4)
    beside(name, drawn(3, 2), hx, *weights(gates, 2, 4, 1, 1), second=False, ulps=4096)


@pytest.mark.parametrize("reduction", [0, 1, 2])
def test_losses(beside: Any, reduction: int) -> None:
    x, y, sign = drawn(4, 3), drawn(4, 3), torch.tensor([1.0, -1, 1, -1], dtype=D)
    beside("torch.cosine_embedding_loss", x, y, sign, 0.1, reduction, ulps=256)
    beside("torch.margin_ranking_loss", drawn(4), drawn(4), sign, 0.1, reduction)
    beside("torch.hinge_embedding_loss", drawn(4), sign, 1.0, reduction)
    beside("torch.poisson_nll_loss", drawn(4), torch.rand(4, dtype=D), True, False, 1e-8, reduction, ulps=64)
    beside("torch.triplet_margin_loss", x, y, drawn(4, 3), 1.0, 2.0, 1e-6, False, reduction, ulps=1024)


def test_others(beside: Any) -> None:
    beside("native_layer_norm", drawn(2, 3, 4), [3, 4], drawn(3, 4), drawn(3, 4), 1e-5, second=False, ulps=512)
    groups = [drawn(*size).detach() for size in ((2, 4, 3), (4,), (4,))]
    beside("native_group_norm", *groups, 2, 4, 3, 2, 1e-5, ulps=512)
    beside("convolution", drawn(2, 3, 7), drawn(4, 3, 3), drawn(4), [2], [1], [1], False, [0], 1, ulps=256)
    beside("convolution", drawn(2, 3, 7), drawn(3, 4, 3), drawn(4), [2], [1], [1], True, [1], 1, ulps=256)
    beside("constant_pad_nd", drawn(2, 3), [1, 2], 4.0)
    beside("vander", torch.tensor([1, 2, 3]))
    beside("vander", drawn(3).detach(), 4, increasing=True)
    beside("grid_sampler", drawn(1, 2, 4, 4), torch.rand(1, 3, 3, 2, dtype=D) * 2 - 1, 0, 1, False, ulps=1024)
    beside("affine_grid_generator", drawn(1, 2, 3).detach(), [1, 1, 3, 3], False, ulps=64)
    beside.raises("vander", drawn(2, 2))
