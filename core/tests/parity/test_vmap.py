"""Every operator of PyTorch's samples, mapped: what it gives for a batch is what it gives for each example."""

import warnings
from typing import Any

import opinfo
import pytest
import torch

import flambeau

REFUSED = {"unravel_index", "multinomial", "bernoulli", "histogram", "histogramdd", "bincount", "nn.functional.rrelu",
           "nonzero_static", "linspace/tensor_overload", "logspace/tensor_overload", "histc",
           "nn.functional.batch_norm", "nn.functional.instance_norm"}
SIZES_DIFFER = {"nonzero", "masked_select", "unique", "unique_consecutive", "argwhere", "item", "equal", "allclose"}
OTHER = {"resize_": "another size for the memory of one example"}
NAMES = [name for name, op in opinfo.CASES.items() if op.name not in opinfo.UNSET | SIZES_DIFFER | set(OTHER)]


def example(name: str) -> Any:
    """The operator's function of one tensor, two values for it, and what it gives for each; or None."""
    op = opinfo.CASES[name]
    dtype = next((d for d in (torch.float64, torch.int64) if d in op.supported_dtypes("cpu")), None)
    for sample in opinfo.samples(op, dtype, 2) if dtype is not None else ():
        if not isinstance(sample.input, torch.Tensor):
            continue
        carry, own = opinfo.Carrier(), opinfo.counterpart(op.op, op.name)
        first, arguments, keywords = carry(sample.input).detach(), carry(sample.args), carry(sample.kwargs)

        def function(tensor: Any) -> Any:
            flambeau.manual_seed(0)
            return own(tensor, *arguments, **keywords)  # noqa: B023

        second = first if not first.dtype.category else first.flip(0) if first.ndim else first * 2
        try:
            wanted = [opinfo.flat(function(first)), opinfo.flat(function(second))]
        except flambeau.errors.FlambeauError:
            continue
        if all(isinstance(t, flambeau.Tensor) for t in wanted[0]) and [t.shape for t in wanted[0]] == [
                t.shape for t in wanted[1]]:
            return function, first, second, wanted
    return None


@pytest.mark.parametrize("name", NAMES)
def test_operators(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = example(name)
        if found is None:
            return
        function, first, second, wanted = found
        mapped = flambeau.vmap(function, randomness="same")
        batch = flambeau.stack([first, second])
        if name in REFUSED:
            with pytest.raises((flambeau.errors.UnsupportedError, flambeau.errors.InplaceError)):
                mapped(batch)
            return
        for got, *examples in zip(opinfo.flat(mapped(batch)), *wanted, strict=True):
            one = flambeau.stack(examples)
            assert got.shape == one.shape
            assert got.dtype is one.dtype
            assert flambeau.allclose(got, one, equal_nan=True) if one.dtype.category > 1 else bool((got == one).all())
