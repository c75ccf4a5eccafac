"""What `torch.utils` has beside flambeau's utilities."""

from __future__ import annotations

from typing import Any


def swap_tensors(t1: Any, t2: Any) -> None:
    """Exchanges what two tensors are: elements, dtype, graph and attributes; their names stay where they were."""
    for slot in ("_array", "_kind", "_requires_grad", "_node", "_grad", "_version", "_meta", "_view"):
        first, second = getattr(t1, slot), getattr(t2, slot)
        setattr(t1, slot, second)
        setattr(t2, slot, first)
    if type(t1) is not type(t2):
        t1.__class__, t2.__class__ = t2.__class__, t1.__class__
    if hasattr(t1, "__dict__") and hasattr(t2, "__dict__"):
        t1.__dict__, t2.__dict__ = t2.__dict__, t1.__dict__


def set_module(obj: Any, mod: str) -> None:
    """Says in which module an object lives."""
    if not isinstance(mod, str):
        raise TypeError("The mod argument should be a string")
    obj.__module__ = mod


def generate_methods_for_privateuse1_backend(*args: Any, **kwargs: Any) -> None:
    """Nothing: a backend of flambeau's brings its device type with it."""


def rename_privateuse1_backend(backend_name: str) -> None:
    """Nothing: a backend of flambeau's brings its device type with it."""
