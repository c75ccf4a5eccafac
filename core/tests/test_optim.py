"""Optimizers and schedules, on trajectories recorded from PyTorch and rates worked out by hand."""

import copy
import math

import pytest

import flambeau
from flambeau import optim
from flambeau.errors import ArgumentError, KeyNameError, UnsupportedError, ValueRangeError
from flambeau.optim import lr_scheduler as S


def parameter():
    return flambeau.tensor([1.0, -2.0], requires_grad=True)


def step(optimizer, p):
    optimizer.zero_grad()
    (p**2 + p).sum().backward()
    optimizer.step()


@pytest.mark.parametrize(("name", "options", "expected"), [
    ("SGD", {"lr": 0.1}, [-0.008480026386678219, -0.9915200471878052]),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
     [-1.096998691558838, 0.16464370489120483]),
    ("Adam", {"lr": 0.1}, [0.5043581128120422, -1.504358172416687]),
    ("Adam", {"lr": 0.1, "amsgrad": True, "weight_decay": 0.1}, [0.5044570565223694, -1.5042634010314941]),
    ("AdamW", {"lr": 0.1}, [0.5004183053970337, -1.4954901933670044]),
    ("RMSprop", {"lr": 0.1, "centered": True, "momentum": 0.5}, [-0.5224687457084656, -0.4775312542915344]),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1}, [0.727044403553009, -1.7270444631576538]),
])
def test_five_steps_end_where_pytorchs_do_and_a_saved_state_goes_on(name, options, expected):
    p = parameter()
    optimizer = getattr(optim, name)([p], **options)
    for _ in range(3):
        step(optimizer, p)
    q = p.detach().clone().requires_grad_()
    resumed = getattr(optim, name)([q])
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for _ in range(2):
        step(optimizer, p)
        step(resumed, q)
    assert p.tolist() == pytest.approx(expected, rel=1e-5)
    assert q.tolist() == p.tolist()


def test_the_state_dict_has_pytorchs_layout():
    p, unused = parameter(), parameter()
    optimizer = optim.Adam([{"params": [unused]}, {"params": [p], "lr": 0.5}])
    step(optimizer, p)
    state = optimizer.state_dict()
    assert list(state) == ["state", "param_groups"]
    assert {k: sorted(v) for k, v in state["state"].items()} == {1: ["exp_avg", "exp_avg_sq", "step"]}
    assert state["state"][1]["step"].item() == 1 and state["state"][1]["step"].shape == ()
    assert [g["params"] for g in state["param_groups"]] == [[0], [1]]
    assert [g["lr"] for g in state["param_groups"]] == [1e-3, 0.5]


def test_loading_casts_to_the_parameters_dtype():
    p = parameter()
    optimizer = optim.SGD([p], lr=0.1, momentum=0.9)
    step(optimizer, p)
    wide = optim.SGD([parameter().double().detach().requires_grad_()], lr=0.1)
    wide.load_state_dict(optimizer.state_dict())
    assert wide.state[wide.param_groups[0]["params"][0]]["momentum_buffer"].dtype is flambeau.float64


@pytest.mark.parametrize(("name", "options"), [("SGD", {}), ("SGD", {"momentum": 0.9}), ("Adam", {}), ("RMSprop", {}),
                                               ("Adagrad", {})])
def test_a_step_is_an_in_place_change(name, options):
    p = parameter()
    optimizer = getattr(optim, name)([p], **options)
    for _ in range(2):
        step(optimizer, p)
    saved = p * p
    p.grad = flambeau.ones(2)
    optimizer.step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        saved.sum().backward()


def test_one_optimizer_takes_several_dtypes_and_layouts():
    def run(params):
        optimizer = optim.Adam(params, lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            sum((p.double() ** 2).sum() for p in params).backward()
            optimizer.step()
        return [p.flatten().tolist() for p in params]

    def some(dtype):
        return flambeau.tensor([[1.0, -2.0], [0.5, 3.0]], dtype=dtype)

    single = flambeau.float32, flambeau.float64
    together = run([some(single[0]).requires_grad_(), some(single[1]).requires_grad_()])
    assert together == [run([some(d).requires_grad_()])[0] for d in single]
    turned = some(single[0]).t().requires_grad_()
    assert run([turned])[0] == pytest.approx(run([some(single[0]).t().contiguous().requires_grad_()])[0])


def test_maximize_and_a_learning_rate_tensor():
    p = parameter()
    optimizer = optim.SGD([p], lr=flambeau.tensor(0.5), maximize=True)
    step(optimizer, p)
    assert p.tolist() == [2.5, -3.5]


def test_parameters_without_gradients_are_left_alone():
    p = parameter()
    optim.Adam([p]).step()
    assert p.tolist() == [1, -2]


def test_zero_grad():
    p = parameter()
    optimizer = optim.SGD([p])
    p.sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0, 0]
    optimizer.zero_grad()
    assert p.grad is None


def test_a_closure_computes_the_loss():
    p = parameter()
    optimizer = optim.SGD([p], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 5
    assert p.tolist() == pytest.approx([0.8, -1.6])


def test_hooks_run_around_a_step():
    p, calls = parameter(), []
    optimizer = optim.SGD([p])
    optimizer.register_step_pre_hook(lambda o, args, kwargs: calls.append(("pre", o is optimizer, len(args))))
    with optimizer.register_step_post_hook(lambda o, args, kwargs: calls.append("post")):
        optimizer.step()
    optimizer.step()
    assert calls == [("pre", True, 1), "post", ("pre", True, 1)]


def test_an_optimizer_of_ones_own():
    class Descent(optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {"lr": 0.5})

        def step(self, closure=None):
            with flambeau.no_grad():
                for group in self.param_groups:
                    for p in group["params"]:
                        p.sub_(group["lr"] * p.grad)

    p, calls = parameter(), []
    optimizer = Descent([p])
    optimizer.register_step_post_hook(lambda *args: calls.append(1))
    step(optimizer, p)
    assert p.tolist() == [-0.5, -0.5] and calls == [1]
    with pytest.raises(UnsupportedError, match="defines neither step"):
        optim.Optimizer([p], {}).step()


def test_repr():
    assert repr(optim.Adagrad([parameter()])) == """\
Adagrad (
Parameter Group 0
    differentiable: False
    eps: 1e-10
    foreach: None
    fused: None
    initial_accumulator_value: 0
    lr: 0.01
    lr_decay: 0
    maximize: False
    weight_decay: 0
)"""


@pytest.mark.parametrize(("action", "error", "text"), [
    (lambda p: optim.SGD(p), ArgumentError, "should be an iterable of Tensors or dicts, but got"),
    (lambda p: optim.SGD([]), ValueRangeError, "optimizer got an empty parameter list"),
    (lambda p: optim.SGD([3]), ArgumentError, "can only optimize Tensors, but one of the params is int"),
    (lambda p: optim.SGD([p * 2]), ValueRangeError, "can't optimize a non-leaf Tensor"),
    (lambda p: optim.SGD([{"params": {p}}]), ArgumentError, "ordered collections"),
    (lambda p: optim.SGD([{"params": p}, {"params": p}]), ValueRangeError, "appear in more than one parameter group"),
    (lambda p: optim.SGD([("a", p), parameter()]), ValueRangeError, "Some param names are missing"),
    (lambda p: optim.SGD([p]).add_param_group([p]), ArgumentError, "param_group must be a dict"),
    (lambda p: optim.SGD([p], lr=-1), ValueRangeError, "Invalid learning rate: -1"),
    (lambda p: optim.SGD([p], lr=flambeau.ones(2)), ValueRangeError, "Tensor lr must be 1-element"),
    (lambda p: optim.SGD([p], nesterov=True), ValueRangeError, "Nesterov momentum requires a momentum"),
    (lambda p: optim.Adam([p], betas=(0.9, 1.0)), ValueRangeError, "Invalid beta parameter at index 1: 1.0"),
    (lambda p: optim.Adam([p], fused=True, foreach=True), ValueRangeError, "cannot be `True` together"),
    (lambda p: optim.SGD([p]).load_state_dict({"state": {}, "param_groups": []}), ValueRangeError,
     "different number of parameter groups"),
    (lambda p: optim.SGD([p]).load_state_dict({"state": {}, "param_groups": [{"params": []}]}), ValueRangeError,
     "doesn't match the size of optimizer's group"),
    (lambda p: optim.Adagrad([p.detach() * 1j]), UnsupportedError, "Adagrad: complex parameters are not offered"),
    (lambda p: S.StepLR(3, 1), ArgumentError, "int is not an Optimizer"),
    (lambda p: S.StepLR(optim.SGD([p]), 1, last_epoch=3), KeyNameError, "param 'initial_lr' is not specified"),
    (lambda p: S.ReduceLROnPlateau(optim.SGD([p]), factor=1.0), ValueRangeError, "Factor should be < 1.0"),
    (lambda p: S.LRScheduler(optim.SGD([p])), UnsupportedError, "does not define get_lr"),
])
def test_misuse_raises(action, error, text):
    with pytest.raises(error, match=text):
        action(parameter())


# -- schedules -----------------------------------------------------------------------------------


def rates(make, steps, lr=1.0):
    optimizer = optim.SGD([parameter()], lr=lr, momentum=0.9)
    schedule = make(optimizer)
    seen = [optimizer.param_groups[0]["lr"]]
    for _ in range(steps):
        optimizer.step()
        schedule.step()
        seen.append(optimizer.param_groups[0]["lr"])
    assert schedule.get_last_lr() == [seen[-1]]
    return seen


@pytest.mark.parametrize(("make", "expected"), [
    (lambda o: S.StepLR(o, 2, 0.5), [1, 1, 0.5, 0.5, 0.25]),
    (lambda o: S.MultiStepLR(o, [1, 3], 0.5), [1, 0.5, 0.5, 0.25, 0.25]),
    (lambda o: S.ExponentialLR(o, 0.5), [1, 0.5, 0.25, 0.125, 0.0625]),
    (lambda o: S.LambdaLR(o, lambda e: 1 / (e + 1)), [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5]),
    (lambda o: S.MultiplicativeLR(o, lambda e: 1 / (e + 1)), [1, 1 / 2, 1 / 6, 1 / 24, 1 / 120]),
    (lambda o: S.ConstantLR(o, 0.5, 2), [0.5, 0.5, 1, 1, 1]),
    (lambda o: S.LinearLR(o, 0.5, 1.0, 2), [0.5, 0.75, 1, 1, 1]),
    (lambda o: S.PolynomialLR(o, 4, 1.0), [1, 0.75, 0.5, 0.25, 0]),
    (lambda o: S.CosineAnnealingLR(o, 4), [(1 + math.cos(math.pi * t / 4)) / 2 for t in range(5)]),
    (lambda o: S.CosineAnnealingLR(o, 2, 0.5), [1, 0.75, 0.5, 0.75, 1]),
    (lambda o: S.CosineAnnealingWarmRestarts(o, 2), [1, 0.5, 1, 0.5, 1]),
    (lambda o: S.OneCycleLR(o, 1.0, 5, pct_start=0.4, anneal_strategy="linear", div_factor=2, final_div_factor=1e9),
     [0.5, 1, 2 / 3, 1 / 3, 0]),
    (lambda o: S.CyclicLR(o, 0.0, 1.0, 2), [0, 0.5, 1, 0.5, 0]),
    (lambda o: S.SequentialLR(o, [S.ConstantLR(o, 0.5, 9), S.ExponentialLR(o, 0.5)], [2]), [0.5, 0.5, 1, 0.5, 0.25]),
    (lambda o: S.ChainedScheduler([S.StepLR(o, 2, 0.5), S.ExponentialLR(o, 0.5)]), [1, 0.5, 0.125, 0.0625, 1 / 64]),
])
def test_schedules_by_hand(make, expected):
    assert rates(make, 4) == pytest.approx(expected, abs=1e-8)


def test_the_one_cycle_moves_the_momentum_the_other_way():
    optimizer = optim.SGD([parameter()], momentum=0.9)
    schedule = S.OneCycleLR(optimizer, 1.0, 4, pct_start=0.5)
    assert optimizer.param_groups[0]["momentum"] == 0.95
    optimizer.step()
    schedule.step()
    assert optimizer.param_groups[0]["momentum"] == pytest.approx(0.85)
    adam = optim.Adam([parameter()])
    S.OneCycleLR(adam, 1.0, 4)
    assert adam.param_groups[0]["betas"] == (0.95, 0.999)


def test_a_plateau_lowers_the_rate_after_patience():
    optimizer = optim.SGD([parameter()], lr=1.0)
    schedule = S.ReduceLROnPlateau(optimizer, patience=1, factor=0.5, cooldown=1)
    seen = []
    for metric in (1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 0.5):
        schedule.step(metric)
        seen.append(optimizer.param_groups[0]["lr"])
    assert seen == [1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]


def test_a_schedule_goes_on_from_its_state():
    optimizer = optim.SGD([parameter()], lr=1.0)
    schedule = S.StepLR(optimizer, 3, 0.5)
    for _ in range(2):
        optimizer.step()
        schedule.step()
    later = optim.SGD([parameter()], lr=1.0)
    resumed = S.StepLR(later, 99)
    resumed.load_state_dict(schedule.state_dict())
    later.step()
    resumed.step()
    assert later.param_groups[0]["lr"] == 0.5


def test_stepping_in_the_wrong_order_warns():
    optimizer = optim.SGD([parameter()])
    schedule = S.StepLR(optimizer, 1)
    with pytest.warns(UserWarning, match=r"Detected call of `lr_scheduler.step\(\)` before `optimizer.step\(\)`"):
        schedule.step()


def test_asking_for_rates_outside_a_step_warns():
    schedule = S.StepLR(optim.SGD([parameter()]), 1)
    with pytest.warns(UserWarning, match=r"please use `get_last_lr\(\)`"):
        schedule.get_lr()
