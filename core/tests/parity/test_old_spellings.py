"""The old constructor, questions about values, Python functions of elements, other sizes and memory, as PyTorch's."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch

import flambeau

CASES: dict[str, Any] = {
    "Tensor(2,3)": lambda t: list(t.Tensor(2, 3).shape),
    "Tensor([..])": lambda t: t.Tensor([1, 2]),
    "Tensor(1.5)": lambda t: t.Tensor(1.5),
    "Tensor()": lambda t: t.Tensor(),
    "Tensor(3)": lambda t: list(t.Tensor(3).shape),
    "Tensor(np)": lambda t: t.Tensor(np.ones(2)),
    "Tensor(size)": lambda t: list(t.Tensor(t.Size([2, 3])).shape),
    "Tensor(t)": lambda t: t.Tensor(t.ones(2)),
    "Tensor(t int)": lambda t: t.Tensor(t.ones(2, dtype=t.int64)),
    "Tensor(neg)": lambda t: t.Tensor(-1),
    "Tensor(2, 1.5)": lambda t: t.Tensor(2, 1.5),
    "Tensor(device)": lambda t: t.Tensor([1, 2], device="cpu"),
    "Tensor(dtype)": lambda t: t.Tensor([1, 2], dtype=t.int64),
    "Tensor True": lambda t: t.Tensor(True),
    "Tensor str": lambda t: t.Tensor("ab"),
    "Tensor None": lambda t: t.Tensor(None),
    "type(type())": lambda t: t.ones(2).type(t.ones(2, dtype=t.int64).type()),
    "long type Float": lambda t: t.ones(2).long().type(t.FloatTensor),
    "is_tensor": lambda t: [t.is_tensor(t.ones(1)), t.is_tensor(3)],
    "is_storage": lambda t: [t.is_storage(t.ones(1)), t.is_storage(3)],
    "is_floating_point": lambda t: [t.is_floating_point(t.ones(1)), t.is_floating_point(t.ones(1, dtype=t.int64))],
    "is_floating_point int": lambda t: t.is_floating_point(3),
    "is_complex": lambda t: [t.is_complex(t.ones(1)), t.is_complex(t.ones(1, dtype=t.complex64))],
    "is_complex 3": lambda t: t.is_complex(3),
    "is_nonzero": lambda t: [t.is_nonzero(t.ones(1)), t.is_nonzero(t.zeros(1))],
    "is_nonzero 2": lambda t: t.is_nonzero(t.ones(2)),
    "m is_nonzero": lambda t: t.ones(1).is_nonzero(),
    "is_signed": lambda t: t.is_signed(t.ones(1)) if hasattr(t, "is_signed") else None,
    "is_conj": lambda t: t.is_conj(t.ones(1)),
    "is_neg": lambda t: t.is_neg(t.ones(1)),
    "is_inference": lambda t: t.is_inference(t.ones(1)),
    "numel": lambda t: t.numel(t.ones(2, 3)),
    "typename": lambda t: t.typename(t.ones(1)),
    "typename long": lambda t: t.typename(t.ones(1).long()),
    "typename 3": lambda t: t.typename(3),
    "typename list": lambda t: t.typename([1]),
    "apply_": lambda t: t.tensor([1.0, 2.0]).apply_(lambda v: v * 2),
    "apply_ int": lambda t: t.tensor([1, 2]).apply_(lambda v: v + 1),
    "apply_ grad": lambda t: t.ones(2, requires_grad=True).apply_(lambda v: v * 2),
    "apply_ view": lambda t: (lambda x: (x[0].apply_(lambda v: 5.0), x)[1])(t.zeros(2, 2)),
    "apply_ badret": lambda t: t.ones(2).apply_(lambda v: "a"),
    "apply_ notfn": lambda t: t.ones(2).apply_(3),
    "apply_ bool": lambda t: t.tensor([True, False]).apply_(lambda v: not v),
    "apply_ 2d": lambda t: t.ones(2, 2).apply_(lambda v: v + 1),
    "map_": lambda t: t.tensor([1.0, 2.0]).map_(t.tensor([3.0, 4.0]), lambda a, b: a * b),
    "map_ bcast": lambda t: t.ones(2, 2).map_(t.tensor([3.0, 4.0]), lambda a, b: a * b),
    "map_ grad": lambda t: t.ones(2).map_(t.ones(2, requires_grad=True), lambda a, b: a * b),
    "map_ dtype": lambda t: t.ones(2).map_(t.ones(2).long(), lambda a, b: a * b),
    "map_ notensor": lambda t: t.ones(2).map_(3, lambda a, b: a * b),
    "map_ shape": lambda t: t.ones(2).map_(t.ones(3), lambda a, b: a * b),
    "map2_": lambda t: t.ones(2).map2_(t.ones(2) * 2, t.ones(2) * 3, lambda a, b, c: a + b * c),
    "resize_ smaller": lambda t: t.arange(6.0).resize_(2, 2),
    "resize_ bigger": lambda t: list(t.arange(2.0).resize_(5).shape),
    "resize_ bigger keeps": lambda t: t.arange(2.0).resize_(5)[:2],
    "resize_ tuple": lambda t: t.arange(6.0).resize_((3, 2)),
    "resize_ size": lambda t: t.arange(6.0).resize_(t.Size([3])),
    "resize_ neg": lambda t: t.arange(6.0).resize_(-1),
    "resize_ grad": lambda t: t.ones(2, requires_grad=True).resize_(3),
    "resize_ grad same": lambda t: t.ones(2, requires_grad=True).resize_(2),
    "resize_ view": lambda t: t.arange(6.0)[2:].resize_(2),
    "resize_ view bigger": lambda t: t.arange(6.0)[:2].resize_(4),
    "resize_ transposed": lambda t: t.arange(6.0).view(2, 3).t().resize_(6),
    "resize_ same tr": lambda t: t.arange(6.0).view(2, 3).t().resize_(3, 2),
    "resize_ shares":
        lambda t: (lambda x: (x.clone(), (lambda y: (y.fill_(9.0), x)[1])(x[:4].resize_(2))))(t.arange(6.0))[1],
    "resize_ empty": lambda t: list(t.Tensor().resize_(2, 3).shape),
    "resize_as_": lambda t: t.arange(6.0).resize_as_(t.ones(2, 2)),
    "resize": lambda t: t.arange(6.0).resize(2, 3),
    "resize_ returns self": lambda t: (lambda x: x.resize_(3) is x)(t.ones(2)),
    "set_": lambda t: (lambda x: (x.set_(t.arange(3.0)), x)[1])(t.ones(2)),
    "set_()": lambda t: list(t.ones(2).set_().shape),
    "set_ shares": lambda t: (lambda x, y: (x.set_(y), y.fill_(7.0), x)[2])(t.ones(2), t.arange(3.0)),
    "set_ dtype": lambda t: t.ones(2).set_(t.arange(3)),
    "set_ args": lambda t: t.ones(2).set_(t.arange(6.0), 1, (2, 2), (2, 1)),
    "set_ grad": lambda t: t.ones(2, requires_grad=True).set_(t.arange(3.0)),
    "new_empty_strided": lambda t: list(t.ones(1, dtype=t.int64).new_empty_strided((2, 3), (1, 2)).stride()),
    "new_empty_strided bad": lambda t: t.ones(1).new_empty_strided((2, 3), (1,)),
    "new_empty_strided dtype": lambda t: t.ones(1).new_empty_strided((2, 3), (3, 1), dtype=t.int32).dtype.itemsize,
    "empty_strided": lambda t: t.empty_strided((2, 3), (1, 2)).stride(),
    "new(int t)": lambda t: t.ones(1).new(t.ones(2).long()),
    "new(1.5)": lambda t: t.ones(1).new(1.5),
    "is_set_to":
        lambda t: (lambda x: [x.is_set_to(x.view(3)), x.is_set_to(x[:2]), x.is_set_to(x.clone())])(t.arange(3.0)),
    "t.get_device": lambda t: t.get_device(t.ones(1)),
    "resize_as_ grad": lambda t: t.ones(2, requires_grad=True).resize_as_(t.ones(3)),
}


def outcome(library: Any, call: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            made = call(library)
        except Exception as error:
            return error
    if hasattr(made, "tolist"):
        return str(made.dtype).rpartition(".")[2], list(made.shape), made.tolist()
    return made.replace("flambeau", "torch") if isinstance(made, str) else made


@pytest.mark.parametrize("case", CASES)
def test_old_spellings(case: str) -> None:
    mine, theirs = outcome(flambeau, CASES[case]), outcome(torch, CASES[case])
    if isinstance(theirs, Exception):
        assert isinstance(mine, flambeau.errors.FlambeauError), mine
    else:
        assert mine == theirs


@pytest.mark.parametrize("case", [case for case in CASES if case.startswith(("apply_", "map", "resize", "new_"))])
def test_on_the_reference(case: str) -> None:
    theirs = outcome(torch, CASES[case])
    with flambeau.device("reference"):
        mine = outcome(flambeau, CASES[case])
    assert isinstance(mine, flambeau.errors.FlambeauError) if isinstance(theirs, Exception) else mine == theirs
