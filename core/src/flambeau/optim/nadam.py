"""NAdam."""

from __future__ import annotations

from typing import Any, ClassVar

from ..functions import zeros_like
from ..tensors.tensor import Tensor
from ._each import EachParameter, penalized_or_shrunk
from .adam import check_betas
from .optimizer import check_learning_rate, check_non_negative, step_counter


class NAdam(EachParameter):
    """Adam with Nesterov's momentum, whose strength grows by `momentum_decay` (Dozat, 2016).

    Raises ValueRangeError for settings out of range.
    """

    _counts = ("step", "mu_product")
    _later: ClassVar[dict[str, Any]] = {**EachParameter._later, "decoupled_weight_decay": False}

    def __init__(self, params: Any, lr: float | Tensor = 2e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 0, momentum_decay: float = 4e-3,
                 decoupled_weight_decay: bool = False, *, foreach: bool | None = None, maximize: bool = False,
                 capturable: bool = False, differentiable: bool = False) -> None:
        check_learning_rate(lr)
        check_non_negative("epsilon value", eps)
        check_betas(betas)
        check_non_negative("weight_decay value", weight_decay)
        check_non_negative("momentum_decay value", momentum_decay)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
                                  "momentum_decay": momentum_decay, "decoupled_weight_decay": decoupled_weight_decay,
                                  "maximize": maximize, "foreach": foreach, "capturable": capturable,
                                  "differentiable": differentiable})

    def _start(self, param: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        return {"step": step_counter(), "mu_product": step_counter(1.0), "exp_avg": zeros_like(param),
                "exp_avg_sq": zeros_like(param)}

    def _change(self, param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], lr: float) -> None:
        (beta1, beta2), step = group["betas"], state["step"].item()
        grad = penalized_or_shrunk(param, grad, group, lr)
        now, following = (beta1 * (1 - 0.5 * 0.96 ** (t * group["momentum_decay"])) for t in (step, step + 1))
        state["mu_product"] *= now
        product = state["mu_product"].item()
        mean = state["exp_avg"].lerp_(grad, 1 - beta1)
        square = state["exp_avg_sq"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        spread = square.div(1 - beta2**step).sqrt().add_(group["eps"])
        param.addcdiv_(grad, spread, value=-lr * (1 - now) / (1 - product))
        param.addcdiv_(mean, spread, value=-lr * following / (1 - product * following))
