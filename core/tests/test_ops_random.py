"""Random tensors are PyTorch's from the same seed, on every CPU backend; the values were recorded from 2.13."""

import struct
from collections.abc import Callable
from typing import Any

import pytest

import flambeau
from flambeau import Tensor
from flambeau.errors import ArgumentError, DTypeError, InplaceError, ShapeError, UnsupportedError, ValueRangeError
from flambeau.functions.random.sampling import mask_like
from flambeau.functions.random.variates import _sample_dirichlet, _standard_gamma

DEVICES = ["cpu", "reference"]
f16, b16, f64, c64 = flambeau.float16, flambeau.bfloat16, flambeau.float64, flambeau.complex64


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> Any:
    chosen = flambeau.device(request.param)
    with chosen, flambeau.random.fork_rng():
        flambeau.manual_seed(7)
        yield chosen


def empty(*size: int, dtype: Any = flambeau.float32) -> Tensor:
    return flambeau.empty(*size, dtype=dtype)


def weights(*values: float, dtype: Any = flambeau.float32) -> Tensor:
    return flambeau.tensor(values, dtype=dtype)


EXACT: dict[str, tuple[Callable[[], Tensor], list[Any]]] = {
    "rand": (lambda: flambeau.rand(4), [0.53492254, 0.198803186, 0.659211695, 0.656890273]),
    "rand float64": (lambda: flambeau.rand(3, dtype=f64), [0.27938043, 0.273693714, 0.862092961]),
    "rand float16": (lambda: flambeau.rand(4, dtype=f16), [0.53515625, 0.198852539, 0.659179688, 0.656738281]),
    "rand bfloat16": (lambda: flambeau.rand(4, dtype=b16), [0.53515625, 0.19921875, 0.66015625, 0.65625]),
    "uniform_": (lambda: empty(4).uniform_(-0.1, 0.7), [0.32793805, 0.0590425506, 0.427369356, 0.425512224]),
    "uniform_ around 0": (lambda: empty(4).uniform_(-0.3, 0.3),
                          [0.0209535249, -0.180718094, 0.0955270231, 0.0941341668]),
    "uniform_ float64": (lambda: empty(3, dtype=f64).uniform_(-0.1, 0.7), [0.123504344, 0.118954971, 0.589674369]),
    "randint": (lambda: flambeau.randint(-5, 10, (6,)), [-5, 2, -4, 6, 8, 7]),
    "randint of 40 bits": (lambda: flambeau.randint(2**40, (3,)), [752595690692, 108744157686, 291964244179]),
    "random_ uint8": (lambda: empty(4, dtype=flambeau.uint8).random_(), [175, 196, 25, 246]),
    "random_ float32": (lambda: empty(4).random_(), [8974492, 3335306, 11059538, 11020709]),
    "random_ int64": (lambda: empty(2, dtype=flambeau.int64).random_(), [1407639518939636932, 5163590386780219894]),
    "random_ of all int64": (lambda: empty(2, dtype=flambeau.int64).random_(-(2**63), None),
                             [1407639518939636932, -4059781650074555914]),
    "random_ from 100 on": (lambda: empty(3, dtype=flambeau.int8).random_(100, None), [119, 120, 113]),
    "randperm": (lambda: flambeau.randperm(6), [3, 0, 1, 5, 2, 4]),
    "randperm float32": (lambda: flambeau.randperm(5, dtype=flambeau.float32), [0, 1, 3, 2, 4]),
    "bernoulli": (lambda: flambeau.bernoulli(weights(0.2, 0.5, 0.8, 0.5, 0.4)), [0, 1, 1, 0, 1]),
    "bernoulli float64": (lambda: flambeau.bernoulli(weights(0.2, 0.5, 0.8, 0.5, 0.4, dtype=f64)), [0, 1, 0, 0, 0]),
    "bernoulli_": (lambda: empty(8).bernoulli_(0.4), [1, 1, 0, 0, 0, 0, 1, 0]),
    "geometric_": (lambda: empty(4, dtype=flambeau.int32).geometric_(0.3), [4, 4, 1, 2]),
    "multinomial": (lambda: flambeau.multinomial(weights(0.1, 0.2, 0.3, 0.4), 3), [1, 3, 0]),
    "multinomial with replacement": (lambda: flambeau.multinomial(weights(0.1, 0.2, 0.3, 0.4), 6, True),
                                     [1, 1, 3, 3, 3, 3]),
    "multinomial of rows": (lambda: flambeau.multinomial(flambeau.tensor([[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]]),
                                                         2), [[1, 3], [2, 1]]),
    "uniform_ in memory order": (lambda: empty(2, 3).t().uniform_(),
                                 [[0.53492254, 0.656890273], [0.198803186, 0.232761562], [0.659211695, 0.425061405]]),
    "rand_like in memory order": (lambda: flambeau.rand_like(empty(2, 3).t()),
                                  [[0.53492254, 0.656890273], [0.198803186, 0.232761562], [0.659211695, 0.425061405]]),
    "poisson": (lambda: flambeau.poisson(weights(0.0, 2.0, 9.5, 30.0, 400.0)), [0, 1, 10, 16, 423]),
    "poisson float64": (lambda: flambeau.poisson(weights(2.0, 30.0, dtype=f64)), [1, 37]),
    "binomial": (lambda: flambeau.binomial(weights(5, 5, 60, 60, 60, 0), weights(0.2, 0.9, 0.3, 0.8, 1.0, 0.5)),
                 [0, 5, 16, 54, 60, 0]),
    "dropout's mask": (lambda: mask_like(flambeau.ones(8), 0.5),
                       [True, True, False, False, False, False, True, False]),
}

CLOSE: dict[str, tuple[Callable[[], Tensor], list[float]]] = {
    "randn, few": (lambda: flambeau.randn(3), [-0.146795094, 0.786141276, 0.94682163]),
    "randn, a block and a tail": (lambda: flambeau.randn(17)[[0, 1, 8, 15, 16]],
                                  [-0.820134521, -0.324566633, -0.848908603, -1.35976899, -0.866701603]),
    "randn float16": (lambda: flambeau.randn(17, dtype=f16)[[0, 1, 8, 15, 16]].float(),
                      [-0.8203125, -1.58300781, -0.724609375, -1.32324219, -1.359375]),
    "randn float64": (lambda: flambeau.randn(17, dtype=f64)[[0, 1, 8, 15, 16]],
                      [0.0662675397, -0.291041471, -1.31314966, 0.452575502, -1.66772913]),
    "normal_": (lambda: empty(4).normal_(2, 0.5), [1.92660248, 2.3930707, 2.47341084, 1.44282794]),
    "normal_ into gaps": (lambda: empty(4, 5).t().normal_()[0], [-0.146795094, -0.894827902, 0.317678303, 1.34702265]),
    "exponential_": (lambda: empty(3).exponential_(2.0), [0.163821965, 0.159891739, 0.990587711]),
    "cauchy_": (lambda: empty(3).cauchy_(1, 2), [-0.661111534, -0.722406089, 5.32378435]),
    "log_normal_": (lambda: empty(3).log_normal_(), [2.02670193, 13.0956821, 18.0589828]),
    "normal of tensors": (lambda: flambeau.normal(weights(1.0, 10.0), weights(0.1, 3.0)), [0.985320508, 12.3584232]),
    "gamma": (lambda: _standard_gamma(weights(0.1, 0.9, 1.0, 20.0)),
              [0.0202451758, 0.323482633, 0.416416258, 25.6538315]),
    "Dirichlet": (lambda: _sample_dirichlet(weights(0.5, 1.0, 3.0)), [0.0580974296, 0.49962157, 0.442281008]),
    "normal of numbers": (lambda: flambeau.normal(3.0, 0.5, (2,)), [2.92660236, 3.3930707]),
}


@pytest.mark.parametrize("name", EXACT)
def test_uniforms_integers_permutations_and_masks_are_pytorchs_bit_for_bit(device: Any, name: str):
    draw, expected = EXACT[name]
    drawn = draw()
    assert drawn.device is device
    assert flat(drawn.tolist()) == recorded(flat(expected))


def flat(values: list[Any]) -> list[Any]:
    return [v for row in values for v in row] if isinstance(values[0], list) else values


def recorded(values: list[Any]) -> Any:
    """The table holds nine digits, which tell float32 numbers apart."""
    return pytest.approx(values, rel=6e-9) if type(values[0]) is float else values


@pytest.mark.parametrize("name", CLOSE)
def test_normals_are_pytorchs_within_four_units_in_the_last_place(device: Any, name: str):
    draw, expected = CLOSE[name]
    drawn = draw()
    assert drawn.device is device
    assert drawn.tolist() == pytest.approx(expected, rel=4 * 2.0**-23)


def test_complex_numbers_draw_real_and_imaginary_part_in_turn(device: Any):
    assert flambeau.rand(2, dtype=c64).tolist() == pytest.approx(
        [0.5349225401878357 + 0.19880318641662598j, 0.6592116951942444 + 0.6568902730941772j])


@pytest.mark.parametrize("n", [1, 2, 3, 15, 16, 17, 40])
@pytest.mark.parametrize("dtype", [f16, b16, flambeau.float32, f64, c64], ids=lambda d: d.name)
def test_all_cpu_backends_draw_the_same_normals(n: int, dtype: Any):
    drawn = []
    for name in DEVICES:
        flambeau.manual_seed(3)
        drawn.append(flambeau.randn(n, dtype=dtype, device=name).tolist())
    parts = [[part for v in values for part in (complex(v).real, complex(v).imag)] for values in drawn]
    assert parts[0] == pytest.approx(parts[1], rel=1e-6 if dtype.itemsize > 2 else 1e-2)


def test_a_stream_goes_on_and_a_seed_starts_it_again(device: Any):
    first, second = flambeau.rand(3), flambeau.rand(3)
    flambeau.manual_seed(7)
    assert flambeau.rand(6).tolist() == first.tolist() + second.tolist()


def test_the_default_generator_is_left_alone_where_another_is_given(device: Any):
    own = flambeau.Generator().manual_seed(7)
    before = flambeau.get_rng_state().tolist()
    drawn = flambeau.randn(4, generator=own)
    assert flambeau.get_rng_state().tolist() == before
    assert drawn.tolist() == flambeau.randn(4).tolist()


def test_the_state_is_a_tensor_and_continues(device: Any):
    flambeau.randn(3)
    state = flambeau.get_rng_state()
    assert (state.dtype, tuple(state.shape)) == (flambeau.uint8, (5056,))
    expected = flambeau.randn(5).tolist()
    flambeau.set_rng_state(state)
    assert flambeau.randn(5).tolist() == expected
    with pytest.raises(TypeError, match=r"a generator state is a uint8 tensor, got flambeau\.float32"):
        flambeau.set_rng_state(flambeau.zeros(5056))
    with pytest.raises(RuntimeError, match="a generator state has 5056 bytes, got 10"):
        flambeau.set_rng_state(state[:10])


@pytest.mark.parametrize("draw", [flambeau.rand, flambeau.randn], ids=["rand", "randn"])
def test_sizes_may_be_spread_a_sequence_or_named(device: Any, draw: Any):
    assert [tuple(t.shape) for t in (draw(2, 3), draw([2, 3]), draw((2, 3)), draw(size=(2, 3)), draw(()), draw(0, 2))
            ] == [(2, 3)] * 4 + [(), (0, 2)]


def test_nothing_is_drawn_for_an_empty_tensor(device: Any):
    before = flambeau.get_rng_state().tolist()
    for made in (flambeau.rand(0), flambeau.randn(0, 3), flambeau.randperm(0), empty(0).exponential_(),
                 flambeau.randint(5, (0,))):
        assert made.numel() == 0
    assert flambeau.get_rng_state().tolist() == before


def test_results_are_fresh_leaves(device: Any):
    for made in (flambeau.rand(3, requires_grad=True), flambeau.randn_like(empty(2, 3).t(), requires_grad=True)):
        assert made.requires_grad and made.is_leaf and not made._is_view()


def test_like_functions_take_layout_dtype_and_device_from_the_other(device: Any):
    other = empty(2, 3, dtype=f64).t()
    for made in (flambeau.rand_like(other), flambeau.randn_like(other), flambeau.randint_like(other, 5)):
        assert (made.dtype, made.stride(), made.device) == (f64, (1, 3), device)
    assert flambeau.rand_like(other, dtype=f16, memory_format=flambeau.contiguous_format).stride() == (2, 1)


def test_out_receives_the_numbers(device: Any):
    out = empty(4)
    assert flambeau.rand(4, out=out) is out
    assert out.tolist() == pytest.approx(EXACT["rand"][1])


@pytest.mark.parametrize("fill", [
    lambda t: t.uniform_(), lambda t: t.normal_(), lambda t: t.random_(), lambda t: t.bernoulli_(),
    lambda t: t.exponential_(), lambda t: t.geometric_(0.5), lambda t: t.cauchy_(), lambda t: t.log_normal_()])
def test_in_place_draws_return_the_tensor_count_a_version_and_reach_the_base(device: Any, fill: Any):
    base = flambeau.full((4, 2), -5.0)
    view = base[:, 0]
    version = view._version[0]
    assert fill(view) is view
    assert base[:, 0].tolist() == view.tolist() != [-5.0] * 4
    assert base[:, 1].tolist() == [-5.0] * 4
    assert base._version[0] == version + 1


def test_a_draw_over_a_tracked_tensor_ends_its_gradient(device: Any):
    x = flambeau.ones(3, requires_grad=True)
    y = x * 2
    y.normal_()
    assert y.requires_grad
    (y * x).sum().backward()
    assert x.grad.tolist() == y.tolist()


def test_bernoulli_passes_no_gradient_to_its_probabilities(device: Any):
    p = flambeau.full((3,), 0.5, requires_grad=True)
    (flambeau.bernoulli(p) * 3).sum().backward()
    assert p.grad.tolist() == [0.0] * 3


def test_a_leaf_that_requires_a_gradient_is_drawn_only_under_no_grad(device: Any):
    leaf = flambeau.ones(3, requires_grad=True)
    before = flambeau.get_rng_state().tolist()
    with pytest.raises(InplaceError, match="normal_: a leaf Variable that requires grad"):
        leaf.normal_()
    assert (leaf.tolist(), flambeau.get_rng_state().tolist()) == ([1.0] * 3, before)
    with flambeau.no_grad():
        assert leaf.normal_().requires_grad


@pytest.mark.parametrize(("dtype", "low", "high"), [(b16, 0.0, 1.0), (f16, 7.0, 8.0),
                                                    (flambeau.float32, 1000.0, 1000.0625)], ids=["bf16", "f16", "f32"])
def test_a_uniform_that_would_round_up_to_the_upper_bound_becomes_the_lower(device: Any, dtype: Any, low: float,
                                                                            high: float):
    drawn = empty(20_000, dtype=dtype).uniform_(low, high).tolist()
    assert (min(drawn), max(drawn) < high) == (low, True)


def test_a_span_that_is_no_power_of_two_is_rounded_once(device: Any):
    drawn = empty(1000).uniform_(0.1, 0.7).tolist()
    flambeau.manual_seed(7)
    low, span = 0.10000000149011612, struct.unpack("<f", struct.pack("<f", 0.699999988079071 - 0.10000000149011612))[0]
    uniforms = flambeau.rand(1000).tolist()
    assert drawn == [struct.unpack("<f", struct.pack("<f", u * span + low))[0] for u in uniforms]


# --- what is refused


T = flambeau.tensor
REFUSED: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: flambeau.rand(2, dtype=flambeau.int64), UnsupportedError, r"rand: not implemented for flambeau\.int64"),
    (lambda: flambeau.randn(2, dtype=flambeau.bool), UnsupportedError, r"randn: not implemented for flambeau\.bool"),
    (lambda: flambeau.rand(), ArgumentError, "rand: a size is needed"),
    (lambda: flambeau.rand(-1), ShapeError, "rand: negative size -1"),
    (lambda: flambeau.rand(2.0), ArgumentError, "size must be an int, got 2.0"),
    (lambda: flambeau.rand(2, generator=3), ArgumentError, "rand: generator must be a Generator or None, got int"),
    (lambda: flambeau.rand(2, out=empty(2), dtype=f64), DTypeError, "does not match that of out"),
    (lambda: flambeau.randint(5), ArgumentError, r"expected randint\(high, size\)"),
    (lambda: flambeau.randint(0, 5, 2), ArgumentError, "with a tuple as size, got low=0, high=5, size=2"),
    (lambda: flambeau.randint(5, 5, (2,)), ValueRangeError, "got from=5 >= to=5"),
    (lambda: flambeau.randint(1.5, 5, (2,)), ArgumentError, "low must be an int, got 1.5"),
    (lambda: flambeau.randint(300, (2,), dtype=flambeau.uint8), ValueRangeError,
     r"to - 1 is out of bounds for flambeau\.uint8: 299"),
    (lambda: flambeau.randint(-1, 3, (2,), dtype=flambeau.uint8), ValueRangeError, "from is out of bounds"),
    (lambda: flambeau.randint(5, (2,), dtype=c64), DTypeError, "handles only integer, floating and boolean"),
    (lambda: flambeau.randperm(-1), ShapeError, "randperm: negative size -1"),
    (lambda: flambeau.randperm(3.0), ArgumentError, "n must be an int, got 3.0"),
    (lambda: flambeau.randperm(300, dtype=flambeau.uint8), ValueRangeError, "does not hold 300 different numbers"),
    (lambda: flambeau.randperm(3, dtype=flambeau.bool), UnsupportedError, "randperm: not implemented"),
    (lambda: flambeau.bernoulli(T([0.5, 1.5])), ValueRangeError, r"expects all probabilities to be in \[0, 1\]"),
    (lambda: flambeau.bernoulli(T([0.5, float("nan")])), ValueRangeError, "expects all probabilities"),
    (lambda: flambeau.bernoulli(T([1, 0])), UnsupportedError, r"probabilities of flambeau\.int64"),
    (lambda: empty(2).bernoulli_(1.5), ValueRangeError, r"expects p to be in \[0, 1\], but got p=1.5"),
    (lambda: empty(2, dtype=c64).bernoulli_(), UnsupportedError, "not implemented for flambeau.complex64"),
    (lambda: empty(2).bernoulli_(T([[1.0, 0.0], [1.0, 1.0]])), ShapeError, "fewer dimensions than the tensor"),
    (lambda: empty(2).uniform_(2, 1), ValueRangeError, "but found from=2 > to=1"),
    (lambda: empty(2).uniform_(0, float("inf")), ValueRangeError, "to is out of bounds for flambeau.float32: inf"),
    (lambda: empty(2).uniform_(float("nan"), 1), ValueRangeError, "from is out of bounds"),
    (lambda: empty(2).uniform_(-3e38, 3e38), ValueRangeError, "to - from exceeds what"),
    (lambda: empty(2, dtype=f16).uniform_(0, 1e5), ValueRangeError, "to is out of bounds for flambeau.float16"),
    (lambda: empty(2).normal_(0, -1), ValueRangeError, "normal_: expects std >= 0.0, but found std -1"),
    (lambda: empty(2).normal_(0, float("nan")), ValueRangeError, "found std nan"),
    (lambda: flambeau.normal(0.0, 1.0), ArgumentError, "a size is needed"),
    (lambda: flambeau.normal(T([1.0, 2.0]), T([1.0, -1.0])), ValueRangeError, "expects all elements of std >= 0.0"),
    (lambda: flambeau.normal(T([1, 2]), 1.0), UnsupportedError, "not implemented for flambeau.int64"),
    (lambda: empty(2).exponential_(0), ValueRangeError, "expects lambda > 0.0, but found lambda=0"),
    (lambda: T([1, 2]).exponential_(), DTypeError, "the distribution is continuous"),
    (lambda: empty(2).geometric_(1), ValueRangeError, r"expects p to be in \(0, 1\), but got p=1"),
    (lambda: T([True]).geometric_(0.5), UnsupportedError, "geometric_: not implemented for flambeau.bool"),
    (lambda: empty(2).cauchy_(0, 0), ValueRangeError, "expects sigma > 0.0, but found sigma=0"),
    (lambda: empty(2).log_normal_(0, -1), ValueRangeError, "expects std > 0.0, but found std=-1"),
    (lambda: empty(2).random_(3, 1), ValueRangeError, "got from=3 >= to=1"),
    (lambda: empty(2).random_(0, 3.7), ArgumentError, "to must be an int, got 3.7"),
    (lambda: empty(2).random_(2**25, None), ValueRangeError, "but got from=33554432"),
    (lambda: empty(2, dtype=flambeau.uint8).random_(-5, None), ValueRangeError, "from is out of bounds"),
    (lambda: empty(2, dtype=flambeau.int32).random_(-(2**63), None), UnsupportedError, "the full range is for"),
    (lambda: empty(2).expand(3, 2).uniform_(), ShapeError, "refers to a single memory location"),
    (lambda: flambeau.multinomial(T([1.0, -1.0]), 1), ValueRangeError, "inf, nan or a negative number"),
    (lambda: flambeau.multinomial(T([1.0, float("nan")]), 2, True), ValueRangeError, "inf, nan or a negative number"),
    (lambda: flambeau.multinomial(T([0.0, 0.0]), 1), ValueRangeError, "the weights sum to 0"),
    (lambda: flambeau.multinomial(T([1.0, 1.0]), 3), ValueRangeError, "cannot draw 3 samples from 2 categories"),
    (lambda: flambeau.multinomial(T([1.0, 1.0]), 0), ValueRangeError, "cannot draw 0 samples"),
    (lambda: flambeau.multinomial(T([1, 1]), 1), DTypeError, "only takes floating-point weights"),
    (lambda: flambeau.multinomial(T(1.0), 1), ShapeError, "weights must have 1 or 2 dims, got 0"),
    (lambda: flambeau.multinomial(T([1.0, 2.0]), 2, out=empty(0)), DTypeError, "out must be int64"),
    (lambda: flambeau.poisson(T([1.0, -1.0])), ValueRangeError, "expected rate to be non-negative, got -1.0"),
    (lambda: flambeau.poisson(T([float("nan")])), ValueRangeError, "expected rate to be non-negative, got nan"),
    (lambda: flambeau.poisson(T([1])), UnsupportedError, "poisson: not implemented for flambeau.int64"),
    (lambda: flambeau.binomial(T([1]), T([0.5])), ValueRangeError, "floating-point dtypes for count, got: flamb"),
    (lambda: flambeau.binomial(T([1.0]), T([1])), ValueRangeError, "floating-point dtypes for prob, got: flamb"),
    (lambda: flambeau.binomial(T([1.0]), T([0.5], dtype=f64)), DTypeError, "count and prob must have one dtype"),
    (lambda: flambeau.binomial(T([1.0, 2.0, 3.0]), T([0.5, 0.5])), ShapeError, "broadcast"),
    (lambda: _standard_gamma(T([1.0], dtype=f16)), UnsupportedError, "not implemented for flambeau.float16"),
    (lambda: _sample_dirichlet(T(1.0)), ShapeError, "at least one dim"),
]


@pytest.mark.parametrize(("draw", "error", "message"), REFUSED, ids=[row[2][:40] for row in REFUSED])
def test_what_is_refused_draws_nothing(draw: Callable[[], Any], error: type[Exception], message: str):
    before = flambeau.get_rng_state().tolist()
    with pytest.raises(error, match=message):
        draw()
    assert flambeau.get_rng_state().tolist() == before


def test_integers_that_a_floating_dtype_skips_are_warned_of():
    with pytest.warns(UserWarning, match=r"to - 1 is out of bounds \[-\(2\^24\), 2\^24\]"):
        flambeau.randint(2**25, (2,), dtype=flambeau.float32)


def test_parameters_that_are_not_numbers_or_have_no_end_give_draws_that_are_not_either():
    nan, inf = float("nan"), float("inf")
    assert flambeau.binomial(T([nan, 3.0, inf]), T([0.5, nan, 0.5])).isnan().tolist() == [True, True, False]
    assert _standard_gamma(T([nan, -1.0])).isnan().all()
    assert _sample_dirichlet(T([1.0, nan])).isnan().all()
    assert flambeau.poisson(T([inf])).tolist() == [inf]
    assert flambeau.binomial(T([3.0], dtype=f64), T([1e-310], dtype=f64)).tolist() == [0.0]
