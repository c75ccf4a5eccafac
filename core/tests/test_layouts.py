"""Where elements lie: memory formats, and copies that keep the order of dims."""

from __future__ import annotations

from typing import Any

import pytest

import flambeau
from flambeau import nn
from flambeau.errors import ShapeError

LAST = flambeau.channels_last


def test_the_channels_last_format():
    x = flambeau.arange(120.0).reshape(2, 3, 4, 5)
    y = x.contiguous(memory_format=LAST)
    assert y.stride() == (60, 1, 15, 3)
    assert (y == x).all()
    assert y.is_contiguous(memory_format=LAST) and not y.is_contiguous()
    assert y.contiguous(memory_format=LAST) is y
    assert x.to(memory_format=LAST).stride() == x.float(memory_format=LAST).stride() == y.stride()
    assert x.float() is x
    for kept in (y.clone(), y + 1, y.double(), flambeau.zeros_like(y), flambeau.rand_like(y), flambeau.full_like(y, 2)):
        assert kept.stride() == y.stride()
    for changed in (y.contiguous(), y.clone(memory_format=flambeau.contiguous_format)):
        assert changed.stride() == x.stride()
    assert flambeau.empty(2, 3, 4, 5, memory_format=LAST).stride() == y.stride()
    assert flambeau.ones_like(x, memory_format=LAST).stride() == y.stride()
    with pytest.raises(ShapeError, match="rank 4"):
        flambeau.ones(2).contiguous(memory_format=LAST)


@pytest.mark.parametrize(("make", "stride"), [
    (lambda x: x.transpose(0, 2), (1, 4, 12)), (lambda x: x.permute(1, 0, 2), (4, 12, 1)),
    (lambda x: x[:, ::2].mT, (8, 1, 4)), (lambda x: x[:, :, :1].expand(2, 3, 4), (12, 4, 1)),
    (lambda x: x[0].t(), (1, 4))])
def test_a_copy_keeps_the_order_of_dims(make: Any, stride: Any):
    x = make(flambeau.arange(24.0).reshape(2, 3, 4))
    kept = flambeau.preserve_format
    for made in (x.clone(), flambeau.empty_like(x), flambeau.ones_like(x), x.clone(memory_format=kept)):
        assert made.stride() == stride
        assert made._base is None
    assert (x.clone() == x).all()


def test_layouts_stay_in_the_graph():
    x = flambeau.arange(6.0).reshape(2, 3).requires_grad_()
    made = x.t().clone()
    made.mul_(2)
    (made * flambeau.arange(6.0).reshape(3, 2)).sum().backward()
    assert x.grad.tolist() == [[0.0, 4.0, 8.0], [2.0, 6.0, 10.0]]
    leaf = flambeau.zeros_like(x.detach().t(), requires_grad=True)
    assert leaf.is_leaf and leaf.stride() == (1, 3)


def test_a_module_in_a_memory_format():
    layer = nn.Sequential(nn.Conv2d(3, 2, 2), nn.Linear(2, 2)).to(memory_format=LAST)
    assert layer[0].weight.stride() == (12, 1, 6, 3)
    assert layer[1].weight.is_contiguous()
