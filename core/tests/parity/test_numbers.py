"""Python numbers that a dtype cannot hold: raised where PyTorch raises, taken as PyTorch takes them elsewhere."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

import flambeau

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64")
NUMBERS = (True, 0, 1, -1, 127, 128, 200, 255, 256, 300, -128, -129, -255, -256, -300, 2**15, -(2**15) - 1, 2**31 - 1,
           2**31, -(2**31) - 1, 2**32, 2**63 - 1, -(2**63), -(2**63) - 1, 2**64, 2**70, -(2**70), 10**400, 1.5, -1.5,
           255.5, 300.0, -300.5, 65504.0, 1e6, -1e6, 1e19, 1e30, 3.4e38, 3.5e38, 1e39, 1e300, math.inf, -math.inf,
           math.nan, 1j, 1 + 0j, 1 + 1e300j)


def tensor(library: Any, dtype: str) -> Any:
    return library.tensor([1, 0, 1], dtype=getattr(library, dtype))


def mask(library: Any) -> Any:
    return library.tensor([True, False, True])


def places(library: Any) -> Any:
    return library.tensor([0])


def changed(change: Any) -> Any:
    """A change in place; the tensor keeps its elements where it raises."""

    def apply(library: Any, dtype: str, n: Any) -> Any:
        x = tensor(library, dtype)
        before = x.tolist()
        try:
            change(library, x, n)
        except Exception:
            assert x.tolist() == before
            raise
        return x

    return apply


CALLS: dict[str, Any] = {
    "full": lambda t, d, n: t.full((2,), n, dtype=getattr(t, d)),
    "full, out": lambda t, d, n: t.full((2,), n, out=t.zeros(2, dtype=getattr(t, d))),
    "full_like": lambda t, d, n: t.full_like(tensor(t, d), n),
    "new_full": lambda t, d, n: tensor(t, d).new_full((2,), n),
    "fill_": changed(lambda t, x, n: x.fill_(n)),
    "masked_fill": lambda t, d, n: tensor(t, d).masked_fill(mask(t), n),
    "masked_fill_": changed(lambda t, x, n: x.masked_fill_(mask(t), n)),
    "index_fill": lambda t, d, n: tensor(t, d).index_fill(0, places(t), n),
    "scatter": lambda t, d, n: tensor(t, d).scatter(0, places(t), n),
    "where, other": lambda t, d, n: t.where(mask(t), tensor(t, d), n),
    "where, input": lambda t, d, n: t.where(mask(t), n, tensor(t, d)),
    "clamp max": lambda t, d, n: tensor(t, d).clamp(max=n),
    "clamp min": lambda t, d, n: tensor(t, d).clamp(min=n),
    "clamp_": changed(lambda t, x, n: x.clamp_(max=n)),
    "add": lambda t, d, n: tensor(t, d) + n,
    "mul": lambda t, d, n: tensor(t, d) * n,
    "rsub": lambda t, d, n: n - tensor(t, d),
    "add_": changed(lambda t, x, n: x.add_(n)),
    "eq": lambda t, d, n: tensor(t, d) == n,
    "lt": lambda t, d, n: tensor(t, d) < n,
    "gt": lambda t, d, n: n < tensor(t, d),
    "and": lambda t, d, n: tensor(t, d) & n,
    "lshift": lambda t, d, n: tensor(t, d) << n,
    "rlshift": lambda t, d, n: n << tensor(t, d),
    "rrshift": lambda t, d, n: n >> tensor(t, d),
    "setitem": changed(lambda t, x, n: x.__setitem__(0, n)),
    "setitem, mask": changed(lambda t, x, n: x.__setitem__(mask(t), n)),
    "setitem, slice": changed(lambda t, x, n: x.__setitem__(slice(1, None), n)),
    "setitem, tensor": changed(lambda t, x, n: x.__setitem__(places(t), n)),
    "addcdiv": lambda t, d, n: t.addcdiv(tensor(t, d), tensor(t, d), tensor(t, d) + 1, value=n),
    "addcmul": lambda t, d, n: t.addcmul(tensor(t, d), tensor(t, d), tensor(t, d), value=n),
    "add, alpha": lambda t, d, n: t.add(tensor(t, d), tensor(t, d), alpha=n),
    "index_add, alpha": lambda t, d, n: tensor(t, d).index_add(0, places(t), tensor(t, d)[:1], alpha=n),
    "lerp": lambda t, d, n: t.lerp(tensor(t, d), tensor(t, d), n),
    "addmm, beta": lambda t, d, n: t.addmm(tensor(t, d)[None], tensor(t, d)[None, :1], tensor(t, d)[None], beta=n),
    "hardtanh": lambda t, d, n: t.nn.functional.hardtanh(tensor(t, d), 0, n),
    "threshold": lambda t, d, n: t.nn.functional.threshold(tensor(t, d), 2, n),
}

DIFFERENT: dict[str, Any] = {  # (reason, which)
    "half precision computes complex numbers in complex64, which PyTorch calls complex32":
        lambda call, d, n: d in ("float16", "bfloat16") and isinstance(n, complex),
    "a product with infinity: IEEE for each part, or PyTorch's rounding through opmath":
        lambda call, d, n: call in (
            "add", "mul", "rsub", "add_", "addcdiv", "addcmul", "add, alpha", "index_add, alpha", "addmm, beta",
            "lerp") and (isinstance(n, complex) or d.startswith("complex") or d.endswith("float16")),
    "an integer beyond int64 that a float could hold: PyTorch unpacks a long whatever the dtype":
        lambda call, d, n: call.startswith("setitem") and type(n) is int and n >= 2**63,
    "a whole complex limit": lambda call, d, n: isinstance(n, complex) and call in (
        "clamp max", "clamp min", "clamp_", "threshold", "hardtanh", "add, alpha"),
    "PyTorch has no product of booleans": lambda call, d, n: d == "bool" and call in ("addmm, beta", "addcmul"),
    "True is 1 in alpha=True and True - x": lambda call, d, n: n is True and call in ("add, alpha", "rsub"),
    "PyTorch cuts the limit off before it looks": lambda call, d, n: (call, d, n) == ("hardtanh", "uint8", 255.5),
}


def outcome(call: Any, library: Any, dtype: str, number: Any) -> Any:
    try:
        made = call(library, dtype, number)
    except Exception as error:
        return error
    return f"{made.dtype}".rpartition(".")[2], repr(made.tolist())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_numbers_as_pytorch(name: str, dtype: str, device: str) -> None:
    wrong = []
    for number in NUMBERS:
        if any(skip(name, dtype, number) for skip in DIFFERENT.values()):
            continue
        wanted = outcome(CALLS[name], torch, dtype, number)
        with flambeau.device(device):
            got = outcome(CALLS[name], flambeau, dtype, number)
        raised = isinstance(wanted, Exception), isinstance(got, Exception)
        if raised[0] != raised[1] or (not raised[0] and got != wanted):
            wrong.append(f"{str(number)[:30]}: {got}, not {wanted}")
        if raised == (True, True) and not isinstance(wanted, NotImplementedError):
            assert isinstance(got, (flambeau.errors.FlambeauError, TypeError)), got
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("make", "text"), [
    (lambda: flambeau.tensor([200], dtype=flambeau.uint8).clamp(max=300),
     "clamp: value cannot be converted to type uint8_t without overflow: 300 (FL113)"),
    (lambda: flambeau.tensor([1]) + 2**70, "add: Overflow when unpacking long: an integer of 71 bits (FL113)"),
    (lambda: flambeau.tensor([0]).fill_(math.nan),
     "fill_: value cannot be converted to type int64_t without overflow: nan (FL113)"),
])
def test_text_and_class(make: Any, text: str) -> None:
    with pytest.raises(flambeau.errors.NumberRangeError) as caught:
        make()
    assert str(caught.value) == text
    assert isinstance(caught.value, (ValueError, OverflowError)) and isinstance(caught.value, RuntimeError)


@pytest.mark.parametrize(("data", "dtype"), [([-1], "uint8"), ([-255], "uint8"), ([255.0], "uint8")])
def test_tensor_of_negative_bytes(data: list[Any], dtype: str) -> None:
    wanted = torch.tensor(data, dtype=getattr(torch, dtype))
    assert flambeau.tensor(data, dtype=getattr(flambeau, dtype)).tolist() == wanted.tolist()


@pytest.mark.parametrize(("data", "dtype"), [
    ([256], "uint8"), ([-256], "uint8"), ([255.5], "uint8"), ([128], "int8"), ([math.nan], "int64"),
    ([math.inf], "int32"), ([1e30], "int64"), ([2**63], "int64"), ([2**70], "int64"),
])
def test_tensor_refuses(data: list[Any], dtype: str) -> None:
    with pytest.raises(Exception):  # noqa: B017
        torch.tensor(data, dtype=getattr(torch, dtype))
    with pytest.raises((RuntimeError, TypeError)):
        flambeau.tensor(data, dtype=getattr(flambeau, dtype))


def test_complex_numbers_keep_double_precision() -> None:
    assert (flambeau.tensor([1.0], dtype=flambeau.float64) + 0.1j).tolist() == [1 + 0.1j]
