"""Losses on small numbers worked out by hand."""

import math
from typing import Any

import pytest

import flambeau
from flambeau.errors import DTypeError, IndexRangeError, ShapeError, ValueRangeError

LOGITS = [[0.0, 0.0, 0.0], [0.0, math.log(2.0), 0.0]]  # probabilities 1/3 each; 1/4, 1/2, 1/4


@pytest.mark.parametrize(("kwargs", "expected"), [
    ({}, (math.log(3) + math.log(2)) / 2), ({"reduction": "sum"}, math.log(3) + math.log(2)),
    ({"reduction": "none"}, [math.log(3), math.log(2)]), ({"ignore_index": 1}, math.log(3)),
    ({"weight": [1.0, 3.0, 1.0]}, (math.log(3) + 3 * math.log(2)) / 4),
    ({"label_smoothing": 0.3}, 0.7 * (math.log(3) + math.log(2)) / 2 + 0.1 * (3 * math.log(3) + 5 * math.log(2)) / 2)])
def test_cross_entropy(kwargs: dict[str, Any], expected: Any) -> None:
    if "weight" in kwargs:
        kwargs = {"weight": flambeau.tensor(kwargs["weight"])}
    x = flambeau.tensor(LOGITS)
    assert flambeau.cross_entropy(x, flambeau.tensor([0, 1]), **kwargs).tolist() == pytest.approx(expected)


def test_the_gradient_of_cross_entropy_is_softmax_less_the_target() -> None:
    x = flambeau.tensor(LOGITS, requires_grad=True)
    flambeau.cross_entropy(x, flambeau.tensor([0, 1]), reduction="sum").backward()
    assert x.grad[0].tolist() == pytest.approx([-2 / 3, 1 / 3, 1 / 3])
    assert x.grad[1].tolist() == pytest.approx([0.25, -0.5, 0.25])


def test_ignored_targets_leave_no_gradient() -> None:
    x = flambeau.tensor(LOGITS, requires_grad=True)
    loss = flambeau.cross_entropy(x, flambeau.tensor([-100, -100]))
    assert math.isnan(loss.item())  # the mean of nothing
    loss.backward()
    assert x.grad.tolist() == [[0.0] * 3] * 2


def test_targets_may_be_probabilities() -> None:
    x, target = flambeau.tensor(LOGITS), flambeau.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    assert flambeau.cross_entropy(x, target).item() == pytest.approx((math.log(3) + math.log(2)) / 2)


@pytest.mark.parametrize(("name", "kwargs", "expected"), [
    ("mse_loss", {}, 5.0), ("mse_loss", {"reduction": "none"}, [1.0, 9.0]), ("l1_loss", {}, 2.0),
    ("smooth_l1_loss", {}, 1.5), ("huber_loss", {"delta": 2.0}, 2.25), ("smooth_l1_loss", {"beta": 4.0}, 0.625)])
def test_distances(name: str, kwargs: dict[str, Any], expected: Any) -> None:
    x, target = flambeau.tensor([1.0, 0.0]), flambeau.tensor([0.0, 3.0])
    assert getattr(flambeau, name)(x, target, **kwargs).tolist() == pytest.approx(expected)


def test_binary_cross_entropy_of_logits_does_not_overflow() -> None:
    x, target = flambeau.tensor([-1e4, 1e4, 0.0]), flambeau.tensor([0.0, 0.0, 1.0])
    loss = flambeau.binary_cross_entropy_with_logits(x, target, reduction="none")
    assert loss.tolist() == pytest.approx([0.0, 1e4, math.log(2)])


def test_binary_cross_entropy_limits_its_logarithms() -> None:
    loss = flambeau.binary_cross_entropy(flambeau.tensor([0.0]), flambeau.tensor([1.0]))
    assert loss.item() == 100.0


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda x, t: flambeau.cross_entropy(x, t + 2), IndexRangeError, "Target 3 is out of bounds"),
    (lambda x, t: flambeau.cross_entropy(x, t[:1]), ValueRangeError, r"batch_size \(2\) to match target"),
    (lambda x, t: flambeau.cross_entropy(x, t.float()), DTypeError, "expected target of dtype int64"),
    (lambda x, t: flambeau.cross_entropy(x, t, label_smoothing=2), ValueRangeError, "between 0.0 and 1.0. Got: 2"),
    (lambda x, t: flambeau.nll_loss(x, t, flambeau.ones(2)), ShapeError, "either for all 3 classes or no classes"),
    (lambda x, t: flambeau.mse_loss(x, x, reduction="avg"), ValueRangeError, "avg is not a valid value for reduction"),
    (lambda x, t: flambeau.binary_cross_entropy(x - 1, x), ValueRangeError, "between 0 and 1")])
def test_errors_say_what_and_which(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call(flambeau.tensor(LOGITS), flambeau.tensor([0, 1]))
