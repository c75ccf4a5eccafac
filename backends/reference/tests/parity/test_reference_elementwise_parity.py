"""Elementwise kernels agree with PyTorch in value and dtype, over dtypes, shapes and layouts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from reference_bridge import (
    ALL,
    COMPLEX,
    FLOATING,
    INTEGERS,
    ORDERED,
    RELATIVE,
    assert_same,
    call,
    data,
    flambeau_dtype,
    layouts,
)

SHAPES = [(), (7,), (4, 5), (2, 3, 4), (0, 3)]
PAIRS = [((), ()), ((5,), ()), ((), (2, 3)), ((2, 3), (3,)), ((2, 1, 3), (4, 1)), ((0, 3), (1, 3)), ((4, 6), (4, 6)),
         ((1,), (1, 1))]
EXACT_UNARY = {
    "neg": (INTEGERS + FLOATING + COMPLEX, torch.neg), "abs": (INTEGERS + FLOATING, torch.abs),
    "floor": (INTEGERS + FLOATING, torch.floor), "ceil": (INTEGERS + FLOATING, torch.ceil),
    "trunc": (INTEGERS + FLOATING, torch.trunc), "round": (INTEGERS + FLOATING, torch.round),
    "logical_not": (ALL, torch.logical_not), "bitwise_not": (("bool", *INTEGERS), torch.bitwise_not),
    "real": (COMPLEX, torch.real), "imag": (COMPLEX, torch.imag),
}
ROUNDED_UNARY = {name: getattr(torch, name) for name in
                 ("exp", "log", "log1p", "expm1", "sqrt", "sin", "cos", "tanh", "erf", "abs")}
EXACT_BINARY = {
    "add": (ALL, torch.add), "mul": (ALL, torch.mul), "sub": (INTEGERS + FLOATING + COMPLEX, torch.sub),
    "maximum": (ORDERED, torch.maximum), "minimum": (ORDERED, torch.minimum), "eq": (ALL, torch.eq),
    "lt": (ORDERED, torch.lt), "le": (ORDERED, torch.le),
    "bitwise_and": (("bool", *INTEGERS), torch.bitwise_and), "bitwise_or": (("bool", *INTEGERS), torch.bitwise_or),
    "bitwise_xor": (("bool", *INTEGERS), torch.bitwise_xor),
    "bitwise_left_shift": (INTEGERS, torch.bitwise_left_shift),
    "bitwise_right_shift": (INTEGERS, torch.bitwise_right_shift),
}
DIVISIONS = {"div": torch.div, "floor_divide": torch.floor_divide, "remainder": torch.remainder, "fmod": torch.fmod}


def cases(table: dict[str, tuple[tuple[str, ...], Any]]) -> list[Any]:
    return [pytest.param(name, dtype, function, id=f"{name}-{dtype}")
            for name, (kinds, function) in table.items() for dtype in kinds]


@pytest.mark.parametrize(("name", "dtype", "function"), cases(EXACT_UNARY))
def test_unary_kernels_that_do_not_round_give_the_same_bits(
        name: str, dtype: str, function: Callable[..., Any]) -> None:
    for shape in SHAPES:
        for x in layouts(data(dtype, *shape, special=True)):
            actual, expected = call(name, x), function(x)
            assert_same(actual, expected.clone())
            if expected.is_floating_point():
                number = ~expected.isnan()
                assert torch.equal(actual.signbit() & number, expected.signbit() & number)


@pytest.mark.parametrize("dtype", ORDERED)
def test_sign(dtype: str) -> None:
    x = data(dtype, 5, 9)
    assert_same(call("sign", x), torch.sign(x))


@pytest.mark.parametrize("dtype", FLOATING)
@pytest.mark.parametrize("name", ROUNDED_UNARY)
def test_real_functions_round_the_double_result_once(name: str, dtype: str) -> None:
    for shape in SHAPES:
        for x in layouts(data(dtype, *shape, special=True)):
            expected = ROUNDED_UNARY[name](x.double()).to(x.dtype)
            assert_same(call(name, x), expected, RELATIVE[dtype])


@pytest.mark.parametrize("dtype", COMPLEX)
@pytest.mark.parametrize("name", [n for n in ROUNDED_UNARY if n != "erf"])
def test_complex_functions(name: str, dtype: str) -> None:
    for shape in SHAPES:
        for x in layouts(data(dtype, *shape)):
            expected = ROUNDED_UNARY[name](x.to(torch.complex128))
            expected = expected.to(x.real.dtype) if name == "abs" else expected.to(x.dtype)
            assert_same(call(name, x), expected, RELATIVE[dtype])


@pytest.mark.parametrize(("name", "dtype", "function"), cases(EXACT_BINARY))
def test_binary_kernels_with_one_correctly_rounded_operation(
        name: str, dtype: str, function: Callable[..., Any]) -> None:
    complex_product = name == "mul" and dtype in COMPLEX
    for left, right in PAIRS:
        for x in layouts(data(dtype, *left, special=True)):
            y = data(dtype, *right, seed=1, special=True)
            assert_same(call(name, x, y), function(x, y), RELATIVE[dtype] if complex_product else 0.0)


@pytest.mark.parametrize("dtype", FLOATING)
@pytest.mark.parametrize("name", DIVISIONS)
def test_divisions_of_floats_with_zeros_and_infinities(name: str, dtype: str) -> None:
    for left, right in PAIRS:
        x, y = data(dtype, *left, special=True), data(dtype, *right, seed=1, special=True)
        expected = DIVISIONS[name](x.double(), y.double()).to(x.dtype)
        assert_same(call(name, x, y), expected, RELATIVE[dtype])


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("name", ["floor_divide", "remainder", "fmod"])
def test_divisions_of_integers(name: str, dtype: str) -> None:
    x, y = data(dtype, 40, 30), data(dtype, 30, seed=1)
    y = torch.where(y == 0, torch.ones_like(y), y)
    assert_same(call(name, x, y), DIVISIONS[name](x, y))


@pytest.mark.parametrize("dtype", COMPLEX)
@pytest.mark.parametrize("name", ["div", "pow"])
def test_complex_quotients_and_powers(name: str, dtype: str) -> None:
    x, y = data(dtype, 6, 5), data(dtype, 5, seed=1)
    expected = getattr(torch, name)(x.to(torch.complex128), y.to(torch.complex128)).to(x.dtype)
    assert_same(call(name, x, y), expected, RELATIVE[dtype])


@pytest.mark.parametrize("dtype", FLOATING)
@pytest.mark.parametrize("name", ["pow", "atan2"])
def test_real_powers_and_angles(name: str, dtype: str) -> None:
    for left, right in PAIRS:
        x, y = data(dtype, *left, special=True), data(dtype, *right, seed=1, special=True)
        expected = getattr(torch, name)(x.double(), y.double()).to(x.dtype)
        assert_same(call(name, x, y), expected, RELATIVE[dtype])


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integer_powers_wrap(dtype: str) -> None:
    x = data(dtype, 50, 1)
    y = torch.arange(-3 if dtype != "uint8" else 0, 9).to(x.dtype)
    assert_same(call("pow", x, y), torch.pow(x, y))


@pytest.mark.parametrize("dtype", ALL)
def test_where(dtype: str) -> None:
    condition, x, y = data("bool", 4, 1), data(dtype, 3, special=True), data(dtype, 2, 1, 1, seed=1)
    assert_same(call("where", condition, x, y), torch.where(condition, x, y))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_complex_from_parts(dtype: str) -> None:
    x, y = data(dtype, 3, 1, special=True), data(dtype, 4, seed=1, special=True)
    result = call("complex", x, y)
    expected = torch.complex(*torch.broadcast_tensors(x, y))
    assert flambeau_dtype(result).name == ("complex64" if dtype == "float32" else "complex128")
    assert_same(torch.view_as_real(result), torch.view_as_real(expected))
