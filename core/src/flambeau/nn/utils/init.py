"""Modules whose parameters are not initialised."""

from __future__ import annotations

import inspect
from typing import Any

from ...errors import ValueRangeError
from ...random import get_rng_state, set_rng_state
from ..module import Module


def skip_init(module_cls: Any, *args: Any, **kwargs: Any) -> Module:
    """A module of that class whose parameters and buffers are not set to anything in particular; no number is drawn.

    Raises ValueRangeError for no module class, or one that takes no `device`.

    >>> from flambeau import nn
    >>> skip_init(nn.Linear, 3, 2).weight.shape
    flambeau.Size([2, 3])
    """
    if not (isinstance(module_cls, type) and issubclass(module_cls, Module)):
        raise ValueRangeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise ValueRangeError("Module must support a 'device' arg to skip initialization")
    state = get_rng_state()
    try:
        return module_cls(*args, **{"device": "cpu", **kwargs})
    finally:
        set_rng_state(state)
