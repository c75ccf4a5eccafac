"""Values and gradients at singular points are PyTorch's: zeros of both signs, ties, ±1, ±inf, NaN, all combined."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

import flambeau

POINTS = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, math.inf, -math.inf, math.nan, 1e30, 1e-30]
TOLERANCE = {"float32": 2e-5, "float64": 1e-10}

# (function, dtype): what is PyTorch's own. None stands for both dtypes.
EXCEPTIONS = {
    ("fmod", "float32"): "C's fmod gives NaN for a quotient beyond float32 in PyTorch's vector loop",
    ("remainder", "float32"): "the same",
    ("logaddexp2", None): "PyTorch's result at -1, -1 is off by a unit around 0",
    ("addcdiv", "float32"): "PyTorch squares the divisor, which underflows at 1e-30",
    ("nn.functional.gelu", "float32"): "PyTorch's vector loop gives NaN at inf, its scalar loop inf",
    ("nn.functional.hardsigmoid", "float64"): "PyTorch takes a sixth as a float32 number",
    ("x ** 0.5", None): "PyTorch takes a root for -0.5, whose infinity at -0.0 is negative",
    ("x ** -0.5", None): "the same",
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
    "addcdiv": lambda m, a, b: m.addcdiv(a, a, b), "lerp": lambda m, a, b: m.lerp(a, b, 0.3),
    "where": lambda m, a, b: m.where(a > 0, a, b),
}
UNARY: dict[str, Callable[..., Any]] = {
    **{name: lambda m, a, name=name: getattr(m, name)(a) for name in [
        "abs", "neg", "exp", "log", "log1p", "expm1", "sqrt", "rsqrt", "sin", "cos", "tan", "asin",
        "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "exp2",
        "log2", "log10", "reciprocal", "sigmoid", "sign", "floor", "ceil", "round", "trunc", "frac",
        "square", "sinc", "logit", "nan_to_num", "deg2rad"
    ]},
    **{f"nn.functional.{name}": lambda m, a, name=name: getattr(m.nn.functional, name)(a) for name in [
        "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus",
        "softsign", "tanhshrink", "softshrink", "hardshrink", "hardtanh", "hardsigmoid",
        "hardswish", "logsigmoid"
    ]},
    **{f"x ** {p}": lambda m, a, p=p: a**p for p in (0.0, 1.0, 2.0, 3.0, 0.5, -1.0, -0.5, 2.5)},
    "clamp": lambda m, a: m.clamp(a, -1, 1),
}


def run(library: Any, function: Callable[..., Any], values: list[tuple[float, ...]], dtype: str) -> list[list[float]]:
    """The result, and the gradient of its sum with respect to each argument."""
    inputs = [library.tensor(list(v), dtype=getattr(library, dtype), requires_grad=True) for v in values]
    out = function(library, *inputs)
    out.backward(library.ones_like(out))
    return [out.detach().tolist(), *[x.grad.tolist() for x in inputs]]


def close(a: float, b: float, tolerance: float) -> bool:
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return a == b or (math.isfinite(a) and math.isfinite(b) and abs(a - b) <= tolerance * max(abs(a), abs(b), 1e-37))


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", [*BINARY, *UNARY])
def test_at_singular_points_as_pytorch(name: str, dtype: str):
    function = BINARY.get(name) or UNARY[name]
    values = list(zip(*itertools.product(POINTS, POINTS), strict=True)) if name in BINARY else [tuple(POINTS)]
    theirs, ours = run(torch, function, values, dtype), run(flambeau, function, values, dtype)
    wrong = [(part, [v[i] for v in values], want, got)
             for part, column in enumerate(zip(theirs, ours, strict=True))
             for i, (want, got) in enumerate(zip(*column, strict=True)) if not close(want, got, TOLERANCE[dtype])]
    if (name, dtype) in EXCEPTIONS or (name, None) in EXCEPTIONS:
        assert wrong, "PyTorch has changed: take the exception out"
    else:
        assert wrong == []
