"""Gradients of many parts of one tensor: the cost is that of the parts, and the sums are right."""

from importlib import import_module

import pytest

import flambeau
from flambeau.table.registry import TABLE


def parts_of(y, how):
    return {"unbind": lambda: y.unbind(0), "split": lambda: y.split(1, 0),
            "reads": lambda: [y[i] for i in range(len(y))],
            "columns": lambda: y.unbind(1), "halves twice": lambda: [*y.chunk(2, 0), *y.chunk(2, 1)],
            "overlapping": lambda: [y[i:i + 3] for i in range(len(y) - 2)], "steps": lambda: [y[::2], y[1::2], y[::3]],
            }[how]()


@pytest.mark.parametrize("how", ["unbind", "split", "reads", "columns", "halves twice", "overlapping", "steps"])
@pytest.mark.parametrize("backend", ["numpy", "reference"])
@pytest.mark.parametrize("dtype", [flambeau.float32, flambeau.float16])
def test_the_gradient_of_all_parts_is_the_sum_of_theirs(how, backend, dtype):
    values = flambeau.arange(24.0).view(6, 4).to(dtype)
    one, each = (values.to(backend).clone().requires_grad_() for _ in range(2))
    sum((i + 1) * (p * p).sum() for i, p in enumerate(parts_of(one * 1, how))).backward()
    for i, _ in enumerate(parts_of(each * 1, how)):
        part = parts_of(each * 1, how)[i]
        ((i + 1) * (part * part).sum()).backward()
    assert flambeau.allclose(one.grad.float(), each.grad.float(), rtol=2e-3)
    assert one.grad.dtype is dtype


@pytest.mark.parametrize("create", [False, True])
def test_grad_of_parts_and_second_order(create):
    x = flambeau.arange(6.0, requires_grad=True)
    y = x * x
    total = sum(p ** 2 for p in y.unbind(0))
    g, = flambeau.autograd.grad(total, x, create_graph=create)
    assert g.tolist() == [4 * v**3 for v in range(6)]
    if create:
        again, = flambeau.autograd.grad(g.sum(), x)
        assert again.tolist() == [12 * v**2 for v in range(6)]


def test_a_hook_on_a_part_sees_its_gradient_and_a_retained_one_is_whole():
    x = flambeau.ones(4, requires_grad=True)
    y = x * 1
    y.retain_grad()
    seen = []
    for i, part in enumerate(y.unbind(0)):
        part.register_hook(lambda g, i=i: seen.append((i, g.item())))
        (part * (i + 1)).backward(retain_graph=True)
    assert sorted(seen) == [(0, 1.0), (1, 2.0), (2, 3.0), (3, 4.0)]
    assert y.grad.tolist() == x.grad.tolist() == [1, 2, 3, 4]


def test_no_whole_is_made_for_every_part(monkeypatch):
    """Counts the wholes of zeros that the walk makes: one for all the parts, not one a part."""
    op = TABLE["slice_backward"]
    made = []
    original = op.call
    monkeypatch.setattr(import_module("flambeau.ops.movement"), "slice_backward",
                        lambda *a: made.append(1) or original(*a))
    x = flambeau.ones(50, 3, requires_grad=True)
    sum(p.sum() for p in (x * 1).unbind(0)).backward()
    assert x.grad.tolist() == [[1.0] * 3] * 50
    assert len(made) == 1
