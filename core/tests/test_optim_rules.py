"""The optimizers one by one: a first step computed by hand, and a valley that each of them goes down."""

import math

import pytest

import flambeau
from flambeau.optim import ASGD, LBFGS, Adadelta, Adafactor, Adamax, Muon, NAdam, RAdam, Rprop

G = 4.0  # the gradient of 2 x**2 at 1
FIRST = {  # parameter after one step from 1
    Adadelta: (1 - math.sqrt(1e-6) / math.sqrt(0.1 * G * G + 1e-6) * G, {}),
    Adamax: (1 - 0.1, {"lr": 0.1}),
    ASGD: (1 * (1 - 1e-4 * 0.1) - 0.1 * G, {"lr": 0.1}),
    RAdam: (1 - 0.1 * G, {"lr": 0.1}),
    Rprop: (1 - 0.1, {"lr": 0.1}),
    Adafactor: (1 - 0.01, {"lr": 0.01}),
}
VALLEYS = {Adadelta: {"lr": 30.0}, Adamax: {"lr": 0.1}, ASGD: {"lr": 0.05}, NAdam: {"lr": 0.1}, RAdam: {"lr": 0.1},
           Rprop: {}, Adafactor: {"lr": 0.1}}


@pytest.mark.parametrize("rule", FIRST, ids=lambda r: r.__name__)
def test_the_first_step(rule):
    wanted, settings = FIRST[rule]
    x = flambeau.ones(1, requires_grad=True)
    optimizer = rule([x], **settings)
    (2 * x * x).sum().backward()
    optimizer.step()
    assert x.item() == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("rule", VALLEYS, ids=lambda r: r.__name__)
def test_the_way_down_a_valley(rule):
    x = flambeau.tensor([3.0, -2.0], requires_grad=True)
    optimizer = rule([x], **VALLEYS[rule])
    for _ in range(200):
        optimizer.zero_grad()
        loss = ((x - 1) ** 2 * flambeau.tensor([1.0, 3.0])).sum()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


def test_muon_makes_steps_of_one_size_in_all_directions():
    x = flambeau.zeros(3, 3, requires_grad=True)
    optimizer = Muon([x], lr=1.0, weight_decay=0.0)
    x.grad = flambeau.diag(flambeau.tensor([100.0, 10.0, 1.0]))
    optimizer.step()
    steps = x.detach().diagonal().abs().tolist()
    assert all(0.5 < s < 1.5 for s in steps[:2])


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_lbfgs_finds_the_bottom_of_rosenbrocks_valley(search):
    x = flambeau.tensor([-1.2, 1.0], dtype=flambeau.float64, requires_grad=True)
    optimizer = LBFGS([x], lr=1.0 if search else 0.02, max_iter=100 if search else 2000, max_eval=5000,
                      line_search_fn=search)

    def closure():
        optimizer.zero_grad()
        loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
        loss.backward()
        return loss

    optimizer.step(closure)
    assert closure().item() < (1e-8 if search else 1.0)


def test_lbfgs_counts_evaluations_and_stops_at_the_limit():
    x = flambeau.tensor([5.0], requires_grad=True)
    optimizer = LBFGS([x], lr=0.01, max_iter=50, max_eval=7)
    calls = []

    def closure():
        calls.append(1)
        optimizer.zero_grad()
        loss = (x ** 2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert len(calls) == optimizer.state[x]["func_evals"] == 7
