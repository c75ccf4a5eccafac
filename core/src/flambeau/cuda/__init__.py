"""CUDA devices: whether there are any, which is current, their memory, streams and events.

On a machine without one what can be answered is answered (no device, no bytes), and what needs one raises
DeviceNotAvailableError with the reason and the mend. Random numbers on CUDA are drawn from the default generator, so
its seeds and states are what is set and read here.
"""

from __future__ import annotations

from typing import Any

from ..accelerator import streams as _streams
from ..accelerator.devices import Current as _Current
from ..accelerator.devices import CurrentOf as _CurrentOf
from ..accelerator.devices import Devices as _Devices
from ..accelerator.streams import StreamContext, set_stream
from ..errors import OutOfMemoryError
from ..spelling import public as _public

_here = _Devices("cuda")

is_available, is_initialized, init, device_count = (
    _here.is_available, _here.is_initialized, _here.init, _here.device_count)
current_device, set_device, synchronize = _here.current_device, _here.set_device, _here.synchronize
get_device_name, get_device_properties, get_device_capability = (
    _here.get_device_name, _here.get_device_properties, _here.get_device_capability)
can_device_access_peer = _here.can_device_access_peer

empty_cache, memory_stats, mem_get_info, memory_summary = (
    _here.empty_cache, _here.memory_stats, _here.mem_get_info, _here.memory_summary)
memory_stats_as_nested_dict = _here.memory_stats_as_nested_dict
memory_allocated, max_memory_allocated = _here.memory_allocated, _here.max_memory_allocated
memory_reserved = memory_cached = _here.memory_reserved
max_memory_reserved = max_memory_cached = _here.max_memory_reserved
reset_peak_memory_stats = reset_max_memory_allocated = reset_max_memory_cached = _here.reset_peak_memory_stats

manual_seed = manual_seed_all = _here.manual_seed
seed = seed_all = _here.seed
initial_seed = _here.initial_seed
get_rng_state, get_rng_state_all = _here.get_rng_state, _here.get_rng_state_all
set_rng_state, set_rng_state_all = _here.set_rng_state, _here.set_rng_state_all

has_half, has_magma = True, False


class device(_Current):
    """A context manager that makes a CUDA device the current one; None and negative numbers change nothing."""

    devices = _here


class device_of(_CurrentOf):
    """The same for the device of a tensor; a tensor elsewhere changes nothing."""

    devices = _here


class Event(_streams.Event):
    """A mark in a stream: `record` puts it there, `wait`, `query`, `synchronize` and `elapsed_time` ask for it."""

    devices = _here

    def _current(self) -> Stream:
        return current_stream()


class Stream(_streams.Stream):
    """A queue of work on a CUDA device; `with stream(s):` hands work to it."""

    devices = _here

    def _event(self) -> Event:
        return Event()

    @property
    def cuda_stream(self) -> int:
        """The address by which CUDA knows it."""
        return self.native.ptr


def current_stream(device: Any = None) -> Stream:
    """The stream that kernels are handed to now."""
    return Stream.current(device)


def default_stream(device: Any = None) -> Stream:
    """The stream that kernels are handed to unless told."""
    return Stream.default(device)


def stream(stream: Stream | None) -> StreamContext:
    """A context manager within which work goes to the stream; None changes nothing."""
    return StreamContext(stream)


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether tensors of bfloat16 may be on CUDA; only where the hardware computes in it, unless told."""
    return is_available() and (including_emulation or get_device_capability() >= (8, 0))


def is_tf32_supported() -> bool:
    """Whether the hardware has TensorFloat-32."""
    return is_available() and get_device_capability() >= (8, 0)


def is_current_stream_capturing() -> bool:
    """False: graphs of kernels are not captured."""
    return False


def get_arch_list() -> list[str]:
    """The architectures of the devices here: kernels are compiled for them when they first run."""
    found = {get_device_capability(i) for i in range(device_count())}
    return [f"sm_{major}{minor}" for major, minor in sorted(found)]


def ipc_collect() -> None:
    """Nothing: memory is not shared between processes. Raises DeviceNotAvailableError."""
    init()


_TYPENAMES = ("BFloat16Tensor", "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "HalfTensor",
              "IntTensor", "LongTensor", "ShortTensor")
__all__ = [
    *_TYPENAMES,
    "Event", "OutOfMemoryError", "Stream", "StreamContext", "amp", "can_device_access_peer", "current_device",
    "current_stream", "default_stream", "device", "device_count", "device_of", "empty_cache", "get_arch_list",
    "get_device_capability", "get_device_name", "get_device_properties", "get_rng_state", "get_rng_state_all",
    "has_half", "has_magma", "init", "initial_seed", "ipc_collect", "is_available", "is_bf16_supported",
    "is_current_stream_capturing", "is_initialized", "is_tf32_supported", "manual_seed", "manual_seed_all",
    "max_memory_allocated", "max_memory_cached", "max_memory_reserved", "mem_get_info", "memory_allocated",
    "memory_cached", "memory_reserved", "memory_stats", "memory_stats_as_nested_dict", "memory_summary",
    "reset_max_memory_allocated", "reset_max_memory_cached", "reset_peak_memory_stats", "seed", "seed_all",
    "set_device", "set_rng_state", "set_rng_state_all", "set_stream", "stream", "synchronize",
]
__getattr__, __dir__ = _public(__name__, {"amp": ".amp", **{name: f".typenames:{name}" for name in _TYPENAMES}})
