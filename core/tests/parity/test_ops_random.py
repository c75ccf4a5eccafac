"""Random tensors beside PyTorch's own from the same seed: values, dtypes, strides, and the generator's state after."""

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch

import flambeau
from flambeau.functions.random import draw as drawing

DEVICES = ["cpu", "reference"]
FLOATING = ["float16", "bfloat16", "float32", "float64"]
COMPLEX = ["complex64", "complex128"]
INTEGERS = ["uint8", "int8", "int16", "int32", "int64"]
SEED = 11
ULP = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52,
       "complex64": 2.0**-23, "complex128": 2.0**-52}

torch.manual_seed(0)
torch.empty(2).bernoulli_(0.5)
OTHER_STREAM = int(torch.get_rng_state()[16]) == 1  # MKL takes one word as its seed, not two a number

pytestmark = pytest.mark.parametrize("device", DEVICES)
Draw = Callable[[Any, Callable[..., Any]], Any]  # a module and its `empty` for the dtype under test


def options(module: Any, dtype: str, device: str) -> dict[str, Any]:
    chosen = {"dtype": getattr(module, dtype)}
    return chosen if module is torch else {**chosen, "device": device}


def both(draw: Draw, dtype: str, device: str) -> tuple[torch.Tensor, Any]:
    """PyTorch's result and ours, drawn from the same seed; the states after must be the same bytes."""
    torch.manual_seed(SEED)
    flambeau.manual_seed(SEED)
    results = [draw(m, lambda *size, m=m: m.empty(*size, **options(m, dtype, device))) for m in (torch, flambeau)]
    if OTHER_STREAM and flambeau.random.default_generator.state_bytes() != bytes(torch.get_rng_state().numpy()):
        pytest.skip("PyTorch draws bernoulli_ and exponential_ from MKL's own stream on this processor")
    assert flambeau.random.default_generator.state_bytes() == bytes(torch.get_rng_state().numpy())
    theirs, mine = results
    assert (mine.dtype.name, tuple(mine.shape)) == (str(theirs.dtype)[6:], tuple(theirs.shape))
    return theirs, mine


def parts(values: Any) -> list[float]:
    if isinstance(values, list):
        return [part for value in values for part in parts(value)]
    return [values.real, values.imag] if isinstance(values, complex) else [values]


def same(draw: Draw, dtype: str, device: str) -> None:
    theirs, mine = both(draw, dtype, device)
    assert mine.tolist() == theirs.tolist()
    assert not mine.numel() or mine.stride() == theirs.stride()


def close(draw: Draw, dtype: str, device: str, scale: float = 0.0) -> None:
    """Within four units in the last place of the value, or of `scale` where adding a mean may cancel."""
    theirs, mine = both(draw, dtype, device)
    unit = 4 * ULP[dtype]
    assert parts(mine.tolist()) == pytest.approx(parts(theirs.tolist()), rel=unit, abs=unit * scale)
    assert not mine.numel() or mine.stride() == theirs.stride()


def sizes(device: str) -> list[int]:
    return [0, 1, 2, 15, 16, 17, 31, 32, 33, 100, 1000 if device == "reference" else 30_000]


# --- bit for bit


@pytest.mark.parametrize("dtype", FLOATING + COMPLEX)
def test_rand(device: str, dtype: str):
    for n in sizes(device):
        same(lambda m, empty, n=n: m.rand(n, **options(m, dtype, device)), dtype, device)


@pytest.mark.parametrize("bounds", [(-2, 5), (0.1, 0.7), (-1 / 3, 1 / 3), (7, 8), (1e-3, 1e3), (0, 0), (-5, -4.999),
                                    (1000, 1000.0005)])
@pytest.mark.parametrize("dtype", FLOATING + COMPLEX)
def test_uniform_(device: str, dtype: str, bounds: tuple[float, float]):
    for n in (3, 3000):
        same(lambda m, empty, n=n: empty(n).uniform_(*bounds), dtype, device)


INTEGER_DRAWS: dict[str, Draw] = {
    "random_": lambda m, empty: empty(500).random_(),
    "random_ below": lambda m, empty: empty(500).random_(2),
    "random_ from on": lambda m, empty: empty(500).random_(1, None),
    "bernoulli_": lambda m, empty: empty(500).bernoulli_(0.3),
    "bernoulli_ never": lambda m, empty: empty(50).bernoulli_(0.0),
    "bernoulli_ always": lambda m, empty: empty(50).bernoulli_(1),
    "bernoulli_ of float32": lambda m, empty: empty(20, 25).bernoulli_(m.full((25,), 0.3, device=empty(0).device)),
    "bernoulli_ of float64": lambda m, empty: empty(500).bernoulli_(
        m.full((), 0.3, dtype=m.float64, device=empty(0).device)),
}


@pytest.mark.parametrize("name", INTEGER_DRAWS)
@pytest.mark.parametrize("dtype", ["bool", *INTEGERS, *FLOATING])
def test_draws_for_every_real_dtype(device: str, dtype: str, name: str):
    same(INTEGER_DRAWS[name], dtype, device)


@pytest.mark.parametrize(("dtype", "low", "high"), [
    ("int64", -(2**63), 2**63 - 1), ("int64", 0, 2**28 - 1), ("int64", 0, 2**28), ("int64", -5, 2**40),
    ("int32", -(2**31), 2**31 - 1), ("int32", 0, 2**31 - 1), ("int16", -(2**15), 2**15), ("uint8", 0, 256),
    ("bool", 0, 2), ("float64", 0, 2**53), ("float64", -(2**60), 2**62), ("float32", 0, 2**24),
    ("float32", -(2**33), 2**35 + 3), ("float32", -(2**40) + 1, 2**50 - 1), ("float16", -2048, 2048),
    ("float16", -60000, 65503), ("bfloat16", -256, 256), ("bfloat16", -100000, 99999)])
def test_randint(device: str, dtype: str, low: int, high: int):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # both warn of integers that a floating dtype skips
        same(lambda m, empty: m.randint(low, high, (20, 15), **options(m, dtype, device)), dtype, device)


@pytest.mark.parametrize("dtype", ["int64", "float64", "float32", "bfloat16"])
def test_random_over_all_64_bits(device: str, dtype: str):
    same(lambda m, empty: empty(300).random_(-(2**63), None), dtype, device)


@pytest.mark.parametrize("dtype", INTEGERS + FLOATING)
@pytest.mark.parametrize("n", [0, 1, 2, 100])
def test_randperm(device: str, dtype: str, n: int):
    same(lambda m, empty: m.randperm(n, **options(m, dtype, device)), dtype, device)


def test_a_long_permutation(device: str):
    same(lambda m, empty: m.randperm(60_000, **options(m, "int64", device)), "int64", device)


def chances(module: Any, dtype: str, device: str) -> Any:
    made = module.tensor([[(7 * i + j) / 36 for j in range(7)] for i in range(5)], dtype=module.float64,
                         **({} if module is torch else {"device": device}))
    return made.to(getattr(module, dtype))


@pytest.mark.parametrize("dtype", FLOATING)
def test_bernoulli(device: str, dtype: str):
    for form in (lambda t: t, lambda t: t.t(), lambda t: t[:, ::2]):
        same(lambda m, empty, form=form: m.bernoulli(form(chances(m, dtype, device))), dtype, device)
        same(lambda m, empty, form=form: m.bernoulli(form(chances(m, dtype, device)), 0.4), dtype, device)


@pytest.mark.parametrize("replacement", [False, True])
@pytest.mark.parametrize("samples", [1, 3, 5])
@pytest.mark.parametrize("dtype", FLOATING)
def test_multinomial(device: str, dtype: str, samples: int, replacement: bool):
    for form in (lambda t: t, lambda t: t.t(), lambda t: t[1]):
        same(lambda m, empty, form=form: m.multinomial(form(chances(m, dtype, device) + 0.01), samples, replacement),
             dtype, device)


def test_multinomial_of_many_weights(device: str):
    n = 200 if device == "reference" else 5000
    for dtype in ("float32", "float64"):
        same(lambda m, empty: m.multinomial(empty(3, n).fill_(1.0), 4), dtype, device)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
def test_geometric(device: str, dtype: str):
    for p in (0.01, 0.3, 0.99):
        same(lambda m, empty, p=p: empty(1000).geometric_(p), dtype, device)


LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "transposed": lambda empty: empty(5, 7).t(), "permuted": lambda empty: empty(3, 4, 5).permute(2, 0, 1),
    "strided": lambda empty: empty(6, 8)[:, ::2], "strided and transposed": lambda empty: empty(6, 8)[:, ::2].t(),
    "with a dim of one": lambda empty: empty(4, 1, 5).permute(2, 1, 0), "a column": lambda empty: empty(40, 3)[:, 1],
    "strided in the middle": lambda empty: empty(4, 6, 5)[:, ::3].permute(1, 2, 0), "0-d": lambda empty: empty(3)[1],
    "empty": lambda empty: empty(0, 3).t(),
}
FILLS: dict[str, Callable[[Any], Any]] = {
    "uniform_": lambda t: t.uniform_(0.1, 0.3), "random_": lambda t: t.random_(0, 1000),
    "bernoulli_": lambda t: t.bernoulli_(0.5), "geometric_": lambda t: t.geometric_(0.2),
}
DOUBLE_FILLS: dict[str, Callable[[Any], Any]] = {
    "normal_": lambda t: t.normal_(0.1, 0.3), "exponential_": lambda t: t.exponential_(1.7),
    "cauchy_": lambda t: t.cauchy_(0.1, 2), "log_normal_": lambda t: t.log_normal_(0.1, 0.3),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("fill", FILLS)
def test_memory_is_filled_in_its_own_order(device: str, fill: str, layout: str):
    for dtype in ("float16", "float32", "float64"):
        same(lambda m, empty: FILLS[fill](LAYOUTS[layout](empty)), dtype, device)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [*FLOATING, "complex64"])
def test_rand_like_keeps_the_layout(device: str, dtype: str, layout: str):
    if layout == "a column":  # PyTorch counts a column's single stride differently; the values are what is promised
        return
    same(lambda m, empty: m.rand_like(LAYOUTS[layout](empty)), dtype, device)


# --- within four units in the last place


@pytest.mark.parametrize("dtype", FLOATING + COMPLEX)
def test_randn(device: str, dtype: str):
    for n in sizes(device):
        close(lambda m, empty, n=n: m.randn(n, **options(m, dtype, device)), dtype, device)


@pytest.mark.parametrize(("mean", "std"), [(0, 0.02), (2, 0.5), (-0.3, 1), (1.5, 0)])
@pytest.mark.parametrize("dtype", FLOATING + COMPLEX)
def test_normal_(device: str, dtype: str, mean: float, std: float):
    for n in (3, 17, 1000):
        close(lambda m, empty, n=n: empty(n).normal_(mean, std), dtype, device, scale=abs(mean))


@pytest.mark.parametrize("dtype", FLOATING)
@pytest.mark.parametrize("fill", DOUBLE_FILLS)
def test_continuous_fills(device: str, fill: str, dtype: str):
    for n in (0, 1, 15, 16, 300, 5000):
        close(lambda m, empty, n=n: DOUBLE_FILLS[fill](empty(n)), dtype, device, scale=0.1)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("fill", DOUBLE_FILLS)
def test_continuous_fills_of_memory_in_its_own_order(device: str, fill: str, layout: str):
    for dtype in ("float16", "float32", "float64"):
        close(lambda m, empty: DOUBLE_FILLS[fill](LAYOUTS[layout](empty)), dtype, device, scale=0.1)


@pytest.mark.parametrize("dtype", FLOATING)
def test_normal_of_tensors(device: str, dtype: str):
    def mean(module: Any) -> Any:
        return chances(module, dtype, device)

    for draw in (lambda m, empty: m.normal(mean(m), mean(m) * 2), lambda m, empty: m.normal(mean(m), 0.3),
                 lambda m, empty: m.normal(0.3, mean(m)), lambda m, empty: m.normal(mean(m)[0], mean(m)),
                 lambda m, empty: m.normal(mean(m), mean(m).double())):
        close(draw, dtype, device, scale=1.0)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64"])
def test_numbers_drawn_in_several_runs_are_one_stream(device: str, dtype: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(drawing, "_RUN", 64)
    for n in (127, 128, 129, 143, 300, 320):
        close(lambda m, empty, n=n: m.randn(n, **options(m, dtype, device)), dtype, device)
        same(lambda m, empty, n=n: empty(n).uniform_(-1, 3), dtype, device)
        if not dtype.startswith("complex"):
            same(lambda m, empty, n=n: empty(n).bernoulli_(0.5), dtype, device)
            same(lambda m, empty, n=n: empty(n).random_(3), dtype, device)
            close(lambda m, empty, n=n: empty(n).exponential_(2), dtype, device)


def test_one_stream_through_many_calls(device: str):
    """An odd run of pairs leaves a normal behind, which the next small draw takes, and a seed throws away."""
    def draw(m: Any, empty: Any) -> Any:
        runs = [m.randn(3), m.rand(2), m.randn(20), m.randn(2), empty(3).log_normal_(0, 1), m.randn(1)]
        m.manual_seed(5)
        return m.cat([*(run.double().cpu() for run in runs), m.randn(3).double().cpu()])

    if device == "cpu":
        theirs, mine = both(draw, "float32", device)
        assert mine.tolist() == pytest.approx(theirs.tolist(), rel=4 * ULP["float32"])


def test_gradients_end_where_numbers_are_drawn(device: str):
    for m in (torch, flambeau):
        place = {} if m is torch else {"device": device}
        x = m.tensor([0.2, 0.5, 0.9], requires_grad=True, **place)
        (m.bernoulli(x) * 3 + m.normal(x, 1.0) + m.normal(0.0, x)).sum().backward()
        y = x * 2
        y.normal_()
        assert y.requires_grad
        y.sum().backward()
        assert x.grad.tolist() == [0.0] * 3
