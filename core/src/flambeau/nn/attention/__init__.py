"""Attention: which of PyTorch's kernels may compute it, which is noted, and causal masks in `bias`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

from ...backends import cuda
from ...errors import PreconditionError, ValueRangeError
from ...spelling import public

__all__ = ["WARN_FOR_UNFUSED_KERNELS", "SDPBackend", "activate_flash_attention_impl", "bias",
           "current_flash_attention_impl", "list_flash_attention_impls", "register_flash_attention_impl",
           "restore_flash_attention_impl", "sdpa_kernel"]

WARN_FOR_UNFUSED_KERNELS = False


class SDPBackend(IntEnum):
    """PyTorch's ways to compute attention."""

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4




@contextmanager
def sdpa_kernel(backends: list[SDPBackend] | SDPBackend, set_priority: bool = False) -> Iterator[dict[str, Any]]:
    """Notes inside the `with` block which kernels may be used; attention is computed in one way, with the same result.

    Raises PreconditionError for what is no SDPBackend or list of them.

    >>> from flambeau.backends.cuda import flash_sdp_enabled
    >>> with sdpa_kernel(SDPBackend.MATH):
    ...     flash_sdp_enabled()
    False
    """
    if not isinstance(backends, (list, SDPBackend)):
        raise PreconditionError("Backend must be an instance of SDPBackend or a list of SDPBackend instances, got "
                                f"{type(backends).__name__}")
    wanted = [backends] if isinstance(backends, SDPBackend) else backends
    with cuda.sdp_kernel(*(kind in wanted for kind in (SDPBackend.FLASH_ATTENTION, SDPBackend.MATH,
                                                       SDPBackend.EFFICIENT_ATTENTION, SDPBackend.CUDNN_ATTENTION))):
        yield {}


_implementations: dict[str, Callable[..., Any]] = {}
_active: list[tuple[str, Any]] = []


def register_flash_attention_impl(impl: str, *, register_fn: Callable[..., Any]) -> None:
    """Notes under a name what activates an implementation of attention; it returns a handle that takes it back."""
    _implementations[impl] = register_fn


def activate_flash_attention_impl(impl: str) -> None:
    """Activates an implementation that was registered, in place of the one before. Raises ValueRangeError for none."""
    restore_flash_attention_impl(_raise_warn=False)
    if impl not in _implementations:
        raise ValueRangeError(f"Unknown flash attention impl '{impl}'. Available implementations: "
                              f"{list_flash_attention_impls()}", impl=impl)
    handle = _implementations[impl]()
    if handle is not None:
        _active.append((impl, handle))


def list_flash_attention_impls() -> list[str]:
    """The names that are registered."""
    return sorted(_implementations)


def current_flash_attention_impl() -> str | None:
    """The implementation that is active, None for the one that is always there."""
    return _active[-1][0] if _active else None


def restore_flash_attention_impl(_raise_warn: bool = True) -> None:
    """Takes back the implementation that is active."""
    if _active:
        _active.pop()[1].remove()
    elif _raise_warn:
        logging.getLogger(__name__).warning("Trying to restore default FA2 impl when no custom impl was activated")


__getattr__, __dir__ = public(__name__, {"bias": ".bias"})
