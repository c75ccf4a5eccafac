"""Values: 0-d results, NaN, float16 and bfloat16 sums, integers, rounding."""

import ml_dtypes
import numpy as np
import pytest

from flambeau import dtypes as fd

NAN, INF = float("nan"), float("inf")


def _array(values, dtype=np.float32):
    return np.array(values, dtype)


def test_own_makes_an_array_of_the_scalars_that_ufuncs_answer(numpy_backend):
    zero_d = _array(2.0)
    result = numpy_backend.kernel("add", fd.float32)(zero_d, zero_d)
    owned = numpy_backend.own(result)
    assert type(owned) is np.ndarray
    assert (owned.shape, owned.dtype, owned.item()) == ((), np.float32, 4.0)
    assert numpy_backend.own(ml_dtypes.bfloat16(1)).dtype == ml_dtypes.bfloat16


def test_the_ufunc_itself_is_the_kernel_of_float_arithmetic(numpy_backend):
    for op, ufunc in (("add", np.add), ("mul", np.multiply), ("exp", np.exp), ("lt", np.less)):
        assert numpy_backend.kernel(op, fd.float32) is ufunc
        assert numpy_backend.kernel(op, fd.float64) is ufunc


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ml_dtypes.bfloat16])
def test_nan_wins_every_extreme(call, dtype):
    x = _array([1, NAN, 3, NAN], dtype)
    assert np.isnan(call("amax", x, dim=(0,), keepdim=False))
    assert np.isnan(call("amin", x, dim=(0,), keepdim=False))
    assert call("argmax", x, dim=0, keepdim=False).item() == 1
    assert call("argmin", x, dim=0, keepdim=False).item() == 1
    assert np.isnan(call("maximum", x, x[::-1].copy())).tolist() == [True, True, True, True]


def test_running_maximum_keeps_the_last_of_equals_and_stays_nan(numpy_backend):
    values, places = numpy_backend.kernel("cummax", fd.float32)(_array([1, 2, 2, NAN, 5]), dim=0)
    assert places.tolist() == [0, 1, 2, 3, 3]
    assert np.isnan(values).tolist() == [False, False, False, True, True]


def test_nan_is_the_largest_when_sorting_and_equals_keep_their_order(numpy_backend):
    sort = numpy_backend.kernel("sort", fd.float32)
    x = _array([2, NAN, 1, 2, -INF])
    assert sort(x, dim=0, descending=False)[1].tolist() == [4, 2, 0, 3, 1]
    assert sort(x, dim=0, descending=True)[1].tolist() == [1, 0, 3, 2, 4]


@pytest.mark.parametrize("dtype", [fd.float16, fd.bfloat16])
def test_16_bit_floats_sum_in_float32_and_round_once(numpy_backend, dtype):
    ones = numpy_backend.kernel("full", dtype)(size=(4096,), value=1.0, dtype=dtype)
    matrix = numpy_backend.kernel("full", dtype)(size=(1, 4096), value=1.0, dtype=dtype)
    total = numpy_backend.kernel("sum", dtype)(ones, dim=(0,), keepdim=False, dtype=dtype)
    product = numpy_backend.kernel("matmul", dtype)(matrix, ones)
    assert (float(total), float(product[0])) == (4096.0, 4096.0)


def test_float64_is_rounded_to_bfloat16_once(call):
    just_above_half = 1 + 2**-8 + 2**-40  # float32 would first drop the last bit, then tie down to 1
    assert call("cast", _array([just_above_half], np.float64), dtype=fd.bfloat16).tolist() == [1 + 2**-7]
    large = 2**62 + 2**54 + 1
    assert call("cast", _array([large], np.int64), dtype=fd.bfloat16).tolist() == [float(2**62 + 2**55)]


@pytest.mark.parametrize("op", ["floor_divide", "remainder", "fmod"])
def test_integer_division_by_zero_raises_and_floating_does_not(call, op):
    with pytest.raises(ZeroDivisionError, match="integer division by zero"):
        call(op, _array([1, 2], np.int32), _array([1, 0], np.int32))
    assert not np.isfinite(call(op, _array([1.0]), _array([0.0]))).any()
    assert call(op, _array([], np.int32), _array([0], np.int32)).shape == (0,)


def test_integer_powers_with_negative_exponents(call):
    x, y = _array([2, 1, -1, -1, 0, 3], np.int64), _array([-1, -5, -2, -3, -1, 2], np.int64)
    assert call("pow", x, y).tolist() == [0, 1, 1, -1, 0, 9]


def test_shifts_beyond_the_width(call):
    x, y = _array([-4, 4, -4, 4], np.int8), _array([9, 9, -1, -1], np.int8)
    assert call("bitwise_right_shift", x, y).tolist() == [-1, 0, -1, 0]
    assert call("bitwise_left_shift", x, y).tolist() == [0, 0, 0, 0]


def test_powers_by_a_number_agree_with_powers_by_an_array(call):
    x = _array([0.0, -0.0, 2.0, -3.0, 0.5, INF, NAN])
    for exponent in (2.0, 3.0, 1.0, -1.0, -2.0, 0.25, 0.0):
        plain = call("pow", x, np.full_like(x, exponent))
        np.testing.assert_allclose(call("pow", x, _array(exponent)), plain, rtol=1e-6)


def test_the_last_of_several_writes_to_one_place_wins(call):
    out = call("scatter", np.zeros(3, np.float32), _array([1, 1, 1], np.int64), _array([5, 6, 7]), dim=0)
    assert out.tolist() == [0, 7, 0]
    index, src = np.zeros((1, 4), np.int64).T, np.arange(4, dtype=np.float32).reshape(4, 1)
    assert call("scatter", np.zeros((1, 1), np.float32), index, src, dim=0).tolist() == [[3]]


@pytest.mark.parametrize(("op", "bad"), [("take", -1), ("take", 3), ("gather", 3), ("scatter_add", -1),
                                         ("scatter_add", 3)])
def test_places_outside_raise_and_leave_the_input_alone(call, op, bad):
    x, index = np.zeros(3, np.float32), _array([0, bad], np.int64)
    arrays = (x, index, np.ones(2, np.float32)) if op == "scatter_add" else (x, index)
    with pytest.raises(IndexError):
        call(op, *arrays, dim=0)
    assert x.tolist() == [0, 0, 0]


def test_complex_log1p_keeps_its_digits_near_zero(call):
    small = _array([1e-9 + 1e-9j], np.complex128)
    assert call("log1p", small)[0].real == pytest.approx(1e-9, rel=1e-12)
