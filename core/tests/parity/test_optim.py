"""Optimizers and schedules give PyTorch's numbers, states, reprs and errors."""

import copy
import pickle
import warnings

import pytest
import torch

import flambeau


def start(library):
    """Two parameters and a function that sets their gradients anew, the same in both libraries."""
    shapes = [(3, 2), (4,)]
    values = [torch.randn(s, generator=torch.Generator().manual_seed(5)) for s in shapes]
    params = [library.tensor(v.tolist(), requires_grad=True) for v in values]
    targets = [library.tensor((v * 0.5 + 1).tolist()) for v in values]

    def loss():
        return sum(((p - t) ** 2).sum() + (p * p * p).sum() * 0.01 for p, t in zip(params, targets, strict=True))

    return params, loss


def trained(library, make, steps=12, between=lambda optimizer: None):
    params, loss = start(library)
    optimizer = make(library.optim, params)
    for _ in range(steps):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
        between(optimizer)
    return params, optimizer


def lists(value):
    """Tensors as lists, everywhere in a structure."""
    if isinstance(value, dict):
        return {k: lists(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [lists(v) for v in value]
    return value.tolist() if isinstance(value, (flambeau.Tensor, torch.Tensor)) else value


def assert_alike(mine, other, tolerance=2e-6):
    if isinstance(other, dict):
        assert list(mine) == list(other)
        for key in other:
            assert_alike(mine[key], other[key], tolerance)
    elif isinstance(other, list):
        assert len(mine) == len(other)
        for a, b in zip(mine, other, strict=True):
            assert_alike(a, b, tolerance)
    elif isinstance(other, float):
        assert mine == pytest.approx(other, rel=tolerance, abs=tolerance)
    else:
        assert mine == other


OPTIMIZERS = [
    ("SGD", {}), ("SGD", {"lr": 0.1, "momentum": 0.9}), ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.1, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.01, "maximize": True}),
    ("Adam", {}), ("Adam", {"lr": 0.1, "amsgrad": True, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.1, "betas": (0.5, 0.7), "eps": 1e-3, "maximize": True}),
    ("Adam", {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("AdamW", {"lr": 0.1}), ("AdamW", {"lr": 0.1, "weight_decay": 0.3, "amsgrad": True}),
    ("RMSprop", {}), ("RMSprop", {"lr": 0.1, "momentum": 0.7, "centered": True, "weight_decay": 0.1}),
    ("RMSprop", {"centered": True, "alpha": 0.5}),
    ("Adagrad", {}), ("Adagrad", {"lr": 0.3, "lr_decay": 0.1, "weight_decay": 0.1,
                                  "initial_accumulator_value": 0.2}),
]
IDS = [f"{name}-{options}" for name, options in OPTIMIZERS]


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS, ids=IDS)
def test_training_gives_pytorchs_parameters_and_state(name, options):
    def make(optim, params):
        return getattr(optim, name)(params, **options)

    mine, my_optimizer = trained(flambeau, make)
    other, optimizer = trained(torch, make)
    assert_alike(lists(mine), lists(other), 1e-5)
    assert_alike(lists(my_optimizer.state_dict()), lists(optimizer.state_dict()), 1e-5)
    assert repr(my_optimizer) == repr(optimizer)


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS, ids=IDS)
def test_a_loaded_state_goes_on_where_the_saved_one_was(name, options):
    def make(optim, params):
        return getattr(optim, name)(params, **options)

    params, optimizer = trained(flambeau, make, steps=8)
    first, loss = start(flambeau)
    again = make(flambeau.optim, first)
    with flambeau.no_grad():
        for p, trained_to in zip(first, params, strict=True):
            p.copy_(trained_to)
    again.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for _ in range(4):
        again.zero_grad()
        loss().backward()
        again.step()
    straight, _ = trained(flambeau, make, steps=12)
    assert lists(first) == lists(straight)


def test_groups_have_options_of_their_own():
    def make(optim, params):
        optimizer = optim.SGD([{"params": params[:1], "lr": 0.3}, {"params": params[1]}], lr=0.1, momentum=0.5)
        return optimizer

    mine, my_optimizer = trained(flambeau, make)
    other, optimizer = trained(torch, make)
    assert_alike(lists(mine), lists(other), 1e-5)
    assert repr(my_optimizer) == repr(optimizer)
    assert_alike(lists(my_optimizer.state_dict()), lists(optimizer.state_dict()), 1e-5)


def test_named_parameters():
    def groups(library):
        layer = library.nn.Linear(2, 1)
        optimizer = library.optim.Adam(layer.named_parameters())
        return repr(optimizer), optimizer.state_dict()

    assert groups(flambeau) == groups(torch)


def test_a_closure_is_called_with_gradients_on():
    def run(library):
        params, loss = start(library)
        optimizer = library.optim.SGD(params, lr=0.05)

        def closure():
            optimizer.zero_grad()
            value = loss()
            value.backward()
            return value

        return [optimizer.step(closure).item() for _ in range(3)]

    assert_alike(run(flambeau), run(torch))


def test_hooks_around_a_step_and_in_subclasses():
    def run(library):
        calls = []

        class Mine(library.optim.Optimizer):
            def __init__(self, params):
                super().__init__(params, {"lr": 0.5})

            def step(self, closure=None):
                calls.append("step")
                for group in self.param_groups:
                    for p in group["params"]:
                        p.data.add_(p.grad, alpha=-group["lr"])

        params, loss = start(library)
        optimizer = Mine(params)
        optimizer.register_step_pre_hook(lambda o, a, k: calls.append(("pre", o is optimizer, len(a), k)))
        handle = optimizer.register_step_post_hook(lambda o, a, k: calls.append("post"))
        optimizer.register_state_dict_post_hook(lambda o, d: {**d, "extra": 1})
        optimizer.register_load_state_dict_pre_hook(lambda o, d: calls.append(sorted(d)))
        loss().backward()
        optimizer.step()
        handle.remove()
        optimizer.step()
        optimizer.load_state_dict(optimizer.state_dict())
        return calls, lists(params)

    assert_alike(*(list(run(library)) for library in (flambeau, torch)))


def test_a_tensor_as_learning_rate():
    def make(optim, params):
        library = flambeau if optim is flambeau.optim else torch
        return optim.SGD(params, lr=library.tensor(0.05))

    assert_alike(lists(trained(flambeau, make)[0]), lists(trained(torch, make)[0]), 1e-5)


def test_an_optimizer_survives_pickling():
    _, optimizer = trained(flambeau, lambda optim, params: optim.Adam(params))
    again = pickle.loads(pickle.dumps(optimizer))
    assert lists(again.state_dict()) == lists(optimizer.state_dict())


def one(library):
    return library.zeros(1, requires_grad=True)


ERRORS = {
    "no parameters": lambda lib: lib.optim.SGD([]),
    "a lone tensor": lambda lib: lib.optim.SGD(one(lib)),
    "no tensor": lambda lib: lib.optim.SGD([3]),
    "a set": lambda lib: lib.optim.SGD([{"params": {one(lib)}}]),
    "no leaf": lambda lib: lib.optim.SGD([one(lib) * 2]),
    "twice": lambda lib: [p := one(lib), lib.optim.SGD([{"params": [p]}, {"params": [p]}])],
    "no dict": lambda lib: lib.optim.SGD([one(lib)]).add_param_group([one(lib)]),
    "some names": lambda lib: lib.optim.SGD([("a", one(lib)), one(lib)]),
    "groups with and without names": lambda lib: lib.optim.SGD([("a", one(lib))]).add_param_group(
        {"params": [one(lib)]}),
    "rate": lambda lib: lib.optim.SGD([one(lib)], lr=-1),
    "momentum": lambda lib: lib.optim.SGD([one(lib)], momentum=-1),
    "decay": lambda lib: lib.optim.SGD([one(lib)], weight_decay=-1),
    "nesterov": lambda lib: lib.optim.SGD([one(lib)], nesterov=True),
    "beta": lambda lib: lib.optim.Adam([one(lib)], betas=(0.9, 1.0)),
    "beta 0": lambda lib: lib.optim.AdamW([one(lib)], betas=(-0.1, 0.9)),
    "epsilon": lambda lib: lib.optim.Adam([one(lib)], eps=-1.0),
    "alpha": lambda lib: lib.optim.RMSprop([one(lib)], alpha=-1.0),
    "lr_decay": lambda lib: lib.optim.Adagrad([one(lib)], lr_decay=-1.0),
    "accumulator": lambda lib: lib.optim.Adagrad([one(lib)], initial_accumulator_value=-1.0),
    "other number of groups": lambda lib: lib.optim.SGD([one(lib)]).load_state_dict(
        {"state": {}, "param_groups": []}),
    "other sizes of groups": lambda lib: lib.optim.SGD([one(lib)]).load_state_dict(
        {"state": {}, "param_groups": [{"params": [0, 1]}]}),
    "schedule of no optimizer": lambda lib: lib.optim.lr_scheduler.StepLR(3, 1),
    "lambdas": lambda lib: lib.optim.lr_scheduler.LambdaLR(lib.optim.SGD([one(lib)]), [abs, abs]),
    "constant factor": lambda lib: lib.optim.lr_scheduler.ConstantLR(lib.optim.SGD([one(lib)]), 2.0),
    "linear start": lambda lib: lib.optim.lr_scheduler.LinearLR(lib.optim.SGD([one(lib)]), 0),
    "linear end": lambda lib: lib.optim.lr_scheduler.LinearLR(lib.optim.SGD([one(lib)]), 0.5, 3.0),
    "plateau factor": lambda lib: lib.optim.lr_scheduler.ReduceLROnPlateau(lib.optim.SGD([one(lib)]), factor=1.0),
    "plateau mode": lambda lib: lib.optim.lr_scheduler.ReduceLROnPlateau(lib.optim.SGD([one(lib)]), "x"),
    "restarts": lambda lib: lib.optim.lr_scheduler.CosineAnnealingWarmRestarts(lib.optim.SGD([one(lib)]), 0),
    "one cycle steps": lambda lib: lib.optim.lr_scheduler.OneCycleLR(lib.optim.SGD([one(lib)]), 0.1),
    "one cycle share": lambda lib: lib.optim.lr_scheduler.OneCycleLR(lib.optim.SGD([one(lib)]), 0.1, 9, pct_start=3),
    "one cycle momentum": lambda lib: lib.optim.lr_scheduler.OneCycleLR(lib.optim.Adagrad([one(lib)]), 0.1, 9),
    "no schedules": lambda lib: lib.optim.lr_scheduler.SequentialLR(lib.optim.SGD([one(lib)]), [], []),
    "get_lr": lambda lib: lib.optim.lr_scheduler.LRScheduler(lib.optim.SGD([one(lib)])),
}
OTHER_TEXT = {"get_lr"}


@pytest.mark.parametrize("case", ERRORS)
def test_an_error_has_pytorchs_type_and_text(case):
    caught = []
    for library in (flambeau, torch):
        with pytest.raises(Exception) as info:
            ERRORS[case](library)
        caught.append(info.value)
    mine, other = caught
    assert isinstance(mine, next(kind for kind in type(other).__mro__ if kind.__module__ == "builtins"))
    if case not in OTHER_TEXT:
        text = (str(mine).rpartition(" (FL")[0] or str(mine)).replace("flambeau.", "torch.")
        assert text.partition(f"{other}: ")[2] or text == str(other), text  # the numbers that differ come after it


# -- schedules -----------------------------------------------------------------------------------

S = "lr_scheduler"
SCHEDULES = [
    ("LambdaLR", lambda o, s: s.LambdaLR(o, lambda e: 0.9**e)),
    ("LambdaLR two", lambda o, s: s.LambdaLR(o, [lambda e: 0.9**e, lambda e: 1 / (e + 1)])),
    ("MultiplicativeLR", lambda o, s: s.MultiplicativeLR(o, lambda e: 0.9)),
    ("StepLR", lambda o, s: s.StepLR(o, 3, 0.5)),
    ("MultiStepLR", lambda o, s: s.MultiStepLR(o, [2, 5, 5, 9], 0.5)),
    ("ConstantLR", lambda o, s: s.ConstantLR(o, 0.3, 4)),
    ("LinearLR", lambda o, s: s.LinearLR(o, 0.2, 0.9, 7)),
    ("ExponentialLR", lambda o, s: s.ExponentialLR(o, 0.9)),
    ("PolynomialLR", lambda o, s: s.PolynomialLR(o, 8, 1.7)),
    ("CosineAnnealingLR", lambda o, s: s.CosineAnnealingLR(o, 5, 0.01)),
    ("CosineAnnealingWarmRestarts", lambda o, s: s.CosineAnnealingWarmRestarts(o, 3, 2, 0.01)),
    ("OneCycleLR", lambda o, s: s.OneCycleLR(o, 0.5, 20)),
    ("OneCycleLR linear", lambda o, s: s.OneCycleLR(o, [0.5, 0.3], epochs=4, steps_per_epoch=6,
                                                    anneal_strategy="linear", three_phase=True)),
    ("CyclicLR", lambda o, s: s.CyclicLR(o, 0.01, 0.3, 4, 3)),
    ("CyclicLR triangular2", lambda o, s: s.CyclicLR(o, 0.01, 0.3, 3, mode="triangular2")),
    ("CyclicLR exp_range", lambda o, s: s.CyclicLR(o, 0.01, 0.3, 3, mode="exp_range", gamma=0.9,
                                                   cycle_momentum=False)),
    ("SequentialLR", lambda o, s: s.SequentialLR(o, [s.ConstantLR(o, 0.1, 3), s.ExponentialLR(o, 0.8),
                                                     s.StepLR(o, 2)], [4, 9])),
    ("SequentialLR warm-up", lambda o, s: s.SequentialLR(o, [s.LinearLR(o, 0.1, 1.0, 4),
                                                             s.CosineAnnealingLR(o, 8)], [4])),
    ("ChainedScheduler", lambda o, s: s.ChainedScheduler([s.ConstantLR(o, 0.1, 3), s.ExponentialLR(o, 0.8)])),
]


def rates(library, make, steps=18):
    params = [library.zeros(1, requires_grad=True), library.zeros(2, requires_grad=True)]
    optimizer = library.optim.SGD([{"params": [params[0]]}, {"params": [params[1]], "lr": 0.4}], lr=0.1, momentum=0.9)
    schedule = make(optimizer, library.optim.lr_scheduler)
    seen = []
    for _ in range(steps):
        optimizer.step()
        schedule.step()
        seen.append((schedule.get_last_lr(), [g["lr"] for g in optimizer.param_groups],
                     [g["momentum"] for g in optimizer.param_groups]))
    return seen, schedule


@pytest.mark.parametrize(("name", "make"), SCHEDULES, ids=[name for name, _ in SCHEDULES])
def test_a_schedule_gives_pytorchs_rates_to_the_last_bit(name, make):
    mine, my_schedule = rates(flambeau, make)
    other, schedule = rates(torch, make)
    assert mine == other
    if not name.startswith(("CyclicLR", "OneCycleLR")):
        assert list(my_schedule.state_dict()) == list(schedule.state_dict())


@pytest.mark.parametrize(("name", "make"), SCHEDULES, ids=[name for name, _ in SCHEDULES])
def test_a_loaded_schedule_goes_on(name, make):
    straight, _ = rates(flambeau, make, 14)
    _, schedule = rates(flambeau, make, 9)
    saved, optimizer_state = copy.deepcopy(schedule.state_dict()), copy.deepcopy(schedule.optimizer.state_dict())

    def resume(optimizer, lr_scheduler):
        made = make(optimizer, lr_scheduler)
        optimizer.load_state_dict(optimizer_state)
        made.load_state_dict(saved)
        return made

    assert rates(flambeau, resume, 5)[0] == straight[9:]


def test_plateau():
    metrics = [1.0, 0.9, 0.95, 0.92, 0.91, 0.905, 0.9, 0.8, 0.85, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]

    def run(library, **options):
        optimizer = library.optim.SGD([library.zeros(1, requires_grad=True)], lr=1.0)
        schedule = library.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=2, **options)
        seen = []
        for metric in metrics:
            schedule.step(library.tensor(metric))
            seen.append((optimizer.param_groups[0]["lr"], schedule.num_bad_epochs, schedule.get_last_lr()))
        return seen, sorted(schedule.state_dict())

    for options in ({}, {"mode": "max", "factor": 0.5}, {"threshold": 0.05, "threshold_mode": "abs", "cooldown": 2},
                    {"min_lr": 0.05}):
        assert run(flambeau, **options) == run(torch, **options)


def test_schedule_warnings():
    def heard(library, action):
        optimizer = library.optim.SGD([library.zeros(1, requires_grad=True)], lr=1.0)
        schedule = library.optim.lr_scheduler.StepLR(optimizer, 1)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            action(optimizer, schedule)
        return [str(w.message)[:40] for w in caught]

    for action in (lambda o, s: s.step(), lambda o, s: (o.step(), s.step()), lambda o, s: (o.step(), s.step(3)),
                   lambda o, s: s.get_lr(),
                   lambda o, s: (setattr(o, "step", lambda: None), s.step())):
        assert heard(flambeau, action) == heard(torch, action)


def test_resuming_needs_the_initial_rates():
    for library in (flambeau, torch):
        optimizer = library.optim.SGD([library.zeros(1, requires_grad=True)], lr=1.0)
        with pytest.raises(KeyError, match="initial_lr"):
            library.optim.lr_scheduler.StepLR(optimizer, 1, last_epoch=2)


def test_the_closed_form_of_a_given_epoch():
    def run(library):
        seen = []
        for name, arguments in (("StepLR", (3,)), ("MultiStepLR", ([2, 4],)), ("ExponentialLR", (0.9,)),
                                ("CosineAnnealingLR", (6,)), ("LinearLR", ()), ("ConstantLR", ()),
                                ("PolynomialLR", ())):
            optimizer = library.optim.SGD([library.zeros(1, requires_grad=True)], lr=1.0)
            schedule = getattr(library.optim.lr_scheduler, name)(optimizer, *arguments)
            optimizer.step()
            schedule.step(4)
            seen.append(optimizer.param_groups[0]["lr"])
        return seen

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert run(flambeau) == run(torch)
