"""Adafactor."""

from __future__ import annotations

from typing import Any, ClassVar

from ..errors import ValueRangeError
from ..functions import zeros_like
from ..table.settings import finfo
from ..tensors.tensor import Tensor
from ._each import EachParameter
from .optimizer import check_learning_rate, step_counter


class Adafactor(EachParameter):
    """Steps by mean squares of which only those of rows and of columns are kept (Shazeer & Stern, 2018).

    Raises ValueRangeError for settings out of range.
    """

    _later: ClassVar[dict[str, Any]] = {"foreach": None}

    def __init__(self, params: Any, lr: float | Tensor = 1e-2, beta2_decay: float = -0.8,
                 eps: tuple[float | None, float] = (None, 1e-3), d: float = 1.0, weight_decay: float = 0.0, *,
                 foreach: bool | None = None, maximize: bool = False) -> None:
        if isinstance(lr, Tensor):
            check_learning_rate(lr)
        for name, value, holds in (("Learning rate should be >= 0", lr, lr >= 0.0),
                                   ("beta2_decay should be <= 0", beta2_decay, beta2_decay <= 0.0),
                                   ("epsilon1 should be >= 0", eps[0], eps[0] is None or eps[0] >= 0.0),
                                   ("epsilon2 should be >= 0", eps[1], eps[1] >= 0.0),
                                   ("Clipping threshold d should be >= 1", d, d >= 1.0),
                                   ("weight_decay should be >= 0", weight_decay, weight_decay >= 0.0)):
            if not holds:
                raise ValueRangeError(f"{name} but is: {value}")
        super().__init__(params, {"lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d,
                                  "weight_decay": weight_decay, "foreach": foreach, "maximize": maximize})

    def _start(self, param: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        shape = tuple(param.shape)
        if len(shape) < 2:
            return {"step": step_counter(), "variance": zeros_like(param)}
        return {"step": step_counter(), "row_var": param.new_zeros((*shape[:-1], 1)),
                "col_var": param.new_zeros((*shape[:-2], 1, shape[-1]))}

    def _change(self, param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], lr: float) -> None:
        least, smallest = group["eps"]
        least = finfo(param.dtype).eps if least is None else least
        step, root = state["step"].item(), param.numel() ** 0.5
        length = max(smallest, param.norm(2).item() / root) * min(lr, 1 / step**0.5)
        if group["weight_decay"]:
            param.mul_(1 - lr * group["weight_decay"])
        share = step ** group["beta2_decay"]
        change = _variance(grad, state, share, least).clamp_(min=least * least).rsqrt_().mul_(grad)
        param.add_(change, alpha=-length / max(1.0, change.norm(2).item() / (root * group["d"])))


def _variance(grad: Tensor, state: dict[str, Any], share: float, least: float) -> Tensor:
    """The running mean square of every element, for a matrix from those of its rows and columns."""
    if "variance" in state:
        return state["variance"].lerp_(grad * grad, share).clone()  # type: ignore[no-any-return]
    for name, dim in (("row_var", -1), ("col_var", -2)):
        state[name].lerp_(grad.norm(dim=dim, keepdim=True).square_().div_(grad.shape[dim]), share)
    rows = state["row_var"]
    made: Tensor = rows @ state["col_var"]
    return made.div_(rows.mean(dim=-2, keepdim=True).clamp_(min=least))
