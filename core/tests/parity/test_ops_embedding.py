"""Embedding, one-hot and padding beside PyTorch's."""

from typing import Any

import pytest
import torch

D, F = torch.float64, "nn.functional."


def drawn(*shape: int, dtype: torch.dtype = D) -> torch.Tensor:
    return torch.randn(shape, dtype=D).to(dtype).requires_grad_()


L = torch.tensor


@pytest.mark.parametrize("indices", [L([1, 2, 1, 0]), L([[3, 0], [3, 3]]), L(2), L([], dtype=torch.int64),
                                     L([1, 1]).int()])
@pytest.mark.parametrize("padding_idx", [None, 0, -1])
def test_embedding(beside: Any, indices: torch.Tensor, padding_idx: int | None) -> None:
    beside(F + "embedding", indices, drawn(4, 3), padding_idx)
    beside(F + "embedding", indices, drawn(4, 3), padding_idx, scale_grad_by_freq=True, second=False)
    beside(F + "embedding", indices, drawn(4, 3, dtype=torch.bfloat16), padding_idx)


@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3.0])
def test_embedding_max_norm(beside: Any, norm_type: float) -> None:
    weight = drawn(5, 4).detach()
    beside(F + "embedding", L([0, 3, 3]), weight, max_norm=1.0, norm_type=norm_type)


def test_embedding_errors(beside: Any) -> None:
    weight = torch.ones(5, 3)
    for indices in (L([5]), L([-1]), L([1.0])):
        beside.raises(F + "embedding", indices, weight)
    beside.raises(F + "embedding", L([1]), weight[0])
    beside.raises(F + "embedding", L([1]), weight, 5)


@pytest.mark.parametrize(("indices", "classes"), [(L([1, 0, 2]), -1), (L([[1], [0]]), 4), (L(2), -1),
                                                  (L([], dtype=torch.int64), 3)])
def test_one_hot(beside: Any, indices: torch.Tensor, classes: int) -> None:
    beside("one_hot", indices, classes)


@pytest.mark.parametrize(("indices", "classes"), [(L([]), -1), (L([], dtype=torch.int64), -1), (L([1]), 0), (L([1]), 1),
                                                  (L([-1]), -1), (L([1]).int(), -1)])
def test_one_hot_errors(beside: Any, indices: torch.Tensor, classes: int) -> None:
    beside.raises("one_hot", indices, classes)


@pytest.mark.parametrize(("shape", "pad"), [((3,), (1, 2)), ((2, 3), (1, 1, 0, 2)), ((2, 3), (-1, 2)), ((2, 3), ()),
                                            ((2, 3), (-2, -1)), ((2, 2, 3), (0, 1, 2, 0, -1, 1)), ((0, 2), (1, 1)),
                                            ((2, 3), (-1, 0, 1, -1))])
def test_constant_pad(beside: Any, shape: tuple[int, ...], pad: tuple[int, ...]) -> None:
    beside("pad", drawn(*shape), pad)
    beside("pad", drawn(*shape), pad, "constant", 1.5)
    beside("pad", torch.ones(shape, dtype=torch.int64), pad, value=2)
    beside("pad", torch.ones(shape, dtype=torch.bool), pad)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize(("shape", "pad"), [((2, 4), (1, 2)), ((1, 2, 4), (3, 0)), ((2, 3, 4), (1, 1, 2, 0)),
                                            ((1, 2, 3, 4), (0, 2, 1, 1)), ((1, 3, 3, 4), (-1, 2, 0, -1)),
                                            ((2, 3, 3, 4), (1, 0, 2, 1, 1, 1)), ((2, 4), (-1, -1))])
def test_other_pads(beside: Any, mode: str, shape: tuple[int, ...], pad: tuple[int, ...]) -> None:
    beside("pad", drawn(*shape), pad, mode)


W = torch.ones(5, 3)


@pytest.mark.parametrize(("x", "pad", "options"), [
    (W, (1,), {}), (W, (1, 1, 1, 1, 1, 1), {}), (W, (-2, -2), {}), (W, (1, 1), {"mode": "mirror"}),
    (W, (1, 1), {"mode": "reflect", "value": 1.0}), (W, (3, 1), {"mode": "reflect"}),
    (W, (1, 1, 1, 1), {"mode": "reflect"}), (W, (4, 1), {"mode": "circular"}), (W[0], (1, 1), {"mode": "reflect"}),
    (W, (-4, 1), {}), (W[None], (-4, 1), {"mode": "replicate"}), (W[None], (-2, -1), {"mode": "replicate"})])
def test_pad_errors(beside: Any, x: torch.Tensor, pad: tuple[int, ...], options: dict[str, Any]) -> None:
    beside.raises("pad", x, pad, **options)
