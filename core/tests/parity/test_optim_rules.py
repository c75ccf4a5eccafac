"""The optimizers beyond SGD, Adagrad, RMSprop and Adam: PyTorch's parameters, states, files and errors."""

import copy
import io

import pytest
import torch

import flambeau
from flambeau.errors import ArgumentError

MATRICES = [(3, 2), (4, 5)]
SHAPES = [(3, 2), (4,), (2, 3, 2)]
SETTINGS = {
    "Adadelta": [{}, {"lr": 0.5, "rho": 0.5, "weight_decay": 0.1, "maximize": True}, {"eps": 1e-2}],
    "Adamax": [{}, {"weight_decay": 0.1, "betas": (0.5, 0.7)}, {"lr": 0.1, "maximize": True}],
    "ASGD": [{}, {"t0": 3, "lr": 0.1, "weight_decay": 0.01, "lambd": 0.1}, {"alpha": 0.3, "t0": 0, "maximize": True}],
    "NAdam": [{}, {"weight_decay": 0.1}, {"weight_decay": 0.1, "decoupled_weight_decay": True, "momentum_decay": 0.1}],
    "RAdam": [{"lr": 0.1}, {"weight_decay": 0.1, "lr": 0.1, "decoupled_weight_decay": True},
              {"betas": (0.5, 0.9), "weight_decay": 0.1}],
    "Rprop": [{}, {"etas": (0.3, 1.5), "step_sizes": (0.001, 0.2), "maximize": True}, {"lr": 1.0}],
    "Adafactor": [{}, {"lr": 0.3, "weight_decay": 0.1, "d": 2.0, "eps": (1e-8, 1e-2)}, {"beta2_decay": -0.3}],
    "Muon": [{"lr": 0.05}, {"adjust_lr_fn": "match_rms_adamw", "nesterov": False, "lr": 0.1}],
    "LBFGS": [{}, {"lr": 0.5, "max_iter": 5, "history_size": 3}, {"line_search_fn": "strong_wolfe"},
              {"line_search_fn": "strong_wolfe", "max_iter": 4, "history_size": 2, "lr": 0.3}],
}
CASES = [(name, settings) for name, every in SETTINGS.items() for settings in every]
IDS = [f"{name}-{i}" for name, every in SETTINGS.items() for i in range(len(every))]


class Run:
    """A problem and its optimizer in one of the libraries."""

    def __init__(self, library, name, settings):
        shapes = MATRICES if name == "Muon" else SHAPES
        values = [torch.randn(s, generator=torch.Generator().manual_seed(5)) for s in shapes]
        self.params = [library.tensor(v.tolist(), requires_grad=True) for v in values]
        self.targets = [library.tensor((v * 0.5 + 1).tolist()) for v in values]
        self.name = name
        self.optimizer = getattr(library.optim, name)(self.params, **settings)

    def closure(self):
        self.optimizer.zero_grad()
        pairs = zip(self.params, self.targets, strict=True)
        loss = sum(((p - t) ** 2).sum() + (p ** 4).sum() * 0.01 for p, t in pairs)
        loss.backward()
        return loss

    def steps(self, count):
        for _ in range(count):
            if self.name == "LBFGS":
                self.optimizer.step(self.closure)
            else:
                self.closure()
                self.optimizer.step()

    def values(self):
        return [v for p in self.params for v in p.detach().flatten().tolist()]


def numbers(value):
    """Everything in a state as numbers: PyTorch holds some as 0-d tensors."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    return [numbers(v) for v in value] if isinstance(value, (list, tuple)) else value


def close(name):
    return {"rel": 2e-2, "abs": 2e-2} if name == "Muon" else {"rel": 2e-5, "abs": 2e-5}  # Muon computes in bfloat16


@pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)
def test_parameters_and_states_after_steps_are_pytorchs(name, settings):
    mine, other = Run(flambeau, name, settings), Run(torch, name, settings)
    for count in (1, 2, 9):
        mine.steps(count)
        other.steps(count)
        assert mine.values() == pytest.approx(other.values(), **close(name))
    ours, theirs = mine.optimizer.state_dict(), other.optimizer.state_dict()
    assert {k: numbers(v) for k, v in ours["param_groups"][0].items()} == {
        k: numbers(v) for k, v in theirs["param_groups"][0].items()}
    if name == "LBFGS":
        assert ours["state"][0]["n_iter"] == theirs["state"][0]["n_iter"]
        assert ours["state"][0]["func_evals"] == theirs["state"][0]["func_evals"]
        return
    for key, state in theirs["state"].items():
        assert list(ours["state"][key]) == list(state)
        for entry in state:
            found, wanted = (torch.tensor(numbers(s[entry])) for s in (ours["state"][key], state))
            assert found.flatten().tolist() == pytest.approx(wanted.flatten().tolist(), **close(name))


@pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)
def test_a_run_that_was_saved_goes_on(name, settings):
    whole, first = Run(flambeau, name, settings), Run(flambeau, name, settings)
    whole.steps(6)
    first.steps(3)
    second = Run(flambeau, name, settings)
    with flambeau.no_grad():
        for p, q in zip(second.params, first.params, strict=True):
            p.copy_(q)
    held = io.BytesIO()
    flambeau.save(first.optimizer.state_dict(), held)
    held.seek(0)
    second.optimizer.load_state_dict(flambeau.load(held))
    second.steps(3)
    assert second.values() == whole.values()


@pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)
def test_pytorchs_state_goes_on_here(name, settings):
    other = Run(torch, name, settings)
    other.steps(3)
    mine = Run(flambeau, name, settings)
    with flambeau.no_grad():
        for p, q in zip(mine.params, other.params, strict=True):
            p.copy_(flambeau.tensor(q.tolist()))
    held = io.BytesIO()
    torch.save(other.optimizer.state_dict(), held)
    held.seek(0)
    mine.optimizer.load_state_dict(flambeau.load(held))
    mine.steps(3)
    other.steps(3)
    assert mine.values() == pytest.approx(other.values(), **close(name))


@pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)
def test_repr_and_copies(name, settings):
    mine, other = Run(flambeau, name, settings), Run(torch, name, settings)
    assert repr(mine.optimizer) == repr(other.optimizer)
    assert repr(copy.deepcopy(mine.optimizer)) == repr(mine.optimizer)


BAD = {
    "Adadelta": [{"lr": -1}, {"rho": 1.5}, {"eps": -1}, {"weight_decay": -1}],
    "Adamax": [{"lr": -1}, {"betas": (1.0, 0.5)}, {"betas": (0.5, -1)}, {"eps": -1}, {"weight_decay": -1}],
    "ASGD": [{"lr": -1}, {"weight_decay": -1}],
    "NAdam": [{"lr": -1}, {"betas": (0.5, 1.0)}, {"momentum_decay": -1}, {"eps": -1}, {"weight_decay": -1}],
    "RAdam": [{"lr": -1}, {"betas": (0.5, 1.0)}, {"eps": -1}, {"weight_decay": -1}],
    "Rprop": [{"lr": -1}, {"etas": (1.5, 2)}, {"etas": (0.5, 0.9)}],
    "Adafactor": [{"lr": -1}, {"beta2_decay": 1}, {"eps": (-1, 1)}, {"eps": (None, -1)}, {"d": 0.5},
                  {"weight_decay": -1}],
    "Muon": [{"lr": -1}, {"momentum": -1}, {"weight_decay": -1}, {"adjust_lr_fn": "mine"}],
    "LBFGS": [{"lr": -1}],
}


@pytest.mark.parametrize(("name", "settings"), [(n, s) for n, every in BAD.items() for s in every])
def test_settings_out_of_range_raise_as_there(name, settings):
    caught = []
    for library in (flambeau, torch):
        with pytest.raises(ValueError) as info:
            getattr(library.optim, name)([library.zeros(2, 2, requires_grad=True)], **settings)
        caught.append(str(info.value).rpartition(" (FL")[0] or str(info.value))
    assert caught[0].removeprefix(f"{name}: ") == caught[1]


def test_muon_takes_matrices_and_lbfgs_one_group():
    for library in (flambeau, torch):
        with pytest.raises(ValueError, match="Muon only supports 2D parameters"):
            library.optim.Muon([library.zeros(3, requires_grad=True)])
        groups = [{"params": [library.zeros(1, requires_grad=True)]} for _ in range(2)]
        with pytest.raises(ValueError, match="parameter groups"):
            library.optim.LBFGS(groups)
    with pytest.raises((ArgumentError, TypeError, RuntimeError), match="closure"):
        flambeau.optim.LBFGS([flambeau.zeros(1, requires_grad=True)]).step()
