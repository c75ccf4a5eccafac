"""The first of PyTorch's samples of every operator that flambeau has: values, other forms, sharing, gradients."""

import warnings
from typing import Any

import opinfo
import pytest
import torch

FEW = 3


def differences(op: Any, dtype: torch.dtype) -> list[str]:
    found = []
    for i, sample in enumerate(opinfo.samples(op, dtype, FEW)):
        try:
            opinfo.check_values(op, sample, i == 0)
        except opinfo.Difference as difference:
            found.append(f"{difference} | {opinfo.described(sample)}")
    if op.supports_autograd and dtype in op.supported_backward_dtypes("cpu") and dtype.is_floating_point:
        for sample in opinfo.samples(op, dtype, FEW, requires_grad=True):
            try:
                opinfo.check_gradients(op, sample, False)
            except opinfo.Difference as difference:
                found.append(f"{difference} | {opinfo.described(sample)}")
    return found


@pytest.mark.parametrize("name", opinfo.CASES)
def test_samples(name: str) -> None:
    op = opinfo.CASES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [f for dtype in (torch.float32, torch.int64) if dtype in op.supported_dtypes("cpu")
                 for f in differences(op, dtype)]
    assert not found, "\n".join(found)
