"""What autocast is set to in this thread, and the functions of `flambeau` that ask for it and set it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from ..contract.device import as_device
from ..dtypes import DType, bfloat16, float16
from ..errors import ArgumentError
from ..modes import AUTOCAST


class State(NamedTuple):
    """Immutable: a change puts another in its place."""

    enabled: frozenset[str] = frozenset()
    dtypes: dict[str, DType] = {}  # only those that were set  # noqa: RUF012
    cache_enabled: bool = True
    nesting: int = 0
    kept: frozenset[str] = frozenset()  # what `set_autocast_enabled` switched on, until it switches it off
    casts: dict[Any, Any] = {}  # weights that were cast, while a region lasts  # noqa: RUF012

    @contextmanager
    def again(self) -> Iterator[None]:
        """A region in this state, after the one in which it was met."""
        from .casting import enter, leave

        former = AUTOCAST.get()
        for name in self.enabled:
            enter(name)
        try:
            AUTOCAST.set(self._replace(casts={}))
            yield
        finally:
            AUTOCAST.set(former)
            for _ in self.enabled:
                leave()


OFF = State(casts={})


def state() -> State:
    """This thread's."""
    found: State | None = AUTOCAST.get()
    return OFF if found is None else found


def change(**fields: Any) -> None:
    """Puts a state with these fields in the place of the present one."""
    AUTOCAST.set(state()._replace(**fields))


def device_named(device_type: Any, op: str) -> str:
    """The type of device that is meant. Raises ArgumentError for what is not a str."""
    if not isinstance(device_type, str):
        raise ArgumentError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`", op=op)
    return as_device(device_type).type


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """Whether autocast is on for that type of device; without one, for "cuda"."""
    return (device_named(device_type, "is_autocast_enabled") if device_type is not None else "cuda") in state().enabled


def set_autocast_enabled(device_type: Any, enabled: bool | None = None) -> None:
    """Switches autocast on or off for that type of device in this thread; given a bool alone, for "cuda"."""
    from .casting import enter, leave

    if enabled is None:
        device_type, enabled = "cuda", device_type
    name = device_named(device_type, "set_autocast_enabled")
    kept = state().kept
    if enabled and name not in state().enabled:
        enter(name)
        kept |= {name}
    elif not enabled and name in kept:
        leave()
        kept -= {name}
    change(enabled=state().enabled | {name} if enabled else state().enabled - {name}, kept=kept)


def get_autocast_dtype(device_type: str) -> DType:
    """The lower precision there: bfloat16 on CPUs, float16 elsewhere, unless it was set."""
    name = device_named(device_type, "get_autocast_dtype")
    return state().dtypes.get(name, bfloat16 if name == "cpu" else float16)


def set_autocast_dtype(device_type: str, dtype: DType) -> None:
    """Sets the lower precision there, in this thread."""
    if not isinstance(dtype, DType):
        raise ArgumentError(f"dtype must be a dtype, got {dtype!r}", op="set_autocast_dtype")
    change(dtypes={**state().dtypes, device_named(device_type, "set_autocast_dtype"): dtype})


def is_autocast_cache_enabled() -> bool:
    """Whether a weight is cast once a region."""
    return state().cache_enabled


def set_autocast_cache_enabled(enabled: bool) -> None:
    """Sets that."""
    change(cache_enabled=enabled)


def clear_autocast_cache() -> None:
    """Forgets the weights that were cast."""
    state().casts.clear()


def autocast_increment_nesting() -> int:
    """One more region is open: their number."""
    change(nesting=state().nesting + 1, casts=state().casts if state().nesting else {})
    return state().nesting


def autocast_decrement_nesting() -> int:
    """One less is open: their number."""
    change(nesting=state().nesting - 1)
    return state().nesting


def _older(old: str, new: str) -> None:
    warnings.warn(f"torch.{old} is deprecated. Please use torch.{new} instead.", DeprecationWarning, stacklevel=3)


def is_autocast_cpu_enabled() -> bool:
    """`is_autocast_enabled("cpu")`, by its older name."""
    _older("is_autocast_cpu_enabled()", "is_autocast_enabled('cpu')")
    return is_autocast_enabled("cpu")


def set_autocast_cpu_enabled(enabled: bool) -> None:
    """`set_autocast_enabled("cpu", ...)`, by its older name."""
    _older("set_autocast_cpu_enabled(enabled)", "set_autocast_enabled('cpu', enabled)")
    set_autocast_enabled("cpu", enabled)


def get_autocast_cpu_dtype() -> DType:
    """`get_autocast_dtype("cpu")`, by its older name."""
    _older("get_autocast_cpu_dtype()", "get_autocast_dtype('cpu')")
    return get_autocast_dtype("cpu")


def get_autocast_gpu_dtype() -> DType:
    """`get_autocast_dtype("cuda")`, by its older name."""
    _older("get_autocast_gpu_dtype()", "get_autocast_dtype('cuda')")
    return get_autocast_dtype("cuda")


def set_autocast_cpu_dtype(dtype: DType) -> None:
    """`set_autocast_dtype("cpu", ...)`, by its older name."""
    _older("set_autocast_cpu_dtype(dtype)", "set_autocast_dtype('cpu', dtype)")
    set_autocast_dtype("cpu", dtype)


def set_autocast_gpu_dtype(dtype: DType) -> None:
    """`set_autocast_dtype("cuda", ...)`, by its older name."""
    _older("set_autocast_gpu_dtype(dtype)", "set_autocast_dtype('cuda', dtype)")
    set_autocast_dtype("cuda", dtype)
