"""`torch.cuda` without a GPU: what may be asked answers so, what needs one raises."""

from __future__ import annotations

from typing import Any, NoReturn

from flambeau.errors import DeviceError

from . import amp

has_half = False


def is_available() -> bool:
    """False."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


is_bf16_supported = is_tf32_supported = is_current_stream_capturing = is_available


def device_count() -> int:
    """0."""
    return 0


def _nothing(*args: Any, **kwargs: Any) -> None:
    """Does nothing, as PyTorch does where there is no GPU."""


manual_seed = manual_seed_all = seed = seed_all = empty_cache = init = ipc_collect = _nothing
reset_peak_memory_stats = reset_max_memory_allocated = reset_max_memory_cached = _nothing


def memory_allocated(device: Any = None) -> int:
    """0."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_cached = max_memory_cached = memory_allocated


def get_arch_list() -> list[str]:
    """None."""
    return []


def _refuse(*args: Any, **kwargs: Any) -> NoReturn:
    raise DeviceError("there is no CUDA device: flambeau_torch runs programs on the CPU", op="torch.cuda")


current_device = set_device = synchronize = get_device_name = get_device_properties = get_device_capability = _refuse
current_stream = default_stream = stream = Stream = Event = mem_get_info = memory_summary = _refuse
get_rng_state = set_rng_state = get_rng_state_all = set_rng_state_all = _refuse


class device:
    """A context manager that changes nothing for device None or a negative number; another raises DeviceError."""

    def __init__(self, device: Any) -> None:
        if device is not None and not (isinstance(device, int) and device < 0):
            _refuse()

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        pass


__all__ = ["amp", "current_device", "device", "device_count", "empty_cache", "is_available", "is_initialized",
           "manual_seed", "manual_seed_all", "memory_allocated", "set_device", "synchronize"]
