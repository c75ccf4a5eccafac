"""Activations beside PyTorch's: values, dtypes, gradients of two orders, edges, errors."""

import math
from typing import Any

import pytest
import torch

NAMES = ["relu", "relu6", "sigmoid", "softplus", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish",
         "hardtanh", "hardswish", "hardsigmoid", "hardshrink", "softshrink", "tanhshrink", "softsign", "logsigmoid"]
SHAPES: list[tuple[int, ...]] = [(), (0,), (5,), (2, 3), (2, 0, 3), (2, 3, 4)]
EDGES = [-math.inf, -1e4, -100.0, -20.5, -6.0, -3.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 3.0, 6.0, 19.9, 20.5, 100.0, 1e4,
         math.inf, math.nan]
ARGUMENTS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("leaky_relu", (0.3,), {}), ("leaky_relu", (-0.5,), {}), ("elu", (), {"alpha": 0.7}), ("celu", (), {"alpha": 2.5}),
    ("gelu", (), {"approximate": "tanh"}), ("softplus", (), {"beta": 2.0, "threshold": 1.0}), ("softplus", (0.5,), {}),
    ("hardtanh", (-0.3, 0.4), {}), ("hardshrink", (0.1,), {}), ("softshrink", (0.2,), {}),
    ("threshold", (0.1, 20.0), {}), ("rrelu", (0.2, 0.6), {}),
]


def drawn(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64).mul(2).to(dtype).requires_grad_()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_values_and_two_orders_of_gradients(beside: Any, name: str, shape: tuple[int, ...]) -> None:
    if name == "hardsigmoid":  # PyTorch: no second derivative, and 1/6 rounded to float32 in the first
        beside(name, drawn(*shape), ulps=2.0**29, second=False)
    else:
        beside(name, drawn(*shape), ulps=64)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_extreme_inputs(beside: Any, name: str, dtype: torch.dtype) -> None:
    for value in EDGES:
        beside(name, torch.tensor([value], dtype=dtype).requires_grad_(), second=False,
               ulps=2.0**29 if name == "hardsigmoid" and dtype is torch.float64 else 64)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_narrow_dtypes(beside: Any, name: str, dtype: torch.dtype) -> None:
    beside(name, drawn(4, 3, dtype=dtype), ulps=8)


@pytest.mark.parametrize(("name", "args", "kwargs"), ARGUMENTS)
def test_arguments(beside: Any, name: str, args: Any, kwargs: Any) -> None:
    beside(name, drawn(4, 5), *args, **kwargs, ulps=64)


@pytest.mark.parametrize("name", ["relu", "relu6", "hardtanh", "sigmoid"])
def test_integers(beside: Any, name: str) -> None:
    beside(name, torch.tensor([-3, 0, 2, 9]))


@pytest.mark.parametrize("name", ["gelu", "silu", "elu", "softplus", "leaky_relu", "mish", "hardswish", "hardshrink"])
def test_integers_where_only_floats_are_taken(beside: Any, name: str) -> None:
    beside.raises(name, torch.tensor([1, 2]))


@pytest.mark.parametrize("weight", [(1,), (3,)], ids=str)
@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4), (3,)], ids=str)
def test_prelu(beside: Any, shape: tuple[int, ...], weight: tuple[int, ...]) -> None:
    if shape == (3,) and weight == (3,):
        beside.raises("prelu", drawn(*shape), drawn(*weight))
    else:
        beside("prelu", drawn(*shape), drawn(*weight))


@pytest.mark.parametrize(("shape", "dim"), [((4,), 0), ((2, 6), 1), ((2, 6), -2), ((2, 3, 4), -1)])
def test_glu(beside: Any, shape: tuple[int, ...], dim: int) -> None:
    beside("glu", drawn(*shape), dim, ulps=64)


@pytest.mark.parametrize(("name", "args"), [
    ("glu", (torch.ones(3),)), ("glu", (torch.ones(()),)), ("glu", (torch.ones(2, 4), 2)),
    ("prelu", (torch.ones(2, 3), torch.ones(4))), ("prelu", (torch.ones(2, 3), torch.ones(1, 3))),
    ("celu", (torch.ones(2), 0.0)), ("softshrink", (torch.ones(2), -0.1)), ("rrelu", (torch.ones(2), 0.5, 0.1)),
    ("relu", (torch.ones(2, dtype=torch.bool),)), ("gelu", (torch.ones(2),))])
def test_errors(beside: Any, name: str, args: Any) -> None:
    if name == "gelu":
        beside.raises(name, *args, approximate="cubic")
    else:
        beside.raises(name, *args)


@pytest.mark.parametrize("name", ["relu_", "leaky_relu_", "elu_", "selu_", "celu_", "hardtanh_", "threshold_",
                                  "rrelu_"])
def test_in_place_forms(beside: Any, name: str) -> None:
    args = (0.5, 2.0) if name == "threshold_" else ()
    beside(name, torch.randn(4, 3, dtype=torch.float64), *args)


def test_rrelu_draws_pytorchs_slopes(beside: Any) -> None:
    beside("rrelu", torch.randn(5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(3)), training=True)


def test_sigmoid_of_complex_numbers(beside: Any) -> None:
    beside("sigmoid", torch.randn(3, dtype=torch.complex128).requires_grad_())
