"""NumPy arrays, DLPack, buffers, Python values: in and out, sharing memory where they can."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import flambeau
from flambeau import errors

NUMPY_DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64",
                "complex128"]


@pytest.mark.parametrize("name", NUMPY_DTYPES)
def test_from_numpy_shares_memory_both_ways(name: str) -> None:
    a = np.array([0, 1, 1], dtype=name)
    x = flambeau.from_numpy(a)
    assert x.dtype is getattr(flambeau, name)
    a[0] = 1
    assert x.tolist() == [1, 1, 1]
    assert x.numpy() is a or np.shares_memory(x.numpy(), a)


def test_from_numpy_keeps_strides() -> None:
    a = np.arange(6.0).reshape(2, 3).T[::2]
    x = flambeau.from_numpy(a)
    assert x.shape == (2, 2) and x.stride() == (2, 3) and x.tolist() == a.tolist()


@pytest.mark.parametrize(("value", "match"), [
    ([1, 2], r"expected np\.ndarray \(got list\)"), (np.zeros(2, dtype="U3"), r"can't convert np\.ndarray of type <U3"),
    (np.zeros(2, dtype=object), r"can't convert np\.ndarray of type object"),
])
def test_from_numpy_refuses_what_it_cannot_hold(value: Any, match: str) -> None:
    with pytest.raises((TypeError, RuntimeError), match=match):
        flambeau.from_numpy(value)


def test_numpy_refuses_a_tensor_in_a_graph() -> None:
    x = flambeau.ones(2, requires_grad=True)
    with pytest.raises(errors.GradientError, match=re.escape("Use tensor.detach().numpy() instead.")):
        x.numpy()
    assert x.numpy(force=True).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_a_tensor_is_an_array_to_numpy(device: str) -> None:
    x = flambeau.tensor([[1, 2], [3, 4]], device=device)
    assert np.asarray(x).tolist() == [[1, 2], [3, 4]]
    assert np.asarray(x, dtype="float32").dtype == np.float32
    assert np.add(x.numpy(), 1).tolist() == [[2, 3], [4, 5]]


def test_numpy_scalars_and_arrays_mix_in_operators() -> None:
    x = flambeau.ones(2)
    assert (x * np.float32(2)).tolist() == (np.float32(2) * x).tolist() == [2.0, 2.0]
    assert (x + np.float64(0.5)).dtype is flambeau.float32
    assert flambeau.tensor(np.float64(0.5)).dtype is flambeau.float64
    assert flambeau.tensor([np.float32(1), np.float32(2)]).dtype is flambeau.float32


def test_tensor_copies_and_as_tensor_shares() -> None:
    a = np.zeros(2, dtype="float32")
    copied, shared = flambeau.tensor(a), flambeau.as_tensor(a)
    a[0] = 7
    assert copied.tolist() == [0.0, 0.0] and shared.tolist() == [7.0, 0.0]
    assert flambeau.as_tensor(shared) is shared
    assert flambeau.as_tensor(a, dtype=flambeau.float64).dtype is flambeau.float64


def test_dlpack_both_ways_shares_memory() -> None:
    a = np.arange(3.0)
    x = flambeau.from_dlpack(a)
    x[0] = 5
    assert a[0] == 5.0
    assert np.from_dlpack(x).tolist() == [5.0, 1.0, 2.0]
    assert x.__dlpack_device__() == (1, 0)


def test_dlpack_says_what_it_cannot_do() -> None:
    with pytest.raises(errors.GradientError, match="can't export tensors that require gradient"):
        np.from_dlpack(flambeau.ones(2, requires_grad=True))
    with pytest.raises(errors.UnsupportedError, match="backend 'reference' does not export DLPack"):
        flambeau.ones(2, device="reference").__dlpack__()
    with pytest.raises(TypeError, match="expected an object with __dlpack__, got list"):
        flambeau.from_dlpack([1])


def test_frombuffer_reads_from_an_offset() -> None:
    data = bytearray(b"\0\0\1\0\2\0")
    x = flambeau.frombuffer(data, dtype=flambeau.int16, offset=2)
    assert x.tolist() == [1, 2]
    data[2] = 9
    assert x.tolist() == [9, 2]
    with pytest.raises(TypeError, match="buffer of 6 bytes does not hold 4 elements"):
        flambeau.frombuffer(data, dtype=flambeau.int16, count=4)


@pytest.mark.parametrize("device", ["cpu", "reference"])
@pytest.mark.parametrize(("value", "expected"), [
    (True, True), (3, 3), (2.5, 2.5), (1 + 2j, 1 + 2j), ([], []), ([[1, 2], [3, 4]], [[1, 2], [3, 4]]),
    ([[], []], [[], []]), ([True, False], [True, False]), ((1, 2.5), [1.0, 2.5]), (range(3), [0, 1, 2]),
])
def test_python_values_come_back(value: Any, expected: Any, device: str) -> None:
    assert flambeau.tensor(value, device=device).tolist() == expected


@pytest.mark.parametrize(("data", "dtype"), [
    (True, "bool"), (1, "int64"), (1.0, "float32"), (1j, "complex64"), ([1, 2.0], "float32"), ([True, 2], "int64"),
    ([], "float32"), ([1.0, 1j], "complex64"),
])
def test_the_dtype_of_python_values(data: Any, dtype: str) -> None:
    assert flambeau.tensor(data).dtype.name == dtype


def test_numbers_and_protocols() -> None:
    x = flambeau.tensor([3])
    assert int(x) == x.item() == 3 and float(x) == 3.0 and [10, 20, 30, 40][x] == 40 and complex(x) == 3 + 0j
    assert f"{flambeau.tensor(3.14159):.2f}" == "3.14"
    assert len(flambeau.ones(2, 3)) == 2 and [len(row) for row in flambeau.ones(2, 3)] == [3, 3]
    with pytest.raises(TypeError, match=r"len\(\) of a 0-d tensor"):
        len(flambeau.ones(()))
    with pytest.raises(TypeError, match="iteration over a 0-d tensor"):
        iter(flambeau.ones(()))
    with pytest.raises(TypeError, match="only integer tensors of a single element"):
        [1][flambeau.tensor(1.0)]
