"""Adadelta."""

from __future__ import annotations

from typing import Any

from ..errors import ValueRangeError
from ..functions import zeros_like
from ..tensors.tensor import Tensor
from ._each import EachParameter, penalized
from .optimizer import check_learning_rate, check_non_negative, step_counter


class Adadelta(EachParameter):
    """Steps in the proportion of the running sizes of past steps and past gradients (Zeiler, 2012).

    Raises ValueRangeError for settings out of range.

    >>> import flambeau
    >>> x = flambeau.ones(2, requires_grad=True)
    >>> (x * x).sum().backward()
    >>> flambeau.optim.Adadelta([x]).step()
    >>> x
    tensor([0.9968, 0.9968], requires_grad=True)
    """

    def __init__(self, params: Any, lr: float | Tensor = 1.0, rho: float = 0.9, eps: float = 1e-6,
                 weight_decay: float = 0, foreach: bool | None = None, *, capturable: bool = False,
                 maximize: bool = False, differentiable: bool = False) -> None:
        check_learning_rate(lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueRangeError(f"Invalid rho value: {rho}")
        check_non_negative("epsilon value", eps)
        check_non_negative("weight_decay value", weight_decay)
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay,
                                  "maximize": maximize, "capturable": capturable, "foreach": foreach,
                                  "differentiable": differentiable})

    def _start(self, param: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        return {"step": step_counter(), "square_avg": zeros_like(param), "acc_delta": zeros_like(param)}

    def _change(self, param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], lr: float) -> None:
        grad, rho = penalized(param, grad, group), group["rho"]
        state["square_avg"].mul_(rho).addcmul_(grad, grad, value=1 - rho)
        spread = state["square_avg"].add(group["eps"]).sqrt_()
        change = state["acc_delta"].add(group["eps"]).sqrt_().div_(spread).mul_(grad)
        state["acc_delta"].mul_(rho).addcmul_(change, change, value=1 - rho)
        param.add_(change, alpha=-lr)
