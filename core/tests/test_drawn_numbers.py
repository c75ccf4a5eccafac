"""What programs drawn at random found about numbers, dtypes and layouts, as rules of their own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import flambeau
from flambeau.errors import DTypeError, DTypeNotOfferedError, IndexRangeError, OutDTypeError


@pytest.fixture(params=["cpu", "reference"], autouse=True)
def device(request: pytest.FixtureRequest) -> Iterator[None]:
    with flambeau.device(request.param):
        yield


# --- picking


@pytest.mark.parametrize(("key", "picked"), [
    ((slice(None), [0, 2]), [[0.0, 2.0], [3.0, 5.0]]), ((slice(None), [[2, 0]]), [[[2.0, 0.0]], [[5.0, 3.0]]]),
    ((slice(None), [-1]), [[2.0], [5.0]]), ((None, slice(None), [1]), [[[1.0], [4.0]]])])
def test_what_is_picked_lies_in_c_order_and_is_no_view(key: Any, picked: Any) -> None:
    x = flambeau.arange(6.0).reshape(2, 3).requires_grad_()
    made = x[key]
    assert made.tolist() == picked and made.is_contiguous() and not made._is_view()
    assert made.grad_fn.name() == "IndexBackward0"
    (made * made).sum().backward()
    want = [[0.0] * 3, [0.0] * 3]
    for v in made.detach().reshape(-1).tolist():
        want[int(v) // 3][int(v) % 3] = 2 * v
    assert x.grad.tolist() == want


def test_two_picks_apart_lead_and_their_gradients_add_up() -> None:
    x = flambeau.arange(12.0).reshape(2, 3, 2).requires_grad_()
    made = x[[0, 0], :, [1, 1]]
    assert made.tolist() == [[1.0, 3.0, 5.0]] * 2
    made.sum().backward()
    assert x.grad.sum().item() == 6.0 and x.grad[0, :, 1].tolist() == [2.0] * 3


def test_where_nothing_is_picked_no_place_is_wrong() -> None:
    x = flambeau.zeros(1, 0)
    assert x[flambeau.tensor([0, 5])].shape == (2, 0)
    x[flambeau.tensor([0, 5])] = 3.0
    with pytest.raises(IndexRangeError):
        flambeau.zeros(0, 1)[flambeau.tensor([0, 5])]


def test_one_value_goes_where_a_mask_of_bool_says_and_not_of_bytes() -> None:
    x, mask = flambeau.zeros(3), flambeau.tensor([1, 0, 1], dtype=flambeau.uint8)
    with pytest.raises(DTypeError, match=r"one of uint8; use mask\.bool\(\)"):
        x[mask] = 3.0
    x[mask] = flambeau.tensor([3.0, 4.0])
    assert x.tolist() == [3.0, 0.0, 4.0]


# --- dtypes


@pytest.mark.parametrize("op", [flambeau.sum, flambeau.prod, flambeau.cumsum])
def test_a_sum_is_computed_in_the_dtype_of_out(op: Callable[..., flambeau.Tensor]) -> None:
    x = flambeau.tensor([1.5, 2.75])
    out = flambeau.zeros(2 if op is flambeau.cumsum else (), dtype=flambeau.int8)
    op(x, 0, out=out)
    assert out.tolist() == op(x.to(flambeau.int8), 0).tolist()
    with pytest.raises(DTypeError):
        op(x, 0, dtype=flambeau.float64, out=out)


def test_booleans_do_not_run_up() -> None:
    with pytest.raises(DTypeNotOfferedError, match="which cannot hold what it adds up"):
        flambeau.cumsum(flambeau.ones(2), 0, out=flambeau.zeros(2, dtype=flambeau.bool))


def test_out_of_a_dtype_that_the_result_is_not_cast_to() -> None:
    with pytest.raises(OutDTypeError, match="complex64 can't be cast to the desired output type") as caught:
        flambeau.cat([flambeau.zeros(2, dtype=flambeau.complex64)], out=flambeau.zeros(2))
    assert isinstance(caught.value, (TypeError, RuntimeError)) and "FL116" in str(caught.value)


def test_out_that_shrinks_keeps_its_memory() -> None:
    held = flambeau.ones(4)
    out = held.detach()
    with pytest.warns(UserWarning, match="An output with one or more elements was resized"):
        flambeau.add(flambeau.ones(2), 4, out=out)
    assert out.tolist() == [5.0, 5.0] and held.tolist() == [5.0, 5.0, 1.0, 1.0]


@pytest.mark.parametrize("alpha", [1.5, 2.0])
@pytest.mark.parametrize("op", [flambeau.add, flambeau.sub, flambeau.rsub])
def test_integers_take_no_floating_alpha(op: Callable[..., flambeau.Tensor], alpha: float) -> None:
    with pytest.raises(DTypeError, match="alpha must not be a floating point number"):
        op(flambeau.tensor([1, 2]), flambeau.tensor([1, 2]), alpha=alpha)


def test_alpha_is_a_factor_in_the_dtype_of_the_result() -> None:
    byte = flambeau.tensor([2], dtype=flambeau.uint8)
    assert flambeau.add(flambeau.tensor([1]), byte, alpha=-1).tolist() == [-1]
    number = flambeau.tensor(-2, dtype=flambeau.int8)
    assert flambeau.add(flambeau.tensor([1.5]), number, alpha=100).tolist() == [-198.5]
    with pytest.raises(DTypeError, match="boolean alpha only supported for Boolean results"):
        flambeau.addr(flambeau.ones(2, 2), flambeau.ones(2), flambeau.ones(2), alpha=True)
    with pytest.raises(DTypeError, match="with a bool tensor is not supported"):
        flambeau.sub(flambeau.tensor([1]), flambeau.tensor([True]), alpha=2)


@pytest.mark.parametrize("dtype", [flambeau.bool, flambeau.int8, flambeau.complex64])
def test_nothing_is_scaled_in_any_dtype(dtype: flambeau.dtype) -> None:
    x = flambeau.zeros(2, 0, dtype=dtype)
    assert x.softmax(0).dtype is dtype and x.log_softmax(1).shape == (2, 0)
    assert x.amax(0).shape == (0,) and (x @ x.mT).tolist() == [[0, 0], [0, 0]]
    with pytest.raises(IndexRangeError, match="Expected reduction dim 1 to have non-zero size"):
        x.amax(1)
    if dtype is not flambeau.int8:
        with pytest.raises(DTypeNotOfferedError):
            flambeau.ones(2, dtype=dtype).softmax(0)


# --- numbers


def _signs(x: flambeau.Tensor) -> list[float]:
    return [math.copysign(1, v) for v in x.tolist()]


@pytest.mark.parametrize("dtype", [flambeau.float16, flambeau.float32, flambeau.float64])
@pytest.mark.parametrize("count", [1, 300])
def test_a_zero_remainder_has_the_sign_of_the_dividend(dtype: flambeau.dtype, count: int) -> None:
    x = flambeau.tensor([0.0, -0.0, 4.0, -4.0] * count, dtype=dtype)
    for divisor in (2.0, -2.0):
        for made in (x % divisor, flambeau.fmod(x, divisor), flambeau.remainder(x, flambeau.full_like(x, divisor))):
            assert set(made.tolist()) == {0.0} and _signs(made) == _signs(x)
    assert (flambeau.tensor([3.0, -3.0], dtype=dtype) % -2).tolist() == [-1.0, -1.0]


def test_signs_of_zero_elsewhere() -> None:
    assert _signs(flambeau.sinh(flambeau.tensor([-0.0, 0.0]))) == [-1.0, 1.0]
    assert _signs(flambeau.nn.functional.softshrink(flambeau.tensor([-0.0, -0.25, 0.25]))) == [1.0, 1.0, 1.0]


def test_a_complex_zero_to_the_power_of_zero_is_not_a_number() -> None:
    zero = flambeau.zeros(1, dtype=flambeau.complex64)
    for made in (0.0 ** zero, zero ** zero):
        assert math.isnan(made.item().real) and math.isnan(made.item().imag)
    assert (zero ** 0).item() == 1 and (2.0 ** zero).item() == 1


# --- layouts


@pytest.mark.parametrize(("made", "stride"), [
    (lambda: flambeau.zeros(0), (1,)), (lambda: flambeau.zeros(2, 0), (1, 1)), (lambda: flambeau.zeros(0, 3), (3, 1)),
    (lambda: flambeau.zeros(2, 0, 3), (3, 3, 1)), (lambda: flambeau.zeros(2, 3)[None], (6, 3, 1)),
    (lambda: flambeau.zeros(2, 3)[None, None], (6, 6, 3, 1)), (lambda: flambeau.zeros(2, 3).unsqueeze(1), (3, 3, 1)),
    (lambda: flambeau.zeros(2, 3)[..., None], (3, 1, 1)), (lambda: flambeau.zeros(2, 3).t().unsqueeze(1), (1, 6, 3)),
    (lambda: flambeau.zeros(3).expand(2, 3), (0, 1)), (lambda: flambeau.zeros(2, 3)[1:2], (3, 1))])
def test_strides_of_empty_tensors_and_new_dims(made: Callable[[], flambeau.Tensor], stride: tuple[int, ...]) -> None:
    assert made().stride() == stride


PLACES = {"gaps": lambda x: x[:, ::2], "offset": lambda x: x[1:], "transposed": lambda x: x.t()}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_windows_of_a_tracked_tensor_are_views_wherever_it_lies(place: Any) -> None:
    held = flambeau.arange(12.0).reshape(3, 4).requires_grad_() * 1.0
    x = place(held)
    windows = x.unfold(0, 1, 1)
    assert windows._base is held and windows.data_ptr() == x.data_ptr()
    start = flambeau.tensor(2.0, requires_grad=True)
    windows[0].mul_(start)  # each sees it: base, view, window
    assert windows[0].reshape(-1).tolist() == x[0].tolist()
    held.sum().backward()
    assert start.grad.item() == place(flambeau.arange(12.0).reshape(3, 4))[0].sum().item()


def test_gradients_reach_the_places_that_as_strided_reads_outside_of_its_input() -> None:
    x = flambeau.tensor([3.0, -1.0, 1.5], requires_grad=True)
    x[0].as_strided((2,), (1,)).sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, 0.0]  # of the input alone, as in PyTorch


def test_results_are_no_views() -> None:
    x = flambeau.arange(6.0).reshape(2, 3)
    for made in (flambeau.kron(x, x), x.rot90(), x.repeat_interleave(2, 1)):
        assert not made._is_view()
    assert x.repeat_interleave(2, 0).tolist() == [[0.0, 1.0, 2.0]] * 2 + [[3.0, 4.0, 5.0]] * 2
    empty = flambeau.zeros(0)
    assert empty.diff() is empty
