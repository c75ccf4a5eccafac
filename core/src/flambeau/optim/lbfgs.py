"""L-BFGS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import UnsupportedError, ValueRangeError
from ..functions import cat
from ..modes import enable_grad, no_grad
from ..tensors.tensor import Tensor
from ._wolfe import Point, strong_wolfe
from .optimizer import Optimizer, check_learning_rate, number, require_real

_CURVED = 1e-10  # a pair of a step and a change of gradient less curved than that is not remembered


class LBFGS(Optimizer):
    """Newton's method by an approximate Hessian from the last steps' gradients (Liu & Nocedal, 1989).

    `step(closure)` makes up to `max_iter` iterations, for which the closure computes loss and gradients anew, at most
    `max_eval` times (1.25 times `max_iter` if not given). `line_search_fn` is None, for steps of length `lr`, or
    "strong_wolfe". One group, whose state stands with the first parameter, as in PyTorch. Raises ValueRangeError for
    settings out of range and for several groups.

    >>> import flambeau
    >>> x = flambeau.tensor([3.0, -2.0], requires_grad=True)
    >>> optimizer = flambeau.optim.LBFGS([x], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((x - 1) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> loss = optimizer.step(closure)
    >>> x
    tensor([1.0000, 1.0000], requires_grad=True)
    """

    def __init__(self, params: Any, lr: float | Tensor = 1, max_iter: int = 20, max_eval: int | None = None,
                 tolerance_grad: float = 1e-7, tolerance_change: float = 1e-9, history_size: int = 100,
                 line_search_fn: str | None = None) -> None:
        check_learning_rate(lr)
        super().__init__(params, {
            "lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change, "history_size": history_size,
            "line_search_fn": line_search_fn})
        if len(self.param_groups) != 1:
            raise ValueRangeError("LBFGS doesn't support per-parameter options (parameter groups)")
        for param in self._params:
            require_real(param, "LBFGS")

    @property
    def _params(self) -> list[Tensor]:
        return self.param_groups[0]["params"]  # type: ignore[no-any-return]

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Iterates with `closure`, which must compute loss and gradients; returns the loss at the start."""
        if closure is None:
            raise UnsupportedError("LBFGS needs a closure that computes the loss and its gradients", op="step")
        if self.param_groups[0]["line_search_fn"] not in (None, "strong_wolfe"):
            raise UnsupportedError("only 'strong_wolfe' is supported", op="step")
        with no_grad():
            return _Run(self, enable_grad()(closure)).iterate()


class _Run:
    """One call of `step`."""

    def __init__(self, optimizer: LBFGS, closure: Callable[[], Any]) -> None:
        self.group, self.params, self.closure = optimizer.param_groups[0], optimizer._params, closure
        self.state = optimizer.state[self.params[0]]
        self.state.setdefault("func_evals", 0)
        self.state.setdefault("n_iter", 0)
        self.evaluations = 0
        self.loss, self.grad = 0.0, self.params[0]

    def iterate(self) -> Any:
        """Iterations until one of the limits is met."""
        first = self._evaluate()
        group = self.group
        if self._flat():
            return first
        for iteration in range(1, group["max_iter"] + 1):
            self.state["n_iter"] += 1
            self._choose_direction()
            previous = self.state["prev_loss"] = self.loss
            if not self._move(last=iteration == group["max_iter"]):
                break
            moved = self.state["d"].mul(self.state["t"]).abs().max().item()
            if (iteration == group["max_iter"] or self.evaluations >= group["max_eval"] or self._flat()
                    or moved <= group["tolerance_change"]
                    or abs(self.loss - previous) < group["tolerance_change"]):
                break
        return first

    def _evaluate(self) -> Any:
        loss = self.closure()
        self.evaluations += 1
        self.state["func_evals"] += 1
        self.loss, self.grad = float(loss), self._gradient()
        return loss

    def _gradient(self) -> Tensor:
        return cat([(p.new_zeros(p.numel()) if p.grad is None else p.grad.reshape(-1)) for p in self.params])

    def _flat(self) -> bool:
        return bool(self.grad.abs().max().item() <= self.group["tolerance_grad"])

    def _choose_direction(self) -> None:
        state, grad = self.state, self.grad
        if state["n_iter"] == 1:
            state["d"], state["old_dirs"], state["old_stps"], state["ro"], state["H_diag"] = grad.neg(), [], [], [], 1
        else:
            self._remember()
            state["d"] = self._newton_direction()
        state["prev_flat_grad"] = grad.clone()

    def _remember(self) -> None:
        """Keeps the last step and the change of the gradient over it."""
        state = self.state
        change, step = self.grad.sub(state["prev_flat_grad"]), state["d"].mul(state["t"])
        curvature = change.dot(step).item()
        if curvature > _CURVED:
            for name, value in (("old_dirs", change), ("old_stps", step), ("ro", 1.0 / curvature)):
                if len(state[name]) == self.group["history_size"]:
                    state[name].pop(0)
                state[name].append(value)
            state["H_diag"] = curvature / change.dot(change).item()

    def _newton_direction(self) -> Tensor:
        """Minus the inverse Hessian times the gradient, by the two loops over what is remembered."""
        state = self.state
        memory = list(zip(state["old_dirs"], state["old_stps"], map(number, state["ro"]), strict=True))
        direction, shares = self.grad.neg(), []
        for change, step, inverse in reversed(memory):
            shares.append(step.dot(direction).item() * inverse)
            direction.add_(change, alpha=-shares[-1])
        direction.mul_(number(state["H_diag"]))
        for (change, step, inverse), share in zip(memory, reversed(shares), strict=True):
            direction.add_(step, alpha=share - change.dot(direction).item() * inverse)
        return direction

    def _move(self, last: bool) -> bool:
        """One step along the direction; False where it does not descend."""
        state, lr = self.state, float(number(self.group["lr"]))
        direction = state["d"]
        state["t"] = min(1.0, 1.0 / self.grad.abs().sum().item()) * lr if state["n_iter"] == 1 else lr
        slope = self.grad.dot(direction).item()
        if slope > -self.group["tolerance_change"]:
            return False
        if self.group["line_search_fn"] is None:
            self._add(state["t"], direction)
            if not last:
                self._evaluate()
            return True
        start = Point(0.0, self.loss, self.grad.clone(), slope)
        found, count = strong_wolfe(self._trial(direction), start, state["t"], direction.abs().max().item(),
                                    1e-9, self.group["max_eval"] - self.evaluations)
        self.loss, self.grad, state["t"] = found.loss, found.grad, found.step
        self.evaluations += count
        state["func_evals"] += count
        self._add(found.step, direction)
        return True

    def _trial(self, direction: Tensor) -> Callable[[float], Point]:
        """What evaluates a step along the direction and goes back."""
        here = [p.clone() for p in self.params]

        def evaluate(step: float) -> Point:
            self._add(step, direction)
            loss, grad = float(self.closure()), self._gradient()
            for param, value in zip(self.params, here, strict=True):
                param.copy_(value)
            return Point(step, loss, grad, grad.dot(direction).item())

        return evaluate

    def _add(self, step: float, direction: Tensor) -> None:
        start = 0
        for param in self.params:
            count = param.numel()
            param.add_(direction[start : start + count].view(tuple(param.shape)), alpha=step)
            start += count
