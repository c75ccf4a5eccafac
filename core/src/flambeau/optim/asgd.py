"""Averaged stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from ..functions import zeros_like
from ..tensors.tensor import Tensor
from ._each import EachParameter, penalized
from .optimizer import check_learning_rate, check_non_negative, number, step_counter


class ASGD(EachParameter):
    """Steps that become smaller, and in the state's `ax` the mean of the parameters from step `t0` on
    (Polyak & Juditsky, 1992).

    Raises ValueRangeError for settings out of range.
    """

    _counts = ("step", "eta", "mu")

    def __init__(self, params: Any, lr: float | Tensor = 1e-2, lambd: float = 1e-4, alpha: float = 0.75,
                 t0: float = 1e6, weight_decay: float = 0, foreach: bool | None = None, maximize: bool = False,
                 differentiable: bool = False, capturable: bool = False) -> None:
        check_learning_rate(lr)
        check_non_negative("weight_decay value", weight_decay)
        super().__init__(params, {"lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay,
                                  "foreach": foreach, "maximize": maximize, "differentiable": differentiable,
                                  "capturable": capturable})

    def _start(self, param: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        return {"step": step_counter(), "eta": step_counter(float(number(group["lr"]))), "mu": step_counter(1.0),
                "ax": zeros_like(param)}

    def _change(self, param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], lr: float) -> None:
        grad, eta, mean = penalized(param, grad, group), state["eta"].item(), state["ax"]
        param.mul_(1 - group["lambd"] * eta).add_(grad, alpha=-eta)
        if state["mu"].item() == 1:
            mean.copy_(param)
        else:
            mean.add_(param.sub(mean).mul_(state["mu"]))
        step = state["step"].item()
        state["eta"].fill_(lr / (1 + group["lambd"] * lr * step) ** group["alpha"])
        state["mu"].fill_(1 / max(1, step - group["t0"]))
