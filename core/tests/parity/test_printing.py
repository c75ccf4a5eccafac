"""Every repr equals PyTorch's, character by character, once the namespace is PyTorch's."""

import random
from collections.abc import Iterator
from math import prod
from typing import Any

import pytest
import torch

from flambeau import dtypes
from flambeau.tensors.printing import format_tensor, get_printoptions, set_printoptions

TENSORS_PER_SEED = 250
SPECIAL = [float("inf"), float("-inf"), float("nan"), -0.0, 0.0]
NUMBERS = {
    "around one": lambda rng: rng.gauss(0, 1),
    "1e-8 to 1e8": lambda rng: rng.gauss(0, 1) * 10 ** rng.uniform(-8, 8),
    "small whole": lambda rng: float(rng.randrange(-20, 20)),
    "large whole": lambda rng: float(rng.randrange(-(10**9), 10**9)),
    "positive": lambda rng: rng.uniform(0.01, 5),
    "zeros": lambda rng: rng.choice([0.0, -0.0]),
    "near the limit": lambda rng: rng.uniform(900, 1000),
}


@pytest.fixture(autouse=True)
def pytorchs_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(dtypes, "_NAMESPACE", ["torch"])
    yield
    for reset in (torch.set_printoptions, set_printoptions):
        reset(profile="default")


def options(rng: random.Random) -> dict[str, Any]:
    if rng.random() < 0.7:
        return {"profile": "default"}
    return {"precision": rng.choice([None, 0, 1, 8]), "threshold": rng.choice([None, 5, 0]),
            "edgeitems": rng.choice([None, 0, 1, 2]), "linewidth": rng.choice([None, 40, 10, 200]),
            "profile": rng.choice([None, "default", "short", "full"]), "sci_mode": rng.choice([None, True, False])}


def shape(rng: random.Random) -> list[int]:
    sizes = [rng.choice([0, 1, 2, 3, 4, 7, 8, 12]) for _ in range(rng.randrange(5))]
    if sizes and rng.random() < 0.1:
        sizes[rng.randrange(len(sizes))] = rng.choice([400, 1001])
    return sizes


def tensor(rng: random.Random, dtype: dtypes.DType) -> torch.Tensor:
    sizes, kind = shape(rng), getattr(torch, dtype.name)
    count = prod(sizes)
    if dtype.category < 2:
        high = min(rng.choice([2, 5, 100, 2**62]), 2 ** (dtype.bits - 1) - 1) if dtype.category else 2
        low = -high if dtype.is_signed else 0
        return torch.tensor([rng.randrange(low, high) for _ in range(count)], dtype=torch.int64).to(kind).reshape(sizes)
    number, special = NUMBERS[rng.choice(list(NUMBERS))], rng.choice([0, 0, 0.1, 0.5, 1])
    parts = [rng.choice(SPECIAL) if rng.random() < special else number(rng) for _ in range(2 * count)]
    if dtype.is_complex:
        return torch.tensor(list(map(complex, parts[::2], parts[1::2])), dtype=kind).reshape(sizes)
    return torch.tensor(parts[:count], dtype=torch.float64).to(kind).reshape(sizes)


def tracked(rng: random.Random, value: torch.Tensor) -> torch.Tensor:
    choice = rng.random()
    if choice > 0.4 or not (value.is_floating_point() or value.is_complex()):
        return value
    leaf = value.requires_grad_()
    return leaf if choice < 0.2 else leaf * 1


def ours(value: torch.Tensor, dtype: dtypes.DType) -> str:
    name = type(value.grad_fn).__name__ if value.grad_fn else None
    return format_tensor(lambda index: value.detach()[index].tolist(), tuple(value.shape), dtype,
                         requires_grad=value.requires_grad, grad_fn_name=name)


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=lambda d: d.name)
def test_reprs_are_pytorchs(dtype: dtypes.DType):
    rng = random.Random(dtype.name)
    for _ in range(TENSORS_PER_SEED):
        chosen = options(rng)
        torch.set_printoptions(**chosen)
        set_printoptions(**chosen)
        assert get_printoptions() == torch._tensor_str.get_printoptions()
        value = tracked(rng, tensor(rng, dtype))
        assert ours(value, dtype) == repr(value)


@pytest.mark.parametrize("default", [dtypes.float64, dtypes.float16], ids=lambda d: d.name)
def test_another_default_dtype_changes_what_is_named(default: dtypes.DType):
    try:
        torch.set_default_dtype(getattr(torch, default.name))
        dtypes.set_default_dtype(default)
        for dtype in dtypes.ALL:
            for sizes in ((2,), (0,), (0, 2), ()):
                value = torch.ones(sizes, dtype=getattr(torch, dtype.name))
                assert ours(value, dtype) == repr(value)
    finally:
        torch.set_default_dtype(torch.float32)
        dtypes.set_default_dtype(dtypes.float32)
