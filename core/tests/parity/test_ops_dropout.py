"""Dropout draws PyTorch's masks from the same seed."""

from typing import Any

import pytest
import torch

D = torch.float64


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("shape", [(5,), (8, 16), (2, 3, 4), (), (0,)], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_masks_values_and_gradients(beside: Any, p: float, shape: tuple[int, ...], dtype: torch.dtype) -> None:
    x = torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(1)).requires_grad_()
    beside("dropout", x, p, True, second=False)


def test_a_transposed_input_is_drawn_in_memory_order(beside: Any) -> None:
    import flambeau

    x = torch.arange(12.0).reshape(3, 4)
    torch.manual_seed(4)
    flambeau.manual_seed(4)
    beside.same(flambeau.dropout(flambeau.arange(12.0).reshape(3, 4).t(), 0.5), torch.dropout(x.t(), 0.5, True))


def test_nothing_is_dropped_in_evaluation(beside: Any) -> None:
    beside("dropout", torch.ones(3), 0.5, False)


@pytest.mark.parametrize("p", [-0.1, 1.5])
def test_probabilities_outside_their_range(beside: Any, p: float) -> None:
    beside.raises("dropout", torch.ones(3), p, True)
