"""NumPy's arrays, scalars and functions beside tensors: a tensor comes out, of the dtype PyTorch gives."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest
import torch

import flambeau

pytestmark = pytest.mark.filterwarnings("ignore:__array_wrap__ must accept")  # PyTorch's takes one argument
DTYPES = ("float32", "float64", "int64")
ARITHMETIC = (operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.floordiv, operator.mod)
SCALARS = (np.float64(2.5), np.float32(2.5), np.float16(2.5), np.int64(2), np.int32(2), np.uint8(3))


def tensor(library: Any, dtype: str = "float32") -> Any:
    return library.tensor([1, 2], dtype=getattr(library, dtype))


def same(got: Any, wanted: torch.Tensor) -> None:
    assert type(got) is flambeau.Tensor, got
    assert f"torch.{got.dtype.name}" == str(wanted.dtype)
    assert got.tolist() == pytest.approx(wanted.tolist(), rel=1e-3)




@pytest.mark.parametrize("device", ["cpu", "reference"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("other", DTYPES)
@pytest.mark.parametrize("function", ARITHMETIC, ids=lambda f: f.__name__)
def test_tensor_and_array(function: Any, other: str, dtype: str, device: str) -> None:
    array = np.array([3, 4], dtype=other)
    wanted = function(tensor(torch, dtype), array)
    with flambeau.device(device):
        got = function(tensor(flambeau, dtype), array)
        same(got, wanted)
        assert got.device == flambeau.device(device)
        same(function(array, tensor(flambeau, dtype)), torch.as_tensor(function(array, tensor(torch, dtype).numpy())))


@pytest.mark.parametrize("function", [operator.eq, operator.ne, operator.lt, operator.ge], ids=lambda f: f.__name__)
def test_comparisons(function: Any) -> None:
    array = np.array([1.0, 3.0])
    wanted = function(tensor(torch), torch.from_numpy(array))
    same(function(tensor(flambeau), array), wanted)
    same(function(array, tensor(flambeau)), function(torch.from_numpy(array), tensor(torch)))


@pytest.mark.parametrize("scalar", SCALARS, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("dtype", ["float32", "float16", "int64", "bool"])
@pytest.mark.parametrize("function", [operator.add, operator.mul, operator.truediv, operator.eq],
                         ids=lambda f: f.__name__)
def test_scalars(function: Any, dtype: str, scalar: Any) -> None:
    same(function(tensor(flambeau, dtype), scalar), function(tensor(torch, dtype), scalar))
    same(function(scalar, tensor(flambeau, dtype)), function(scalar, tensor(torch, dtype)))


def test_matrix_product() -> None:
    array = np.array([[1, 2], [3, 4]], dtype="float32")
    same(tensor(flambeau) @ array, tensor(torch) @ array)
    same(array @ tensor(flambeau), torch.from_numpy(array) @ tensor(torch))


FUNCTIONS = ("exp", "sin", "sqrt", "abs", "negative", "floor", "isnan", "isfinite", "cumsum", "argsort",
             "transpose", "clip", "round")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_one_tensor(name: str) -> None:
    more = (0, 1.5) if name == "clip" else ()
    same(getattr(np, name)(tensor(flambeau), *more), getattr(np, name)(tensor(torch), *more))


@pytest.mark.parametrize("name", ["add", "multiply", "maximum", "arctan2", "power"])
def test_functions_of_two(name: str) -> None:
    function, array = getattr(np, name), np.array([3.0, 4.0])
    same(function(tensor(flambeau), tensor(flambeau)), function(tensor(torch), tensor(torch)))
    same(function(tensor(flambeau), array), function(tensor(torch), array))
    same(function(array, tensor(flambeau)), function(array, tensor(torch)))


@pytest.mark.parametrize("name", ["stack", "concatenate"])
def test_joined_tensors_are_arrays(name: str) -> None:
    got = getattr(np, name)([tensor(flambeau), tensor(flambeau)])
    wanted = getattr(np, name)([tensor(torch), tensor(torch)])
    assert type(got) is type(wanted) is np.ndarray and got.dtype == wanted.dtype and got.tolist() == wanted.tolist()


def test_in_place() -> None:
    x = y = tensor(flambeau)
    x += np.array([3, 4], dtype="float32")
    x *= np.float64(2)
    assert x is y and x.dtype is flambeau.float32 and x.tolist() == [8, 12]


def test_gradients_pass_arrays() -> None:
    x = flambeau.ones(2, requires_grad=True)
    (x * np.array([3.0, 4.0], dtype="float32")).sum().backward()
    assert x.grad.tolist() == [3, 4]
    with pytest.raises(flambeau.errors.GradientError, match="requires grad"):
        np.exp(x)


@pytest.mark.parametrize("value", [np.array([1.0, 2.0]), np.array([1, 2])])
def test_arrays_are_not_assigned(value: Any) -> None:
    for library in (torch, flambeau):
        with pytest.raises(TypeError, match="can't assign"):
            tensor(library)[:] = value


@pytest.mark.parametrize("make", [
    lambda t: t.full((2,), np.float64(2)), lambda t: t.full((2,), np.int64(2)), lambda t: t.arange(np.int64(3)),
    lambda t: t.zeros(np.int64(2), np.int32(3)), lambda t: t.tensor(np.float32(2)), lambda t: t.tensor([np.float64(2)]),
    lambda t: t.ones(2).clamp(np.float64(1.5), np.float32(1.75)), lambda t: t.add(t.ones(2), np.float64(2)),
    lambda t: t.arange(5)[np.array([1, 2])], lambda t: t.arange(3)[np.array([True, False, True])],
], ids=range(10))
def test_scalars_as_arguments(make: Any) -> None:
    got, wanted = make(flambeau), make(torch)
    assert f"torch.{got.dtype.name}" == str(wanted.dtype) and got.tolist() == wanted.tolist()


def test_arrays_of_other_elements_stay_foreign() -> None:
    with pytest.raises(TypeError):
        tensor(flambeau) + np.array(["a", "b"])
