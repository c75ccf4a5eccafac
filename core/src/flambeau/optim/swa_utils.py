"""Averages of a model over its training: stochastic weight averaging and exponential moving averages."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import chain
from typing import Any

from .. import dtypes
from ..errors import ValueRangeError
from ..functions import tensor
from ..modes import no_grad
from ..nn.module import Module
from ..nn.norm import _BatchNorm
from ..spelling import public
from ..tensors.tensor import Tensor
from ._schedule import LRScheduler, per_group
from .optimizer import Optimizer, number

__all__ = ["SWALR", "AveragedModel", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn",
           "get_swa_multi_avg_fn", "update_bn"]

Average = Callable[[Tensor, Tensor, Any], Tensor]
Averages = Callable[[list[Tensor], list[Tensor], Any], None]


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """`decay * average + (1 - decay) * value`: an exponential moving average. Raises ValueRangeError outside [0, 1]."""
    _check_decay(decay)

    def average(ema_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        with no_grad():
            return decay * ema_param + (1 - decay) * current_param

    return average


def get_ema_multi_avg_fn(decay: float = 0.999) -> Averages:
    """`get_ema_avg_fn` over lists of tensors, in place."""
    _check_decay(decay)

    def average(ema_param_list: list[Tensor], current_param_list: list[Tensor], num_averaged: Any) -> None:
        with no_grad():
            for mine, other in zip(ema_param_list, current_param_list, strict=True):
                _move(mine, other, 1 - decay)

    return average


def get_swa_avg_fn() -> Average:
    """The mean of all that was averaged so far and the new value."""

    def average(averaged_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        with no_grad():
            return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return average


def get_swa_multi_avg_fn() -> Averages:
    """`get_swa_avg_fn` over lists of tensors, in place."""

    def average(averaged_param_list: list[Tensor], current_param_list: list[Tensor], num_averaged: Any) -> None:
        with no_grad():
            for mine, other in zip(averaged_param_list, current_param_list, strict=True):
                _move(mine, other, 1 / (number(num_averaged) + 1))

    return average


def _check_decay(decay: float) -> None:
    if not 0.0 <= decay <= 1.0:
        raise ValueRangeError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")


def _move(average: Tensor, value: Tensor, share: float) -> None:
    if average.dtype.category > 1:
        average.lerp_(value, share)
    else:
        average.copy_(average * (1 - share) + value * share)


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of the model's over its updates.

    `avg_fn(average, value, count)` gives a new average, `multi_avg_fn(averages, values, count)` changes lists of them;
    the plain mean if neither is given. Buffers are averaged with `use_buffers`, copied otherwise. Raises
    ValueRangeError where both functions are given.

    >>> import flambeau
    >>> model = flambeau.nn.Linear(1, 1)
    >>> average = AveragedModel(model)
    >>> average.update_parameters(model)
    >>> average.n_averaged
    tensor(1)
    """

    n_averaged: Tensor

    def __init__(self, model: Module, device: Any = None, avg_fn: Average | None = None,
                 multi_avg_fn: Averages | None = None, use_buffers: bool = False) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise ValueRangeError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model) if device is None else deepcopy(model).to(device)
        self.register_buffer("n_averaged", tensor(0, dtype=dtypes.int64, device=device))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Takes the model's present parameters into the averages."""
        with no_grad():
            pairs = [(mine.detach(), other.detach().to(mine.device))
                     for mine, other in zip(self._averaged(self.module), self._averaged(model), strict=True)]
            if not int(self.n_averaged):
                for mine, other in pairs:
                    mine.copy_(other)
            elif pairs:
                self._average([p[0] for p in pairs], [p[1] for p in pairs])
            if not self.use_buffers:
                for mine, other in zip(self.module.buffers(), model.buffers(), strict=True):
                    mine.detach().copy_(other.detach())
            self.n_averaged += 1

    def _averaged(self, model: Module) -> Iterable[Tensor]:
        return chain(model.parameters(), model.buffers()) if self.use_buffers else model.parameters()

    def _average(self, mine: list[Tensor], other: list[Tensor]) -> None:
        if self.avg_fn is None:
            (self.multi_avg_fn or get_swa_multi_avg_fn())(mine, other, self.n_averaged)
            return
        for average, value in zip(mine, other, strict=True):
            average.copy_(self.avg_fn(average, value, self.n_averaged))


def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Computes the running statistics of batch normalisations anew from the loader's batches (or their first parts)."""
    with no_grad():
        norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
        if not norms:
            return
        momenta, training = [norm.momentum for norm in norms], model.training
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the mean over all batches
        model.train()
        for batch in loader:
            given = batch[0] if isinstance(batch, (list, tuple)) else batch
            model(given if device is None else given.to(device))
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        model.train(training)


class SWALR(LRScheduler):
    """Goes from the present rate to `swa_lr` within `anneal_epochs` steps, along a cosine or a line, and stays there.

    Raises ValueRangeError for settings out of range.
    """

    def __init__(self, optimizer: Optimizer, swa_lr: float | list[float], anneal_epochs: Any = 10,
                 anneal_strategy: str = "cos", last_epoch: int = -1) -> None:
        for rate, group in zip(per_group("swa_lr", optimizer, swa_lr), optimizer.param_groups, strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ValueRangeError("anneal_strategy must be one of 'cos' or 'linear', instead got"
                                  f" {anneal_strategy}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueRangeError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self._anneal_strategy, self.anneal_epochs = anneal_strategy, anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _share(self, step: int) -> float:
        """How much of the way is gone after so many steps."""
        way = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return (1 - math.cos(math.pi * way)) / 2 if self._anneal_strategy == "cos" else way

    def get_lr(self) -> list[Any]:
        """The rates of step `last_epoch`."""
        self._warn_outside_step()
        step = self._step_count - 1
        step = max(1, step) if not self.anneal_epochs else step
        before, now = self._share(step - 1), self._share(step)
        made = []
        for group in self.optimizer.param_groups:
            goal = group["swa_lr"]
            start = goal if before == 1 else (group["lr"] - before * goal) / (1 - before)
            made.append(goal * now + start * (1 - now))
        return made


__getattr__, __dir__ = public(__name__)
