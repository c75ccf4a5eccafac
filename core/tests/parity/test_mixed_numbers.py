"""Python numbers and 0-d tensors beside tensors of every dtype: the values and dtypes of PyTorch, bit for bit."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import flambeau

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")
NUMBERS = (2, -3, 256, 70000, 0.1, -0.0, 1e-9, 70000.0, True)
FORMS: dict[str, Any] = {
    "mul": lambda x, n: x * n, "mul, reflected": lambda x, n: n * x, "div": lambda x, n: x / n,
    "mul_": lambda x, n: x.mul_(n), "div_": lambda x, n: x.div_(n), "add": lambda x, n: x + n,
}


def outcome(library: Any, form: Any, dtype: str, number: Any, lifted: bool) -> Any:
    data = [1, 2, 100] if "int" in dtype else [True, False, True] if dtype == "bool" else [0.001, 2.0, -300.0]
    x = library.tensor(data, dtype=getattr(library, dtype))
    try:
        made = form(x, library.tensor(number) if lifted else number)
    except RuntimeError:
        return "refused"
    return repr(made.tolist()), str(made.dtype).rpartition(".")[2]


@pytest.mark.parametrize("lifted", [False, True], ids=["number", "0-d"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FORMS)
def test_a_number_meets_a_tensor_as_in_pytorch(name: str, dtype: str, lifted: bool) -> None:
    if lifted and name == "mul, reflected":
        name = "mul"
    for number in NUMBERS:
        got = outcome(flambeau, FORMS[name], dtype, number, lifted)
        assert got == outcome(torch, FORMS[name], dtype, number, lifted), number
