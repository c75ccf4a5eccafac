"""The first of PyTorch's samples of every operator that flambeau has: values, other forms, sharing, gradients."""

import warnings
from typing import Any

import opinfo
import pytest
import torch

FEW = 3
KNOWN = {
    "view_as_complex": "a copy, into which nothing can be written",
    "as_strided_scatter": "PyTorch's gradient of what is overwritten is that of what stays, and the reverse",
    "nn.functional.local_response_norm": "integers are averaged as floats",
    "nn.functional.scaled_dot_product_attention": "PyTorch's float32 gradients are nearer to the exact ones than ours",
    "round": "special.round takes integers, as round does",
    "normal": "the mean and spread of a draw have no gradient, where PyTorch's is zero",
    "linalg.householder_product": "of empty matrices a gradient of zeros, where PyTorch gives None",
}


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
    if name in KNOWN:
        assert found, f"{name} no longer differs: {KNOWN[name]}"
    else:
        assert not found, "\n".join(found)
