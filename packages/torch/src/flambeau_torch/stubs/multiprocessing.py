"""`torch.multiprocessing`: the standard library's module, whose processes get copies of tensors."""

from __future__ import annotations

from multiprocessing import *  # noqa: F403
from multiprocessing import get_context as get_context
from multiprocessing import set_start_method as set_start_method

_strategy = ["file_descriptor"]


def set_sharing_strategy(new_strategy: str) -> None:
    """Noted; tensors are copied."""
    _strategy[0] = new_strategy


def get_sharing_strategy() -> str:
    """What `set_sharing_strategy` was told."""
    return _strategy[0]


def get_all_sharing_strategies() -> set[str]:
    """The names that are accepted."""
    return {"file_descriptor", "file_system"}
