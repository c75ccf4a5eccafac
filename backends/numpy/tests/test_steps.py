"""Optimizer steps as one kernel: the same numbers as the composition, in place, and counted as changes."""

import pytest

import flambeau
from flambeau_numpy import load as backend

SGD = [{"lr": 0.1}, {"lr": 0.1, "weight_decay": 0.01}, {"lr": 0.1, "momentum": 0.9},
       {"lr": 0.1, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1},
       {"lr": 0.1, "momentum": 0.9, "nesterov": True}, {"lr": 0.1, "maximize": True}]
ADAM = [{}, {"weight_decay": 0.1}, {"amsgrad": True}, {"lr": 0.1, "betas": (0.5, 0.7), "eps": 1e-3},
        {"amsgrad": True, "weight_decay": 0.1, "maximize": True}]
EVERY = [("SGD", o) for o in SGD] + [("Adam", o) for o in ADAM] + [("AdamW", o) for o in ADAM]


def trained(name, options, dtype, steps=4):
    """Parameters after some steps of made-up gradients: one small, one 0-d, one of several blocks, one transposed."""
    generator = flambeau.Generator().manual_seed(0)
    shapes = [(3, 2), (), (200, 101), (4, 5)]
    params = [flambeau.randn(s, generator=generator, dtype=dtype) for s in shapes]
    params[3] = params[3].t()
    params = [p.detach().requires_grad_() for p in params]
    optimizer = getattr(flambeau.optim, name)(params, **options)
    for _ in range(steps):
        for p in params:
            p.grad = flambeau.randn(tuple(p.shape), generator=generator, dtype=dtype)
        optimizer.step()
    return params, optimizer


@pytest.fixture
def composed(monkeypatch):
    """Runs without the kernels."""
    def run(*args):
        with monkeypatch.context() as patch:
            patch.setattr(type(backend()), "step", lambda self, name, dtype: None)
            return trained(*args)

    return run


@pytest.mark.parametrize("dtype", [flambeau.float32, flambeau.float64], ids=str)
@pytest.mark.parametrize(("name", "options"), EVERY)
def test_a_step_in_one_kernel_gives_what_the_composition_gives(name, options, dtype, composed):
    made, optimizer = trained(name, options, dtype)
    want, other = composed(name, options, dtype)
    tolerance = 1e-5 if dtype is flambeau.float32 else 1e-13
    for p, q in zip(made, want, strict=True):
        assert flambeau.allclose(p, q, rtol=tolerance, atol=tolerance)
        held, expected = optimizer.state[p], other.state[q]
        assert list(held) == list(expected)
        assert all(flambeau.allclose(held[k], expected[k], rtol=tolerance, atol=tolerance) for k in held)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_a_step_counts_as_a_change_of_every_parameter(name):
    (p, *_), optimizer = trained(name, {}, flambeau.float32, steps=1)
    loss = (p * p).sum()
    optimizer.step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_a_step_changes_parameters_in_place_and_leaves_gradients_alone(name):
    params, optimizer = trained(name, {}, flambeau.float32, steps=1)
    addresses, grads = [p.data_ptr() for p in params], [p.grad.clone() for p in params]
    optimizer.step()
    assert [p.data_ptr() for p in params] == addresses
    assert all(flambeau.equal(p.grad, g) for p, g in zip(params, grads, strict=True))


def test_parameters_of_several_dtypes_take_the_composition():
    params = [flambeau.ones(2, dtype=d, requires_grad=True) for d in (flambeau.float32, flambeau.float64)]
    optimizer = flambeau.optim.SGD(params, lr=0.5)
    for p in params:
        p.grad = flambeau.ones_like(p)
    optimizer.step()
    assert [p.tolist() for p in params] == [[0.5, 0.5], [0.5, 0.5]]
