"""Averaged models and their schedule give PyTorch's numbers."""

import pytest
import torch

import flambeau

FUNCTIONS = {
    "mean": lambda u: {}, "ema": lambda u: {"multi_avg_fn": u.get_ema_multi_avg_fn(0.9)},
    "ema one": lambda u: {"avg_fn": u.get_ema_avg_fn(0.5)}, "swa": lambda u: {"avg_fn": u.get_swa_avg_fn()},
    "buffers": lambda u: {"use_buffers": True, "multi_avg_fn": u.get_ema_multi_avg_fn(0.5)},
}


def model(library):
    library.manual_seed(0)
    return library.nn.Sequential(library.nn.Linear(3, 4), library.nn.BatchNorm1d(4), library.nn.Linear(4, 2))


@pytest.mark.parametrize("case", FUNCTIONS)
def test_averages(case):
    states = []
    for library in (flambeau, torch):
        net = model(library)
        utils = library.optim.swa_utils
        average = utils.AveragedModel(net, **FUNCTIONS[case](utils))
        optimizer = library.optim.SGD(net.parameters(), lr=0.01)
        x = library.linspace(-1, 1, 15).view(5, 3)
        for _ in range(4):
            optimizer.zero_grad()
            net(x).square().mean().backward()
            optimizer.step()
            average.update_parameters(net)
        utils.update_bn([x, x * 2], average)
        states.append({k: v.flatten().tolist() for k, v in average.state_dict().items()})
    assert list(states[0]) == list(states[1])
    for key, values in states[1].items():
        assert states[0][key] == pytest.approx(values, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("options", [{}, {"anneal_strategy": "linear"}, {"anneal_epochs": 0}, {"anneal_epochs": 3}],
                         ids=str)
def test_the_schedule(options):
    rates = []
    for library in (flambeau, torch):
        optimizer = library.optim.SGD([library.zeros(1, requires_grad=True)], lr=0.5)
        schedule = library.optim.swa_utils.SWALR(optimizer, 0.05, **options)
        rates.append([])
        for _ in range(13):
            optimizer.step()
            rates[-1].append(optimizer.param_groups[0]["lr"])
            schedule.step()
    assert rates[0] == pytest.approx(rates[1])


def test_wrong_settings():
    for library in (flambeau, torch):
        utils = library.optim.swa_utils
        optimizer = library.optim.SGD([library.zeros(1, requires_grad=True)], lr=0.5)
        for wrong in (lambda u=utils: u.get_ema_avg_fn(1.5),
                      lambda u=utils, o=optimizer: u.SWALR(o, 0.1, anneal_strategy="steps"),
                      lambda u=utils, o=optimizer: u.SWALR(o, 0.1, anneal_epochs=-1)):
            with pytest.raises(ValueError):
                wrong()
