"""RAdam."""

from __future__ import annotations

from typing import Any, ClassVar

from ..functions import zeros_like
from ..tensors.tensor import Tensor
from ._each import EachParameter, penalized_or_shrunk
from .adam import check_betas
from .optimizer import check_learning_rate, check_non_negative, step_counter


class RAdam(EachParameter):
    """Adam that scales by the mean square only once that is known well enough, and then by so much (Liu et al., 2019).

    Raises ValueRangeError for settings out of range.
    """

    _later: ClassVar[dict[str, Any]] = {**EachParameter._later, "decoupled_weight_decay": False}

    def __init__(self, params: Any, lr: float | Tensor = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 0, decoupled_weight_decay: bool = False, *,
                 foreach: bool | None = None, maximize: bool = False, capturable: bool = False,
                 differentiable: bool = False) -> None:
        check_learning_rate(lr)
        check_non_negative("epsilon value", eps)
        check_betas(betas)
        check_non_negative("weight_decay value", weight_decay)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
                                  "maximize": maximize, "foreach": foreach, "capturable": capturable,
                                  "decoupled_weight_decay": decoupled_weight_decay, "differentiable": differentiable})

    def _start(self, param: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        return {"step": step_counter(), "exp_avg": zeros_like(param), "exp_avg_sq": zeros_like(param)}

    def _change(self, param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], lr: float) -> None:
        (beta1, beta2), step = group["betas"], state["step"].item()
        grad = penalized_or_shrunk(param, grad, group, lr)
        mean = state["exp_avg"].lerp_(grad, 1 - beta1) / (1 - beta1**step)
        square = state["exp_avg_sq"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        change, correction = mean * lr, 1 - beta2**step
        longest = 2 / (1 - beta2) - 1  # the length of the moving average in the limit, and now
        length = longest - 2 * step * beta2**step / correction
        if length > 5.0:
            rectified = ((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)) ** 0.5
            change = change * (correction**0.5 / square.sqrt().add_(group["eps"])) * rectified
        param.add_(change, alpha=-1.0)
