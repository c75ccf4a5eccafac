"""Reductions, movement, indexing, sorting, products and windows agree with PyTorch."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from reference_bridge import (
    ALL,
    BACKEND,
    COMPLEX,
    FLOATING,
    INTEGERS,
    KERNELS,
    ORDERED,
    RELATIVE,
    assert_same,
    call,
    data,
    flambeau_dtype,
    layouts,
    to_reference,
    to_torch,
)

from flambeau import dtypes

SHAPES = [(), (6,), (3, 5), (2, 3, 4), (0, 3), (3, 0)]


def dim_sets(ndim: int) -> list[tuple[int, ...]]:
    return [dims for count in range(1, ndim + 1) for dims in itertools.combinations(range(ndim), count)] or [()]


def double_of(x: torch.Tensor) -> torch.dtype:
    if x.is_complex():
        return torch.complex128
    return torch.float64 if x.is_floating_point() else x.dtype


def scaled(x: torch.Tensor) -> torch.Tensor:
    """Numbers whose products stay in range."""
    return x / 4 if x.is_floating_point() or x.is_complex() else x


@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dtype", ALL)
def test_sum_over_every_set_of_dims(dtype: str, keepdim: bool) -> None:
    for shape in SHAPES:
        for x in layouts(data(dtype, *shape)):
            for dims in dim_sets(x.dim()):
                expected = x.to(double_of(x)).sum(dims, keepdim=keepdim, dtype=double_of(x)).to(x.dtype)
                actual = call("sum", x, dim=dims, keepdim=keepdim, dtype=flambeau_dtype(x))
                torch.testing.assert_close(actual, expected, rtol=RELATIVE.get(dtype, 0), atol=1e-13)


@pytest.mark.parametrize("dtype", ["bool", *INTEGERS])
def test_sum_and_prod_of_integers_in_int64_and_float32(dtype: str) -> None:
    x = data(dtype, 4, 3)
    for target in (torch.int64, torch.float32, torch.int8):
        attributes = {"keepdim": False, "dtype": dtypes.BY_NAME[str(target).removeprefix("torch.")]}
        assert_same(call("sum", x, dim=(0,), **attributes), x.sum(0, dtype=target))
        assert_same(call("prod", x, dim=(0,), **attributes), x.prod(0, dtype=target), 1e-6)


@pytest.mark.parametrize("dtype", FLOATING + COMPLEX)
def test_prod(dtype: str) -> None:
    for x in layouts(scaled(data(dtype, 2, 3, 4))):
        expected = x.to(double_of(x)).prod(1, keepdim=True).to(x.dtype)
        assert_same(call("prod", x, dim=(1,), keepdim=True, dtype=flambeau_dtype(x)), expected, RELATIVE[dtype])


@pytest.mark.parametrize("special", [False, True])
@pytest.mark.parametrize("dtype", ORDERED)
def test_extremes_and_their_places(dtype: str, special: bool) -> None:
    for shape in [(), (6,), (3, 5), (2, 3, 4), (0, 3)]:
        for x in layouts(data(dtype, *shape, special=special)):
            dim = x.dim() - 1 if x.dim() else 0
            dims = (dim,) if x.dim() else ()
            for name in ("amax", "amin"):
                assert_same(call(name, x, dim=dims, keepdim=True), getattr(torch, name)(x, dims, keepdim=True))
            if dtype == "bool":
                continue
            for name in ("argmax", "argmin"):
                if x.numel():
                    assert_same(call(name, x, dim=None, keepdim=False), getattr(torch, name)(x))
                assert_same(call(name, x, dim=dim, keepdim=False), getattr(torch, name)(x, dim))


@pytest.mark.parametrize("dtype", ALL)
def test_running_sums_and_products(dtype: str) -> None:
    for shape in SHAPES:
        for x in layouts(scaled(data(dtype, *shape))):
            for dim in range(max(x.dim(), 1)):
                wide = double_of(x) if dtype != "bool" else torch.int64
                for name in ("cumsum", "cumprod"):
                    expected = getattr(torch, name)(x.to(wide), dim).to(x.dtype)
                    actual = call(name, x, dim=dim, dtype=flambeau_dtype(x))
                    torch.testing.assert_close(actual, expected, rtol=RELATIVE.get(dtype, 0), atol=1e-13)


@pytest.mark.parametrize("name", ["cummax", "cummin"])
@pytest.mark.parametrize("dtype", ORDERED)
def test_running_extremes(name: str, dtype: str) -> None:
    for shape in SHAPES:
        for x in layouts(data(dtype, *shape, special=True)):
            for dim in range(max(x.dim(), 1)):
                for actual, expected in zip(call(name, x, dim=dim), getattr(torch, name)(x, dim), strict=True):
                    assert_same(actual, expected)


VIEWS = {
    "view": [({"size": (6, 4)}, lambda x: x.view(6, 4)), ({"size": (2, 1, 12)}, lambda x: x.view(2, 1, 12)),
             ({"size": (24,)}, lambda x: x.view(24)), ({"size": (2, 3, 2, 2, 1)}, lambda x: x.view(2, 3, 2, 2, 1))],
    "permute": [({"dims": (2, 0, 1)}, lambda x: x.permute(2, 0, 1))],
    "expand": [({"size": (5, 2, 3, 4)}, lambda x: x.expand(5, 2, 3, 4))],
    "slice": [({"index": (slice(0, 2, 1), slice(1, 3, 2), slice(0, 4, 3))}, lambda x: x[0:2, 1:3:2, 0:4:3]),
              ({"index": (1, None, slice(0, 3, 1), 2)}, lambda x: x[1, None, :, 2]),
              ({"index": (1, 2, 3)}, lambda x: x[1, 2, 3]), ({"index": (slice(2, 2, 1),)}, lambda x: x[2:2]),
              ({"index": (None, slice(0, 2, 1), slice(0, 3, 1), slice(0, 4, 1), None)}, lambda x: x[None, ..., None])],
    "as_strided": [({"size": (3, 2), "stride": (2, 5), "storage_offset": 3},
                    lambda x: x.as_strided((3, 2), (2, 5), 3))],
    "diagonal": [({"offset": o, "dim1": a, "dim2": b}, lambda x, o=o, a=a, b=b: x.diagonal(o, a, b))
                 for o, a, b in [(0, 0, 1), (1, 1, 2), (-1, 2, 0), (3, 0, 2), (9, 0, 1), (-9, 0, 1)]],
}


@pytest.mark.parametrize(("name", "attributes", "function"),
                         [pytest.param(n, a, f, id=f"{n}-{i}") for n, c in VIEWS.items() for i, (a, f) in enumerate(c)])
def test_views_have_pytorch_s_strides_and_share_storage(name: str, attributes: dict[str, Any], function: Any) -> None:
    for x in layouts(data("float32", 2, 3, 4)):
        source = to_reference(x)
        try:
            expected = function(x)
        except RuntimeError:
            with pytest.raises(RuntimeError):
                KERNELS[name](source, **attributes)
            continue
        view = KERNELS[name](source, **attributes)
        assert view.storage is source.storage
        assert_same(to_torch(view), expected)
        if expected.numel() > 1:
            assert BACKEND.strides(view) == expected.stride()
            assert BACKEND.storage_offset(view) == expected.storage_offset()


@pytest.mark.parametrize("target", ALL)
@pytest.mark.parametrize("dtype", ALL)
def test_cast_between_all_dtypes(dtype: str, target: str) -> None:
    kind = getattr(torch, target)
    for shape in SHAPES:
        x = data(dtype, *shape)
        if dtype in FLOATING and target in INTEGERS:
            x = x.abs()
        expected = x.real.to(kind) if dtype in COMPLEX and target not in (*COMPLEX, "bool") else x.to(kind)
        assert_same(call("cast", x, dtype=dtypes.BY_NAME[target]), expected)


@pytest.mark.parametrize("target", [*INTEGERS, "bool"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cast_of_numbers_that_no_integer_holds(dtype: str, target: str) -> None:
    x = torch.tensor([float("nan"), float("inf"), float("-inf"), 3e9, -3e9, 300.7, -1.5, 1e30, -0.0],
                     dtype=getattr(torch, dtype))
    assert_same(call("cast", x, dtype=dtypes.BY_NAME[target]), x.to(getattr(torch, target)))


@pytest.mark.parametrize("dtype", ALL)
def test_moves(dtype: str) -> None:
    for shape in [(3, 5), (2, 3, 4), (0, 3)]:
        for x in layouts(data(dtype, *shape, special=True)):
            last = x.dim() - 1
            assert_same(call("copy", x), x.contiguous())
            assert_same(call("flip", x, dims=(0, last)), x.flip(0, last))
            assert_same(call("roll", x, shifts=(2, -7, 1), dims=(0, last, 0)), x.roll((2, -7, 1), (0, last, 0)))
            assert_same(call("cat", x, x[:, :1], x, dim=1), torch.cat([x, x[:, :1], x], 1))
            widths = [(0, 0)] * (last - 1) + [(2, 1), (0, 3)]
            value = True if dtype == "bool" else 7
            assert_same(call("pad", x, padding=tuple(widths), value=value),
                        torch.nn.functional.pad(x, (0, 3, 2, 1), value=value))


def test_assign_broadcasts_and_survives_overlap() -> None:
    x = torch.arange(12.0).reshape(3, 4)
    mine = to_reference(x)
    view = KERNELS["permute"](mine, dims=(1, 0))
    KERNELS["assign"](KERNELS["slice"](view, index=(slice(0, 3, 1), slice(0, 3, 1))),
                      KERNELS["slice"](mine, index=(slice(0, 3, 1), slice(0, 3, 1))))
    x.T[:3, :3] = x[:, :3].clone()
    assert_same(to_torch(mine), x)
    KERNELS["assign"](KERNELS["slice"](mine, index=(slice(0, 3, 2),)), to_reference(torch.tensor([[5.0], [6.0]])))
    x[::2] = torch.tensor([[5.0], [6.0]])
    assert_same(to_torch(mine), x)


def indices(high: int, *shape: int, seed: int = 3) -> torch.Tensor:
    return torch.randint(0, high, shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("dtype", ALL)
def test_take_gather_and_scatter(dtype: str) -> None:
    for x in layouts(data(dtype, 3, 4, 5)):
        for dim, size in enumerate(x.shape):
            for index in (indices(size, 2, 2), indices(size), indices(size, 0)):
                chosen = x.index_select(dim, index.reshape(-1))
                assert_same(call("take", x, index, dim=dim),
                            chosen.reshape(*x.shape[:dim], *index.shape, *x.shape[dim + 1:]))
            index = indices(size, 3, 2, 4)[: x.shape[0], :, :]
            index = index.clamp(max=size - 1)
            assert_same(call("gather", x, index, dim=dim), x.gather(dim, index))
            src = data(dtype, 3, 4, 5, seed=9)
            assert_same(call("scatter", x, index, src, dim=dim), x.scatter(dim, index, src))
            wide = double_of(x)
            expected = x.to(wide).scatter_add(dim, index, src.to(wide)).to(x.dtype)
            torch.testing.assert_close(call("scatter_add", x, index, src, dim=dim), expected,
                                       rtol=RELATIVE.get(dtype, 0), atol=1e-13)


def test_gather_and_scatter_of_0d_arrays() -> None:
    x, index = torch.tensor(3.0), torch.tensor(0)
    assert_same(call("gather", x, index, dim=0), x.gather(0, index))
    assert_same(call("scatter", x, index, torch.tensor(5.0), dim=0), x.scatter(0, index, torch.tensor(5.0)))


@pytest.mark.parametrize("dtype", ALL)
def test_advanced_indexing(dtype: str) -> None:
    for x in layouts(data(dtype, 4, 5, 3)):
        for chosen in ([indices(4, 6) - 4], [indices(4, 2, 1), indices(5, 3)], [indices(4), indices(5), indices(3)],
                       [indices(4, 0)]):
            key = tuple(chosen)
            expected = x[key]
            assert_same(call("index", x, *chosen), expected)
            values = data(dtype, *expected.shape[-1:], seed=5)
            wide = double_of(x)
            for accumulate in (False, True):
                put = x.contiguous().to(wide).index_put(key, values.to(wide), accumulate).to(x.dtype)
                actual = call("index_put", x, values, *chosen, accumulate=accumulate)
                torch.testing.assert_close(actual, put, rtol=RELATIVE.get(dtype, 0), atol=1e-13)


@pytest.mark.parametrize("dtype", ALL)
def test_nonzero_and_masked_select(dtype: str) -> None:
    for shape in SHAPES:
        for x in layouts(data(dtype, *shape, special=True)):
            assert_same(call("nonzero", x), x.nonzero())
            mask = data("bool", *shape, seed=4)
            assert_same(call("masked_select", x, mask), x.masked_select(mask))


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("dtype", ORDERED)
def test_sort_is_stable_with_nan_largest(dtype: str, descending: bool) -> None:
    for shape in SHAPES:
        for x in layouts(data(dtype, *shape, special=True)):
            for dim in range(max(x.dim(), 1)):
                expected = torch.sort(x, dim=dim, descending=descending, stable=True)
                for a, b in zip(call("sort", x, dim=dim, descending=descending), expected, strict=True):
                    assert_same(a, b)


@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize("dtype", [d for d in ORDERED if d not in ("bool", "bfloat16", "float16")])
def test_searchsorted(dtype: str, right: bool) -> None:
    ordered = data(dtype, 2, 3, 7).sort().values
    values = torch.cat([data(dtype, 2, 3, 4, seed=2), ordered[..., ::3]], -1)
    assert_same(call("searchsorted", ordered, values, right=right), torch.searchsorted(ordered, values, right=right))
    row = ordered[0, 0].contiguous()
    for v in (values, values[0, 0, 0], values[:0].contiguous()):
        assert_same(call("searchsorted", row, v, right=right), torch.searchsorted(row, v, right=right))


MATMULS = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)),
           ((5, 1, 2, 3), (4, 3, 2)), ((2, 0), (0, 3)), ((0, 2), (2, 3)), ((3,), (5, 3, 2)), ((5, 2, 3), (3,)),
           ((0, 2, 3), (3, 2))]


@pytest.mark.parametrize("dtype", ALL)
def test_matmul(dtype: str) -> None:
    for left, right in MATMULS:
        for x, y in zip(layouts(data(dtype, *left)), layouts(data(dtype, *right, seed=1)), strict=True):
            wide = torch.int64 if dtype == "bool" else double_of(x)
            expected = torch.matmul(x.to(wide), y.to(wide)).to(x.dtype)
            torch.testing.assert_close(call("matmul", x, y), expected, rtol=RELATIVE.get(dtype, 0), atol=1e-13)


@pytest.mark.parametrize(("kernel", "stride", "dilation"), [(2, 1, 1), (3, 2, 1), (2, 3, 1), (2, 1, 2), (1, 2, 1)])
def test_unfold_and_fold_agree_with_pytorch_s_columns(kernel: int, stride: int, dilation: int) -> None:
    image = data("float64", 2, 3, 5, 6)
    for x in layouts(image):
        columns = torch.nn.functional.unfold(x, kernel, dilation, 0, stride)
        windows = call("unfold", x, kernel_size=(kernel,) * 2, dilation=(dilation,) * 2, stride=(stride,) * 2)
        arranged = windows.permute(0, 1, 4, 5, 2, 3).reshape(columns.shape)
        assert_same(arranged, columns)
        back = call("fold", windows, size=(5, 6), dilation=(dilation,) * 2, stride=(stride,) * 2)
        assert_same(back, torch.nn.functional.fold(columns, (5, 6), kernel, dilation, 0, stride), 1e-14)


@pytest.mark.parametrize("spatial", [1, 3])
def test_unfold_in_one_and_three_dims(spatial: int) -> None:
    x = data("float32", 2, 2, *[5] * spatial)
    expected = x
    for d in range(spatial):
        expected = expected.unfold(2 + d, 3, 2)
    assert_same(call("unfold", x, kernel_size=(3,) * spatial, dilation=(1,) * spatial, stride=(2,) * spatial), expected)


@pytest.mark.parametrize("dtype", ALL)
def test_full_and_arange(dtype: str) -> None:
    mine, kind = dtypes.BY_NAME[dtype], getattr(torch, dtype)
    for value in (True, 3, 2.5, 1e-3):
        made = KERNELS["full"](size=(2, 0, 3)[: 1 + (value == 3)], value=value, dtype=mine)
        assert_same(to_torch(made), torch.full(made.shape, value, dtype=kind))
    if dtype not in ("bool", *COMPLEX):
        assert_same(to_torch(KERNELS["arange"](start=1, step=3, length=5, dtype=mine)),
                    torch.arange(1, 16, 3, dtype=kind))
    if dtype in FLOATING:
        made = KERNELS["arange"](start=0.1, step=0.3, length=7, dtype=mine)
        assert_same(to_torch(made), (0.1 + torch.arange(7, dtype=torch.float64) * 0.3).to(kind))
