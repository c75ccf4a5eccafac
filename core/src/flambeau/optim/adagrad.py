"""Adagrad."""

from __future__ import annotations

from typing import Any

from ..functions import full_like
from ..tensors.tensor import Tensor
from .optimizer import (
    Optimizer,
    check_learning_rate,
    check_modes,
    check_non_negative,
    decayed,
    number,
    require_real,
    step_counter,
    with_gradients,
)


class Adagrad(Optimizer):
    """Steps divided by the root of the sum of all squared gradients so far (Duchi et al., 2011).

    Raises ValueRangeError for negative settings.
    """

    def __init__(self, params: Any, lr: float | Tensor = 1e-2, lr_decay: float = 0, weight_decay: float = 0,
                 initial_accumulator_value: float = 0, eps: float = 1e-10, foreach: bool | None = None, *,
                 maximize: bool = False, differentiable: bool = False, fused: bool | None = None) -> None:
        check_learning_rate(lr)
        check_non_negative("lr_decay value", lr_decay)
        check_non_negative("weight_decay value", weight_decay)
        check_non_negative("initial_accumulator_value value", initial_accumulator_value)
        check_non_negative("epsilon value", eps)
        defaults = {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
                    "initial_accumulator_value": initial_accumulator_value, "foreach": foreach,
                    "maximize": maximize, "differentiable": differentiable, "fused": fused}
        check_modes(defaults)
        super().__init__(params, defaults)
        for group in self.param_groups:
            for param in group["params"]:
                self._state_of(param)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for name, value in (("foreach", None), ("maximize", False), ("differentiable", False), ("fused", None)):
                group.setdefault(name, value)
        for values in self.state.values():
            if not isinstance(values["step"], Tensor):
                values["step"] = step_counter(float(values["step"]))

    def _state_of(self, param: Tensor) -> dict[str, Any]:
        state = self.state[param]
        if not state:
            require_real(param, type(self).__name__)
            start = self.defaults["initial_accumulator_value"]
            state["step"] = step_counter()
            state["sum"] = full_like(param, start)
        return state

    def _update(self, group: dict[str, Any]) -> None:
        params, grads = with_gradients(group)
        states = [self._state_of(p) for p in params]
        _adagrad_update(params, grads, states, lr=number(group["lr"]), lr_decay=group["lr_decay"],
                        weight_decay=group["weight_decay"], eps=group["eps"])


def _adagrad_update(params: list[Tensor], grads: list[Any], states: list[dict[str, Any]], *, lr: float,
                    lr_decay: float, weight_decay: float, eps: float) -> None:
    grads = decayed(params, grads, weight_decay)
    for param, grad, state in zip(params, grads, states, strict=True):
        state["step"] += 1
        total = state["sum"].addcmul_(grad, grad, value=1)
        rate = lr / (1 + (state["step"].item() - 1) * lr_decay)
        param.addcdiv_(grad, total.sqrt().add_(eps), value=-rate)
