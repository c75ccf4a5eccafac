"""What the elementwise, statistical and normalising ops promise, on small numbers worked out by hand or recorded."""

import math
from typing import Any

import pytest

import flambeau
from flambeau.errors import DTypeError, IndexRangeError, ShapeError, ValueRangeError

INF, NAN = math.inf, math.nan


def values(x: Any) -> Any:
    return pytest.approx(x.tolist(), rel=1e-5, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize(("name", "at", "expected"), [
    ("relu", -1.5, 0.0), ("relu", 2.0, 2.0), ("sigmoid", 0.0, 0.5), ("sigmoid", -200.0, 0.0), ("silu", 1.0, 0.7310586),
    ("gelu", 1.0, 0.8413447), ("softplus", 0.0, 0.6931472), ("softplus", 100.0, 100.0), ("softplus", -200.0, 0.0),
    ("leaky_relu", -2.0, -0.02), ("elu", -1.0, -0.6321206), ("elu", 1e4, 1e4), ("selu", -1.0, -1.1113307),
    ("mish", 1.0, 0.8650984), ("hardswish", 1.0, 0.6666667), ("logsigmoid", -1e4, -1e4), ("tan", 0.5, 0.5463025),
    ("asin", 0.5, 0.5235988), ("acosh", 2.0, 1.3169579), ("asinh", -1e30, -69.7707), ("log2", 8.0, 3.0),
    ("rsqrt", 4.0, 0.5), ("sinc", 0.0, 1.0), ("logit", 0.25, -1.0986123), ("erfc", 0.0, 1.0), ("exp2", -1.0, 0.5)])
def test_functions_at_a_point(name: str, at: float, expected: float) -> None:
    assert getattr(flambeau, name)(flambeau.tensor(at)).item() == pytest.approx(expected, rel=2e-6, abs=1e-30)


def test_relu_has_no_gradient_at_zero_and_keeps_nan() -> None:
    x = flambeau.tensor([-1.0, 0.0, 2.0, NAN], requires_grad=True)
    y = flambeau.relu(x)
    assert values(y) == [0.0, 0.0, 2.0, NAN]
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 1.0, 1.0]


def test_softmax_of_large_numbers_does_not_overflow() -> None:
    assert values(flambeau.softmax(flambeau.tensor([1e4, 1e4, -1e4]), 0)) == [0.5, 0.5, 0.0]
    assert values(flambeau.log_softmax(flambeau.tensor([1e4, 0.0]), 0)) == [0.0, -1e4]


def test_logsumexp_of_infinities() -> None:
    rows = flambeau.tensor([[-INF, -INF], [INF, 0.0], [1e4, 1e4]])
    assert values(flambeau.logsumexp(rows, 1)) == [-INF, INF, 1e4 + math.log(2)]


def test_layer_norm_is_exact_far_from_zero() -> None:
    row = flambeau.tensor([[100.0, 101.0, 102.0, 103.0]])
    assert flambeau.layer_norm(row, (4,))[0].tolist() == pytest.approx([-1.3416353, -0.4472118, 0.4472118, 1.3416353])


def test_batch_norm_moves_the_running_statistics() -> None:
    mean, var = flambeau.zeros(1), flambeau.ones(1)
    out = flambeau.batch_norm(flambeau.tensor([[1.0], [3.0]]), mean, var, training=True, momentum=0.5)
    assert values(out[:, 0]) == [-0.999995, 0.999995]
    assert mean.tolist() == [1.0]  # halfway from 0 to the batch's 2
    assert var.tolist() == [1.5]  # halfway from 1 to the batch's unbiased 2


def test_second_derivative_of_layer_norm_sees_the_mean_move() -> None:
    """With the saved mean and deviation taken for constants the Hessian would be zero."""
    x = flambeau.tensor([0.0, 1.0, 3.0], dtype=flambeau.float64, requires_grad=True)
    y = (flambeau.layer_norm(x, (3,), eps=0.0) * flambeau.tensor([1.0, 2.0, -1.0])).sum()
    first, = flambeau.autograd.grad(y, x, create_graph=True)
    second, = flambeau.autograd.grad(first[0], x)
    assert first.sum().item() == pytest.approx(0, abs=1e-12)  # moving all elements changes nothing
    step = 1e-5

    def slope(at: list[float]) -> float:
        z = flambeau.tensor(at, dtype=flambeau.float64, requires_grad=True)
        w = (flambeau.layer_norm(z, (3,), eps=0.0) * flambeau.tensor([1.0, 2.0, -1.0])).sum()
        return float(flambeau.autograd.grad(w, z)[0][0].item())

    expected = [(slope([step * (i == 0), 1 + step * (i == 1), 3 + step * (i == 2)])
                 - slope([-step * (i == 0), 1 - step * (i == 1), 3 - step * (i == 2)])) / (2 * step) for i in range(3)]
    assert second.tolist() == pytest.approx(expected, rel=1e-6)


def test_max_has_three_forms() -> None:
    x = flambeau.tensor([[1.0, 5.0, 5.0], [4.0, 2.0, 3.0]], requires_grad=True)
    assert flambeau.max(x).item() == 5.0
    found = flambeau.max(x, 1)
    assert (found.values.tolist(), found.indices.tolist()) == ([5.0, 4.0], [1, 0])
    assert flambeau.max(x, flambeau.tensor(3.0)).tolist() == [[3.0, 5.0, 5.0], [4.0, 3.0, 3.0]]
    flambeau.max(x).backward()
    assert x.grad.tolist() == [[0.0, 0.5, 0.5], [0.0, 0.0, 0.0]]  # ties share
    x.grad = None
    flambeau.max(x, 1).values.sum().backward()
    assert x.grad.tolist() == [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]  # the first of each


def test_variance_and_its_corrections() -> None:
    x = flambeau.tensor([1.0, 2.0, 4.0])
    assert flambeau.var(x).item() == pytest.approx(7 / 3)
    assert flambeau.var(x, unbiased=False).item() == pytest.approx(14 / 9)
    assert flambeau.std(x, correction=0).item() == pytest.approx(math.sqrt(14 / 9))
    with pytest.warns(UserWarning, match="degrees of freedom is <= 0"):
        assert math.isnan(flambeau.var(flambeau.ones(1, device="reference")).item())


@pytest.mark.parametrize(("p", "expected"), [(2, 5.0), (1, 7.0), (INF, 4.0), (-INF, 3.0), (0, 2.0), ("fro", 5.0)])
def test_norms(p: Any, expected: float) -> None:
    assert flambeau.norm(flambeau.tensor([3.0, -4.0]), p).item() == pytest.approx(expected)


def test_the_norm_of_zeros_has_gradient_zero() -> None:
    x = flambeau.zeros(3, requires_grad=True)
    flambeau.norm(x).backward()
    assert x.grad.tolist() == [0.0, 0.0, 0.0]


def test_truth_of_nothing() -> None:
    nothing = flambeau.zeros(0, 2)
    assert (flambeau.any(nothing).item(), flambeau.all(nothing).item()) == (False, True)
    assert flambeau.any(nothing, 0).tolist() == [False, False]


def test_clamp_takes_numbers_and_tensors() -> None:
    x = flambeau.tensor([-2.0, 0.5, 2.0, NAN])
    assert values(flambeau.clamp(x, -1, 1)) == [-1.0, 0.5, 1.0, NAN]
    assert values(flambeau.clamp(x, max=flambeau.tensor(0.0))) == [-2.0, 0.0, 0.0, NAN]
    assert flambeau.clamp(flambeau.tensor([1, 5]), min=2.5).tolist() == [2.5, 5.0]


def test_order_statistics() -> None:
    x = flambeau.tensor([3.0, 1.0, 2.0, 4.0])
    assert flambeau.median(x).item() == 2.0
    assert flambeau.quantile(x, 0.5).item() == 2.5
    assert flambeau.kthvalue(x, 2).indices.item() == 2
    assert flambeau.mode(flambeau.tensor([2, 1, 2, 1])).values.item() == 1
    assert math.isnan(flambeau.median(flambeau.tensor([1.0, NAN])).item())
    assert flambeau.nanmedian(flambeau.tensor([1.0, NAN])).item() == 1.0


def test_counting() -> None:
    found, place, count = flambeau.unique(flambeau.tensor([3, 1, 3]), return_inverse=True, return_counts=True)
    assert (found.tolist(), place.tolist(), count.tolist()) == ([1, 3], [1, 0, 1], [1, 2])
    assert flambeau.bincount(flambeau.tensor([0, 2, 2])).tolist() == [1, 0, 2]
    assert flambeau.histc(flambeau.tensor([0.0, 1.0, 1.9, 2.0]), 2, 0, 2).tolist() == [1.0, 3.0]
    assert flambeau.diff(flambeau.tensor([1, 4, 9])).tolist() == [3, 5]
    assert flambeau.nansum(flambeau.tensor([1.0, NAN])).item() == 1.0
    assert flambeau.cov(flambeau.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])).tolist() == [[1.0, -1.0], [-1.0, 1.0]]


def test_dropout_draws_pytorchs_mask() -> None:
    flambeau.manual_seed(0)
    assert flambeau.dropout(flambeau.ones(8), 0.5).tolist() == [0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 2.0, 2.0]


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda: flambeau.clamp(flambeau.ones(1)), ValueRangeError, "At least one of 'min' or 'max'"),
    (lambda: flambeau.max(flambeau.ones(0)), ShapeError, "Specify the reduction dim"),
    (lambda: flambeau.max(flambeau.ones(0, 2), 0), IndexRangeError, "dim 0 to have non-zero size"),
    (lambda: flambeau.var(flambeau.tensor([1, 2])), DTypeError, "floating point and complex"),
    (lambda: flambeau.layer_norm(flambeau.ones(2, 4), (5,)), ShapeError, r"\[\*, 5\], but got input of size\[2, 4\]"),
    (lambda: flambeau.dropout(flambeau.ones(1), 1.5), ValueRangeError, "between 0 and 1, but got 1.5"),
    (lambda: flambeau.glu(flambeau.ones(3)), ShapeError, "dimension 0 is size 3"),
    (lambda: flambeau.quantile(flambeau.ones(2), 2.0), ValueRangeError, r"range \[0, 1\] but got 2.0")])
def test_errors_say_what_and_which(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()
