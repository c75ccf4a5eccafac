"""`autocast`: a region in which functions choose the dtype that they compute in, by PyTorch's lists."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from ..contract.plugins import served_by
from ..dtypes import DType, bfloat16, float16
from ..errors import ArgumentError
from ..modes import AUTOCAST
from ..tensors.tensor import Tensor
from . import casting
from .state import State, device_named, get_autocast_dtype, is_autocast_cache_enabled, is_autocast_enabled, state

_LOWER = bfloat16, float16


def is_autocast_available(device_type: str) -> bool:
    """Whether there is a list for that type of device: for the CPU, and for those that a backend serves."""
    name = device_named(device_type, "is_autocast_available")
    return name == "cpu" or served_by(name) is not None


class autocast:
    """A context manager and decorator: matrix products in `dtype`, what needs precision in float32.

    The lists are PyTorch's for the type of device. `dtype` is bfloat16 on CPUs and float16 elsewhere unless given or
    set. A weight that requires a gradient is cast once a region. With `enabled=False` a part of a region is left out.
    For a device that is not here, and for another dtype, it is off, with a warning.

    >>> import flambeau
    >>> a = flambeau.ones(2, 2, requires_grad=True)
    >>> with flambeau.autocast("cpu"):
    ...     product = a @ a
    ...     loss = flambeau.nn.functional.mse_loss(product, a)
    >>> product.dtype, loss.dtype
    (flambeau.bfloat16, flambeau.float32)
    """

    def __init__(self, device_type: str, dtype: Any = None, enabled: bool = True,
                 cache_enabled: bool | None = None) -> None:
        self.device = device_named(device_type, "autocast")
        if dtype is not None and not isinstance(dtype, DType):
            raise ArgumentError(f"dtype must be a dtype, got {dtype!r}", op="autocast")
        self.fast_dtype: DType = get_autocast_dtype(self.device) if dtype is None else dtype
        self._cache_enabled = is_autocast_cache_enabled() if cache_enabled is None else cache_enabled
        self._enabled = enabled and self._possible()
        self._former: list[State | None] = []

    def _possible(self) -> bool:
        name = self.device.upper()
        if not is_autocast_available(self.device):
            warnings.warn(f"{name} is not available. Disabling autocast.", UserWarning, stacklevel=3)
            return False
        if self.fast_dtype not in _LOWER:
            warnings.warn(f"In {name} autocast, but the target dtype is not supported. Disabling autocast.\n{name}"
                          f" Autocast only supports dtypes of {', '.join(map(repr, _LOWER))} currently.", UserWarning,
                          stacklevel=3)
            return False
        return True

    def __enter__(self) -> autocast:
        now = state()
        self._former.append(AUTOCAST.get())
        try:
            if self._enabled:
                casting.enter(self.device)
            AUTOCAST.set(State(
                now.enabled | {self.device} if self._enabled else now.enabled - {self.device},
                {**now.dtypes, self.device: self.fast_dtype}, self._cache_enabled, now.nesting + 1,
                now.kept, now.casts if now.nesting else {}))
        except BaseException:
            AUTOCAST.set(self._former.pop())
            raise
        return self

    def __exit__(self, *exc: Any) -> None:
        try:
            AUTOCAST.set(self._former.pop())
        finally:
            if self._enabled:
                casting.leave()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if not callable(function):
            raise ArgumentError(f"autocast()(func) requires a callable, but got {type(function).__name__}",
                                op="autocast")

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            again = autocast(self.device, self.fast_dtype, False, self._cache_enabled)
            again._enabled = self._enabled
            with again:
                return function(*args, **kwargs)

        return wrapped


def custom_fwd(fwd: Callable[..., Any] | None = None, *, device_type: str, cast_inputs: Any = None) -> Any:
    """Decorates the `forward` of a Function for use under autocast.

    With `cast_inputs`, a dtype, a forward under autocast gets its floating inputs in it and runs with autocast off.
    """
    device = device_named(device_type, "custom_fwd")
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def forward(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        on = is_autocast_enabled(device)
        ctx._dtype, ctx._fwd_used_autocast = get_autocast_dtype(device), on and cast_inputs is None
        if cast_inputs is None or not on:
            return fwd(ctx, *args, **kwargs)
        with autocast(device, enabled=False):
            return fwd(ctx, *[_cast(a, device, cast_inputs) for a in args],
                       **{key: _cast(a, device, cast_inputs) for key, a in kwargs.items()})

    return forward


def _cast(value: Any, device_type: str, dtype: DType) -> Any:
    if isinstance(value, Tensor):
        return value.to(dtype) if casting.eligible(value, device_type) else value
    if type(value) in (list, tuple):
        return type(value)(_cast(v, device_type, dtype) for v in value)
    return {k: _cast(v, device_type, dtype) for k, v in value.items()} if isinstance(value, dict) else value


def custom_bwd(bwd: Callable[..., Any] | None = None, *, device_type: str) -> Any:
    """Decorates the `backward` of a Function: it runs in the state of autocast that its `forward` ran in."""
    device = device_named(device_type, "custom_bwd")
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def backward(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        with autocast(device, dtype=ctx._dtype, enabled=ctx._fwd_used_autocast):
            return bwd(ctx, *args, **kwargs)

    return backward
