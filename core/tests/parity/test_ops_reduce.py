"""Variances, extremes, norms, truth and counts beside PyTorch's."""

import math
from typing import Any

import pytest
import torch

D = torch.float64
REDUCTIONS: list[tuple[tuple[int, ...], tuple[Any, ...]]] = [
    ((3, 4), ()), ((3, 4), (0,)), ((3, 4), (-1,)), ((2, 3, 4), ((0, 2),)), ((2, 3, 4), ((0, -1),)), ((5,), ()),
    ((5,), (0,))]


def drawn(*shape: int, dtype: torch.dtype = D) -> torch.Tensor:
    return torch.randn(shape, dtype=D).to(dtype).requires_grad_()


@pytest.mark.parametrize("name", ["var", "std", "var_mean", "std_mean"])
@pytest.mark.parametrize(("shape", "dim"), REDUCTIONS, ids=str)
@pytest.mark.parametrize("kwargs", [{}, {"correction": 0}, {"correction": 2}, {"unbiased": False},
                                    {"keepdim": True}], ids=str)
def test_spread(beside: Any, name: str, shape: tuple[int, ...], dim: Any, kwargs: dict[str, Any]) -> None:
    if "unbiased" in kwargs and not dim:
        beside(name, drawn(*shape), False, ulps=64)
    elif "keepdim" in kwargs and not dim:
        beside(name, drawn(*shape), None, keepdim=True, ulps=64)
    elif "keepdim" in kwargs:
        beside(name, drawn(*shape), *dim, keepdim=True, ulps=64)
    else:
        beside(name, drawn(*shape), *dim, **kwargs, ulps=64)


@pytest.mark.parametrize("name", ["var", "std"])
def test_spread_of_equal_and_complex_elements(beside: Any, name: str) -> None:
    beside(name, torch.ones(4, dtype=D).requires_grad_(), second=False)
    beside(name, torch.randn(5, dtype=torch.complex128).requires_grad_(), second=name == "var")
    beside(name, drawn(40, dtype=torch.float32) + 1000, ulps=4000)
    beside(name, drawn(6, dtype=torch.bfloat16))
    beside(name, drawn(4, 3), None)
    beside(name, drawn(4, 3), [0])
    beside(name, drawn(4, 3).detach(), ())  # PyTorch's gradient there is infinite


@pytest.mark.parametrize("name", ["var", "std", "var_mean", "std_mean"])
@pytest.mark.filterwarnings("ignore:.*degrees of freedom")
def test_spread_of_too_few(beside: Any, name: str) -> None:
    beside(name, torch.tensor([1.0]))
    beside(name, torch.tensor(1.0))
    beside(name, torch.zeros(0))
    beside(name, torch.zeros(2, 0), 1)
    beside(name, torch.tensor([[1.0, 2.0], [4.0, 8.0]]), 1, correction=2)


@pytest.mark.parametrize("name", ["var", "std", "var_mean", "std_mean"])
def test_spread_errors(beside: Any, name: str) -> None:
    beside.raises(name, torch.tensor([1, 2]))
    beside.raises(name, torch.ones(2, 3), 2)
    beside.raises(name, torch.ones(2, 3), (0, 0))


@pytest.mark.filterwarnings("ignore:invalid value")
def test_too_few_to_be_spread_warns(beside: Any) -> None:
    import flambeau

    with pytest.warns(UserWarning, match="degrees of freedom is <= 0"):
        flambeau.var(flambeau.ones(1))


@pytest.mark.parametrize("name", ["max", "min", "Tensor.max", "Tensor.min", "amax", "amin", "aminmax"])
def test_extremes_of_all(beside: Any, name: str) -> None:
    for shape in ((3, 4), (), (5,)):
        beside(name, drawn(*shape))
    if name != "aminmax":
        beside(name, torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=D).requires_grad_())
    beside(name, torch.tensor([1, 5, 3]))
    beside(name, torch.tensor([True, False]))
    beside(name, torch.tensor([1.0, math.nan, 3.0]).requires_grad_(name in ("max", "min")))
    beside.raises(name, torch.zeros(0))


@pytest.mark.parametrize("name", ["max", "min", "Tensor.max", "Tensor.min", "median", "mode", "cummax", "cummin",
                                  "nanmedian", "kthvalue"])
@pytest.mark.parametrize(("shape", "dim"), [((3, 4), 0), ((3, 4), 1), ((2, 3, 4), -2), ((), 0), ((5,), -1)])
@pytest.mark.parametrize("keepdim", [False, True])
def test_extremes_along_a_dimension(beside: Any, name: str, shape: tuple[int, ...], dim: int, keepdim: bool) -> None:
    x = drawn(*shape)
    if name.startswith("cum"):
        got = beside(name, x, dim)
    elif name == "kthvalue":
        got = beside(name, x, 1, dim, keepdim)
    else:
        got = beside(name, x, dim, keepdim)
        beside(name, x, dim, keepdim=keepdim)
    assert got._fields == ("values", "indices")
    assert got.values is got[0]


@pytest.mark.parametrize("name", ["max", "min"])
def test_extremes_with_ties_nan_and_other_dtypes(beside: Any, name: str) -> None:
    beside(name, torch.tensor([[2.0, 5.0, 5.0], [1.0, 1.0, 0.0]], dtype=D).requires_grad_(), 1)
    beside(name, torch.tensor([[1.0, math.nan, 3.0], [math.nan, math.nan, 1.0]]), 1)
    beside(name, torch.tensor([[1, 4], [7, 2]]), dim=0)
    beside(name, torch.tensor([[True, False], [False, False]]), dim=1)
    beside(name, torch.zeros(0, 3), 1)
    beside(name, drawn(2, 3), drawn(3))
    beside(name, drawn(2, 3), other=drawn(2, 1))
    beside.raises(name, torch.zeros(0, 3), 0)
    beside.raises(name, torch.zeros(2, 3), 2)
    beside.raises(name, torch.zeros(2, 3), torch.zeros(2))


@pytest.mark.parametrize("name", ["any", "all", "Tensor.any", "Tensor.all"])
@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float32])
def test_truth(beside: Any, name: str, dtype: torch.dtype) -> None:
    x = torch.tensor([[0, 1, 0], [1, 1, 1], [0, 0, 0]], dtype=dtype)
    for args in ((), (0,), (1,), (-1, True), ((0, 1),), (None,), (None, True)):
        beside(name, x, *args)
    beside(name, x[:0])
    beside(name, x[:0], 0)
    beside(name, x[0, 0])
    beside.raises(name, x, 2)


def test_nan_is_true(beside: Any) -> None:
    for name in ("any", "all"):
        beside(name, torch.tensor([math.nan]))


@pytest.mark.parametrize("args", [(), (0,), ((0, 1),), (-1,)])
def test_count_nonzero(beside: Any, args: Any) -> None:
    beside("count_nonzero", torch.tensor([[0.0, 1.0, math.nan], [0.0, -0.0, 2.0]]), *args)


@pytest.mark.parametrize(("shape", "dim"), [((3, 4), 1), ((3, 4), (0, 1)), ((2, 3, 4), -2), ((), 0), ((0, 3), 0),
                                            ((0, 3), 1)], ids=str)
@pytest.mark.parametrize("keepdim", [False, True])
def test_logsumexp(beside: Any, shape: tuple[int, ...], dim: Any, keepdim: bool) -> None:
    beside("logsumexp", drawn(*shape), dim, keepdim=keepdim, second=0 not in shape)


@pytest.mark.parametrize("row", [[-1e4, 1e4], [-math.inf, -math.inf], [math.inf, 1.0], [math.inf, -math.inf],
                                 [math.nan, 1.0], [-math.inf, 2.0]])
def test_logsumexp_of_extreme_rows(beside: Any, row: list[float]) -> None:
    beside("logsumexp", torch.tensor(row, dtype=D).requires_grad_(), 0, second=False)


def test_logsumexp_of_integers(beside: Any) -> None:
    beside("logsumexp", torch.tensor([1, 2, 3]), 0)
    beside.raises("logsumexp", torch.ones(2, 2), 2)


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3, math.inf, -math.inf, -1, "fro", None])
@pytest.mark.parametrize(("shape", "dim"), [((3, 4), None), ((3, 4), 1), ((2, 3, 4), (0, 2)), ((5,), 0), ((), None)],
                         ids=str)
def test_norm(beside: Any, p: Any, shape: tuple[int, ...], dim: Any) -> None:
    if p == 0:  # PyTorch leaves out the gradient that is zero
        beside("norm", drawn(*shape).detach(), p, dim)
    elif p is None:
        beside("norm", drawn(*shape), dim=dim, ulps=64)
    else:
        beside("norm", drawn(*shape), p, dim, keepdim=True, ulps=64)
        beside("Tensor.norm", drawn(*shape), p, dim, ulps=64)


@pytest.mark.parametrize("p", [1, 2, 3, math.inf])
def test_norm_at_zeros_ties_and_complex(beside: Any, p: float) -> None:
    beside("norm", torch.zeros(3, dtype=D).requires_grad_(), p, second=False)
    beside("norm", torch.tensor([2.0, -2.0, 1.0], dtype=D).requires_grad_(), p)
    beside("norm", torch.randn(4, dtype=torch.complex128).requires_grad_(), p, second=False)
    beside("norm", drawn(3, dtype=torch.float32), p, dtype=D)


def test_norm_errors(beside: Any) -> None:
    beside.raises("norm", torch.tensor([1, 2]))
    beside.raises("norm", torch.zeros(0), math.inf)
    beside.raises("norm", torch.ones(2, 3), 2, 2)
    beside("norm", torch.zeros(0))


@pytest.mark.parametrize("name", ["median", "nanmedian"])
def test_medians_of_all(beside: Any, name: str) -> None:
    for shape in ((5,), (3, 4), ()):
        beside(name, drawn(*shape))
    for values in ([1.0, math.nan, 3.0, 2.0], [math.nan, math.nan], []):
        beside(name, torch.tensor(values))
        if values:
            beside(name, torch.tensor([values, [1.0] * len(values)]), 1)
    beside(name, torch.tensor([3, 1, 2, 2]))
    beside(name, torch.tensor([2.0, 2.0, 1.0, 5.0], dtype=D).requires_grad_())
    beside.raises(name, torch.zeros(0, 3), 0)


def test_mode_and_kthvalue(beside: Any) -> None:
    beside("mode", torch.tensor([[2, 1, 2, 1, 3], [5, 5, 5, 0, 0]]), 1)
    beside("mode", torch.tensor([3.0, 3.0, 1.0]))
    beside("kthvalue", torch.tensor([3, 1, 2]), 2)
    beside("kthvalue", torch.tensor([3.0, math.nan, 2.0]), 3)
    beside.raises("kthvalue", torch.ones(3), 4)
    beside.raises("kthvalue", torch.ones(3), 0)
    beside.raises("kthvalue", torch.ones(3), 1, 1)


@pytest.mark.parametrize("name", ["quantile", "nanquantile"])
@pytest.mark.parametrize("interpolation", ["linear", "lower", "higher", "midpoint", "nearest"])
@pytest.mark.parametrize("q", [0.0, 0.3, 0.5, 1.0, [0.1, 0.9], []], ids=str)
@pytest.mark.parametrize("dim", [None, 0, -1])
def test_quantile(beside: Any, name: str, interpolation: str, q: Any, dim: int | None) -> None:
    where = torch.tensor(q, dtype=D) if isinstance(q, list) else q
    for keepdim in (False, True):
        beside(name, drawn(3, 4), where, dim, keepdim, interpolation=interpolation, second=False)
    unknown = torch.tensor([[1.0, math.nan, 3.0], [4.0, 2.0, 9.0]], dtype=D)
    beside(name, unknown, where, dim, interpolation=interpolation)


@pytest.mark.parametrize("args", [(torch.tensor([1, 2]), 0.5), (torch.ones(2), 1.5),
                                  (torch.ones(2), torch.tensor([2.0])),
                                  (torch.ones(2), torch.tensor([0.5], dtype=D)), (torch.zeros(0), 0.5),
                                  (torch.ones(2), torch.ones(1, 1))], ids=range(6))
def test_quantile_errors(beside: Any, args: Any) -> None:
    beside.raises("quantile", *args)


def test_bincount(beside: Any) -> None:
    x = torch.tensor([1, 3, 1, 0])
    beside("bincount", x)
    beside("bincount", x, minlength=7)
    beside("bincount", x[:0], minlength=2)
    beside("bincount", x[:0])
    for dtype in (torch.float32, D, torch.int64):
        beside("bincount", x, torch.tensor([1, 2, 3, 4], dtype=dtype))
    for bad in (torch.tensor([-1]), torch.tensor([1.0]), torch.tensor([[1]])):
        beside.raises("bincount", bad)
    beside.raises("bincount", x, minlength=-1)
    beside.raises("bincount", x, torch.ones(2))


def test_histc(beside: Any) -> None:
    x = torch.tensor([1.0, 2.0, 1.0, 4.0, -3.0, 2.5])
    beside("histc", x, 4, 0, 4)
    beside("histc", x, 3)
    beside("histc", x, bins=5, min=-1, max=2)
    beside("histc", torch.ones(3), 4)
    beside("histc", torch.zeros(0), 2, 0, 1)
    for args in ((x, 0), (x, 4, 3, 1), (torch.tensor([math.inf]), 3), (torch.tensor([1, 2]), 2)):
        beside.raises("histc", *args)


@pytest.mark.parametrize("name", ["unique", "unique_consecutive"])
def test_unique(beside: Any, name: str) -> None:
    x = torch.tensor([[2, 1, 2, 2], [1, 1, 3, 2]])
    inverse, counts = {"return_inverse": True}, {"return_counts": True}
    for kwargs in ({}, inverse, counts, inverse | counts):
        beside(name, x, **kwargs)
        beside(name, x.double(), **kwargs)
        beside(name, x == 1, **kwargs)
        beside(name, x[:0], **kwargs)
        beside(name, torch.tensor([[1, 2, 1, 1], [0, 5, 0, 0]]), dim=1, **kwargs)
        beside(name, torch.tensor([[1, 2], [0, 5], [0, 5], [1, 2], [0, 4]]), dim=0, **kwargs)


@pytest.mark.parametrize("n", [0, 1, 2, 5])
@pytest.mark.parametrize("dim", [0, -1])
def test_diff(beside: Any, n: int, dim: int) -> None:
    beside("diff", drawn(3, 4), n, dim)
    beside("diff", drawn(3, 4), n, dim, prepend=drawn(3, 4))
    beside("diff", torch.tensor([[1, 5, 2]]), n, dim)
    beside("diff", torch.tensor([True, False, False]), n)


@pytest.mark.parametrize("name", ["nansum", "nanmean"])
def test_sums_without_nan(beside: Any, name: str) -> None:
    x = torch.tensor([[1.0, math.nan, 3.0], [math.nan, math.nan, 5.0]], dtype=D).requires_grad_()
    beside(name, x)
    beside(name, x, 1, True)
    beside(name, x, (0, 1))
    beside(name, x.detach(), 0)
    if name == "nansum":
        beside(name, torch.tensor([1, 2]))
    else:
        beside.raises(name, torch.tensor([1, 2]))


@pytest.mark.parametrize(("shape", "dim"), [((5,), 0), ((2, 3), 1), ((2, 3), 0), ((), 0), ((0,), 0)], ids=str)
def test_logcumsumexp(beside: Any, shape: tuple[int, ...], dim: int) -> None:
    beside("logcumsumexp", drawn(*shape), dim)


def test_covariance(beside: Any) -> None:
    x = drawn(3, 6)
    beside("cov", x, ulps=64)
    beside("cov", drawn(5), ulps=64)
    beside("cov", x, correction=0, ulps=64)
    beside("cov", x, fweights=torch.tensor([1, 2, 1, 1, 3, 1]), ulps=64)
    beside("cov", x, aweights=torch.rand(6, dtype=D) + 0.5, ulps=64)
    beside("cov", x, fweights=torch.tensor([1, 2, 1, 1, 3, 1]), aweights=torch.rand(6, dtype=D) + 0.5, ulps=64)
    beside("cov", torch.tensor([[1, 2], [3, 5]]))
    beside("corrcoef", x.detach(), ulps=64)
    beside("corrcoef", drawn(4), ulps=64, second=False)
    beside.raises("cov", torch.ones(2, 2, 2))
    beside.raises("cov", torch.ones(2, 3), fweights=torch.tensor([1, 1]))
    beside.raises("cov", torch.ones(2, 2), fweights=torch.tensor([1, -1]))
