"""einsum and the products beside PyTorch's."""

import importlib
import math
import random
from typing import Any

import pytest
import torch

import flambeau

D = torch.float64
LETTERS = "abcDE"


def drawn(*shape: int, dtype: torch.dtype = D) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.complex128 if dtype.is_complex else D).to(dtype).requires_grad_()


def term(rng: random.Random, sizes: dict[str, int]) -> tuple[str, list[int]]:
    """The subscripts of one operand and its shape; now and then a dim of size 1, now and then an ellipsis."""
    letters = [rng.choice(LETTERS) for _ in range(rng.randint(0, 4))]
    wide = {letter: rng.random() < 0.85 for letter in LETTERS}
    shape = [sizes[letter] if wide[letter] else 1 for letter in letters]
    if rng.random() < 0.3:
        at, extra = rng.randint(0, len(letters)), [rng.choice([1, 2]) for _ in range(rng.randint(0, 2))]
        letters[at:at], shape[at:at] = ["..."], extra
    return "".join(letters), shape


def equation(rng: random.Random) -> tuple[str, list[torch.Tensor]]:
    sizes = {letter: rng.randint(1, 3) for letter in LETTERS} | {"a": rng.choice([0, 1, 2])}
    terms = [term(rng, sizes) for _ in range(rng.randint(1, 3))]
    text = ",".join(t for t, _ in terms)
    if rng.random() < 0.7:
        letters = sorted(set(text) & set(LETTERS))
        output = rng.sample(letters, rng.randint(0, len(letters)))
        if "..." in text and rng.random() < 0.8:
            output.insert(rng.randint(0, len(output)), "...")
        text += "->" + "".join(output)
    return text, [drawn(*shape) for _, shape in terms]


@pytest.mark.parametrize("seed", range(60))
def test_random_equations(beside: Any, seed: int) -> None:
    text, operands = equation(random.Random(seed))
    beside("einsum", text, *operands, ulps=64)


A, B = torch.ones(2, 3), torch.ones(3, 4)


def test_forms(beside: Any) -> None:
    a, b = drawn(2, 3), drawn(3, 4)
    beside("einsum", "i j, j k -> k i", a, b)
    beside("einsum", "ij,jk", [a, b])
    beside("einsum", a, [0, 1], b, [1, 2])
    beside("einsum", a, [0, 1], b, [1, 2], [2, 0])
    beside("einsum", a, [..., 1], [1, ...])
    beside("einsum", a, [30, 2])
    beside("einsum", "bA", a)
    beside("einsum", "", drawn())
    beside("einsum", "ij,jk->ik", A.long(), B.long())
    beside("einsum", "ij,jk->ik", drawn(2, 3, dtype=torch.complex128), drawn(3, 2, dtype=torch.complex128))


@pytest.mark.parametrize(("text", "operands"), [
    ("ij,jk->ikz", (A, B)), ("ij,jk->iik", (A, B)), ("ij,jk,kl", (A, B)), ("ij", (A, B)), ("i", (A,)), ("ijk", (A,)),
    ("i1", (A,)), ("ij,ij", (A, B)), ("ii", (A,)), (".ij", (A,)), ("......", (A,)), ("ij->i->j", (A,)), ("ij,", (A,)),
    ("ij->i.j", (A,)), ("ij,jk", (A.double(), B)), ("ij", ())])
def test_errors(beside: Any, text: str, operands: tuple[torch.Tensor, ...]) -> None:
    beside.raises("einsum", text, *operands)


def test_numbered_errors(beside: Any) -> None:
    beside.raises("einsum", A, [0, 60])


@pytest.mark.parametrize("dims", [0, 1, 2, ([1, 2], [0, 1]), ([-1], [1])])
def test_tensordot(beside: Any, dims: Any) -> None:
    beside("tensordot", drawn(2, 3, 3), drawn(3, 3, 2), dims)


def test_tensordot_errors(beside: Any) -> None:
    beside.raises("tensordot", A, B, -1)
    beside.raises("tensordot", A, B, 3)
    beside.raises("tensordot", A, B, ([0], [0]))
    beside.raises("tensordot", A, B, ([0, 1], [0]))


@pytest.mark.parametrize(
    ("a", "b"), [((2, 3), (4, 2)), ((2,), (3, 2)), ((2, 1, 3), (2,)), ((), (2, 2)), ((2, 0), (1, 2))]
)
def test_kron(beside: Any, a: tuple[int, ...], b: tuple[int, ...]) -> None:
    beside("kron", drawn(*a), drawn(*b))


@pytest.mark.parametrize("options", [{}, {"beta": 0.5, "alpha": 2}, {"beta": 0}])
def test_scaled_products(beside: Any, options: dict[str, Any]) -> None:
    beside("addmm", drawn(2, 4), drawn(2, 3), drawn(3, 4), **options)
    beside("baddbmm", drawn(4), drawn(5, 2, 3), drawn(5, 3, 4), **options)
    beside("addbmm", drawn(2, 1), drawn(5, 2, 3), drawn(5, 3, 4), **options)
    beside("addmv", drawn(2), drawn(2, 3), drawn(3), **options)
    beside("addr", drawn(2, 3), drawn(2), drawn(3), **options)


def test_with_beta_zero_the_input_does_not_count(beside: Any) -> None:
    beside("baddbmm", torch.full((1, 2, 2), math.nan), torch.ones(1, 2, 2), torch.ones(1, 2, 2), beta=0)
    beside("addmm", torch.full((2, 2), math.nan), torch.ones(2, 2), torch.ones(2, 2), beta=0)


def test_products_of_vectors(beside: Any) -> None:
    x, y = drawn(3, dtype=torch.complex128), drawn(3, dtype=torch.complex128)
    beside("vdot", x, y)
    beside("dot", x, y)
    beside("inner", drawn(2, 3), drawn(4, 3))
    beside("inner", drawn(), drawn(4, 3))
    beside("cross", drawn(2, 3), drawn(2, 3), 1)
    beside.raises("vdot", torch.ones(2), torch.ones(3))
    beside.raises("inner", torch.ones(2), torch.ones(3))
    beside.raises("cross", torch.ones(2, 4), torch.ones(2, 4), 1)


def test_products_of_matrices(beside: Any) -> None:
    beside("matrix_power", drawn(2, 3, 3), 5, ulps=256)
    beside("matrix_power", torch.ones(3, 3), 0)
    beside("matrix_power", drawn(3, 3), 1)
    beside("bilinear", drawn(2, 4, 3), drawn(2, 4, 2), drawn(5, 3, 2), drawn(5))
    beside.raises("matrix_power", torch.ones(2, 3), 2)
    beside.raises("bilinear", torch.ones(2, 3), torch.ones(3, 2), torch.ones(5, 3, 2))


@pytest.mark.parametrize("p", [0.0, 1.0, 1.5, 2.0, 3.0, math.inf])
@pytest.mark.parametrize(
    ("a", "b"), [((3, 2), (4, 2)), ((2, 3, 2), (2, 1, 2)), ((3, 1, 2, 4), (2, 3, 4)), ((0, 2), (3, 2))]
)
def test_cdist(beside: Any, p: float, a: tuple[int, ...], b: tuple[int, ...]) -> None:
    beside("cdist", drawn(*a), drawn(*b), p, ulps=256, second=False)


@pytest.mark.parametrize("mode", ["use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist",
                                  "donot_use_mm_for_euclid_dist"])
@pytest.mark.parametrize(("a", "b"), [((30, 3), (4, 3)), ((2, 3, 2), (2, 1, 2)), ((3, 1, 27, 4), (2, 3, 4)),
                                      ((0, 2), (30, 2))])
def test_cdist_by_product(beside: Any, mode: str, a: tuple[int, ...], b: tuple[int, ...]) -> None:
    beside("cdist", drawn(*a), drawn(*b), 2.0, mode, ulps=1 << 16, second=False)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, math.inf])
def test_cdist_in_several_runs(beside: Any, p: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("flambeau.ops.linalg"), "_DIFFERENCES", 30)
    mode = "donot_use_mm_for_euclid_dist"
    beside("cdist", drawn(2, 5, 3), drawn(1, 4, 3), p, mode, ulps=256, second=False)
    beside("cdist", drawn(5, 3), drawn(2, 4, 3), p, mode, ulps=256, second=False)
    beside("cdist", drawn(0, 3), drawn(4, 3), p, mode, ulps=256, second=False)


def test_cdist_of_equal_rows(beside: Any) -> None:
    x = torch.tensor([[1.0, 2.0], [0.0, 1.0]], dtype=D)
    for p in (1.0, 1.5, 2.0, 3.0):
        beside("cdist", x.clone().requires_grad_(), x.clone().requires_grad_(), p, second=False)
    beside.raises("cdist", torch.ones(2, 3), torch.ones(2, 4))
    beside.raises("cdist", torch.ones(2), torch.ones(2, 4))
    beside.raises("cdist", torch.ones(2, 3), torch.ones(2, 3), -1.0)
    with pytest.raises(flambeau.errors.ValueRangeError, match="not a valid value for compute_mode"):
        flambeau.cdist(flambeau.ones(2, 3), flambeau.ones(2, 3), 2.0, "product")


Q = (2, 2, 3, 4)
NAME = "scaled_dot_product_attention"


@pytest.mark.parametrize("mask", [None, "bool", "float", "causal"])
@pytest.mark.parametrize("scale", [None, 0.3])
def test_attention(beside: Any, mask: str | None, scale: float | None) -> None:
    seen = torch.tensor([[True, False, True, True, False], [False, True, False, False, True],
                         [True, True, True, False, False]])
    given = {"bool": seen, "float": torch.randn(3, 5, dtype=D)}.get(mask or "")
    beside(NAME, drawn(*Q), drawn(2, 2, 5, 4), drawn(2, 2, 5, 6), given, 0.0, mask == "causal", scale=scale, ulps=256,
           second=False)


def test_attention_of_three_dims(beside: Any) -> None:
    beside(NAME, drawn(2, 3, 4), drawn(2, 5, 4), drawn(2, 5, 4), ulps=256, second=False)


def test_attention_that_sees_nothing(beside: Any) -> None:
    blind = torch.tensor([[False, False], [True, False]])
    beside(NAME, drawn(1, 2, 4), drawn(1, 2, 4), drawn(1, 2, 4), blind, ulps=256, second=False)


def test_grouped_heads(beside: Any) -> None:
    beside(NAME, drawn(1, 4, 3, 2), drawn(1, 2, 3, 2), drawn(1, 2, 3, 2), enable_gqa=True, ulps=256, second=False)


X = torch.ones(1, 2, 3, 4)


@pytest.mark.parametrize(("args", "options"), [
    ((X, X, X, torch.ones(3, 3, dtype=torch.long)), {}), ((X, X, X.double()), {}), ((X[0, 0, 0], X, X), {}),
    ((X, X, X, torch.ones(5, 5)), {}), ((X.long(), X.long(), X.long()), {}), ((X, X[..., :2], X), {})])
def test_attention_errors(beside: Any, args: tuple[Any, ...], options: dict[str, Any]) -> None:
    beside.raises(NAME, *args, **options)
