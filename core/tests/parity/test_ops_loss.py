"""Losses beside PyTorch's."""

from typing import Any

import pytest
import torch

D = torch.float64
REDUCTIONS = ["mean", "sum", "none"]
SHAPES = [(), (4,), (2, 3), (2, 3, 4)]


def drawn(*shape: int, dtype: torch.dtype = D) -> torch.Tensor:
    return torch.randn(shape, dtype=D).to(dtype).requires_grad_()


def chances(*shape: int) -> torch.Tensor:
    return torch.rand(shape, dtype=D).mul(0.9).add(0.05).requires_grad_()


@pytest.mark.parametrize(("name", "kwargs"), [
    ("mse_loss", {}), ("l1_loss", {}), ("smooth_l1_loss", {}), ("smooth_l1_loss", {"beta": 0.3}),
    ("smooth_l1_loss", {"beta": 0.0}), ("huber_loss", {}), ("huber_loss", {"delta": 0.4})])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_distances(beside: Any, name: str, kwargs: dict[str, Any], reduction: str, shape: tuple[int, ...]) -> None:
    beside(name, drawn(*shape), drawn(*shape), reduction=reduction, **kwargs)


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
@pytest.mark.filterwarnings("ignore:Using a target size")
def test_distances_of_shapes_that_broadcast(beside: Any, name: str) -> None:
    for reduction in REDUCTIONS:
        beside(name, drawn(3, 1), drawn(2), reduction=reduction)
    beside.raises(name, torch.ones(3), torch.ones(2))


@pytest.mark.parametrize("name", ["mse_loss", "smooth_l1_loss", "huber_loss"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_distances_of_other_dtypes(beside: Any, name: str, dtype: torch.dtype) -> None:
    beside(name, drawn(5, dtype=dtype), drawn(5, dtype=dtype))
    beside.raises(name, torch.tensor([1, 2]), torch.tensor([1, 3]))


@pytest.mark.parametrize(("name", "kwargs"), [("smooth_l1_loss", {"beta": -1.0}), ("huber_loss", {"delta": 0.0}),
                                              ("mse_loss", {"reduction": "all"})])
def test_distance_errors(beside: Any, name: str, kwargs: dict[str, Any]) -> None:
    beside.raises(name, torch.ones(2), torch.ones(2), **kwargs)


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(5, 3), (2, 3, 4), (2, 3, 2, 2), (3,)], ids=str)
@pytest.mark.parametrize("ignore_index", [-100, 1])
def test_classes(beside: Any, name: str, reduction: str, weighted: bool, shape: tuple[int, ...],
                 ignore_index: int) -> None:
    target = torch.randint(0, 3, shape[:1] + shape[2:] if len(shape) > 1 else ())
    if len(shape) > 1:
        target.view(-1)[0] = ignore_index if ignore_index < 0 else 1
    elif ignore_index == 1:
        target.fill_(0)
    weight = torch.rand(3, dtype=D) + 0.5 if weighted else None
    beside(name, drawn(*shape), target, weight, ignore_index=ignore_index, reduction=reduction, ulps=64)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(5, 3), (2, 3, 4), (3,)], ids=str)
@pytest.mark.parametrize("ignore_index", [-100, 1])
def test_label_smoothing(beside: Any, reduction: str, weighted: bool, shape: tuple[int, ...],
                         ignore_index: int) -> None:
    target = torch.randint(0, 3, shape[:1] + shape[2:] if len(shape) > 1 else ())
    if len(shape) == 1:
        target.fill_(2)
    weight = torch.rand(3, dtype=D) + 0.5 if weighted else None
    beside("cross_entropy", drawn(*shape), target, weight, ignore_index=ignore_index, reduction=reduction,
           label_smoothing=0.2, ulps=64)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(5, 3), (2, 3, 4), (3,)], ids=str)
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_class_probabilities(beside: Any, reduction: str, weighted: bool, shape: tuple[int, ...],
                             smoothing: float) -> None:
    weight = torch.rand(3, dtype=D) + 0.5 if weighted else None
    beside("cross_entropy", drawn(*shape), chances(*shape), weight, reduction=reduction, label_smoothing=smoothing,
           ulps=64)


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
@pytest.mark.parametrize(("input", "target", "kwargs"), [
    (torch.zeros(2, 3), torch.tensor([0, 3]), {}), (torch.zeros(2, 3), torch.tensor([0, -1]), {}),
    (torch.zeros(2, 3), torch.tensor([0, 1, 2]), {}), (torch.zeros(2, 3, 4), torch.zeros(2, 3, dtype=torch.int64), {}),
    (torch.zeros(2, 3), torch.tensor([0.0, 1.0]), {}),
    (torch.zeros(2, 3), torch.tensor([0, 1]), {"weight": torch.ones(2)}),
    (torch.zeros(2, 3), torch.tensor([0, 1]), {"reduction": "all"})])
def test_class_errors(beside: Any, name: str, input: torch.Tensor, target: torch.Tensor,
                      kwargs: dict[str, Any]) -> None:
    beside.raises(name, input, target, **kwargs)


def test_smoothing_outside_its_range(beside: Any) -> None:
    beside.raises("cross_entropy", torch.zeros(2, 3), torch.tensor([0, 1]), label_smoothing=1.5)


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
def test_nothing_left_to_average(beside: Any, name: str) -> None:
    beside(name, drawn(2, 3), torch.tensor([-100, -100]), second=False)
    beside(name, drawn(0, 3), torch.zeros(0, dtype=torch.int64), second=False)
    beside(name, drawn(0, 3), torch.zeros(0, dtype=torch.int64), reduction="sum", second=False)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_cross_entropy_of_other_dtypes(beside: Any, dtype: torch.dtype) -> None:
    beside("cross_entropy", drawn(6, 4, dtype=dtype), torch.randint(0, 4, (6,)))
    beside("cross_entropy", (drawn(6, 4) * 1e4).to(dtype).detach().requires_grad_(), torch.randint(0, 4, (6,)))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
def test_binary_cross_entropy(beside: Any, reduction: str, weighted: bool) -> None:
    weight = torch.rand(3, dtype=D) + 0.5 if weighted else None
    beside("binary_cross_entropy", chances(2, 3), chances(2, 3), weight, reduction=reduction,
           ulps=2.0**17)  # PyTorch's second derivative adds 1e-12 to what it divides by


def test_binary_cross_entropy_at_the_ends(beside: Any) -> None:
    x = torch.tensor([0.0, 1.0, 0.0, 1.0], dtype=D).requires_grad_()
    beside("binary_cross_entropy", x, torch.tensor([0.0, 1.0, 1.0, 0.0], dtype=D), reduction="none", second=False,
           ulps=2.0**25)  # PyTorch's 1e-12 is a float32
    beside.raises("binary_cross_entropy", torch.tensor([1.5]), torch.tensor([1.0]))
    beside.raises("binary_cross_entropy", torch.tensor([-0.1]), torch.tensor([1.0]))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("positive", [False, True])
def test_binary_cross_entropy_with_logits(beside: Any, reduction: str, weighted: bool, positive: bool) -> None:
    weight = torch.rand(3, dtype=D) + 0.5 if weighted else None
    pos_weight = torch.rand(3, dtype=D) + 0.5 if positive else None
    beside("binary_cross_entropy_with_logits", drawn(2, 3), chances(2, 3), weight, pos_weight=pos_weight,
           reduction=reduction, ulps=64)


def test_logits_that_would_overflow(beside: Any) -> None:
    x = torch.tensor([-1e4, 1e4, -1e4, 1e4]).requires_grad_()
    beside("binary_cross_entropy_with_logits", x, torch.tensor([0.0, 1.0, 1.0, 0.0]), reduction="none")


@pytest.mark.parametrize("reduction", [*REDUCTIONS, "batchmean"])
@pytest.mark.parametrize("log_target", [False, True])
@pytest.mark.filterwarnings("ignore:reduction. .mean. divides")
def test_kl_div(beside: Any, reduction: str, log_target: bool) -> None:
    target = drawn(2, 3) if log_target else chances(2, 3)
    beside("kl_div", drawn(2, 3), target, reduction=reduction, log_target=log_target)


@pytest.mark.parametrize(("shape", "other", "dim"), [((2, 3), (2, 3), 1), ((2, 3), (3,), -1),
                                                     ((4, 2, 3), (4, 2, 3), 0)])
def test_cosine_similarity(beside: Any, shape: tuple[int, ...], other: tuple[int, ...], dim: int) -> None:
    beside("cosine_similarity", drawn(*shape), drawn(*other), dim, ulps=64)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("keepdim", [False, True])
def test_pairwise_distance(beside: Any, p: float, keepdim: bool) -> None:
    beside("pairwise_distance", drawn(2, 3), drawn(2, 3), p, keepdim=keepdim, ulps=64)
