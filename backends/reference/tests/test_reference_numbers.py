"""Special values, rounding, wraparound and exactness of the numerical kernels."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from reference_arrays import BACKEND, INF, KERNELS, NAN, call, make, text

from flambeau import dtypes
from flambeau.dtypes import DType
from flambeau.errors import DTypeError, ShapeError

SPECIAL_UNARY: dict[str, list[tuple[float, float]]] = {
    "exp": [(1000.0, INF), (-INF, 0.0), (INF, INF), (NAN, NAN)],
    "expm1": [(1000.0, INF), (-INF, -1.0), (-0.0, -0.0)],
    "log": [(0.0, -INF), (-0.0, -INF), (-1.0, NAN), (INF, INF), (NAN, NAN)],
    "log1p": [(-1.0, -INF), (-2.0, NAN), (-0.0, -0.0)],
    "sqrt": [(-1.0, NAN), (-0.0, -0.0), (INF, INF)],
    "sin": [(INF, NAN), (-0.0, -0.0)], "cos": [(-INF, NAN), (0.0, 1.0)],
    "tanh": [(INF, 1.0), (-0.0, -0.0)], "erf": [(INF, 1.0), (-INF, -1.0), (NAN, NAN)],
    "floor": [(-0.5, -1.0), (-0.0, -0.0), (INF, INF), (NAN, NAN)],
    "ceil": [(-0.5, -0.0), (1e300, 1e300)], "trunc": [(-0.9, -0.0), (0.9, 0.0), (-INF, -INF)],
    "round": [(0.5, 0.0), (1.5, 2.0), (2.5, 2.0), (-0.5, -0.0), (NAN, NAN)],
    "sign": [(NAN, 0.0), (-INF, -1.0), (0.0, 0.0)], "abs": [(-0.0, 0.0), (-INF, INF)], "neg": [(0.0, -0.0)],
}
SPECIAL_BINARY: dict[str, list[tuple[float, float, float]]] = {
    "div": [(1.0, 0.0, INF), (1.0, -0.0, -INF), (-INF, 0.0, -INF), (0.0, 0.0, NAN), (NAN, 0.0, NAN), (0.0, -2.0, -0.0)],
    "floor_divide": [(5.0, 0.0, INF), (-5.0, 0.0, -INF), (0.0, 0.0, NAN), (-1.0, INF, -1.0), (-7.0, 2.0, -4.0)],
    "remainder": [(5.0, 0.0, NAN), (-1.0, INF, INF), (-7.0, 2.0, 1.0), (7.0, -2.0, -1.0), (INF, 2.0, NAN)],
    "fmod": [(5.0, 0.0, NAN), (-7.0, 2.0, -1.0), (7.0, -2.0, 1.0), (-1.0, INF, -1.0), (INF, 2.0, NAN)],
    "pow": [(0.0, -1.0, INF), (-0.0, -1.0, -INF), (-0.0, -2.0, INF), (-8.0, 0.5, NAN), (NAN, 0.0, 1.0),
            (1.0, NAN, 1.0), (-1e200, 3.0, -INF), (-1e200, 2.0, INF), (-2.0, INF, INF)],
    "maximum": [(NAN, 1.0, NAN), (1.0, NAN, NAN), (INF, 1.0, INF)],
    "minimum": [(NAN, 1.0, NAN), (1.0, NAN, NAN), (-INF, 1.0, -INF)],
    "atan2": [(0.0, -0.0, math.pi), (-0.0, 0.0, -0.0), (INF, INF, math.pi / 4)],
    "add": [(INF, -INF, NAN), (-0.0, -0.0, -0.0)], "mul": [(0.0, INF, NAN), (1e200, 1e200, INF)],
}


@pytest.mark.parametrize(("name", "x", "expected"), [(n, *c) for n, cases in SPECIAL_UNARY.items() for c in cases])
def test_special_values_of_functions(name: str, x: float, expected: float) -> None:
    assert text(call(name, [x, 1.0], dtype=dtypes.float64)[0]) == text(expected)


@pytest.mark.parametrize(("name", "x", "y", "expected"),
                         [(n, *c) for n, cases in SPECIAL_BINARY.items() for c in cases])
def test_special_values_of_arithmetic(name: str, x: float, y: float, expected: float) -> None:
    assert text(call(name, [x], [y], dtype=dtypes.float64)[0]) == text(expected)


@pytest.mark.parametrize(("name", "z", "expected"), [
    ("exp", complex(INF, 0.0), complex(INF, 0.0)), ("exp", complex(-INF, INF), 0j),
    ("log", 0j, complex(-INF, 0.0)), ("log1p", complex(-1.0, 0.0), complex(-INF, 0.0)),
    ("sin", complex(0.0, INF), complex(0.0, INF)), ("sqrt", complex(-4.0, -0.0), complex(0.0, -2.0)),
    ("tanh", complex(1000.0, 1.0), complex(1.0, 0.0)),
])
def test_special_values_of_complex_functions(name: str, z: complex, expected: complex) -> None:
    result = call(name, z, dtype=dtypes.complex128)
    assert (result.real, result.imag) == pytest.approx((expected.real, expected.imag), abs=1e-300)


def test_exp_of_a_complex_number_overflows_by_part() -> None:
    result = call("exp", complex(709.9, 1e-300), dtype=dtypes.complex128)
    assert result.real == INF
    assert result.imag == pytest.approx(math.exp(709.0) * 1e-300 * math.exp(0.9))


def test_complex_division_by_zero_follows_its_parts() -> None:
    results = call("div", [1 + 1j, -1 + 0j], [0j, 0j], dtype=dtypes.complex128)
    assert text(results) == text([complex(INF, INF), complex(-INF, NAN)])


def test_complex_abs_overflows_to_infinity() -> None:
    assert call("abs", [complex(1.5e308, 1.5e308), 3 + 4j], dtype=dtypes.complex128) == [INF, 5.0]


def test_log1p_and_expm1_keep_small_complex_numbers() -> None:
    assert call("log1p", 1e-20 + 1e-20j, dtype=dtypes.complex128) == pytest.approx(1e-20 + 1e-20j, rel=1e-15)
    assert call("expm1", 1e-20 + 1e-20j, dtype=dtypes.complex128) == pytest.approx(1e-20 + 1e-20j, rel=1e-15)


@pytest.mark.parametrize(("name", "dtype", "x", "y", "expected"), [
    ("add", dtypes.uint8, 250, 10, 4), ("sub", dtypes.uint8, 0, 1, 255), ("mul", dtypes.int8, 100, 2, -56),
    ("add", dtypes.int64, 2**63 - 1, 1, -(2**63)), ("mul", dtypes.int32, 2**30, 4, 0),
    ("floor_divide", dtypes.int8, -128, -1, -128), ("floor_divide", dtypes.int16, -7, 2, -4),
    ("remainder", dtypes.int16, -7, 2, 1), ("fmod", dtypes.int16, -7, 2, -1), ("fmod", dtypes.int16, 7, -2, 1),
    ("pow", dtypes.uint8, 3, 7, 139), ("pow", dtypes.int64, -3, 3, -27), ("pow", dtypes.int32, 2, -1, 0),
    ("pow", dtypes.int32, -1, -3, -1), ("pow", dtypes.int32, 1, -3, 1), ("pow", dtypes.int32, 0, -1, 0),
    ("pow", dtypes.int64, 3, 63, pow(3, 63, 2**64) - 2**64 if pow(3, 63, 2**64) >= 2**63 else pow(3, 63, 2**64)),
    ("bitwise_left_shift", dtypes.int8, 3, 7, -128), ("bitwise_left_shift", dtypes.int8, 3, 8, 0),
    ("bitwise_left_shift", dtypes.int8, 3, -1, 0), ("bitwise_right_shift", dtypes.int8, -3, 1, -2),
    ("bitwise_right_shift", dtypes.int8, -3, 100, -1), ("bitwise_right_shift", dtypes.int8, -3, -1, -1),
    ("bitwise_right_shift", dtypes.uint8, 200, 8, 0),
])
def test_integer_arithmetic_wraps(name: str, dtype: DType, x: int, y: int, expected: int) -> None:
    assert call(name, x, y, dtype=dtype) == expected


@pytest.mark.parametrize("name", ["floor_divide", "remainder", "fmod"])
def test_integer_division_by_zero_raises(name: str) -> None:
    with pytest.raises(ZeroDivisionError):
        call(name, [1, 2], [1, 0], dtype=dtypes.int32)


def test_unary_integer_results_wrap() -> None:
    assert call("neg", [1, 128], dtype=dtypes.uint8) == [255, 128]
    assert call("abs", [-128, -5], dtype=dtypes.int8) == [-128, 5]
    assert call("bitwise_not", [0, 5], dtype=dtypes.uint8) == [255, 250]


def test_bool_arithmetic_is_logic() -> None:
    pairs = ([True, True, False], [True, False, False])
    assert call("add", *pairs, dtype=dtypes.bool) == [True, True, False]
    assert call("mul", *pairs, dtype=dtypes.bool) == [True, False, False]
    assert call("bitwise_not", pairs[0], dtype=dtypes.bool) == [False, False, True]


@pytest.mark.parametrize(("name", "dtype"), [("lt", dtypes.complex64), ("exp", dtypes.int32), ("neg", dtypes.bool),
                                             ("bitwise_and", dtypes.float32), ("real", dtypes.float32),
                                             ("bitwise_left_shift", dtypes.bool)])
def test_a_dtype_outside_the_contract_is_refused_by_name(name: str, dtype: DType) -> None:
    arrays = [make(1, dtype)] * (1 if name in ("exp", "neg", "real") else 2)
    with pytest.raises(DTypeError, match=f"{name}: not defined for {dtype.name}"):
        KERNELS[name](*arrays)


def test_shapes_that_do_not_broadcast_are_refused() -> None:
    with pytest.raises(ShapeError, match="add: sizes 2 and 3 do not broadcast"):
        call("add", [1.0, 2.0], [1.0, 2.0, 3.0])


def test_comparisons_with_nan_are_false_and_nan_is_true() -> None:
    for name in ("eq", "lt", "le"):
        assert call(name, [NAN, 1.0], [NAN, NAN]) == [False, False]
    assert call("eq", 0.0, -0.0) is True
    assert call("logical_not", [NAN, 0.0, -0.0, 2.0]) == [False, True, True, False]


@pytest.mark.parametrize(("dtype", "expected"), [
    (dtypes.float32, 0.10000000149011612), (dtypes.float16, 0.0999755859375), (dtypes.bfloat16, 0.10009765625)])
def test_each_result_is_rounded_to_its_dtype(dtype: DType, expected: float) -> None:
    assert call("div", 1.0, 10.0, dtype=dtype) == expected


def test_results_beyond_the_largest_number_become_infinite() -> None:
    assert call("mul", [65504.0, 1.0], [2.0, -1.0], dtype=dtypes.float16) == [INF, -1.0]
    assert call("mul", [3e38], [-2.0]) == [-INF]
    assert call("add", [3.38e38], [3.38e38], dtype=dtypes.bfloat16) == [INF]
    assert call("add", [65504.0], [15.0], dtype=dtypes.float16) == [65504.0]


def test_half_precision_sums_round_once() -> None:
    assert total([1.0] * 4097, dtypes.float16) == 4096.0  # adding one by one would stop at 2048
    assert total([1.0] * 4097, dtypes.bfloat16) == 4096.0  # and here at 256


def total(values: list[Any], dtype: DType = dtypes.float64, name: str = "sum") -> Any:
    return BACKEND.item(KERNELS[name](make(values, dtype), dim=(0,), keepdim=False, dtype=dtype))


def test_sums_are_exact_whatever_the_order() -> None:
    assert total([1e16, 1.0, -1e16]) == 1.0
    assert total([1e308, 1e308, -1e308]) == 1e308
    assert total([1e308, 1e308]) == INF
    assert text(total([INF, -INF])) == "nan"
    assert total([1e308, 1e308, -INF]) == -INF
    assert text(total([NAN, 1.0])) == "nan"
    assert total([1e16 + 1j, 1.0 + 0j, -1e16 + 0j], dtypes.complex128) == 1 + 1j


def test_running_sums_are_exact_too() -> None:
    rng = Random(5)
    values = [rng.uniform(-1, 1) * 10.0 ** rng.randint(-20, 20) for _ in range(60)]
    result = BACKEND.tolist(KERNELS["cumsum"](make(values, dtypes.float64), dim=0, dtype=dtypes.float64))
    assert result == [float(sum(map(Fraction, values[: i + 1]))) for i in range(60)]


def test_running_sums_pass_infinities_and_nan_on() -> None:
    result = KERNELS["cumsum"](make([1.0, INF, 1.0, -INF, 1.0], dtypes.float64), dim=0, dtype=dtypes.float64)
    assert text(BACKEND.tolist(result)) == text([1.0, INF, INF, NAN, NAN])
    result = KERNELS["cumsum"](make([1e308, 1e308, -1e308], dtypes.float64), dim=0, dtype=dtypes.float64)
    assert BACKEND.tolist(result) == [1e308, INF, 1e308]


def test_long_integer_products_wrap() -> None:
    assert total([3] * 100, dtypes.int64, "prod") == pow(3, 100, 2**64) - 2**64 * (pow(3, 100, 2**64) >> 63)
    assert total([], dtypes.int64, "prod") == 1
    assert total([], dtypes.float32, "sum") == 0.0


def test_matmul_is_exact_for_float32_and_follows_ieee() -> None:
    x, y = [[2.0**60, 1.0, 2.0**60]], [[1.0], [3.0], [-1.0]]
    assert call("matmul", x, y) == [[3.0]]
    assert text(call("matmul", [[INF, 1.0]], [[0.0], [1.0]])) == "[[nan]]"
    assert text(call("matmul", [[INF, INF]], [[1.0], [-1.0]])) == "[[nan]]"
    assert call("matmul", [[1e308, 1e308]], [[1.0], [1.0]], dtype=dtypes.float64) == [[INF]]


def test_matmul_of_integers_and_empty_inner_dims() -> None:
    assert call("matmul", [100, 100], [2, 1], dtype=dtypes.int8) == 44
    empty = KERNELS["matmul"](make([[], []]), KERNELS["view"](make([]), size=(0, 3)))
    assert BACKEND.tolist(empty) == [[0.0] * 3] * 2
    with pytest.raises(ShapeError, match="matmul: inner sizes 2 and 3 differ"):
        call("matmul", [1.0, 2.0], [1.0, 2.0, 3.0])


@pytest.mark.parametrize("dtype", [dtypes.float16, dtypes.bfloat16, dtypes.float32], ids=repr)
def test_large_integers_are_rounded_once_on_the_way_to_short_floats(dtype: DType) -> None:
    rng = Random(1)
    integers = [rng.getrandbits(63) >> rng.randint(0, 62) for _ in range(300)] + [(1 << 60) + (1 << 36) + 1]
    result = BACKEND.tolist(KERNELS["cast"](make(integers, dtypes.int64), dtype=dtype))
    for integer, value in zip(integers, result, strict=True):
        if not math.isinf(value):
            gap = abs(Fraction(value) - integer)
            neighbours = [Fraction(v) for v in _neighbours(value, dtype)]
            assert all(gap <= abs(n - integer) for n in neighbours)


def _neighbours(value: float, dtype: DType) -> list[float]:
    code, word = {"float16": ("e", "H"), "bfloat16": ("f", "I"), "float32": ("f", "I")}[dtype.name]
    bits = struct.unpack(f"<{word}", struct.pack(f"<{code}", value))[0]
    step = 1 << 16 if dtype is dtypes.bfloat16 else 1
    near = [struct.unpack(f"<{code}", struct.pack(f"<{word}", b))[0] for b in (bits - step, bits + step) if b >= 0]
    return [v for v in near if math.isfinite(v)]


def test_casts() -> None:
    def cast(values: list[Any], source: DType, target: DType) -> Any:
        return BACKEND.tolist(KERNELS["cast"](make(values, source), dtype=target))

    assert cast([1.9, -1.9, 300.0], dtypes.float64, dtypes.int32) == [1, -1, 300]
    assert cast([300, -1], dtypes.int64, dtypes.uint8) == [44, 255]
    assert cast([0.0, -0.0, NAN, 0.1], dtypes.float64, dtypes.bool) == [False, False, True, True]
    assert cast([0j, 1j], dtypes.complex64, dtypes.bool) == [False, True]
    assert cast([1.5 + 2j], dtypes.complex64, dtypes.int16) == [1]
    assert cast([True, False], dtypes.bool, dtypes.complex64) == [1 + 0j, 0j]
    assert cast([70000.0, -70000.0], dtypes.float64, dtypes.float16) == [INF, -INF]
    assert cast([NAN, INF, 2.0**63], dtypes.float64, dtypes.int64) == [-(2**63)] * 3


def test_cast_is_fresh_even_for_the_same_dtype() -> None:
    x = make([1.0, 2.0])
    for dtype in (dtypes.float32, dtypes.float64):
        assert KERNELS["cast"](x, dtype=dtype).storage is not x.storage
