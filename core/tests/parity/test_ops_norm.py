"""Softmax and the normalisation layers beside PyTorch's."""

import math
from typing import Any

import pytest
import torch

import flambeau
from flambeau.functions import batch_norm

D = torch.float64
SHAPES_AND_DIMS = [((5,), 0), ((2, 5), 1), ((2, 5), 0), ((3, 1, 4), -2), ((), 0), ((), -1), ((0, 4), 1), ((4, 0), 1)]


def drawn(*shape: int, dtype: torch.dtype = D) -> torch.Tensor:
    return torch.randn(shape, dtype=D).to(dtype).requires_grad_()


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "Tensor.softmax", "Tensor.log_softmax"])
@pytest.mark.parametrize(("shape", "dim"), SHAPES_AND_DIMS)
def test_softmax(beside: Any, name: str, shape: tuple[int, ...], dim: int) -> None:
    beside(name, drawn(*shape), dim)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("row", [[-1e4, 1.0], [1e30, 1e30], [-math.inf, 0.0], [-math.inf, -math.inf], [math.inf, 0.0],
                                 [math.nan, 0.0], [88.0, 89.0], [1000.0, -1000.0]])
def test_softmax_of_extreme_rows(beside: Any, name: str, row: list[float]) -> None:
    beside(name, torch.tensor([row, [1.0, 2.0]]), 1)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_dtypes(beside: Any, name: str) -> None:
    beside(name, torch.tensor([[1, 2], [3, 5]]), 1, dtype=torch.float32)
    beside(name, drawn(3, 4, dtype=torch.float32), 1, dtype=D)
    for dtype in (torch.float16, torch.bfloat16):
        beside(name, drawn(3, 4, dtype=dtype), 1)
    beside.raises(name, torch.tensor([[1, 2], [3, 5]]), 1)
    beside.raises(name, torch.ones(2, 3), 2)
    beside.raises(name, torch.ones(2, 3), -3)


@pytest.mark.parametrize(("shape", "size"), [((3, 4), (4,)), ((2, 3, 4), (3, 4)), ((2, 3, 4), (4,)), ((4,), (4,)),
                                             ((0, 4), (4,)), ((2, 3), (2, 3))])
@pytest.mark.parametrize("affine", ["both", "weight", "bias", "neither"])
def test_layer_norm(beside: Any, shape: tuple[int, ...], size: tuple[int, ...], affine: str) -> None:
    weight = drawn(*size) if affine in ("both", "weight") else None
    bias = drawn(*size) if affine in ("both", "bias") else None
    beside("layer_norm", drawn(*shape), list(size), weight, bias, eps=1e-3, ulps=128,
           second=affine != "bias")  # PyTorch's second derivative fails for a bias without a weight


def test_layer_norm_far_from_zero(beside: Any) -> None:
    beside("layer_norm", (drawn(3, 64, dtype=torch.float32) + 100).detach().requires_grad_(), (64,), ulps=2000)


@pytest.mark.parametrize("size", [[3], [], [2, 5], [1, 2, 5]])
def test_layer_norm_errors(beside: Any, size: list[int]) -> None:
    beside.raises("layer_norm", torch.ones(2, 4), size)


def test_layer_norm_weight_of_another_shape(beside: Any) -> None:
    beside.raises("layer_norm", torch.ones(2, 4), [4], torch.ones(1))
    beside.raises("layer_norm", torch.ones(2, 4), [4], None, torch.ones(2, 4))


@pytest.mark.parametrize(("shape", "size"), [((3, 4), (4,)), ((2, 3, 4), (3, 4))])
@pytest.mark.parametrize("eps", [None, 1e-2])
@pytest.mark.parametrize("weighted", [True, False])
def test_rms_norm(beside: Any, shape: tuple[int, ...], size: tuple[int, ...], eps: float | None,
                  weighted: bool) -> None:
    beside("rms_norm", drawn(*shape), list(size), drawn(*size) if weighted else None, eps, ulps=128)


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 5), (2, 3, 4, 2)], ids=str)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("momentum", [0.1, 1.0, 0.0])
def test_batch_norm(beside: Any, shape: tuple[int, ...], training: bool, affine: bool, momentum: float) -> None:
    mean, var = torch.randn(3, dtype=D), torch.rand(3, dtype=D) + 0.5
    x = drawn(*shape)
    weight, bias = (drawn(3), drawn(3)) if affine else (None, None)
    beside("batch_norm", x, mean.clone(), var.clone(), weight, bias, training, momentum, 1e-3, ulps=128)


@pytest.mark.parametrize("momentum", [0.1, 1.0, 0.0])
@pytest.mark.parametrize("scale", [1.0, 1e-6])
def test_batch_norm_moves_the_running_statistics(beside: Any, momentum: float, scale: float) -> None:
    x, mean, var = torch.randn(4, 3, 5, dtype=D) * scale, torch.zeros(3, dtype=D), torch.ones(3, dtype=D) * scale
    held = [flambeau.tensor(t.tolist(), dtype=flambeau.float64) for t in (mean, var)]
    versions = [t._version[0] if t._version else 0 for t in held]
    torch.nn.functional.batch_norm(x, mean, var, training=True, momentum=momentum)
    mine = flambeau.tensor(x.tolist(), dtype=flambeau.float64)
    batch_norm(mine, *held, training=True, momentum=momentum)
    for mine, their, before in zip(held, (mean, var), versions, strict=True):
        beside.same(mine, their, ulps=64)
        assert mine._version[0] == before + 1


@pytest.mark.parametrize("args", [
    (torch.ones(4, 3), torch.ones(2), torch.ones(2)), (torch.ones(4, 3), None, None),
    (torch.ones(4, 3), torch.ones(3), torch.ones(3), torch.ones(4)),
    (torch.ones(4, 3), torch.ones(3), torch.ones(3), None, torch.ones(2))])
def test_batch_norm_errors(beside: Any, args: Any) -> None:
    beside.raises("batch_norm", *args)


@pytest.mark.parametrize(("shape", "groups"), [((2, 6), 3), ((2, 6, 4), 2), ((2, 4, 3, 2), 4), ((2, 4, 3), 1)])
@pytest.mark.parametrize("affine", [True, False])
def test_group_norm(beside: Any, shape: tuple[int, ...], groups: int, affine: bool) -> None:
    weight, bias = (drawn(shape[1]), drawn(shape[1])) if affine else (None, None)
    beside("group_norm", drawn(*shape), groups, weight, bias, 1e-3, ulps=256)


@pytest.mark.parametrize("args", [(torch.ones(2, 6), 4), (torch.ones(2, 6), 2, torch.ones(3)),
                                  (torch.ones(6), 2)])
def test_group_norm_errors(beside: Any, args: Any) -> None:
    beside.raises("group_norm", *args)


@pytest.mark.parametrize("shape", [(2, 3, 5), (2, 3, 4, 2)], ids=str)
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("use_input_stats", [True, False])
def test_instance_norm(beside: Any, shape: tuple[int, ...], affine: bool, use_input_stats: bool) -> None:
    mean, var = torch.randn(3, dtype=D), torch.rand(3, dtype=D) + 0.5
    weight, bias = (drawn(3), drawn(3)) if affine else (None, None)
    beside("instance_norm", drawn(*shape), mean, var, weight, bias, use_input_stats, 0.3, 1e-3, ulps=256)


@pytest.mark.parametrize("odd", [0.0, 80.0, 1e4, -80.0, -1e4, math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_softmax_of_rows_of_any_range(odd: float, dtype: torch.dtype) -> None:
    rows = torch.tensor([[1.0, -2.0, 3.0], [odd, odd, odd], [odd, 1.0, 2.0]], dtype=dtype)
    made = flambeau.softmax(flambeau.from_numpy(rows.numpy().copy()), -1)
    torch.testing.assert_close(torch.from_numpy(made.numpy().copy()), torch.softmax(rows, -1), equal_nan=True)
