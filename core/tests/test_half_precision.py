"""Reductions of half precision accumulate in float32 and round once."""

from __future__ import annotations

import pytest

import flambeau
from flambeau.nn import functional as F
from flambeau.table.registry import TABLE

CASES = {
    "mean": (lambda x: x.mean(), 50.0), "norm": (lambda x: x.norm(), 2236.0),
    "l1_loss": (lambda x: F.l1_loss(x, x * 0), 50.0), "mse_loss": (lambda x: F.mse_loss(x, x * 0), 2500.0),
    "rms_norm": (lambda x: F.rms_norm(x, (2000,)).amax(), 1.0),
    "cdist": (lambda x: flambeau.cdist(x[None], x[None] * 0), 2236.0),
    "adaptive": (lambda x: F.adaptive_avg_pool1d(x[None, None], 1), 50.0),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", [flambeau.float16, flambeau.bfloat16])
def test_sums_above_the_largest_half_are_right(name, dtype):
    function, wanted = CASES[name]
    made = function(flambeau.full((2000,), 50.0, dtype=dtype))
    assert made.dtype is dtype
    assert made.item() == pytest.approx(wanted, rel=2**-8)


def test_clipping_a_large_half_gradient_keeps_it():
    x = flambeau.zeros(10000, dtype=flambeau.float16, requires_grad=True)
    x.grad = flambeau.full((10000,), 100.0, dtype=flambeau.float16)
    assert flambeau.nn.utils.clip_grad_norm_([x], 100.0).item() == 10000.0
    assert x.grad[0].item() == pytest.approx(1.0, rel=2**-9)


def test_every_normalisation_and_loss_declares_it():
    assert [o.name for o in TABLE.values() if o.family in ("norm", "loss") and o.kind == "composite"
            and not o.inlined and not o.compute] == []
