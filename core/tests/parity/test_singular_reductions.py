"""Reductions at singular points: rows of zeros, ties, NaN, infinities, one element, none."""

import pytest
from singular import BACKENDS, INF, NAN, Own, compare, numbers, odd

DTYPES = ("float32", "float64")
ROWS = [[0.0, -0.0, 0.0], [2.0, 2.0, 1.0], [-1.0, -3.0, -3.0], [0.0, 3.0, -2.0], [0.0, 0.0, 5.0], [NAN, 1.0, 2.0],
        [NAN, NAN, NAN], [INF, 1.0, 2.0], [-INF, 0.0, 1.0], [INF, INF, 0.0], [INF, -INF, 1.0], [-INF, -INF, -INF],
        [NAN, INF, 0.0], [NAN, -INF, 2.0], [1e-30, 2e-30, -1e-30], [1e-42, 0.0, 1.0]]
POINTS = [([x],) for x in (0.0, -0.0, 1.0, INF, -INF, NAN)]
MATRICES = [([ROWS[i], ROWS[i + 1]],) for i in range(0, len(ROWS), 2)]
VECTORS = [(row,) for row in ROWS]
EMPTY = [([],), ([[], []],)]
CASES = VECTORS + POINTS
BLOCK = [([[ROWS[i], ROWS[i + 1]], [ROWS[i + 2], ROWS[i + 3]]],) for i in (0, 4, 8, 12)]

TABLE = {
    **{name: (lambda m, a, name=name: getattr(m, name)(a), CASES + MATRICES) for name in
       ("sum", "mean", "prod", "amax", "amin", "max", "min", "median", "nanmedian", "var", "std", "nansum", "nanmean",
        "norm", "aminmax", "std_mean", "var_mean")},
    **{f"{name} of nothing": (lambda m, a, name=name: getattr(m, name)(a), EMPTY) for name in
       ("sum", "mean", "prod", "nansum", "nanmean", "norm", "median", "nanmedian", "var", "std")},
    **{f"{name}, dim": (lambda m, a, name=name: getattr(m, name)(a, 0), CASES) for name in
       ("sum", "mean", "prod", "cumsum", "cumprod", "cummax", "cummin", "logcumsumexp", "amax", "amin", "max", "min",
        "median", "nanmedian", "mode", "sort", "var", "std", "logsumexp", "nansum", "nanmean")},
    **{f"{name}, keepdim": (lambda m, a, name=name: getattr(m, name)(a, 1, keepdim=True), MATRICES) for name in
       ("sum", "mean", "prod", "amax", "amin", "max", "min", "median", "nanmedian", "mode", "var", "std", "logsumexp")},
    **{f"{name}, (0, 2)": (lambda m, a, name=name: getattr(m, name)(a, (0, 2)), BLOCK) for name in
       ("sum", "mean", "amax", "amin", "var", "std", "logsumexp", "nansum", "nanmean")},
    **{f"{name}, correction 0": (lambda m, a, name=name: getattr(m, name)(a, 0, correction=0), CASES) for name in
       ("var", "std")},
    "sort, descending": (lambda m, a: m.sort(a, 0, descending=True), CASES),
    "sort, stable": (lambda m, a: m.sort(a, stable=True, dim=0), CASES),
    "kthvalue 1": (lambda m, a: m.kthvalue(a, 1), CASES),
    "kthvalue 2": (lambda m, a: m.kthvalue(a, 2), VECTORS),
    "topk": (lambda m, a: m.topk(a, 2), VECTORS),
    "topk, least": (lambda m, a: m.topk(a, 2, largest=False), VECTORS),
    **{f"quantile {q}": (lambda m, a, q=q: m.quantile(a, q), CASES) for q in (0.0, 0.3, 1.0)},
    **{f"nanquantile {q}": (lambda m, a, q=q: m.nanquantile(a, q), CASES) for q in (0.0, 0.3, 1.0)},
    **{f"norm {p}": (lambda m, a, p=p: m.norm(a, p), CASES) for p in (0, 0.5, 1, 1.5, 2, 3, 4, -1, -2, INF, -INF)},
    **{f"norm {p}, dim": (lambda m, a, p=p: m.norm(a, p, 1, keepdim=True), MATRICES)
       for p in (0, 0.5, 1, 2, 3, INF, -INF)},
    **{f"norm {p}, (0, 2)": (lambda m, a, p=p: m.norm(a, p, (0, 2)), BLOCK) for p in (0.5, 1, 2, 3, INF)},
    "cumprod, dim 1": (lambda m, a: m.cumprod(a, 1), MATRICES),
    "diff": (lambda m, a: m.diff(a), VECTORS),
}


def tiny(fault):
    return any(0 < abs(x) < 1e-20 for x in numbers(list(fault.inputs)))


OWN = {
    "var": Own("PyTorch asks whether NaN is the mean, when one element is left", "grad", where=lambda f: odd(f.inputs)),
    "var_mean": Own("PyTorch's running mean makes NaN of an infinity"),
    "std_mean": Own("the same"),
    **{name: Own("PyTorch sums in double, where the squares of tiny numbers are left", dtypes=("float32",), where=tiny)
       for name in ("std", "std, dim", "std, keepdim", "std, correction 0")},
    "prod, dim": Own("prod() leaves no gradient beside two zeros, prod(dim) passes on an infinite one", "grad",
                     where=lambda f: f.seed == INF or f.seed != f.seed),
    "logcumsumexp, dim": Own("PyTorch takes the logarithm of the incoming gradient, which loses NaN, and inf - inf"),
    "mode, dim": Own("PyTorch counts every NaN apart, which leaves the answer to their order",
                     where=lambda f: odd(f.inputs)),
    "mode, keepdim": Own("the same", where=lambda f: odd(f.inputs)),
    "kthvalue 1": Own("which of equal elements is taken depends on the selection", "grad"),
    "kthvalue 2": Own("the same", "grad"),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", TABLE)
def test_reductions_are_as_in_pytorch(name: str, dtype: str, backend: str):
    compare(TABLE, OWN, name, dtype, backend)
