"""What gradients promise at singular points: zeros, ties, infinities, NaN; the numbers are PyTorch's."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import flambeau
from flambeau.nn import functional as F

INF, NAN = math.inf, math.nan


@pytest.fixture(params=["cpu", "reference"], autouse=True)
def device(request: pytest.FixtureRequest) -> Iterator[None]:
    with flambeau.device(request.param):
        yield


def gradients(function: Callable[..., Any], *inputs: Any, incoming: float = 1.0) -> list[Any]:
    """For an incoming gradient that is the same for all elements of the result."""
    tensors = [flambeau.tensor(x, requires_grad=True) for x in inputs]
    out = function(*tensors)
    out.backward(flambeau.full_like(out.detach(), incoming))
    return [x.grad.tolist() for x in tensors]


def exactly(wanted: Any) -> Any:
    return pytest.approx(wanted, rel=1e-6, abs=0, nan_ok=True)


def at(*places: int) -> Any:
    return flambeau.tensor(list(places))


@pytest.mark.parametrize(("function", "x"), [
    (flambeau.sign, 2.0), (flambeau.floor, 2.5), (flambeau.ceil, 2.5), (flambeau.trunc, 2.5), (flambeau.round, 2.5),
    (lambda x: flambeau.div(x, 0.0, rounding_mode="trunc"), 1.0),
    (lambda x: flambeau.div(x, 3.0, rounding_mode="floor"), 1.0),
    (lambda x: flambeau.copysign(flambeau.ones(()), x), 2.0), (lambda x: flambeau.norm(x, 0), NAN),
    (lambda x: flambeau.cdist(x.reshape(1, 1), flambeau.ones(1, 1), 0.0), 3.0),
    (lambda x: (x * 1).copy_(at(7)[0]), 1.0),
], ids=["sign", "floor", "ceil", "trunc", "round", "div_trunc", "div_floor", "copysign", "norm", "cdist", "copy_"])
@pytest.mark.parametrize("incoming", [1.0, INF, NAN])
def test_what_does_not_depend_on_its_input_leaves_zero_whatever_comes_in(
        function: Callable[..., Any], x: float, incoming: float) -> None:
    assert gradients(function, x, incoming=incoming) == [0.0]


@pytest.mark.parametrize(("function", "x", "expected"), [
    (flambeau.max, [2.0, 2.0, 1.0], [INF, INF, 0.0]), (flambeau.min, [2.0, 2.0, 1.0], [0.0, 0.0, INF]),
    (flambeau.median, [2.0, 2.0, 1.0], [INF, INF, 0.0]), (flambeau.nanmedian, [2.0, NAN, 1.0], [0.0, 0.0, INF]),
    (flambeau.prod, [0.0, 0.0, 5.0], [0.0, 0.0, 0.0]), (lambda x: flambeau.norm(x, 3), [0.0, 0.0], [0.0, 0.0]),
    (lambda x: flambeau.cumprod(x, 0), [0.0, 0.0, 5.0], [INF, 0.0, 0.0]),
    (lambda x: flambeau.quantile(x, 0.75), [1.0, 2.0, 4.0], [0.0, INF, INF]), (flambeau.nansum, [1.0, NAN], [INF, NAN]),
    (flambeau.nan_to_num, [1.0, INF, NAN], [INF, NAN, NAN])])
def test_an_infinite_incoming_gradient(function: Callable[..., Any], x: list[float], expected: list[float]) -> None:
    assert gradients(function, x, incoming=INF) == [exactly(expected)]


@pytest.mark.parametrize(("function", "x", "expected"), [
    (flambeau.prod, [INF, 1.0, 2.0], [NAN, INF, INF]), (flambeau.prod, [0.0, 3.0, 2.0], [6.0, 0.0, 0.0]),
    (lambda x: flambeau.cumprod(x, 0), [2.0, 0.0, 3.0, 0.0, 4.0], [1.0, 8.0, 0.0, 0.0, 0.0]),
    (lambda x: flambeau.cumprod(x, 0), [NAN], [1.0]), (flambeau.amax, [NAN, 1.0], [NAN, NAN]),
    (flambeau.nanmean, [NAN, NAN], [NAN, NAN]), (flambeau.nanmean, [NAN, 3.0], [0.0, 1.0]),
    (lambda x: flambeau.norm(x, 0.5), [0.0, -INF, 1.0], [NAN, NAN, INF]),
    (lambda x: flambeau.norm(x, -1), [INF, 1.0], [0.0, 1.0]), (lambda x: flambeau.norm(x, 3), [0.0, 2.0], [0.0, 1.0])])
def test_reductions_beside_zeros_infinities_and_nan(
        function: Callable[..., Any], x: list[float], expected: list[float]) -> None:
    assert gradients(function, x) == [exactly(expected)]


def test_a_running_product_with_zeros_is_differentiable_twice() -> None:
    x = flambeau.tensor([2.0, 0.0, 3.0, 0.0], dtype=flambeau.float64, requires_grad=True)
    assert flambeau.autograd.gradcheck(lambda x: flambeau.cumprod(x, 0), (x,))
    assert flambeau.autograd.gradgradcheck(lambda x: flambeau.cumprod(x, 0), (x,))


def test_powers_with_an_infinite_incoming_gradient() -> None:
    assert gradients(lambda x: x**0.0, [0.0, 2.0], incoming=INF) == [[0.0, 0.0]]
    assert gradients(lambda x: flambeau.pow(0.0, x), [1.0], incoming=INF) == [exactly([NAN])]
    assert gradients(flambeau.xlogy, [1.0], [INF], incoming=0.0) == [[0.0], [0.0]]


def test_the_second_derivative_of_a_constant_power_is_zero() -> None:
    x = flambeau.tensor([0.0, NAN, 3.0], requires_grad=True)
    (first,) = flambeau.autograd.grad((x**0.0).sum(), x, create_graph=True)
    assert first.tolist() == [0.0, 0.0, 0.0]
    assert flambeau.autograd.grad(first.sum(), x)[0].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("function", [F.elu, F.selu, F.celu])
def test_the_second_derivative_at_the_bend_of_exponential_units_is_zero(function: Callable[..., Any]) -> None:
    x = flambeau.tensor([0.0, 1.0], requires_grad=True)
    (first,) = flambeau.autograd.grad(function(x).sum(), x, create_graph=True)
    assert flambeau.autograd.grad(first.sum(), x)[0].tolist() == [0.0, 0.0]


def test_clamp_between_tensors_gives_each_gradient_to_one() -> None:
    low, high, ends = [0.0, 0.0, 0.0, 3.0, INF], [1.0, 1.0, 1.0, 1.0, INF], [0.0, -1.0, 2.0, 2.0, 0.0]
    assert gradients(flambeau.clamp, ends, low, high) == [
        [1.0, 0.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0, 0.0]]


def test_lerp_shares_an_infinite_gradient_out() -> None:
    for weight in (0.3, 0.7):
        assert gradients(lambda a, b, w=weight: flambeau.lerp(a, b, w), [1.0], [2.0], incoming=INF) == [[INF], [INF]]


def test_distances_pass_nan_on_and_count_it() -> None:
    a, b = [[NAN, 1.0]], [[0.0, 3.0]]
    assert gradients(lambda a, b: flambeau.cdist(a, b, 1.0), a, b) == [[exactly([NAN, -1.0])], [exactly([NAN, 1.0])]]
    assert math.isnan(flambeau.cdist(flambeau.tensor(a), flambeau.tensor(b), 0.0).item())


def test_the_cosine_with_nothing_does_not_stop_the_gradient_at_its_limit() -> None:
    assert gradients(lambda a, b: F.cosine_similarity(a, b, 0), [0.0, 0.0], [INF, 1.0])[0] == exactly([NAN, NAN])


@pytest.mark.parametrize(("pool", "expected"), [
    (lambda x: F.max_pool1d(x, 3), [0.0, 0.0, 1.0, 0.0, 1.0, 0.0]),
    (lambda x: F.max_pool2d(x.unsqueeze(0), (1, 3)), [0.0, 0.0, 1.0, 0.0, 1.0, 0.0]),
    (lambda x: F.adaptive_max_pool1d(x, 2), [0.0, 0.0, 1.0, 0.0, 1.0, 0.0])])
def test_the_last_nan_of_a_window_gets_the_gradient(pool: Callable[..., Any], expected: list[float]) -> None:
    assert gradients(pool, [[[NAN, INF, NAN, 1.0, 5.0, 5.0]]]) == [[[expected]]]


def test_products_that_are_scattered() -> None:
    def product(a: Any, b: Any) -> Any:
        return flambeau.scatter_reduce(a, 0, at(0, 0, 1, 1), b, "prod")

    assert gradients(product, [2.0, 3.0], [0.0, 4.0, 0.0, 0.0]) == [[0.0, 0.0], [8.0, 0.0, 0.0, 0.0]]
    assert gradients(product, [1.0, 3.0], [0.0, INF, 1.0, 2.0]) == [exactly([NAN, 2.0]), exactly([INF, NAN, 6.0, 3.0])]
    inputs = [flambeau.tensor(v, dtype=flambeau.float64, requires_grad=True)
              for v in ([2.0, 3.0], [0.0, 0.0, 4.0, 0.0])]
    assert flambeau.autograd.gradgradcheck(product, inputs)


@pytest.mark.parametrize("loss", [F.nll_loss, F.cross_entropy])
def test_an_ignored_row_counts_for_nothing_whatever_stands_in_it(loss: Callable[..., Any]) -> None:
    target = at(-100, 1)
    for odd in ([NAN, 0.0], [INF, 0.0], [-INF, 0.0]):
        mine = flambeau.tensor([odd, [0.0, 0.0]])
        assert loss(mine, target).item() == loss(mine[1:], target[1:]).item()
        assert loss(mine, target, reduction="none")[0].item() == 0
    assert gradients(lambda x: loss(x, target, reduction="sum"), [[1.0, 1.0], [0.0, 0.0]], incoming=INF)[0][0] == [0, 0]


def test_weights_that_are_all_zero_leave_no_mean() -> None:
    got = gradients(lambda x: F.nll_loss(x, at(0, 1), flambeau.zeros(2)), [[1.0, 2.0], [3.0, 4.0]])
    assert got == [[exactly([NAN, 0.0]), exactly([0.0, NAN])]]


def test_binary_cross_entropy_limits_its_value_but_not_the_gradient_of_the_target() -> None:
    x = flambeau.tensor([0.0, 1.0, 0.5])
    assert gradients(lambda t: F.binary_cross_entropy(x, t, reduction="none"), [0.0, 1.0, 0.5]) == [[INF, -INF, 0.0]]


def test_complex_signs_and_logarithms_at_zero() -> None:
    assert gradients(flambeau.sgn, [0j], incoming=INF) == [[0j]]
    assert flambeau.log2(flambeau.tensor(0j)).item() == complex(-INF, 0.0)
    assert (flambeau.tensor(0j) ** (1 + 1j)).item() == 0
