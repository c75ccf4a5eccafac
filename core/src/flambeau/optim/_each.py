"""Optimizers whose step is a rule for one parameter at a time."""

from __future__ import annotations

from typing import Any, ClassVar

from ..tensors.tensor import Tensor
from .optimizer import Optimizer, decayed, number, require_real, step_counter, with_gradients


class EachParameter(Optimizer):
    """A subclass says what state a parameter starts with, and what one step does to it.

    `_counts` are entries of the state that PyTorch keeps as 0-d tensors, and that old files hold as numbers;
    `_later` are options that old files lack.
    """

    _counts: tuple[str, ...] = ("step",)
    _later: ClassVar[dict[str, Any]] = {"foreach": None, "maximize": False, "differentiable": False,
                                        "capturable": False}

    def _start(self, param: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    def _change(self, param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], lr: float) -> None:
        raise NotImplementedError

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for name, value in self._later.items():
                group.setdefault(name, value)
            for values in [self.state[p] for p in group["params"] if p in self.state]:
                for name in self._counts:
                    if name in values and not isinstance(values[name], Tensor):
                        values[name] = step_counter(float(values[name]))

    def _update(self, group: dict[str, Any]) -> None:
        params, grads = with_gradients(group)
        lr = number(group["lr"])
        for param, grad in zip(params, grads, strict=True):
            state = self.state[param]
            if not state:
                require_real(param, type(self).__name__)
                state.update(self._start(param, group))
            state["step"] += 1
            self._change(param, grad, state, group, lr)


def penalized(param: Tensor, grad: Tensor, group: dict[str, Any]) -> Tensor:
    """The gradient with the L2 penalty's added."""
    return decayed([param], [grad], group["weight_decay"])[0]  # type: ignore[no-any-return]


def penalized_or_shrunk(param: Tensor, grad: Tensor, group: dict[str, Any], lr: float) -> Tensor:
    """The gradient with the penalty's added; or the parameter itself shrunk, where the decay is decoupled."""
    if group["weight_decay"] and group["decoupled_weight_decay"]:
        param.mul_(1 - lr * group["weight_decay"])
        return grad
    return penalized(param, grad, group)
