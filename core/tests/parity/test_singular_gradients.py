"""Elementwise functions at singular points: zeros of both signs, ties, ±1, ±inf, NaN, all combined; at two orders."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from singular import BACKENDS, INF, NAN, Own, compare

POINTS = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, INF, -INF, NAN, 1e30, 1e-30]
PLAIN = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0]
SINGLES = [(POINTS,)]
PAIRS = [tuple(map(list, zip(*itertools.product(POINTS, POINTS), strict=True)))]
BROADCAST = [([[x] for x in PLAIN], PLAIN)]
DTYPES = ("float32", "float64")

OWN = {
    "fmod": Own("C's fmod gives NaN for a quotient beyond float32 in PyTorch's vector loop", dtypes=("float32",)),
    "remainder": Own("the same", dtypes=("float32",)),
    "logaddexp2": Own("PyTorch's result at -1, -1 is off by a unit around 0"),
    "addcdiv": Own("PyTorch squares the divisor, which underflows at 1e-30", dtypes=("float32",)),
    "nn.functional.gelu": Own("PyTorch's vector loop gives NaN at inf, its scalar loop inf", dtypes=("float32",)),
    "nn.functional.hardsigmoid": Own("PyTorch takes a sixth as a float32 number", dtypes=("float64",)),
    "x ** 0.5": Own("PyTorch takes a root for -0.5, whose infinity at -0.0 is negative"),
    "x ** -0.5": Own("the same"),
    "x ** 1.5": Own("PyTorch takes a root for 0.5, which is NaN at -inf", "grad", backends=("reference",)),
}
OWN_SECOND = {
    **dict.fromkeys(("x ** 0.5", "x ** -0.5", "x ** 1.5"), OWN["x ** 0.5"]),
    **{name: Own("no digits are left of the difference at 1e-30") for name in ("sinc", "sinc_")},
    "logit": Own("PyTorch's recorded formula has another sign at -0.0 than its kernel", "grad"),
    "logit(eps=)": Own("PyTorch's recorded formula leaves NaN out, its kernel does not", "grad"),
    "glu": Own("PyTorch has a formula of its own for an infinite first half", "second 1"),
}

BINARY: dict[str, Callable[..., Any]] = {
    **{name: lambda m, a, b, name=name: getattr(m, name)(a, b) for name in (
        "pow", "mul", "div", "maximum", "minimum", "fmax", "fmin", "atan2", "hypot", "fmod", "remainder", "xlogy",
        "logaddexp", "logaddexp2", "copysign")},
    **{f"nn.functional.{name}": lambda m, a, b, name=name: getattr(m.nn.functional, name)(a, b, reduction="none")
       for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "kl_div", "binary_cross_entropy_with_logits",
                    "poisson_nll_loss")},
    "smooth_l1_loss, beta=0": lambda m, a, b: m.nn.functional.smooth_l1_loss(a, b, reduction="none", beta=0.0),
    "clamp(min=)": lambda m, a, b: m.clamp(a, min=b), "clamp(max=)": lambda m, a, b: m.clamp(a, max=b),
    "clamp(min=, max=)": lambda m, a, b: m.clamp(a, b, b + 1),
    "addcdiv": lambda m, a, b: m.addcdiv(a, a, b), "addcmul": lambda m, a, b: m.addcmul(a, a, b),
    "lerp": lambda m, a, b: m.lerp(a, b, 0.3), "lerp, beyond half": lambda m, a, b: m.lerp(a, b, 0.7),
    "lerp, tensor": lambda m, a, b: m.lerp(a, b, a), "glu": lambda m, a, b: m.nn.functional.glu(m.stack([a, b]), 0),
    "where": lambda m, a, b: m.where(a > 0, a, b), "where, computed": lambda m, a, b: m.where(a > 0, b, a * b),
    **{f"div, {mode}": lambda m, a, b, mode=mode: m.div(a, b, rounding_mode=mode) for mode in ("trunc", "floor")},
}
UNARY: dict[str, Callable[..., Any]] = {
    **{name: lambda m, a, name=name: getattr(m, name)(a) for name in [
        "abs", "neg", "exp", "log", "log1p", "expm1", "sqrt", "rsqrt", "sin", "cos", "tan", "asin",
        "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "exp2",
        "log2", "log10", "reciprocal", "sigmoid", "sign", "floor", "ceil", "round", "trunc", "frac",
        "square", "sinc", "logit", "nan_to_num", "deg2rad", "rad2deg"
    ]},
    **{f"nn.functional.{name}": lambda m, a, name=name: getattr(m.nn.functional, name)(a) for name in [
        "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus",
        "softsign", "tanhshrink", "softshrink", "hardshrink", "hardtanh", "hardsigmoid",
        "hardswish", "logsigmoid"
    ]},
    **{f"x ** {p}": lambda m, a, p=p: a**p for p in (0.0, 1.0, 2.0, 3.0, 4.0, 0.5, 1.5, -1.0, -0.5, 2.5)},
    "clamp": lambda m, a: m.clamp(a, -1, 1), "0 ** x": lambda m, a: 0**a, "2 ** x": lambda m, a: 2**a,
    "x / 0": lambda m, a: a / 0, "2 / x": lambda m, a: 2 / a, "logit(eps=)": lambda m, a: m.logit(a, 1e-3),
    "gelu, tanh": lambda m, a: m.nn.functional.gelu(a, approximate="tanh"), "softmax": lambda m, a: m.softmax(a, 0),
}
IN_PLACE: dict[str, Callable[..., Any]] = {
    **{f"{name}_": lambda m, a, name=name: getattr(a.clone(), f"{name}_")() for name in [
        "abs", "neg", "exp", "log", "sqrt", "rsqrt", "reciprocal", "tanh", "sigmoid", "sign", "floor", "round", "frac",
        "square", "sinc", "nan_to_num", "relu"
    ]},
    "clamp_": lambda m, a: a.clone().clamp_(-1, 1), "pow_": lambda m, a: a.clone().pow_(2.0),
}
IN_PLACE_PAIRS: dict[str, Callable[..., Any]] = {
    **{f"{name}_": lambda m, a, b, name=name: getattr(a.clone(), f"{name}_")(b) for name in [
        "add", "sub", "mul", "div", "pow", "atan2", "copysign", "xlogy", "copy"
    ]},
    "lerp_": lambda m, a, b: a.clone().lerp_(b, 0.7),
}
TABLE = {
    **{name: (function, PAIRS) for name, function in (BINARY | IN_PLACE_PAIRS).items()},
    **{name: (function, SINGLES) for name, function in (UNARY | IN_PLACE).items()},
}
SPREAD = {name: (function, BROADCAST) for name, function in BINARY.items() if not name.startswith(("nn.", "glu"))}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", TABLE)
def test_at_singular_points_as_pytorch(name: str, dtype: str, backend: str):
    compare(TABLE, OWN, name, dtype, backend, scale=1e-37)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", SPREAD)
def test_gradients_of_what_was_broadcast_as_in_pytorch(name: str, backend: str):
    compare(SPREAD, {}, name, "float64", backend)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", [name for name in TABLE if "hardsigmoid" not in name])  # not offered by PyTorch
def test_gradients_of_gradients_as_in_pytorch(name: str, backend: str):
    compare(TABLE, OWN_SECOND, name, "float64", backend, seeds=(1.0, 0.0), second=True)
