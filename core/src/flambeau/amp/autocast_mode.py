"""`autocast`: a context manager that changes nothing, and says so where a program would count on more."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from ..contract.device import as_device
from ..contract.plugins import served_by
from ..errors import UnsupportedError


def is_autocast_available(device_type: str) -> bool:
    """False for every type of device: dtypes are what the program says."""
    return False


class autocast:
    """A context manager or decorator that changes nothing.

    Enabled for a device that is here, it would have to choose dtypes: that raises UnsupportedError. For CUDA where
    there is none it is off, with PyTorch's warning.
    """

    def __init__(self, device_type: str, dtype: Any = None, enabled: bool = True,
                 cache_enabled: bool | None = None) -> None:
        self.device = as_device(device_type).type
        if enabled and self.device == "cuda" and served_by("cuda") is None:
            warnings.warn("CUDA is not available. Disabling autocast.", UserWarning, stacklevel=2)
        elif enabled:
            raise UnsupportedError(f"autocast on {self.device!r} is not supported; pass enabled=False and choose dtypes"
                                   " with .to(dtype)", op="autocast", device=self.device)

    def __enter__(self) -> autocast:
        return self

    def __exit__(self, *exc: Any) -> None:
        pass

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return wrapped


def custom_fwd(fwd: Callable[..., Any] | None = None, *, device_type: str, cast_inputs: Any = None) -> Any:
    """The `forward` of a custom Function as it is: outside autocast PyTorch leaves it alone, too."""
    return (lambda function: function) if fwd is None else fwd


def custom_bwd(bwd: Callable[..., Any] | None = None, *, device_type: str) -> Any:
    """The `backward` of a custom Function as it is."""
    return (lambda function: function) if bwd is None else bwd
