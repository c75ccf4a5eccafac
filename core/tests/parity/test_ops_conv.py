"""Convolutions and windows beside PyTorch's: values, gradients of two orders, dtypes, errors."""

import random
from typing import Any

import pytest
import torch

D = torch.float64


def drawn(*shape: int, dtype: torch.dtype = D) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.complex128 if dtype.is_complex else D).to(dtype).requires_grad_()


def case(rng: random.Random, transposed: bool) -> tuple[str, list[Any], dict[str, Any]]:
    """A random convolution whose kernel fits, in one to three dims."""
    dims, groups = rng.choice([1, 2, 2, 3]), rng.choice([1, 1, 2, 3])
    channels, outputs = groups * rng.choice([1, 2]), groups * rng.choice([1, 2, 3])
    each = [{"k": rng.randint(1, 3), "stride": rng.randint(1, 3), "padding": rng.randint(0, 2),
             "dilation": rng.randint(1, 3)} for _ in range(dims)]
    size = [max(1, d["dilation"] * (d["k"] - 1) + 1 + rng.randint(0, 3) - (0 if transposed else 2 * d["padding"]))
            for d in each]
    options: dict[str, Any] = {name: tuple(d[name] for d in each) for name in ("stride", "padding", "dilation")}
    options["groups"] = groups
    if transposed:
        options["output_padding"] = tuple(rng.randrange(max(d["stride"], d["dilation"])) for d in each)
        size = [n + 4 for n in size]
    kernel = [d["k"] for d in each]
    weight = (channels, outputs // groups, *kernel) if transposed else (outputs, channels // groups, *kernel)
    lead = rng.choice([[1], [2], [0], []])
    bias = drawn(outputs) if rng.random() < 0.5 else None
    name = f"conv_transpose{dims}d" if transposed else f"conv{dims}d"
    return name, [drawn(*lead, channels, *size), drawn(*weight), bias], options


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_random_convolutions(beside: Any, seed: int, transposed: bool) -> None:
    name, args, options = case(random.Random(seed), transposed)
    beside(name, *args, ulps=64, **options)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
@pytest.mark.parametrize("padding", ["same", "valid", 1, (1,), (1, 2)])
@pytest.mark.parametrize("dilation", [1, 2, (1, 3)])
def test_padding(beside: Any, padding: Any, dilation: Any) -> None:
    beside("conv2d", drawn(1, 2, 7, 8), drawn(3, 2, 2, 3), padding=padding, dilation=dilation, ulps=64)


@pytest.mark.parametrize("dtype", [torch.float32, torch.int64, torch.complex128, torch.int32])
def test_dtypes(beside: Any, dtype: torch.dtype) -> None:
    if dtype.is_floating_point or dtype.is_complex:
        beside("conv1d", drawn(1, 2, 6, dtype=dtype), drawn(2, 2, 3, dtype=dtype), drawn(2, dtype=dtype), ulps=64)
    else:
        beside("conv1d", torch.arange(12).reshape(1, 2, 6).to(dtype), torch.arange(12).reshape(2, 2, 3).to(dtype))


X, W = torch.ones(1, 2, 4, 4), torch.ones(2, 2, 1, 1)


@pytest.mark.parametrize(("args", "options"), [
    ((X, W), {"padding": "full"}), ((X, W), {"padding": "same", "stride": 2}), ((X, W), {"stride": 0}),
    ((X, W), {"dilation": 0}), ((X, W), {"groups": 0}), ((X, W), {"padding": -1}), ((X, W), {"stride": (1, 2, 3)}),
    ((X, W.double()), {}), ((X, W, torch.ones(2).double()), {}), ((X, W[0]), {}), ((X[0, 0], W), {}),
    ((X, torch.ones(2, 2, 5, 5)), {}), ((X, torch.ones(3, 1, 1, 1)), {"groups": 2}), ((X, torch.ones(2, 3, 1, 1)), {}),
    ((X, W, torch.ones(3)), {}), ((X, torch.ones(0, 2, 2, 2)), {}), ((X[:, :, :0], W), {})])
def test_errors(beside: Any, args: tuple[Any, ...], options: dict[str, Any]) -> None:
    beside.raises("conv2d", *args, **options)


@pytest.mark.parametrize("options", [{"output_padding": 1}, {"padding": 3}, {"stride": 0}, {"groups": 3}])
def test_transposed_errors(beside: Any, options: dict[str, Any]) -> None:
    beside.raises("conv_transpose2d", X, W, **options)


@pytest.mark.parametrize("options", [{}, {"stride": 2}, {"padding": (1, 0)}, {"dilation": (1, 2)}])
@pytest.mark.parametrize("lead", [(2,), ()])
def test_unfold_and_fold(beside: Any, lead: tuple[int, ...], options: dict[str, Any]) -> None:
    columns = beside("unfold", drawn(*lead, 2, 5, 6), (2, 3), **options)
    beside("fold", drawn(*columns.shape), (5, 6), (2, 3), **options)


def test_unfold_and_fold_errors(beside: Any) -> None:
    beside.raises("unfold", torch.ones(1, 1, 2, 2), 3)
    beside.raises("unfold", torch.ones(1, 1, 2, 2), 0)
    beside.raises("fold", torch.ones(1, 5, 4), (4, 4), (2, 2), stride=2)
    beside.raises("fold", torch.ones(1, 4, 5), (4, 4), (2, 2), stride=2)


def test_pixel_shuffle(beside: Any) -> None:
    beside("pixel_shuffle", drawn(2, 8, 2, 3), 2)
    beside("pixel_unshuffle", drawn(2, 2, 4, 6), 2)
    beside("pixel_shuffle", drawn(9, 1, 1), 3)
    beside.raises("pixel_shuffle", torch.ones(1, 6, 2, 2), 2)
    beside.raises("pixel_unshuffle", torch.ones(1, 6, 3, 2), 2)
