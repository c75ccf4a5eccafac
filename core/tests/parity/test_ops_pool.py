"""Pooling beside PyTorch's: values, places, gradients of two orders, edges, errors."""

import random
from typing import Any

import pytest
import torch

D, F = torch.float64, "nn.functional."


def drawn(*shape: int, dtype: torch.dtype = D) -> torch.Tensor:
    return torch.randn(shape, dtype=D).to(dtype).requires_grad_()


def windows(rng: random.Random, dims: int, dilated: bool) -> tuple[list[int], dict[str, Any]]:
    """Sizes of an input and windows that fit it."""
    kernel = [rng.randint(1, 4) for _ in range(dims)]
    padding = [rng.randint(0, k // 2) for k in kernel]
    dilation = [rng.randint(1, 2) if dilated else 1 for _ in range(dims)]
    size = [max(k, d * (k - 1) + 1) + rng.randint(0, 4) for k, d in zip(kernel, dilation, strict=True)]
    options: dict[str, Any] = {"kernel_size": kernel, "padding": padding, "ceil_mode": rng.random() < 0.5}
    if dilated:
        options["dilation"] = dilation
    if rng.random() < 0.7:
        options["stride"] = [rng.randint(1, 4) for _ in range(dims)]
    return size, options


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("seed", range(12))
def test_max_pool(beside: Any, dims: int, seed: int) -> None:
    rng = random.Random(100 * dims + seed)
    size, options = windows(rng, dims, True)
    x = drawn(*rng.choice([(2, 1), (1, 2), (2,), (0, 1)]), *size)
    beside(f"{F}max_pool{dims}d", x, return_indices=True, **options)
    beside(f"{F}max_pool{dims}d", x, **options)


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("seed", range(12))
def test_avg_pool(beside: Any, dims: int, seed: int) -> None:
    rng = random.Random(100 * dims + seed)
    size, options = windows(rng, dims, False)
    options["count_include_pad"] = rng.random() < 0.5
    if dims > 1 and rng.random() < 0.4:
        options["divisor_override"] = rng.randint(1, 5)
    beside(f"avg_pool{dims}d", drawn(*rng.choice([(2, 1), (1, 2), (2,), (0, 1)]), *size), ulps=64, **options)


@pytest.mark.parametrize("kind", ["avg", "max"])
@pytest.mark.parametrize(("size", "out"), [((7,), 3), ((4,), 2), ((2,), 5), ((5, 6), (2, 3)), ((5, 6), (None, 4)),
                                           ((3, 3), 1), ((4, 5, 3), (2, 2, 2)), ((2, 2), (3, 5))])
def test_adaptive_pools(beside: Any, kind: str, size: tuple[int, ...], out: Any) -> None:
    name = f"{F}adaptive_{kind}_pool{len(size)}d"
    for lead in ((2, 3), (2,)):
        beside(name, drawn(*lead, *size), out, ulps=64)
    if kind == "max":
        beside(name, drawn(1, 2, *size), out, return_indices=True)


@pytest.mark.parametrize("name", ["adaptive_avg_pool2d", "adaptive_max_pool2d"])
def test_no_windows(beside: Any, name: str) -> None:
    beside(F + name, torch.ones(1, 2, 3, 3), 0)


def test_nan_and_infinity(beside: Any) -> None:
    nan, inf = float("nan"), float("inf")
    x = torch.tensor([[[1.0, nan, 2.0, -inf, -inf, inf, 0.0, -1.0]]])
    beside(F + "max_pool1d", x, 2, return_indices=True)
    beside(F + "max_pool1d", x, 2, 1, 1, return_indices=True)
    beside("avg_pool1d", x, 2)
    beside(F + "adaptive_max_pool1d", x, 3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_floating_dtypes(beside: Any, dtype: torch.dtype) -> None:
    x = drawn(1, 2, 6, 6, dtype=dtype)
    for name in ("max_pool2d", "avg_pool2d", "adaptive_avg_pool2d"):
        beside(F + name, x, 2, ulps=2)


def test_integers(beside: Any) -> None:
    x = torch.tensor([[[-1, -2, 3, 4], [-1, -1, 7, 5]]])
    beside(F + "max_pool2d", x, 2, return_indices=True)
    beside(F + "avg_pool2d", x, 2)
    beside.raises(F + "adaptive_avg_pool2d", x, 2)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
def test_lp_pool(beside: Any, p: float) -> None:
    beside(F + "lp_pool1d", drawn(2, 6).detach().abs().requires_grad_(), p, 2, ulps=64)
    beside(F + "lp_pool2d", drawn(1, 2, 6, 6).detach().abs().requires_grad_(), p, (2, 3), stride=1, ulps=64)


X = torch.ones(1, 2, 4, 4)


@pytest.mark.parametrize(("name", "args", "options"), [
    ("max_pool2d", (X, 0), {}), ("max_pool2d", (X, 2, 0), {}), ("max_pool2d", (X, 2), {"padding": 2}),
    ("max_pool2d", (X, 2), {"padding": -1}), ("max_pool2d", (X, 2), {"dilation": 0}), ("max_pool2d", (X, 5), {}),
    ("max_pool2d", (X, (2, 2, 2)), {}), ("max_pool2d", (X[0, 0], 2), {}), ("max_pool2d", (X[None], 2), {}),
    ("max_pool2d", (X[:, :0], 2), {}), ("max_pool2d", (X.bool(), 2), {}), ("max_pool1d", (X, 2), {}),
    ("max_pool1d", (X[0], 5), {}), ("avg_pool2d", (X, 0), {}), ("avg_pool2d", (X, 2), {"padding": 2}),
    ("avg_pool2d", (X, 5), {}), ("avg_pool2d", (X, 2), {"divisor_override": 0}), ("avg_pool3d", (X, 5), {}),
    ("adaptive_avg_pool2d", (X, (2, 2, 2)), {}), ("adaptive_avg_pool2d", (X, -1), {}),
    ("adaptive_avg_pool2d", (X[0, 0], 2), {}), ("adaptive_avg_pool2d", (X[:, :, :0], 2), {}),
    ("adaptive_max_pool2d", (X[:, :, :0], 2), {}), ("adaptive_avg_pool1d", (X[0], (2, 2)), {})])
def test_errors(beside: Any, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> None:
    beside.raises(F + name, *args, **options)
