"""What core asks of a backend about the hardware it drives: devices, their memory, the order of their work.

Every answer has a default, which is right for a backend of one device whose kernels are done when they return.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol


class NativeEvent(Protocol):
    """A mark in the work of a stream."""

    @property
    def done(self) -> bool: ...

    def record(self, stream: Any) -> None: ...

    def synchronize(self) -> None: ...


class NativeStream(AbstractContextManager[Any], Protocol):
    """A queue of work; within `with stream:`, and after `use()`, kernels are handed to it."""

    @property
    def done(self) -> bool: ...

    @property
    def ptr(self) -> int: ...

    def use(self) -> Any: ...

    def wait_event(self, event: Any) -> None: ...

    def synchronize(self) -> None: ...


class Streams(Protocol):
    """What a backend with queues of work has: they are made, found and timed here."""

    def stream(self, priority: int) -> NativeStream: ...

    def current(self) -> NativeStream: ...

    def default(self) -> NativeStream: ...

    def event(self, timing: bool, blocking: bool) -> NativeEvent: ...

    def elapsed(self, start: Any, end: Any) -> float: ...


class Hardware:
    """The part of a backend that speaks of devices rather than arrays."""

    def device_count(self) -> int:
        """How many devices of this type there are."""
        return 1

    def current_device(self) -> int:
        """The number of the device that a device without a number means."""
        return 0

    def set_device(self, index: int) -> None:
        """Makes a device the current one; core has checked that there is such a device."""

    def for_device(self, index: int | None) -> Any:
        """The backend whose arrays lie on device `index`: this one, where it serves them all."""
        return self

    def device_properties(self) -> Mapping[str, Any]:
        """What is known of the device: `name`, `total_memory`, `major`, `minor`, `multi_processor_count`, ..."""
        return {}

    def synchronize(self) -> None:
        """Waits until all work handed out is done."""

    def memory_stats(self) -> dict[str, int]:
        """Bytes `allocated` in arrays, `reserved` from the device, `free` and `total` of it, and `peak_allocated`,
        `peak_reserved`, where the backend keeps count."""
        return {}

    def reset_peak_memory(self) -> None:
        """Peaks are counted from here on."""

    def empty_cache(self) -> None:
        """Gives back memory that is reserved and not used."""

    def streams(self) -> Streams | None:
        """Queues of work, or None: kernels run in the order in which they are called."""
        return None
