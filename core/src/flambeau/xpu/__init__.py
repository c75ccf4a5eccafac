"""Intel's GPUs, as `flambeau.cuda` speaks of NVIDIA's: a backend for them answers, without one there are none."""

from __future__ import annotations

from typing import Any

from ..accelerator import streams as _streams
from ..accelerator.devices import Current as _Current
from ..accelerator.devices import CurrentOf as _CurrentOf
from ..accelerator.devices import Devices as _Devices
from ..accelerator.streams import StreamContext, set_stream
from ..spelling import public as _public

_here = _Devices("xpu")

is_available, is_initialized, init, device_count = (
    _here.is_available, _here.is_initialized, _here.init, _here.device_count)
current_device, set_device, synchronize = _here.current_device, _here.set_device, _here.synchronize
get_device_name, get_device_properties = _here.get_device_name, _here.get_device_properties
can_device_access_peer = _here.can_device_access_peer

empty_cache, memory_stats, mem_get_info = _here.empty_cache, _here.memory_stats, _here.mem_get_info
memory_stats_as_nested_dict = _here.memory_stats_as_nested_dict
memory_allocated, max_memory_allocated = _here.memory_allocated, _here.max_memory_allocated
memory_reserved, max_memory_reserved = _here.memory_reserved, _here.max_memory_reserved
reset_peak_memory_stats = _here.reset_peak_memory_stats

manual_seed = manual_seed_all = _here.manual_seed
seed = seed_all = _here.seed
initial_seed = _here.initial_seed
get_rng_state, get_rng_state_all = _here.get_rng_state, _here.get_rng_state_all
set_rng_state, set_rng_state_all = _here.set_rng_state, _here.set_rng_state_all


class device(_Current):
    """A context manager that makes a device the current one; None and negative numbers change nothing."""

    devices = _here


class device_of(_CurrentOf):
    """The same for the device of a tensor; a tensor elsewhere changes nothing."""

    devices = _here


class Event(_streams.Event):
    """A mark in a stream."""

    devices = _here

    def _current(self) -> Stream:
        return current_stream()


class Stream(_streams.Stream):
    """A queue of work on a device; `with stream(s):` hands work to it."""

    devices = _here

    def _event(self) -> Event:
        return Event()


def current_stream(device: Any = None) -> Stream:
    """The stream that kernels are handed to now."""
    return Stream.current(device)


def stream(stream: Stream | None) -> StreamContext:
    """A context manager within which work goes to the stream; None changes nothing."""
    return StreamContext(stream)


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether tensors of bfloat16 may be there."""
    return is_available()


__all__ = [
    "Event", "Stream", "StreamContext", "can_device_access_peer", "current_device", "current_stream", "device",
    "device_count", "device_of", "empty_cache", "get_device_name", "get_device_properties", "get_rng_state",
    "get_rng_state_all", "init", "initial_seed", "is_available", "is_bf16_supported", "is_initialized", "manual_seed",
    "manual_seed_all", "max_memory_allocated", "max_memory_reserved", "mem_get_info", "memory_allocated",
    "memory_reserved", "memory_stats", "memory_stats_as_nested_dict", "reset_peak_memory_stats", "seed", "seed_all",
    "set_device", "set_rng_state", "set_rng_state_all", "set_stream", "stream", "synchronize",
]
__getattr__, __dir__ = _public(__name__)
