"""Resilient backpropagation."""

from __future__ import annotations

from typing import Any

from ..errors import ValueRangeError
from ..functions import full_like, where, zeros_like
from ..tensors.tensor import Tensor
from ._each import EachParameter
from .optimizer import check_learning_rate, number, step_counter


class Rprop(EachParameter):
    """Steps by the signs of gradients alone, longer while a sign stays and shorter when it turns (Riedmiller & Braun,
    1993).

    `etas` are the factors for a sign that turned and for one that stayed, `step_sizes` the bounds of a step. Raises
    ValueRangeError for settings out of range.
    """

    def __init__(self, params: Any, lr: float | Tensor = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
                 step_sizes: tuple[float, float] = (1e-6, 50), *, capturable: bool = False,
                 foreach: bool | None = None, maximize: bool = False, differentiable: bool = False) -> None:
        check_learning_rate(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueRangeError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        super().__init__(params, {"lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach,
                                  "maximize": maximize, "differentiable": differentiable, "capturable": capturable})

    def _start(self, param: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        return {"step": step_counter(), "prev": zeros_like(param),
                "step_size": full_like(param, float(number(group["lr"])))}

    def _change(self, param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], lr: float) -> None:
        (shorter, longer), (least, most) = group["etas"], group["step_sizes"]
        agreement = grad * state["prev"]
        turned = agreement < 0
        factor = where(turned, shorter, where(agreement > 0, longer, 1.0)).to(param.dtype)
        size = state["step_size"].mul_(factor).clamp_(least, most)
        grad = where(turned, 0.0, grad)
        param.addcmul_(grad.sign(), size, value=-1)
        state["prev"].copy_(grad)
