"""Elementwise mathematics beside PyTorch's."""

import math
from typing import Any

import pytest
import torch

D = torch.float64
ANYWHERE = ["tan", "atan", "sinh", "cosh", "asinh", "exp2", "erfc", "sinc", "deg2rad", "rad2deg", "frac", "arctan",
            "arcsinh", "negative", "absolute", "fix", "nan_to_num", "positive"]
WITHIN_ONE = ["asin", "acos", "atanh", "arcsin", "arccos", "arctanh"]
POSITIVE = ["log2", "log10", "rsqrt", "reciprocal"]
EDGES = [-math.inf, -1e30, -100.0, -1.0, -0.5, -1e-30, -0.0, 0.0, 1e-30, 0.5, 1.0, 1.5, 100.0, 1e30, math.inf, math.nan]
PAIRWISE = ["logaddexp", "logaddexp2", "hypot", "fmax", "fmin", "xlogy", "copysign", "float_power"]
TESTS = ["isnan", "isinf", "isfinite", "isposinf", "isneginf", "signbit", "isreal"]


def drawn(*shape: int, dtype: torch.dtype = D) -> torch.Tensor:
    return torch.randn(shape, dtype=D).to(dtype).requires_grad_()


def between(low: float, high: float, *shape: int, dtype: torch.dtype = D) -> torch.Tensor:
    return (torch.rand(shape, dtype=D) * (high - low) + low).to(dtype).requires_grad_()


@pytest.mark.parametrize("shape", [(), (0,), (2, 3)], ids=str)
@pytest.mark.parametrize(("name", "low", "high"), [
    *[(n, -2.5, 2.5) for n in ANYWHERE], *[(n, -0.9, 0.9) for n in WITHIN_ONE], *[(n, 0.2, 3.0) for n in POSITIVE],
    ("acosh", 1.2, 4.0), ("logit", 0.1, 0.9)])
def test_values_and_two_orders_of_gradients(beside: Any, name: str, low: float, high: float,
                                            shape: tuple[int, ...]) -> None:
    beside(name, between(low, high, *shape), ulps=64)


@pytest.mark.parametrize("name", [*ANYWHERE, *WITHIN_ONE, *POSITIVE, "acosh", "logit"])
def test_extreme_inputs(beside: Any, name: str) -> None:
    for value in EDGES:
        if (name in ("tan", "sinc") and abs(value) > 1e3) or (name == "absolute" and math.isnan(value)) or (
                name == "logit" and str(value) == "-0.0"):
            continue
        beside(name, torch.tensor([value], dtype=D).requires_grad_(), second=False, ulps=256)


@pytest.mark.parametrize("name", [*ANYWHERE, *WITHIN_ONE, *POSITIVE, "acosh", "logit"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.int64, torch.bool])
def test_dtypes(beside: Any, name: str, dtype: torch.dtype) -> None:
    if name in ("negative", "positive", "frac", "fix", "absolute") and dtype is torch.bool:
        return
    if name == "frac" and dtype is torch.int64:
        return
    x = torch.tensor([0.5, 0.75, 0.25]).to(dtype) if dtype.is_floating_point else torch.tensor([1, 0, 1]).to(dtype)
    beside(name, x + 1 if name == "acosh" else x, ulps=8)


@pytest.mark.parametrize("name", ["tan", "sinh", "cosh", "exp2", "reciprocal", "rsqrt", "log2", "log10", "sinc"])
def test_complex(beside: Any, name: str) -> None:
    beside(name, torch.randn(4, dtype=torch.complex128).requires_grad_(), ulps=256)


@pytest.mark.parametrize("name", PAIRWISE)
@pytest.mark.parametrize(("a", "b"), [((3,), (3,)), ((2, 3), (3,)), ((), (2,)), ((4, 1), (3,)), ((0, 3), (3,))],
                         ids=str)
def test_pairs(beside: Any, name: str, a: tuple[int, ...], b: tuple[int, ...]) -> None:
    beside(name, between(0.3, 2.0, *a), between(0.3, 2.0, *b), ulps=64)
    if name in ("copysign", "hypot", "fmax", "fmin", "logaddexp", "logaddexp2"):
        beside(name, drawn(*a), drawn(*b), ulps=64)


@pytest.mark.parametrize("name", PAIRWISE)
def test_pairs_of_extremes(beside: Any, name: str) -> None:
    values = torch.tensor(EDGES, dtype=D)
    if name != "float_power":
        beside(name, values[:, None].clone(), values.clone(), ulps=256)


@pytest.mark.parametrize("name", PAIRWISE)
def test_pairs_that_do_not_fit(beside: Any, name: str) -> None:
    beside.raises(name, torch.ones(2), torch.ones(3))


@pytest.mark.parametrize(("a", "b"), [(torch.tensor([1, 2]), 2), (torch.tensor([1.0, 2.0]), 3),
                                      (2, torch.tensor([1.0, 3.0]))])
def test_numbers_in_pairs(beside: Any, a: Any, b: Any) -> None:
    beside("xlogy", a, b)
    beside("float_power", a, b)
    if isinstance(a, torch.Tensor):
        beside("copysign", a, -1.0)


BOUNDS: list[dict[str, Any]] = [{"min": -0.5, "max": 0.5}, {"min": 0}, {"max": 0.25}, {"min": 0.5, "max": -0.5},
                                {"min": torch.tensor([-0.5, 0.0, 0.5], dtype=D), "max": torch.tensor(0.25, dtype=D)},
                                {"min": torch.zeros(2, 1, dtype=D)}, {"max": torch.zeros(3, dtype=D)}]


@pytest.mark.parametrize("kwargs", BOUNDS, ids=range(len(BOUNDS)))
@pytest.mark.parametrize("name", ["clamp", "clip", "Tensor.clamp"])
def test_clamp(beside: Any, name: str, kwargs: dict[str, Any]) -> None:
    kwargs = {k: v.clone().requires_grad_() if isinstance(v, torch.Tensor) else v for k, v in kwargs.items()}
    beside(name, drawn(2, 3), **kwargs)


def test_clamp_at_the_bounds_and_nan(beside: Any) -> None:
    x = torch.tensor([-1.0, 0.0, 1.0, math.nan], dtype=D).requires_grad_()
    beside("clamp", x, 0, 1)
    beside("clamp", x, torch.zeros(4, dtype=D).requires_grad_(), torch.ones(4, dtype=D).requires_grad_())
    beside("clamp", torch.tensor([1.0, 2.0]), math.nan, 1.0)
    beside("clamp_min", x, 0.5)
    beside("clamp_max", x, 0.5)
    beside("clamp_min", x, torch.tensor(0.0, dtype=D).requires_grad_())


def test_clamp_dtypes(beside: Any) -> None:
    beside("clamp", torch.tensor([1, 5, 9]), 2, 6)
    beside("clamp", torch.tensor([1, 5, 9]), 2.5, 6)
    beside("clamp", torch.tensor([1, 5, 9]), min=torch.tensor([2.5]))
    beside("clamp", torch.tensor([1.0, 5.0], dtype=torch.float16), 2.1)
    beside.raises("clamp", torch.ones(2))
    beside.raises("clamp", torch.ones(2, dtype=torch.complex64), 0, 1)
    beside.raises("clamp", torch.ones(2), torch.ones(3))


@pytest.mark.parametrize("name", TESTS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.int64, torch.bool])
def test_tests(beside: Any, name: str, dtype: torch.dtype) -> None:
    values = EDGES if dtype.is_floating_point else [-2, 0, 3]
    beside(name, torch.tensor(values).to(dtype))


@pytest.mark.parametrize("name", ["isnan", "isinf", "isfinite", "isreal"])
def test_tests_of_complex_numbers(beside: Any, name: str) -> None:
    beside(name, torch.tensor([1 + 2j, complex(math.nan, 0), complex(0, math.inf), 3 + 0j]))


@pytest.mark.parametrize("name", ["isclose", "allclose", "equal"])
def test_closeness(beside: Any, name: str) -> None:
    a = torch.tensor([1.0, 1e-9, math.inf, -math.inf, math.nan, 5.0])
    b = torch.tensor([1.000001, 0.0, math.inf, math.inf, math.nan, 6.0])
    beside(name, a, b)
    beside(name, a, a)
    if name == "equal":
        beside(name, a, b[:2])
        beside(name, torch.tensor([1, 2]), torch.tensor([1, 2]))
    else:
        beside(name, a, b, equal_nan=True)
        beside(name, a, b, rtol=0.5, atol=1.0)
        beside(name, a, b, rtol=0, atol=0)
        beside(name, torch.tensor([1, 2]), torch.tensor([1, 3]))
        beside.raises(name, a, b.double())
        beside.raises(name, a, b, rtol=-1.0)


@pytest.mark.parametrize("name", ["logical_and", "logical_or", "logical_xor"])
def test_logic(beside: Any, name: str) -> None:
    a, b = torch.tensor([0.0, 1.0, math.nan, 0.0]), torch.tensor([0, 0, 1, 1])
    beside(name, a, b)
    beside(name, a.bool(), b.bool())
    beside(f"Tensor.{name}", b, b[:1])


@pytest.mark.parametrize("value", [1, 0.5, -2])
def test_addcmul_and_addcdiv(beside: Any, value: float) -> None:
    for name in ("addcmul", "addcdiv"):
        beside(name, drawn(2, 3), drawn(3), between(0.5, 2.0, 2, 1), value=value)
        beside(f"Tensor.{name}", drawn(3), drawn(3), between(0.5, 2.0, 3), value=value)
    beside.raises("addcdiv", torch.tensor([1, 2]), torch.tensor([1, 2]), torch.tensor([1, 2]))
    if isinstance(value, int):
        beside("addcmul", torch.tensor([1, 2]), torch.tensor([1, 2]), torch.tensor([3, 2]), value=value)


@pytest.mark.parametrize("weight", [0.0, 0.3, 0.5, 0.7, 1.0, 2.0])
def test_lerp(beside: Any, weight: float) -> None:
    beside("lerp", drawn(3), drawn(3), weight)
    beside("lerp", drawn(3), drawn(3), torch.tensor([weight, 0.1, 0.9], dtype=D).requires_grad_())
    beside.raises("lerp", torch.ones(2), torch.ones(2, dtype=D), weight)


def test_nan_to_num(beside: Any) -> None:
    for dtype in (torch.float32, torch.float16, D):
        x = torch.tensor([math.nan, math.inf, -math.inf, 1.0], dtype=dtype).requires_grad_()
        beside("nan_to_num", x, second=False)
        beside("nan_to_num", x, 1.0, 2.0, -3.0)
    beside("nan_to_num", torch.tensor([1, 2]))


@pytest.mark.parametrize("eps", [None, 1e-3, 0.2])
def test_logit(beside: Any, eps: float | None) -> None:
    beside("logit", between(0.05, 0.95, 2, 3), eps, ulps=64)
    beside("logit", torch.tensor([0.0, 1.0, -0.5, 1.5], dtype=D).requires_grad_(), eps, second=False)


def test_heaviside(beside: Any) -> None:
    beside("heaviside", torch.tensor([-1.0, 0.0, 2.0, math.nan]), torch.tensor([0.5]))


@pytest.mark.parametrize("alias", ["greater", "greater_equal", "less", "less_equal", "not_equal"])
def test_comparisons_by_other_names(beside: Any, alias: str) -> None:
    beside(alias, torch.tensor([1, 2, 3]), torch.tensor([2, 2, 2]))
    beside(f"Tensor.{alias}", torch.tensor([1, 2, 3]), 2)


@pytest.mark.parametrize("name", ["tan", "asin", "clamp", "reciprocal", "rsqrt", "erfc", "nan_to_num", "lerp",
                                  "addcmul", "arctan", "absolute", "logical_and", "logical_not", "frac", "deg2rad",
                                  "clip", "fix"])
def test_in_place_forms(beside: Any, name: str) -> None:
    x = torch.rand(3, dtype=D) * 0.5 + 0.25
    more = {"clamp": (0.3, 0.5), "clip": (0.3,), "lerp": (torch.ones(3, dtype=D), 0.4),
            "addcmul": (torch.ones(3, dtype=D), torch.ones(3, dtype=D)), "logical_and": (torch.ones(3, dtype=D),)}
    beside(f"Tensor.{name}_", x, *more.get(name, ()))


def test_result_type(beside: Any) -> None:
    import flambeau

    for a, b in ((torch.tensor([1]), 2.5), (torch.tensor([1], dtype=torch.float16), torch.tensor(2.0, dtype=D)),
                 (torch.tensor([1], dtype=torch.uint8), torch.tensor([1], dtype=torch.int8)), (1, 2.0)):
        wanted = str(torch.result_type(a, b)).removeprefix("torch.")
        mine = [flambeau.tensor(t.tolist(), dtype=getattr(flambeau, str(t.dtype).removeprefix("torch.")))
                if isinstance(t, torch.Tensor) else t for t in (a, b)]
        assert flambeau.result_type(*mine).name == wanted
