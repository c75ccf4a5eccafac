"""Functions of complex numbers at 0, on branch cuts and at infinity."""

import pytest
from singular import BACKENDS, INF, NAN, Own, compare

DTYPES = ("complex64", "complex128")
POINTS = [complex(a, b) for a in (0.0, -0.0, 1.0, -1.0, 2.0, -0.5) for b in (0.0, -0.0, 1.0, -2.0)]
FAR = [complex(INF, 0.0), complex(-INF, 1.0), complex(1.0, INF), complex(0.0, -INF), complex(NAN, 1.0),
       complex(1e30, 1e30)]
NEAR = [([z],) for z in POINTS]
CASES = NEAR + [([z],) for z in FAR]
FINITE = (0j, 1 + 0j, -1 + 0j, -0.5 - 2j, complex(-1.0, -0.0))
TWO = [([a], [b]) for a in FINITE for b in (0j, 1 + 0j, 2 + 0j, -1 + 1j, 0.5 + 0j)]

TABLE = {
    **{name: (lambda m, a, name=name: getattr(m, name)(a), CASES) for name in
       ("abs", "neg", "exp", "log", "log1p", "sqrt", "rsqrt", "reciprocal", "sin", "cos", "tanh", "sigmoid",
        "conj", "sinc")},
    **{name: (lambda m, a, name=name: getattr(m, name)(a), NEAR) for name in
       ("sgn", "expm1", "log2", "log10", "tan", "sinh", "cosh", "asin", "acos", "atan", "asinh", "acosh", "atanh",
        "square", "exp2")},
    "real": (lambda m, a: m.real(a), CASES), "imag": (lambda m, a: m.imag(a), CASES),
    "view_as_real": (lambda m, a: m.view_as_real(a), CASES),
    **{f"x ** {p}": (lambda m, a, p=p: a**p, NEAR) for p in (0, 1, 2, 3, 0.5, -1, 1.5, 1 + 1j)},
    **{f"{p} ** x": (lambda m, a, p=p: p**a, NEAR) for p in (0, 2, 1 + 1j)},
    "pow": (lambda m, a, b: m.pow(a, b), TWO), "mul": (lambda m, a, b: a * b, TWO), "div": (lambda m, a, b: a / b, TWO),
    "lerp": (lambda m, a, b: m.lerp(a, b, 0.7), TWO),
    "prod": (lambda m, a, b: m.prod(m.cat([a, b, a])), TWO),
    "cumprod": (lambda m, a, b: m.cumprod(m.cat([a, b]), 0), TWO),
    "norm": (lambda m, a, b: m.norm(m.cat([a, b])), TWO), "norm 1": (lambda m, a, b: m.norm(m.cat([a, b]), 1), TWO),
    "norm 3": (lambda m, a, b: m.norm(m.cat([a, b]), 3), TWO),
    "norm inf": (lambda m, a, b: m.norm(m.cat([a, b]), INF), TWO),
    "var": (lambda m, a, b: m.var(m.cat([a, b])), TWO), "std": (lambda m, a, b: m.std(m.cat([a, b])), TWO),
    "mean": (lambda m, a, b: m.mean(m.cat([a, b])), TWO),
    "logaddexp": (lambda m, a, b: m.logaddexp(a, b), TWO),
    "logsumexp": (lambda m, a, b: m.logsumexp(m.cat([a, b]), 0), TWO),
}


OWN = {
    "acosh": Own("PyTorch's complex difference loses the sign of zero", "grad",
                 where=lambda f: "-0j" in repr(f.inputs)),
    "x ** -1": Own("PyTorch's 1 / 0 is inf + nan i, NumPy's NaN", "out", backends=("cpu",),
                    where=lambda f: f.inputs[0][0] == 0),
    "0 ** x": Own("PyTorch's 0 ** 0 is NaN"),
    "pow": Own("the same", where=lambda f: f.inputs[0][0] == 0),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", TABLE)
def test_complex_functions_are_as_in_pytorch(name: str, dtype: str, backend: str):
    compare(TABLE, OWN, name, dtype, backend, seeds=(1.0, 0.0))
