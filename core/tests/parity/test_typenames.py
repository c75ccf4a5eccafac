"""The old tensor classes and the methods that speak of them, as PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import flambeau

NAMES = ("Float", "Double", "Half", "BFloat16", "Byte", "Char", "Short", "Int", "Long", "Bool")
OF_A_CLASS: dict[str, Any] = {
    "type(class)": lambda t, cls: t.tensor([1.5, 2.0]).type(cls),
    "type(name)": lambda t, cls: t.tensor([1.5, 2.0]).type(f"{t.__name__}.{cls.__name__}"),
    "elements": lambda t, cls: cls([1, 0]),
    "nested": lambda t, cls: cls([[1], [0]]),
    "tuple": lambda t, cls: cls((1, 0)),
    "sizes": lambda t, cls: cls(2, 3).zero_(),
    "nothing": lambda t, cls: cls(),
    "Size": lambda t, cls: cls(t.Size([2, 1])).zero_(),
    "range": lambda t, cls: cls(range(2)),
    "array": lambda t, cls: cls(np.array([1, 0])),
    "its tensor": lambda t, cls: cls(t.zeros(2, dtype=cls.dtype)),
    "another tensor": lambda t, cls: cls(t.zeros(2, dtype=t.complex64)),
    "number": lambda t, cls: cls(1.5),
    "isinstance": lambda t, cls: [isinstance(t.zeros(1, dtype=d), cls) for d in (
        t.float16, t.bfloat16, t.float32, t.float64, t.uint8, t.int8, t.int16, t.int32, t.int64, t.bool)],
    "issubclass": lambda t, cls: issubclass(cls, t.Tensor),
    "repr": lambda t, cls: repr(cls).replace("flambeau", "torch"),
}
OTHERS: dict[str, Any] = {
    "type()": lambda t: t.ones(2).type().replace("flambeau", "torch"),
    "Tensor.type": lambda t: t.Tensor.type(t.ones(2, dtype=t.int64)).replace("flambeau", "torch"),
    "type(dtype)": lambda t: t.ones(2).type(t.int64),
    "type(dtype=)": lambda t: t.ones(2).type(dtype=t.int64),
    "type(Tensor)": lambda t: t.ones(2, dtype=t.int64).type(t.Tensor),
    "type(name of Tensor)": lambda t: t.ones(2).type(f"{t.__name__}.Tensor"),
    "type of the same": lambda t: (lambda x: x.type(t.FloatTensor) is x)(t.ones(2)),
    "type(int)": lambda t: t.ones(2).type(int),
    "type(bare name)": lambda t: t.ones(2).type("LongTensor"),
    "type(no name)": lambda t: t.ones(2).type("torch.long"),
    "type(cuda)": lambda t: t.ones(2).type("torch.cuda.FloatTensor"),
    "type_as": lambda t: t.ones(2).type_as(t.tensor([1])),
    "new()": lambda t: t.tensor([1]).new(),
    "new(sizes)": lambda t: t.tensor([1]).new(2, 3).zero_(),
    "new(elements)": lambda t: t.tensor([1]).new([1, 2]),
    "new(Size)": lambda t: t.ones(1).new(t.Size([2])).zero_(),
    "new(tensor)": lambda t: t.ones(1).new(t.tensor([3.0])),
    "is_same_size": lambda t: [t.ones(2).is_same_size(t.ones(2)), t.is_same_size(t.ones(2), t.ones(3))],
    "requires_grad_": lambda t: t.FloatTensor([1]).requires_grad_().requires_grad,
    **{name: lambda t, name=name: getattr(t.tensor([1.5, 0.0]), name)() for name in (
        "long", "int", "short", "char", "byte", "half", "float", "double", "bool", "bfloat16", "cfloat", "cdouble")},
}


def outcome(call: Any, *arguments: Any) -> Any:
    try:
        made = call(*arguments)
    except Exception as error:
        return error
    return (f"{made.dtype}".rpartition(".")[2], list(made.shape), made.tolist()) if hasattr(made, "tolist") else made


def same(got: Any, wanted: Any) -> None:
    if isinstance(wanted, Exception):
        assert isinstance(got, flambeau.errors.FlambeauError), got
    else:
        assert got == wanted


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", OF_A_CLASS)
def test_classes(way: str, name: str) -> None:
    classes = (getattr(library, f"{name}Tensor") for library in (flambeau, torch))
    got, wanted = (outcome(OF_A_CLASS[way], library, cls) for library, cls in zip((flambeau, torch), classes,
                                                                                  strict=True))
    same(got, wanted)


@pytest.mark.parametrize("name", OTHERS)
def test_methods(name: str) -> None:
    same(outcome(OTHERS[name], flambeau), outcome(OTHERS[name], torch))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("named", [True, False])
def test_default_tensor_type(named: bool) -> None:
    for library in (torch, flambeau):
        chosen = f"{library.__name__}.DoubleTensor" if named else library.DoubleTensor
        library.set_default_tensor_type(chosen)
        try:
            assert library.tensor([1.0]).dtype is library.Tensor([1]).dtype is library.float64
        finally:
            library.set_default_tensor_type(library.FloatTensor)
        with pytest.raises(TypeError):
            library.set_default_tensor_type(library.LongTensor)
