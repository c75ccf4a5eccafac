"""Numbers that were once wrong: what meets a tensor too early, zeros that were products, views that lost their leaf."""

import time

import pytest

import flambeau
from flambeau.errors import GradientError, InplaceError, OutOfMemoryError
from flambeau.functions.movement.triangle import _below


def test_an_integer_that_the_dtype_does_not_hold_divides_as_itself():
    assert (flambeau.tensor([0, 128], dtype=flambeau.uint8) / 256).tolist() == [0.0, 0.5]
    assert (flambeau.tensor([64], dtype=flambeau.int8) / flambeau.tensor(256)).tolist() == [0.25]
    assert (512 / flambeau.tensor([2], dtype=flambeau.int8)).tolist() == [256.0]


def test_a_sum_of_integers_still_wraps():
    assert (flambeau.tensor([0, 128], dtype=flambeau.uint8) + 256).tolist() == [0, 128]


@pytest.mark.parametrize("number", [70000, 70000.0, flambeau.tensor(70000.0)])
def test_a_number_meets_16_bit_floats_unrounded(number):
    x = flambeau.tensor([0.001], dtype=flambeau.float16)
    assert (x * number).tolist() == [70.0]
    assert x.mul_(number).tolist() == [70.0]


def test_its_product_is_one_node_with_the_gradient_of_a_product():
    x = flambeau.tensor([0.001], dtype=flambeau.float16, requires_grad=True)
    y = x * 0.1
    assert y.grad_fn.name() == "MulBackward0"
    y.backward(flambeau.tensor([1000.0], dtype=flambeau.float16))
    assert x.grad.tolist() == [100.0]


def test_casts_to_integers_leave_the_graph():
    x = flambeau.tensor([2.0], requires_grad=True)
    (x.bool() * x).sum().backward()
    assert x.grad.tolist() == [1.0]
    assert not x.long().requires_grad


@pytest.mark.parametrize("change", ["eq_", "lt_", "ne_"])
def test_a_comparison_in_place_has_zero_gradient(change):
    x = flambeau.tensor([2.0, 3.0], requires_grad=True)
    y = x * 2
    getattr(y, change)(4)
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 0.0]


def test_a_comparison_of_a_part_in_place_leaves_the_gradient_of_the_rest():
    x = flambeau.tensor([2.0, 3.0], requires_grad=True)
    y = x * 2
    y[:1].eq_(4)
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 2.0]


@pytest.mark.parametrize("call", [lambda x: x // 2, lambda x: x.heaviside(flambeau.ones(1))])
def test_what_has_no_derivative_raises_on_the_way_back(call):
    x = flambeau.tensor([3.0], requires_grad=True)
    with pytest.raises(GradientError, match=r"derivative for .* is not implemented"):
        call(x).sum().backward()


def test_what_a_cast_read_may_be_overwritten():
    x = flambeau.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    z = y.to(flambeau.float64)
    y[1:2] = 5
    z.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


@pytest.mark.parametrize("dim", [0, -1])
def test_softmax_of_a_number_is_one(dim):
    assert flambeau.tensor(0.0).softmax(dim).item() == 1.0


def test_parts_with_a_sign_are_numbers_of_their_own():
    z = flambeau.tensor([1 + 2j])
    for _ in range(2):  # once made, once found again
        assert str((z * 0 + complex(-4, 0.0)).imag.item()) == "0.0"
        assert str((flambeau.tensor([0j]) * complex(1, -0.0) + complex(-0.0, -0.0)).real.item()) == "0.0"
        assert str((flambeau.tensor([-0.0]) + -0.0).item()) == "-0.0"


@pytest.mark.parametrize("change", [lambda x: x.__setitem__(0, 5), lambda x: x[0].add_(1), lambda x: x[0][1:].zero_()])
def test_a_leaf_made_of_a_view_is_guarded(change):
    x = flambeau.zeros(6).reshape(2, 3).requires_grad_()
    with pytest.raises(InplaceError, match="a view of a leaf Variable"):
        change(x)
    assert x.is_leaf and x.tolist() == [[0.0] * 3] * 2
    with flambeau.no_grad():
        change(x)
    assert x.is_leaf


def test_views_of_views_cost_what_they_are_long():
    x = flambeau.zeros(4)
    base, began = x, time.perf_counter()
    for _ in range(50_000):
        x = x[:]
    x[1] = 3
    assert base.tolist() == [0.0, 3.0, 0.0, 0.0]
    assert time.perf_counter() - began < 5  # it took 25 s


def test_views_changed_one_by_one_are_derived_when_asked():
    leaf = flambeau.zeros(1000, requires_grad=True)
    x = leaf * 1
    views, began = [x[i] for i in range(1000)], time.perf_counter()
    for i, view in enumerate(views):
        view.mul_(i)
    assert time.perf_counter() - began < 2  # it took 5 s
    assert {v.grad_fn.name() for v in views} == {"SliceBackward0"}
    assert {type(v) for v in views} == {flambeau.Tensor}
    views[7].backward()
    assert leaf.grad.nonzero().tolist() == [[7]]
    assert leaf.grad[7].item() == 7


def test_a_view_used_before_a_change_keeps_what_it_was():
    leaf = flambeau.ones(20, requires_grad=True)
    x = leaf * 1
    views = [x[i] for i in range(20)]
    early = views[3] * 10
    for view in views:
        view.mul_(2)
    with flambeau.no_grad():
        assert views[3].grad_fn is not None
    (early + views[3]).backward()
    assert leaf.grad[3].item() == 12


def test_a_saved_parameter_that_changed_is_noticed():
    w = flambeau.nn.Parameter(flambeau.ones(2))
    loss = (w * w).sum()
    with flambeau.no_grad():
        w.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


HUGE = 2**50
IMPOSSIBLE = {
    "linspace": lambda: flambeau.linspace(0, 1, HUGE), "logspace": lambda: flambeau.logspace(0, 1, HUGE),
    "arange": lambda: flambeau.arange(HUGE), "arange of floats": lambda: flambeau.arange(0.0, 1e15),
    "rand": lambda: flambeau.rand(HUGE), "randn": lambda: flambeau.randn(HUGE),
    "randint": lambda: flambeau.randint(5, (HUGE,)), "randperm": lambda: flambeau.randperm(HUGE),
    "rand_like": lambda: flambeau.rand_like(flambeau.ones(1).expand(HUGE)),
    "repeat_interleave": lambda: flambeau.ones(1).repeat_interleave(HUGE),
    "one_hot": lambda: flambeau.nn.functional.one_hot(flambeau.tensor([0]), HUGE),
    "eye": lambda: flambeau.eye(2**25), "full": lambda: flambeau.full((HUGE,), 2.0),
    "cartesian_prod": lambda: flambeau.cartesian_prod(*[flambeau.arange(1000)] * 6),
    "combinations": lambda: flambeau.combinations(flambeau.arange(10_000), 8),
    "tril_indices": lambda: flambeau.tril_indices(2**30, 2**30),
    "triu_indices": lambda: flambeau.triu_indices(2**30, 2**30, 5),
    "tile": lambda: flambeau.ones(1).tile(HUGE), "repeat": lambda: flambeau.ones(1).repeat(HUGE),
    "cat": lambda: flambeau.cat([flambeau.ones(1).expand(HUGE)] * 2),
    "stack": lambda: flambeau.stack([flambeau.ones(1).expand(HUGE)] * 2),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_an_impossible_size_is_refused_at_once(name):
    began = time.perf_counter()
    with pytest.raises(OutOfMemoryError):
        IMPOSSIBLE[name]()
    assert time.perf_counter() - began < 2
    assert flambeau.ones(2).sum().item() == 2


@pytest.mark.parametrize("row, col, offset", [(0, 3, 0), (3, 0, 1), (4, 3, -2), (3, 5, 1), (4, 4, 9), (4, 4, -9)])
def test_triangles_have_as_many_places_as_they_are_counted(row, col, offset):
    places = [(i, j) for i in range(row) for j in range(col) if j - i <= offset]
    assert _below(row, col, offset) == len(places)
    assert flambeau.tril_indices(row, col, offset).T.tolist() == [list(place) for place in places]
    assert flambeau.triu_indices(row, col, offset + 1).shape[1] == row * col - len(places)
