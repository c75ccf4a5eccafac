"""Losses scaled up so that small gradients survive a narrow dtype, gradients scaled down before the step.

The scale halves after a step whose gradients were not finite, which is skipped, and doubles after many that were.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterable
from typing import Any

from ..contract.plugins import served_by
from ..dtypes import float16, float32
from ..errors import PreconditionError, StateDictError, ValueRangeError
from ..functions import isfinite, tensor
from ..modes import no_grad
from ..tensors.tensor import Tensor

_READY, _UNSCALED, _STEPPED = range(3)


class GradScaler:
    """`scale(loss).backward()`, then `step(optimizer)` and `update()`, as PyTorch's.

    For "cuda" where there is none, and with `enabled=False`, losses pass unchanged and `step` is the optimizer's own.
    """

    def __init__(self, device: str = "cuda", init_scale: float = 2.0**16, growth_factor: float = 2.0,
                 backoff_factor: float = 0.5, growth_interval: int = 2000, enabled: bool = True) -> None:
        if enabled and device == "cuda" and served_by("cuda") is None:
            warnings.warn("GradScaler is enabled, but CUDA is not available. Disabling.", UserWarning, stacklevel=2)
            enabled = False
        if enabled and growth_factor <= 1.0:
            raise PreconditionError(f"the growth factor must be > 1, got {growth_factor}", op="GradScaler")
        if enabled and backoff_factor >= 1.0:
            raise PreconditionError(f"the backoff factor must be < 1, got {backoff_factor}", op="GradScaler")
        self._enabled, self._scale, self._scaled = enabled, _rounded(init_scale), False
        self._growth_factor, self._backoff_factor = growth_factor, backoff_factor
        self._growth_interval, self._growth_tracker = growth_interval, 0
        self._stages: dict[int, int] = {}  # optimizers by identity: where each is since the last update
        self._found_inf: dict[int, bool] = {}

    def scale(self, outputs: Any) -> Any:
        """A tensor, or tensors in lists and tuples, times the scale."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            self._scaled = True
            return outputs * tensor(self._scale, dtype=float32, device=outputs.device)
        if isinstance(outputs, (list, tuple)):
            return type(outputs)(self.scale(part) for part in outputs)
        if isinstance(outputs, Iterable) and not isinstance(outputs, str):
            return map(self.scale, outputs)
        raise ValueRangeError(f"outputs must be a Tensor or an iterable of Tensors, got {type(outputs).__name__}",
                              op="GradScaler.scale")

    def unscale_(self, optimizer: Any) -> None:
        """Divides the gradients of the optimizer's parameters by the scale: once before each step."""
        if not self._enabled:
            return
        self._check_scaled("unscale_")
        stage = self._stages.get(id(optimizer), _READY)
        if stage != _READY:
            fault = "comes after step()" if stage == _STEPPED else "was already called since the last update()"
            raise PreconditionError(f"{fault} of this optimizer", op="GradScaler.unscale_")
        self._found_inf[id(optimizer)] = self._divide(optimizer)
        self._stages[id(optimizer)] = _UNSCALED

    def _divide(self, optimizer: Any) -> bool:
        """Divides, and says whether some gradient was not finite."""
        gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        if any(g.dtype is float16 for g in gradients):
            raise ValueRangeError("attempting to unscale float16 gradients", op="GradScaler.unscale_")
        found, inverse = False, _rounded(1.0 / self._scale)
        with no_grad():
            for gradient in gradients:
                found = found or not isfinite(gradient).all().item()
                gradient.mul_(inverse)
        return found

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """`optimizer.step(...)` with gradients divided by the scale; skipped where one is not finite."""
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise ValueRangeError("a closure cannot be given to an enabled GradScaler", op="GradScaler.step")
        self._check_scaled("step")
        if self._stages.get(id(optimizer)) == _STEPPED:
            raise PreconditionError("was already called since the last update()", op="GradScaler.step")
        if self._stages.get(id(optimizer), _READY) == _READY:
            self.unscale_(optimizer)
        result = None if self._found_inf[id(optimizer)] else optimizer.step(*args, **kwargs)
        self._stages[id(optimizer)] = _STEPPED
        return result

    def update(self, new_scale: Any = None) -> None:
        """Sets the scale for the next step: smaller after a skipped one, larger after many; or to `new_scale`."""
        if not self._enabled:
            return
        self._check_scaled("update")
        if new_scale is not None:
            self._scale = _rounded(new_scale.item() if isinstance(new_scale, Tensor) else new_scale)
        elif not self._found_inf:
            raise PreconditionError("no optimizer was stepped since the last update()", op="GradScaler.update")
        else:
            self._follow(any(self._found_inf.values()))
        self._stages, self._found_inf = {}, {}

    def _follow(self, found_inf: bool) -> None:
        self._growth_tracker = 0 if found_inf else self._growth_tracker + 1
        if found_inf:
            self._scale = _rounded(self._scale * self._backoff_factor)
        elif self._growth_tracker == self._growth_interval:
            grown = _rounded(self._scale * self._growth_factor)
            self._scale, self._growth_tracker = grown if grown < float("inf") else self._scale, 0

    def _check_scaled(self, op: str) -> None:
        if not self._scaled:
            raise PreconditionError("nothing was scaled yet; was scaler.scale(loss) left out?", op=f"GradScaler.{op}")

    def get_scale(self) -> float:
        """The scale; 1 where it is off."""
        return self._scale if self._enabled else 1.0

    def get_growth_factor(self) -> float:
        """What the scale is multiplied by after many finite steps."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Sets it."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """What the scale is multiplied by after a skipped step."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Sets it."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """After how many finite steps the scale grows."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Sets it."""
        self._growth_interval = new_interval

    def is_enabled(self) -> bool:
        """Whether it scales."""
        return self._enabled

    def state_dict(self) -> dict[str, Any]:
        """Scale, factors, interval and finite steps so far; empty where it is off."""
        if not self._enabled:
            return {}
        return {"scale": self._scale, "growth_factor": self._growth_factor, "backoff_factor": self._backoff_factor,
                "growth_interval": self._growth_interval, "_growth_tracker": self._growth_tracker}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on from a state; nothing where it is off. Raises StateDictError for an empty one."""
        if not self._enabled:
            return
        if not state_dict:
            raise StateDictError("the source state dict is empty, possibly because it was saved from a disabled"
                                 " GradScaler", op="GradScaler.load_state_dict")
        self._scale, self._growth_factor = state_dict["scale"], state_dict["growth_factor"]
        self._backoff_factor, self._growth_interval = state_dict["backoff_factor"], state_dict["growth_interval"]
        self._growth_tracker = state_dict["_growth_tracker"]


def _rounded(value: float) -> float:
    """The nearest float32."""
    try:
        number: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return float("inf")
    return number
