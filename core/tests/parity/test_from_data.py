"""Tensors from nested data: shape and dtype as PyTorch infers them, tensors and NumPy's scalars within included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import flambeau

pytestmark = pytest.mark.filterwarnings("ignore")  # PyTorch warns of slow lists of arrays, and of item() with a graph
DATA: dict[str, Any] = {
    "tensors of one element": lambda t: [t.tensor([1.0]), t.tensor([2.0])],
    "0-d tensors": lambda t: [t.tensor(1.0), t.tensor(2.0)],
    "a tuple of tensors": lambda t: (t.tensor([1]), t.tensor([2])),
    "three dims of one element": lambda t: [t.tensor([[1.0]])],
    "nested tensors": lambda t: [[t.tensor([1.0])], [t.tensor(2.0)]],
    "tensor, number": lambda t: [t.tensor([1.0]), 2.0],
    "number, tensor": lambda t: [2, t.tensor([1.0])],
    "int32 tensor, int": lambda t: [t.tensor(2, dtype=t.int32), 1],
    "float, float64 tensor": lambda t: [1.0, t.tensor(2.0, dtype=t.float64)],
    "int32, float16 tensors": lambda t: [t.tensor(2, dtype=t.int32), t.tensor(1.0, dtype=t.float16)],
    "list, tensor": lambda t: [[3.0, 4.0], t.tensor([1.0, 2.0])],
    "a tensor of two": lambda t: [t.tensor([1.0, 2.0])],
    "tensors of two": lambda t: [t.tensor([1.0, 2.0]), t.tensor([3.0, 4.0])],
    "empty tensors": lambda t: [t.zeros(0), t.zeros(0)],
    "nested tensors of two": lambda t: [[t.tensor([1, 2])], [t.tensor([3, 4])]],
    "requires grad": lambda t: [t.tensor(1.0, requires_grad=True), t.tensor(2.0)],
    "complex tensor, float": lambda t: [t.tensor(1j), 1.0],
    "arrays": lambda t: [np.array([1.0, 2.0]), np.array([3.0, 4.0])],
    "array, list": lambda t: [np.array([1.0, 2.0]), [1, 2]],
    "list, array": lambda t: [[1, 2], np.array([1.5, 2.0])],
    "array, tensor": lambda t: [np.array([1.0, 2.0]), t.tensor([1.0, 2.0])],
    "float32 scalar, int": lambda t: [np.float32(1), 1],
    "int, float64 scalar": lambda t: [1, np.float64(1.5)],
    "int32, int64 scalars": lambda t: [np.int32(1), np.int64(2)],
    "bool scalar": lambda t: [np.bool_(True)],
    "range": lambda t: range(3), "ranges": lambda t: [range(2), range(2)], "range, list": lambda t: [range(2), [3, 4]],
    "empty lists": lambda t: [[], []], "empty": lambda t: [], "three empty": lambda t: [[[]]],
    "ragged": lambda t: [[1, 2], [3]], "ragged, shorter first": lambda t: [[1], [2, 3]],
    "number, list": lambda t: [1, [1]], "list, number": lambda t: [[1], 1],
    "bool, int": lambda t: [True, 1], "bool, float": lambda t: [True, 2.0], "int, complex": lambda t: [1, 2j],
    "None": lambda t: [None], "text": lambda t: ["a"], "size": lambda t: t.Size([2, 3]),
    "tuple, list": lambda t: [(1, 2), [3, 4]],
}
WAYS: dict[str, Any] = {
    "tensor": lambda t, data: t.tensor(data), "as_tensor": lambda t, data: t.as_tensor(data),
    "new_tensor": lambda t, data: t.ones(1).new_tensor(data),
    "new_tensor, integers": lambda t, data: t.ones(1, dtype=t.int64).new_tensor(data),
    "float64": lambda t, data: t.tensor(data, dtype=t.float64, requires_grad=True),
    "int64": lambda t, data: t.tensor(data, dtype=t.int64),
}


def outcome(library: Any, way: str, name: str) -> Any:
    try:
        made = WAYS[way](library, DATA[name](library))
    except Exception as error:
        return error
    return f"{made.dtype}".rpartition(".")[2], list(made.shape), made.tolist(), made.requires_grad


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", DATA)
def test_data(name: str, way: str) -> None:
    wanted, got = outcome(torch, way, name), outcome(flambeau, way, name)
    if isinstance(wanted, Exception) and not (way.endswith(("int64", "integers")) and name == "bool scalar"):
        assert isinstance(got, flambeau.errors.FlambeauError), got
    elif name != "bool scalar":
        assert got == wanted


def test_new_tensor_of_a_tensor_takes_the_dtype() -> None:
    for library in (torch, flambeau):
        assert library.ones(1, dtype=library.int64).new_tensor(library.ones(2)).dtype is library.int64
