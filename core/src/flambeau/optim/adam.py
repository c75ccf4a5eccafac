"""Adam and AdamW."""

from __future__ import annotations

from typing import Any

from ..errors import ValueRangeError
from ..functions import maximum, zeros_like
from ..functions.optim import fused_step
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


def check_betas(betas: Any) -> None:
    """Raises ValueRangeError for fading factors outside [0, 1)."""
    for index, beta in enumerate(betas):
        if not 0.0 <= beta < 1.0:
            raise ValueRangeError(f"Invalid beta parameter at index {index}: {beta}")
    if isinstance(betas[0], Tensor) != isinstance(betas[1], Tensor):
        raise ValueRangeError("betas must be either both floats or both Tensors")


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square (Kingma & Ba, 2014).

    `weight_decay` is an L2 penalty, or with `decoupled_weight_decay` shrinks the parameters
    themselves; `amsgrad` divides by the largest mean square so far. Raises ValueRangeError for
    settings out of range.
    """

    def __init__(self, params: Any, lr: float | Tensor = 1e-3, betas: tuple[Any, Any] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 0, amsgrad: bool = False, *, foreach: bool | None = None,
                 maximize: bool = False, capturable: bool = False, differentiable: bool = False,
                 fused: bool | None = None, decoupled_weight_decay: bool = False) -> None:
        check_learning_rate(lr)
        check_non_negative("epsilon value", eps)
        check_betas(betas)
        check_non_negative("weight_decay value", weight_decay)
        defaults = {"lr": lr, "betas": tuple(betas), "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
                    "maximize": maximize, "foreach": foreach, "capturable": capturable,
                    "differentiable": differentiable, "fused": fused,
                    "decoupled_weight_decay": decoupled_weight_decay}
        check_modes(defaults)
        super().__init__(params, defaults)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for name in ("amsgrad", "maximize", "capturable", "differentiable", "decoupled_weight_decay"):
                group.setdefault(name, False)
            group.setdefault("foreach", None)
            group.setdefault("fused", None)
            for param in group["params"]:
                values = self.state.get(param)
                if values and not isinstance(values["step"], Tensor):
                    values["step"] = step_counter(float(values["step"]))

    def _state_of(self, param: Tensor, amsgrad: bool) -> dict[str, Any]:
        state = self.state[param]
        if not state:
            require_real(param, type(self).__name__)
            state["step"] = step_counter()
            state["exp_avg"] = zeros_like(param)
            state["exp_avg_sq"] = zeros_like(param)
            if amsgrad:
                state["max_exp_avg_sq"] = zeros_like(param)
        return state

    def _update(self, group: dict[str, Any]) -> None:
        params, grads = with_gradients(group)
        states = [self._state_of(p, group["amsgrad"]) for p in params]
        beta1, beta2 = group["betas"]
        options = {"lr": number(group["lr"]), "beta1": number(beta1), "beta2": number(beta2), "eps": group["eps"],
                   "weight_decay": group["weight_decay"], "decoupled": group["decoupled_weight_decay"]}
        names = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
        lists = [[s[name] for s in states] if name in states[0] else [] for name in names] if states else []
        if group["differentiable"] or not fused_step("adam_step", params, grads, lists, [s["step"] for s in states],
                                                     **options):
            _adam_update(params, grads, states, amsgrad=group["amsgrad"], **options)


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameters instead of entering the gradient (Loshchilov & Hutter, 2017)."""

    def __init__(self, params: Any, lr: float | Tensor = 1e-3, betas: tuple[Any, Any] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False,
                 foreach: bool | None = None, capturable: bool = False, differentiable: bool = False,
                 fused: bool | None = None) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize,
                         capturable=capturable, differentiable=differentiable, fused=fused,
                         decoupled_weight_decay=True)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True


def _adam_update(params: list[Tensor], grads: list[Any], states: list[dict[str, Any]], *, lr: float, beta1: float,
                 beta2: float, eps: float, weight_decay: float, decoupled: bool, amsgrad: bool) -> None:
    if decoupled and weight_decay != 0:
        for param in params:
            param.mul_(1 - lr * weight_decay)
    else:
        grads = decayed(params, grads, weight_decay)
    for param, grad, state in zip(params, grads, states, strict=True):
        state["step"] += 1
        step = state["step"].item()
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        mean.lerp_(grad, 1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        if amsgrad:
            square = state["max_exp_avg_sq"].copy_(maximum(state["max_exp_avg_sq"], square))
        spread = (square.sqrt() / (1 - beta2**step) ** 0.5).add_(eps)
        param.addcdiv_(mean, spread, value=-lr / (1 - beta1**step))
