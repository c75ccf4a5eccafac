"""Selecting and placing by index beside PyTorch's: values, gradients, errors."""

import random
from typing import Any

import pytest
import torch

D = torch.float64
L = torch.tensor
A, V, S = torch.arange(6.0).reshape(2, 3), torch.arange(3.0), L(1.0)


def drawn(*shape: int, dtype: torch.dtype = D) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.complex128 if dtype.is_complex else D).to(dtype).requires_grad_()


def test_selecting(beside: Any) -> None:
    x = drawn(3, 4)
    beside("gather", x, 0, L([[0, 2, 2, 1]]))
    beside("gather", x, -1, L([[0], [3], [3]]))
    beside("gather", x, 1, L([[0, 3, 3, 0, 1, 1], [2, 2, 2, 2, 2, 2]]))
    beside("gather", drawn(), 0, L(0))
    beside("gather", x, 1, L([], dtype=torch.int64))
    beside("index_select", x, 1, L([3, 3, 0]))
    beside("index_select", x, 0, L(1))
    beside("index_select", drawn(), 0, L([0]))
    beside("index_select", x, 0, L([1, 2]).int())
    beside("take", x, L([[0, -1], [5, 5]]))
    beside("take_along_dim", x, L([[0], [1], [3]]), 1)
    beside("take_along_dim", x, L([0, 11]))
    beside("take_along_dim", x, L([[0, 1, 2, 0]]), 0)
    beside("masked_select", x, x.detach() > 0)
    beside("masked_select", x, L([True, False, True, True]))
    beside("masked_select", drawn(2, 1), L([True, False]))
    beside("nonzero", L([[0, 1], [2, 0]]))
    beside("nonzero", L([[0, 1], [2, 0]]), as_tuple=True)
    beside("nonzero", L(3))
    beside("where", L([True, False, True]), drawn(3), drawn(2, 1))
    beside("where", L([True, False]), drawn(2), 1.5)
    beside("where", L([[True, False]]))
    beside("masked_fill", x, x.detach() > 0, 2.5)
    beside("masked_fill", x, L([True, False, True, True]), drawn())


@pytest.mark.filterwarnings("ignore:The reduce argument of torch.scatter:UserWarning")
def test_placing(beside: Any) -> None:
    x, src = drawn(3, 4), drawn(3, 4)
    index = L([[0, 1, 2, 0], [1, 2, 0, 2]])
    beside("scatter", x, 0, index, drawn(2, 4))
    beside("scatter", x, 0, index, 1.5)
    beside("scatter", x.detach(), 0, index, src.detach())
    beside("scatter_add", x, 0, index, drawn(2, 4))
    beside("scatter_add", x, 1, L([[3, 3, 3], [0, 1, 0]]), drawn(2, 3))
    beside("scatter_add", x.detach(), 1, L([[3, 3, 3], [0, 1, 0]]), src.detach())
    beside("scatter", A.long(), 1, L([[0], [2]]), 7)
    beside("scatter", x.detach(), 1, L([[0, 0], [2, 3]]), src.detach(), reduce="add")
    beside("scatter", x.detach(), 1, L([[0, 0], [2, 3]]), 2.0, reduce="multiply")
    beside("index_add", x, 0, L([0, 2, 0]), src)
    beside("index_add", x, 1, L([1]), drawn(3, 1), alpha=2)
    beside("index_add", drawn(), 0, L([0]), drawn())
    beside("index_copy", x, 0, L([2, 0, 1]), src)
    beside("index_copy", x, 1, L([3]), drawn(3, 1))
    beside("index_fill", x, 0, L([0, -1]), 5)
    beside("index_fill", x, 1, L([2]), drawn())
    beside("index_fill", A.long(), 0, L([0]), 1.5)
    beside("index_fill", drawn(), 0, L([0]), 1.5)
    beside("masked_scatter", x, x.detach() > 0, drawn(12))
    beside("masked_scatter", x, L([True, False, True, False]), drawn(2, 4))
    beside("put", x, L([0, -1, 5]), drawn(3))
    beside("put", x, L([[0, 0], [1, 1]]), drawn(4), True)
    beside("index_put", x, (L([0, 2]),), drawn(4))
    beside("index_put", x, (L([0, 0]), L([1, 1])), drawn(2), True)
    beside("index_put", x, (L([True, False, True]),), drawn(2, 4))


@pytest.mark.parametrize("reduce", ["sum", "prod", "mean", "amax", "amin"])
@pytest.mark.parametrize("include_self", [True, False])
def test_scatter_reduce(beside: Any, reduce: str, include_self: bool) -> None:
    for seed in range(4):
        rng = random.Random(seed)
        x, dim = drawn(3, 4), rng.choice([0, 1])
        index = torch.tensor([[rng.randrange(3) for _ in range(3)] for _ in range(rng.choice([1, 3]))])
        beside("scatter_reduce", x, dim, index, drawn(*index.shape), reduce, include_self=include_self, ulps=64,
               second=False)
    beside("scatter_reduce", A.long(), 0, L([[0, 0, 1]]), A.long()[:1] + 3, reduce, include_self=include_self)


def test_scatter_reduce_of_special_values(beside: Any) -> None:
    values = L([float("nan"), 1.0, 2.0, -1.0])
    for reduce in ("amax", "amin"):
        beside("scatter_reduce", torch.zeros(3), 0, L([0, 0, 1, 1]), values, reduce)
    zeros = torch.tensor([0.0, 2.0, 0.0, 3.0], dtype=D, requires_grad=True)
    beside("scatter_reduce", drawn(3), 0, L([0, 0, 1, 1]), zeros, "prod", second=False)


@pytest.mark.parametrize("name", ["index_add", "index_copy", "index_fill", "masked_scatter", "put", "scatter_add",
                                  "scatter", "masked_fill", "scatter_reduce"])
def test_in_place_forms(beside: Any, name: str) -> None:
    args: dict[str, tuple[Any, ...]] = {
        "index_add": (0, L([0, 1]), A), "index_copy": (0, L([1, 0]), A), "index_fill": (1, L([0]), 2.0),
        "masked_scatter": (A > 2, V), "put": (L([0, 5]), V[:2]), "scatter_add": (0, L([[0, 1, 1]]), A),
        "scatter": (0, L([[0, 1, 1]]), A), "masked_fill": (A > 2, 9.0), "scatter_reduce": (0, L([[1, 1, 1]]), A, "sum")}
    beside(f"Tensor.{name}_", A.clone(), *args[name])


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("index_add", (A, 0, L([0, 5]), A)),
        ("index_add", (A, 0, L([[0, 1]]), A)),
        ("index_add", (A, 0, L([0]), A)),
        ("index_add", (A, 0, L([0, 1]), A.double())),
        ("index_add", (A, 0, L([0, -1]), A)),
        ("index_add", (A, 0, L([0.0, 1]), A)),
        ("index_add", (A, 0, L([0, 1]), A[:, :2])),
        ("index_add", (A, 2, L([0]), A)),
        ("index_copy", (A, 0, L([0, 2]), A)),
        ("index_copy", (A, 0, L([0]), A)),
        ("index_copy", (A, 0, L([0]).int(), A)),
        ("index_copy", (A, 0, L([0, 1]), A.double())),
        ("index_fill", (A, 0, L([2]), 5)),
        ("index_fill", (A, 0, L([0]), V)),
        ("index_fill", (A, 0, L([[0]]), 1)),
        ("index_fill", (A, 0, L([0]).int(), 1)),
        ("masked_scatter", (A, A > 4, A.double())),
        ("masked_scatter", (A, A > -1, V)),
        ("masked_scatter", (A, A.long(), V)),
        ("take_along_dim", (A, L([0]), 1)),
        ("take_along_dim", (A, L([[0.0]]), 1)),
        ("take", (A, L([6]))),
        ("scatter_reduce", (A, 0, L([[0, 0, 1]]), A, "most")),
        ("scatter_reduce", (A, 0, L([[0, 0, 1]]), A.long(), "sum")),
        ("scatter_reduce", (A, 0, L([[0, 0, 2]]), A, "sum")),
        ("put", (A, L([0, 6]), V[:2])),
        ("put", (A, L([0, 1]), V)),
        ("put", (A, L([0, 0.0]), V[:2])),
        ("put", (A, L([0, 0]), V[:2].long())),
        ("index_put", (A, (L([0]), L([1])), V)),
        ("index_put", (A, (L([0]),), V.long())),
        ("gather", (A, 0, L([[5, 0, 0]]))),
        ("gather", (A, 0, L([0]))),
        ("gather", (A, 1, L([[0], [0], [0]]))),
        ("gather", (A, 0, L([[0.0]]))),
        ("gather", (A, 0, L([[-1]]))),
        ("gather", (A, 2, L([[0]]))),
        ("scatter", (A, 0, L([[0, 5, 0]]), A)),
        ("scatter", (A, 0, L([[0, 1, 0], [0, 0, 0], [0, 0, 0]]), A)),
        ("scatter", (A, 1, L([[0]]), A.long())),
        ("scatter", (A, 1, L([0]), A)),
        ("index_select", (A, 0, L([2]))),
        ("index_select", (A, 0, L([[0]]))),
        ("index_select", (A, 0, L([0.0]))),
        ("masked_select", (A, A)),
        ("masked_fill", (A, A, 1.0)),
        ("masked_fill", (A, A > 2, V)),
        ("where", (A, A, A)),
    ],
)
def test_errors(beside: Any, name: str, args: tuple[Any, ...]) -> None:
    beside.raises(name, *args)
