"""What programs drawn at random found, as rules of their own."""

from __future__ import annotations

import pytest

import flambeau
from flambeau.errors import (
    ArgumentError,
    DimError,
    DTypeError,
    DTypeNotOfferedError,
    GradientError,
    IndexRangeError,
    NoDerivativeError,
    ShapeError,
)


def leaf() -> flambeau.Tensor:
    return flambeau.tensor([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], requires_grad=True)


@pytest.fixture(params=["cpu", "reference"], autouse=True)
def device(request: pytest.FixtureRequest):
    with flambeau.device(request.param):
        yield


# --- views


def test_a_view_made_without_recording_says_what_its_base_requires() -> None:
    base = flambeau.ones(2, 3)
    row = base[0]
    base.requires_grad_()
    with flambeau.no_grad():
        flat = base.view(-1)
    assert row.requires_grad and flat.requires_grad and flat.is_leaf
    assert not base.detach()[0].requires_grad
    with pytest.raises(GradientError):
        flat.sum().backward()


def test_a_view_reshaped_in_place_stays_where_it_is_in_its_base() -> None:
    base = flambeau.zeros(2, 3)
    row = base[1:]
    row.unsqueeze_(1)
    start = flambeau.tensor(2.0, requires_grad=True)
    row.add_(start)
    assert row.shape == (1, 1, 3) and base.tolist() == [[0.0] * 3, [2.0] * 3]
    (base * base).sum().backward()
    assert start.grad is not None and start.grad.item() == 12.0


def test_views_of_a_base_reshaped_in_place_stay_what_they_are() -> None:
    start = flambeau.tensor(2.0, requires_grad=True)
    base = flambeau.ones(2, 3)
    row = base[0]
    base.t_()
    base.mul_(start)
    assert base.shape == (3, 2) and row.shape == (3,) and row.tolist() == [2.0, 2.0, 2.0]
    row.sum().backward()
    assert start.grad is not None and start.grad.item() == 3.0


def test_views_are_not_detached_in_place() -> None:
    with pytest.raises(GradientError, match="can't detach views in place"):
        (leaf() * 1)[0].detach_()


def test_no_memory_has_no_strided_view() -> None:
    with pytest.raises(ShapeError):
        flambeau.ones(0).as_strided((2,), (1,))


def test_what_needs_no_stretching_is_itself() -> None:
    a, b = flambeau.ones(2, 3), flambeau.ones(3)
    stretched = flambeau.broadcast_tensors(a, b)
    assert stretched[0] is a and stretched[1].shape == (2, 3)


def test_matrices_are_turned_vectors_are_not() -> None:
    number = flambeau.tensor(1.0)
    assert number.mT is number
    for name in ("mT", "mH"):
        with pytest.raises(ShapeError, match="only supported on matrices"):
            getattr(flambeau.ones(3), name)


# --- derivatives


@pytest.mark.parametrize("made", [lambda t: t // 2, lambda t: 7 // t, lambda t: flambeau.floor_divide(t, t),
                                  lambda t: t.unique(), lambda t: t.unique(return_counts=True)[0],
                                  lambda t: t.unique_consecutive()])
def test_what_has_no_derivative_says_so_when_walked(made) -> None:
    t = leaf()
    result = made(t)
    assert result.requires_grad and not result.is_leaf
    with pytest.raises(NoDerivativeError, match=r"derivative for .* is not implemented"):
        result.sum().backward()
    assert not made(t.detach()).requires_grad


def test_logic_in_place_is_outside_the_graph() -> None:
    t = flambeau.tensor([0.0, 2.0], requires_grad=True)
    assert t.logical_not_().tolist() == [1.0, 0.0] and t.is_leaf
    t.logical_or_(flambeau.ones(2))
    assert t.tolist() == [1.0, 1.0]


# --- arguments


def test_bits_of_floats_are_not_inverted() -> None:
    with pytest.raises(ArgumentError, match="only implemented on integer and bool"):
        ~flambeau.ones(2)
    assert (~flambeau.tensor([True, False])).tolist() == [False, True]


def test_a_bool_scales_and_subtracts_nothing() -> None:
    for change in (lambda t: flambeau.add(t, t, alpha=True), lambda t: flambeau.sub(t, t, alpha=True),
                   lambda t: True - t, lambda t: flambeau.rsub(t, True)):
        with pytest.raises(DTypeError):
            change(flambeau.ones(2))


@pytest.mark.parametrize("name", ["permute", "expand", "reshape", "view", "flip", "repeat", "tile"])
def test_sizes_are_not_left_out(name: str) -> None:
    with pytest.raises(ArgumentError):
        getattr(flambeau.tensor(1.0), name)()


def test_bools_do_not_run_up_in_place() -> None:
    for name in ("cumsum_", "cumprod_"):
        with pytest.raises(DTypeNotOfferedError):
            getattr(flambeau.tensor([True, True]), name)(0)
    assert flambeau.tensor([1, 2], dtype=flambeau.int8).cumsum_(0).tolist() == [1, 3]


def test_no_name_indexes() -> None:
    with pytest.raises(IndexRangeError, match="too many indices"):
        flambeau.tensor(1.0)["a"]
    with pytest.raises(ArgumentError, match="cannot index"):
        flambeau.ones(2)["a"]


def test_a_tensor_without_dims_has_none_to_split_or_repeat() -> None:
    with pytest.raises(ShapeError):
        flambeau.tensor(1.0).unflatten(0, (1, 1))
    with pytest.raises(DimError):
        flambeau.tensor(1.0).repeat_interleave(2, -1)


def test_out_may_have_no_elements_and_comparisons_no_derivative() -> None:
    empty = flambeau.ones(2, 0)
    assert flambeau.mul(empty, 2, out=empty) is empty
    written = flambeau.zeros(2, requires_grad=True)
    flambeau.eq(flambeau.ones(2), 1, out=written)
    assert written.tolist() == [1.0, 1.0]
