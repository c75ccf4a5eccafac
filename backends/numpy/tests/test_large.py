"""The paths that large arrays take: each gives what the plain formula gives."""

import math

import numpy as np
import pytest

from flambeau import dtypes as fd


def numbers(*shape, dtype="float32", seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 3.5, -7.25, 1e30, -1e-30, 16777216.0], "float32")


@pytest.mark.parametrize("op", ["floor_divide", "remainder", "fmod"])
def test_division_with_remainder_is_exact(call, op):
    x, y = numbers(40_000) * 50, numbers(40_000, seed=1)
    want = {"floor_divide": lambda a, b: a // b, "remainder": lambda a, b: a % b, "fmod": math.fmod}[op]
    exact = np.array([want(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)])
    np.testing.assert_array_equal(call(op, x, y), exact.astype("float32"))


@pytest.mark.parametrize("op", ["floor_divide", "remainder", "fmod"])
def test_division_of_anything_by_anything_is_numpy_s(call, op):
    x, y = (np.tile(a.reshape(-1), 60) for a in np.meshgrid(SPECIAL, SPECIAL))
    with np.errstate(all="ignore"):
        want = getattr(np, op)(x, y)
    np.testing.assert_array_equal(call(op, x, y), want)
    for number in SPECIAL:
        with np.errstate(all="ignore"):
            want = getattr(np, op)(x, number)
        np.testing.assert_array_equal(call(op, x, np.array(number)), want)


def test_erf_is_within_4_units_in_the_last_place(call):
    x = np.concatenate([numbers(20_000), np.linspace(-6, 6, 20_001, dtype="float32"), 10.0 ** -numbers(9_000) ** 2])
    x = x.astype("float32")
    exact = np.array([math.erf(v) for v in x.tolist()])
    assert (np.abs(call("erf", x) - exact) / np.spacing(np.abs(exact).astype("float32"))).max() < 4
    ends = call("erf", np.tile(np.array([np.inf, -np.inf, np.nan, 9.0], "float32"), 2000))
    np.testing.assert_array_equal(ends[:4], [1.0, -1.0, np.nan, 1.0])


@pytest.mark.parametrize("dtype", [fd.float16, fd.bfloat16, fd.float32, fd.float64], ids=str)
def test_the_sign_of_nan_is_0(call, numpy_backend, dtype):
    x = call("cast", np.array([np.nan, -np.inf, -0.0, 0.0, 2.0]), dtype=dtype)
    assert call("sign", x).tolist() == [0.0, -1.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_integer_products_are_exact_or_wrap(call, dtype):
    largest = np.iinfo(dtype).max
    rng = np.random.default_rng(0)
    for top in (5, largest):
        x, y = (rng.integers(0, top, (40, 40), dtype=dtype, endpoint=True) for _ in range(2))
        want = np.array([[sum(a * b for a, b in zip(row, column, strict=True)) for column in y.T.tolist()]
                         for row in x.tolist()], object)
        bits = 8 * np.dtype(dtype).itemsize
        wrapped = [[int(v) % 2**bits for v in row] for row in want]
        assert (call("matmul", x, y).astype(object) % 2**bits).tolist() == wrapped


@pytest.mark.parametrize("op", ["cumsum", "cumprod"])
@pytest.mark.parametrize("dtype", [fd.float16, fd.float32, fd.float64, fd.int32], ids=str)
def test_scans_over_rows_are_scans_over_columns_turned(call, op, dtype):
    x = call("cast", numbers(20, 3, 50, dtype="float64") * 1.5, dtype=dtype)
    out = fd.int64 if dtype is fd.int32 else dtype
    want = call(op, np.ascontiguousarray(np.moveaxis(x, 0, 2)), dim=2, dtype=out)
    np.testing.assert_array_equal(call(op, x, dim=0, dtype=out), np.moveaxis(want, 2, 0))
    np.testing.assert_array_equal(call(op, x, dim=1, dtype=out)[:, -1], call(op, x[:, ::1], dim=1, dtype=out)[:, 2])


@pytest.mark.parametrize("axes", [(1, 0, 2), (2, 0, 1), (0, 2, 1), (2, 1, 0)])
@pytest.mark.parametrize("dtype", ["float32", "int8", "complex128"])
def test_copies_of_transposed_arrays(call, axes, dtype):
    x = np.arange(30 * 41 * 50).reshape(30, 41, 50).astype(dtype).transpose(axes)
    made = call("copy", x)
    assert made.flags.c_contiguous and np.array_equal(made, x)
    assert np.array_equal(call("copy", x[::-1, ::2]), x[::-1, ::2])


@pytest.mark.parametrize("dim", [0, 1, 2])
def test_gather_and_scatter_add_follow_the_grid(call, dim):
    x, rng = numbers(6, 7, 8), np.random.default_rng(0)
    index = rng.integers(0, x.shape[dim], tuple(5 for _ in range(3)))
    grid = list(np.indices(index.shape))
    grid[dim] = index
    for laid in (x, np.asfortranarray(x)):
        np.testing.assert_array_equal(call("gather", laid, index, dim=dim), x[tuple(grid)])
    want, src = x.astype("float64"), numbers(5, 5, 5, seed=1)
    np.add.at(want, tuple(grid), src)
    np.testing.assert_allclose(call("scatter_add", x, index, src, dim=dim), want, 1e-5, 1e-5)


def test_every_float16_number_becomes_float32_and_sums_keep_their_digits(call):
    x = np.arange(65536, dtype=np.uint16).view(np.float16)
    np.testing.assert_array_equal(call("cast", x, dtype=fd.float32), x.astype("float32"))


@pytest.mark.parametrize(("shape", "dim"), [((1_000_003,), (0,)), ((3, 5000), (1,)), ((4, 3, 50, 60), (0, 2, 3)),
                                            ((4, 3, 50, 60), (0, 3)), ((4, 3, 5, 6), (1, 2)), ((2, 1_100_000), (0, 1)),
                                            ((4, 3, 0, 6), (0, 3))])
@pytest.mark.parametrize("keepdim", [True, False])
def test_long_sums_keep_their_digits(call, shape, dim, keepdim):
    x = numbers(*shape) + 1
    made = call("sum", x, dim=dim, keepdim=keepdim, dtype=fd.float32)
    want = x.astype("float64").sum(dim, keepdims=keepdim)
    assert made.shape == want.shape
    np.testing.assert_allclose(made, want, 3e-6)


@pytest.mark.parametrize("op", ["maximum", "minimum"])
def test_limits_by_a_number_keep_nan_and_infinities(call, op):
    x = np.tile(SPECIAL, 500)
    for limit in (0.0, -2.0, np.inf, np.nan):
        np.testing.assert_array_equal(call(op, x, np.array(limit, "float32")), getattr(np, op)(x, np.float32(limit)))
