"""RMSprop."""

from __future__ import annotations

from typing import Any

from ..functions import zeros_like
from ..tensors.tensor import Tensor
from .optimizer import (
    Optimizer,
    check_learning_rate,
    check_non_negative,
    decayed,
    number,
    require_real,
    step_counter,
    with_gradients,
)


class RMSprop(Optimizer):
    """Steps divided by a running root mean square of the gradient (Hinton, 2012); `centered` by its spread.

    Raises ValueRangeError for negative settings.
    """

    def __init__(self, params: Any, lr: float | Tensor = 1e-2, alpha: float = 0.99, eps: float = 1e-8,
                 weight_decay: float = 0, momentum: float = 0, centered: bool = False, capturable: bool = False,
                 foreach: bool | None = None, maximize: bool = False, differentiable: bool = False) -> None:
        check_learning_rate(lr)
        for name, value in (("epsilon", eps), ("momentum", momentum), ("weight_decay", weight_decay),
                            ("alpha", alpha)):
            check_non_negative(f"{name} value", value)
        defaults = {"lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
                    "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach,
                    "maximize": maximize, "differentiable": differentiable}
        super().__init__(params, defaults)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for name, value in (("momentum", 0), ("centered", False), ("foreach", None), ("maximize", False),
                                ("differentiable", False), ("capturable", False)):
                group.setdefault(name, value)
            for param in group["params"]:
                values = self.state.get(param)
                if values and not isinstance(values["step"], Tensor):
                    values["step"] = step_counter(float(values["step"]))

    def _state_of(self, param: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        state = self.state[param]
        if not state:
            require_real(param, type(self).__name__)
            state["step"] = step_counter()
            state["square_avg"] = zeros_like(param)
            if group["momentum"] > 0:
                state["momentum_buffer"] = zeros_like(param)
            if group["centered"]:
                state["grad_avg"] = zeros_like(param)
        return state

    def _update(self, group: dict[str, Any]) -> None:
        params, grads = with_gradients(group)
        states = [self._state_of(p, group) for p in params]
        _rmsprop_update(params, grads, states, lr=number(group["lr"]), alpha=group["alpha"], eps=group["eps"],
                        weight_decay=group["weight_decay"], momentum=group["momentum"], centered=group["centered"])


def _rmsprop_update(params: list[Tensor], grads: list[Any], states: list[dict[str, Any]], *, lr: float,
                    alpha: float, eps: float, weight_decay: float, momentum: float, centered: bool) -> None:
    grads = decayed(params, grads, weight_decay)
    for param, grad, state in zip(params, grads, states, strict=True):
        state["step"] += 1
        square = state["square_avg"].mul_(alpha).addcmul_(grad, grad, value=1 - alpha)
        if centered:
            mean = state["grad_avg"].lerp_(grad, 1 - alpha)
            spread = square.addcmul(mean, mean, value=-1).sqrt_().add_(eps)
        else:
            spread = square.sqrt().add_(eps)
        if momentum > 0:
            buffer = state["momentum_buffer"].mul_(momentum).addcdiv_(grad, spread)
            param.add_(buffer, alpha=-lr)
        else:
            param.addcdiv_(grad, spread, value=-lr)
