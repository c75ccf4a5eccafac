"""Optimizer steps: a backend's whole step in place does what the composition does, and touches nothing else."""

from __future__ import annotations

from functools import partial
from typing import Any

from flambeau import dtypes
from flambeau.dtypes import DType

from ..api import flambeau
from ..check import Check, require
from ..compare import compared
from ..draw import generator
from ..host import Host, get, put, raw, rounded
from ..target import Target
from ..tolerances import Budget
from .promise import promise_each

CHECKS: list[Check] = []
_STEPS = 3
_CLOSE = Budget(8, 16, 16, 0, "three steps, each a chain of rounded operations", 4, 16)
_SIZES = ((3, 4), (5,), ())

SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", {"lr": 0.1}),
    "sgd-momentum": ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.2, "weight_decay": 0.05}),
    "sgd-nesterov": ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    "sgd-maximize": ("SGD", {"lr": 0.1, "momentum": 0.5, "maximize": True}),
    "adam": ("Adam", {"lr": 0.05}),
    "adam-amsgrad": ("Adam", {"lr": 0.05, "amsgrad": True, "weight_decay": 0.1, "betas": (0.7, 0.9)}),
    "adamw": ("AdamW", {"lr": 0.05, "weight_decay": 0.2, "eps": 1e-3}),
}


def _hosts(name: str, dtype: DType) -> list[list[Host]]:
    """The parameters, then their gradients at every step."""
    random = generator(f"optimizer {name}")

    def some(size: tuple[int, ...]) -> Host:
        count = 1
        for n in size:
            count *= n
        return Host(rounded([random.uniform(-2, 2) or 1.0 for _ in range(count)], dtype), size, dtype)

    return [[some(size) for size in _SIZES] for _ in range(_STEPS + 1)]


def _stepped(name: str, device: Any, hosts: list[list[Host]], wide: DType, place: bool) -> tuple[list[Host], list[Any]]:
    """The parameters after the steps, and the larger tensors that they are parts of."""
    kind, settings = SETTINGS[name]
    wholes = [put(Host(_padded(h), (h_size(h) + 4,), wide), device) for h in hosts[0]]
    params = [w[2:-2].view(h.shape) if place else put(Host(h.values, h.shape, wide), device)
              for w, h in zip(wholes, hosts[0], strict=True)]
    for param in params:
        param.requires_grad_()
    optimizer = getattr(flambeau.optim, kind)(params, **settings)
    for row in hosts[1:]:
        for param, h in zip(params, row, strict=True):
            param.grad = put(Host(h.values, h.shape, wide), device)
        gradients: list[Any] = [p.grad for p in params]
        before = [raw(g) for g in gradients]
        optimizer.step()
        require([raw(g) for g in gradients] == before, "mutated input", f"{name}: a step changed the gradients")
    return [get(p.detach()) for p in params], wholes


def h_size(host: Host) -> int:
    """How many elements there are."""
    return len(host.values)


def _padded(host: Host) -> list[Any]:
    return [7.0, 7.0, *host.values, 7.0, 7.0]


def _stepped_like(name: str, target: Target, dtype: DType) -> None:
    """Three steps, on tensors of their own and on parts of larger ones, against the reference in float64."""
    hosts = _hosts(name, dtype)
    expected, _ = _stepped(name, flambeau.device("reference"), hosts, dtypes.float64, False)
    for place in (False, True):
        found, wholes = _stepped(name, target.device, hosts, dtype, place)
        for i, (mine, theirs) in enumerate(zip(found, expected, strict=True)):
            compared(mine, theirs, _CLOSE, f"{name}, {dtype.name}, parameter {i}")
        for whole in wholes:
            values = get(whole.detach()).values
            require(values[:2] == values[-2:] == [7.0, 7.0], "guard", f"{name}: a step wrote beside its parameter")


for _name in SETTINGS:
    promise_each(f"optimizers/{_name}", (dtypes.float32, dtypes.float64), CHECKS)(partial(_stepped_like, _name))
