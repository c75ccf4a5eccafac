"""Adamax."""

from __future__ import annotations

from typing import Any

from ..functions import maximum, zeros_like
from ..tensors.tensor import Tensor
from ._each import EachParameter, penalized
from .adam import check_betas
from .optimizer import check_learning_rate, check_non_negative, step_counter


class Adamax(EachParameter):
    """Adam by the largest of past gradients, fading, in place of their mean square (Kingma & Ba, 2014, section 7).

    Raises ValueRangeError for settings out of range.
    """

    def __init__(self, params: Any, lr: float | Tensor = 2e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 0, foreach: bool | None = None, *, maximize: bool = False,
                 differentiable: bool = False, capturable: bool = False) -> None:
        check_learning_rate(lr)
        check_non_negative("epsilon value", eps)
        check_betas(betas)
        check_non_negative("weight_decay value", weight_decay)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
                                  "foreach": foreach, "maximize": maximize, "differentiable": differentiable,
                                  "capturable": capturable})

    def _start(self, param: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        return {"step": step_counter(), "exp_avg": zeros_like(param), "exp_inf": zeros_like(param)}

    def _change(self, param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], lr: float) -> None:
        (beta1, beta2), grad = group["betas"], penalized(param, grad, group)
        mean = state["exp_avg"].lerp_(grad, 1 - beta1)
        largest = state["exp_inf"].copy_(maximum(state["exp_inf"] * beta2, grad.abs().add_(group["eps"])))
        param.addcdiv_(mean, largest, value=-lr / (1 - beta1 ** state["step"].item()))
