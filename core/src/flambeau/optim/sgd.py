"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from ..errors import ValueRangeError
from ..functions.optim import fused_step
from ..tensors.tensor import Tensor
from .optimizer import Optimizer, check_learning_rate, check_modes, check_non_negative, decayed, number, with_gradients


class SGD(Optimizer):
    """`param -= lr * grad`, with momentum, Nesterov's look-ahead and an L2 penalty (Sutskever et al., 2013).

    Raises ValueRangeError for negative settings, and for Nesterov without momentum or with dampening.

    >>> import flambeau
    >>> x = flambeau.tensor([1.0], requires_grad=True)
    >>> optimizer = SGD([x], lr=0.1)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x
    tensor([0.8000], requires_grad=True)
    """

    def __init__(self, params: Any, lr: float | Tensor = 1e-3, momentum: float = 0, dampening: float = 0,
                 weight_decay: float | Tensor = 0, nesterov: bool = False, *, maximize: bool = False,
                 foreach: bool | None = None, differentiable: bool = False, fused: bool | None = None) -> None:
        check_learning_rate(lr)
        check_non_negative("momentum value", momentum)
        check_non_negative("weight_decay value", weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueRangeError("Nesterov momentum requires a momentum and zero dampening")
        defaults = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
                    "nesterov": nesterov, "maximize": maximize, "foreach": foreach,
                    "differentiable": differentiable, "fused": fused}
        check_modes(defaults)
        super().__init__(params, defaults)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for name, value in (("nesterov", False), ("maximize", False), ("foreach", None),
                                ("differentiable", False), ("fused", False)):
                group.setdefault(name, value)

    def _update(self, group: dict[str, Any]) -> None:
        params, grads = with_gradients(group)
        momentum = group["momentum"]
        buffers: list[Any] = [self.state[p].get("momentum_buffer") for p in params] if momentum != 0 else []
        options = {"lr": number(group["lr"]), "momentum": momentum, "dampening": group["dampening"],
                   "weight_decay": number(group["weight_decay"]), "nesterov": group["nesterov"]}
        started = not group["differentiable"] and all(b is not None for b in buffers)
        if started and fused_step("sgd_step", params, grads, [buffers], [], **options):
            return
        _sgd_update(params, grads, buffers, **options)
        for param, buffer in zip(params, buffers, strict=False):
            self.state[param]["momentum_buffer"] = buffer


def _sgd_update(params: list[Tensor], grads: list[Tensor], buffers: list[Tensor | None], *, lr: float,
                momentum: float, dampening: float, weight_decay: float, nesterov: bool) -> None:
    grads = decayed(params, grads, weight_decay)
    if momentum != 0:
        grads = [_momentum(grads, buffers, i, momentum, dampening, nesterov) for i in range(len(grads))]
    for param, grad in zip(params, grads, strict=True):
        param.add_(grad, alpha=-lr)


def _momentum(grads: list[Tensor], buffers: list[Tensor | None], i: int, momentum: float, dampening: float,
              nesterov: bool) -> Tensor:
    buffer = buffers[i]
    if buffer is None:
        buffer = buffers[i] = grads[i].detach().clone()
    else:
        buffer.mul_(momentum).add_(grads[i], alpha=1 - dampening)
    return grads[i].add(buffer, alpha=momentum) if nesterov else buffer
