"""Muon."""

from __future__ import annotations

import math
from typing import Any

from ..errors import ValueRangeError
from ..functions import addmm, zeros_like
from ..tensors.tensor import Tensor
from .optimizer import Optimizer, check_learning_rate, number, require_real, with_gradients

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)


class Muon(Optimizer):
    """Momentum made orthogonal by a few steps of a Newton-Schulz iteration; for matrices (Jordan et al., 2024).

    Raises ValueRangeError for settings out of range and for parameters that are no matrices.
    """

    def __init__(self, params: Any, lr: float = 1e-3, weight_decay: float = 0.1, momentum: float = 0.95,
                 nesterov: bool = True, ns_coefficients: tuple[float, float, float] = _COEFFICIENTS,
                 eps: float = 1e-7, ns_steps: int = 5, adjust_lr_fn: str | None = None) -> None:
        if isinstance(lr, Tensor):
            check_learning_rate(lr)
        for name, value in (("Learning rate", lr), ("momentum", momentum), ("weight decay", weight_decay)):
            if not value >= 0.0:
                raise ValueRangeError(f"{name} should be >= 0 but is: {value}")
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueRangeError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov,
                                  "ns_coefficients": ns_coefficients, "eps": eps, "ns_steps": ns_steps,
                                  "adjust_lr_fn": adjust_lr_fn})
        for param in [p for group in self.param_groups for p in group["params"]]:
            if param.ndim != 2:
                raise ValueRangeError(f"Muon only supports 2D parameters whereas we found a parameter with size:"
                                      f" {param.shape}")

    def _update(self, group: dict[str, Any]) -> None:
        params, grads = with_gradients({**group, "maximize": False})
        lr, momentum = number(group["lr"]), group["momentum"]
        for param, grad in zip(params, grads, strict=True):
            state = self.state[param]
            if "momentum_buffer" not in state:
                require_real(param, "Muon")
                state["momentum_buffer"] = zeros_like(grad)
            buffer = state["momentum_buffer"].lerp_(grad, 1 - momentum)
            change = grad.lerp(buffer, momentum) if group["nesterov"] else buffer
            change = _orthogonal(change, group["ns_coefficients"], group["ns_steps"], group["eps"])
            param.mul_(1 - lr * group["weight_decay"])
            param.add_(change, alpha=-lr * _ratio(group["adjust_lr_fn"], *param.shape))


def _orthogonal(matrix: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> Tensor:
    """The matrix with its singular values driven towards one, by a polynomial of degree five, applied repeatedly."""
    if steps >= 100:
        raise ValueRangeError("Number of steps must be less than 100 for computational efficiency")
    if len(coefficients) != 3:
        raise ValueRangeError("Coefficients must be a tuple of exactly 3 values")
    a, b, c = coefficients
    tall = matrix.shape[0] > matrix.shape[1]
    made = matrix.bfloat16()
    made = made.T if tall else made
    made = made / made.norm().clamp(min=eps)
    for _ in range(steps):
        gram = made @ made.T
        made = addmm(made, addmm(gram, gram, gram, beta=b, alpha=c), made, beta=a)
    return made.T if tall else made


def _ratio(how: str | None, rows: int, columns: int) -> float:
    """What the learning rate is multiplied by for a matrix of that shape."""
    return 0.2 * math.sqrt(max(rows, columns)) if how == "match_rms_adamw" else math.sqrt(max(1, rows / columns))
