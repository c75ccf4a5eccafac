"""Streams and events over those of a backend: queues of work on a device, and marks in them.

A module of one type of device (`cuda`, `xpu`) subclasses them. All raise DeviceNotAvailableError without such a device,
UnsupportedError where its backend has no queues.
"""

from __future__ import annotations

from typing import Any, TypeVar

from ..contract.device import Device, as_device
from ..contract.hardware import NativeEvent, NativeStream, Streams
from ..errors import UnsupportedError, ValueRangeError
from .devices import Devices

S = TypeVar("S", bound="Stream")


def _of(devices: Devices, device: Any = None) -> Streams:
    backend = devices.backend(device)
    found = backend.streams()
    if found is None:
        raise UnsupportedError(f"backend {backend.name!r} has no streams: its work runs in the order of its calls",
                               op=f"{devices.kind}.Stream", backend=backend.name)
    return found


class Stream:
    """A queue of work on a device; lower numbers of `priority` go first."""

    devices: Devices
    native: NativeStream
    device: Device

    def __init__(self, device: Any = None, priority: int = 0) -> None:
        self._be(_of(self.devices, device).stream(priority), device)

    def _be(self, native: NativeStream, device: Any) -> None:
        self.native, self.device = native, as_device(self.devices.kind, self.devices.index(device))

    @classmethod
    def current(cls: type[S], device: Any = None) -> S:
        """The stream that kernels are handed to now."""
        return cls._over(_of(cls.devices, device).current(), device)

    @classmethod
    def default(cls: type[S], device: Any = None) -> S:
        """The stream that kernels are handed to unless told."""
        return cls._over(_of(cls.devices, device).default(), device)

    @classmethod
    def _over(cls: type[S], native: NativeStream, device: Any) -> S:
        made = cls.__new__(cls)
        made._be(native, device)
        return made

    def query(self) -> bool:
        """Whether all of its work is done."""
        return self.native.done

    def synchronize(self) -> None:
        """Waits until it is."""
        self.native.synchronize()

    def record_event(self, event: Any = None) -> Any:
        """A mark after all work so far: `event`, or a new one."""
        event = self._event() if event is None else event
        event.record(self)
        return event

    def _event(self) -> Any:
        raise NotImplementedError

    def wait_event(self, event: Any) -> None:
        """Work that is handed over from here on waits for the mark."""
        event.wait(self)

    def wait_stream(self, stream: Stream) -> None:
        """Work that is handed over from here on waits for what the other stream has so far."""
        self.wait_event(stream.record_event())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and (self.device, self.native.ptr) == (other.device, other.native.ptr)

    def __hash__(self) -> int:
        return hash((self.device, self.native.ptr))

    def __repr__(self) -> str:
        return f"<{self.devices.kind}.Stream device={self.device} stream={self.native.ptr:#x}>"


class Event:
    """A mark in a stream, made there by `record`; with `enable_timing` the time between two can be told."""

    devices: Devices

    def __init__(self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False) -> None:
        if interprocess:
            raise UnsupportedError("events are not shared between processes", op=f"{self.devices.kind}.Event")
        self.devices.init()
        self.timing, self.blocking = enable_timing, blocking
        self.native: NativeEvent | None = None
        self.device: Device | None = None

    def record(self, stream: Any = None) -> None:
        """Marks the place after all work so far of a stream, the current one unless told."""
        stream = self._current() if stream is None else stream
        if self.native is None:
            self.native = _of(self.devices, stream.device).event(self.timing, self.blocking)
            self.device = stream.device
        self.native.record(stream.native)

    def _current(self) -> Any:
        raise NotImplementedError

    def wait(self, stream: Any = None) -> None:
        """Lets a stream, the current one unless told, wait for the mark; a mark nowhere is waited for by nobody."""
        if self.native is not None:
            (self._current() if stream is None else stream).native.wait_event(self.native)

    def query(self) -> bool:
        """Whether the work before the mark is done."""
        return self.native is None or self.native.done

    def synchronize(self) -> None:
        """Waits until it is."""
        if self.native is not None:
            self.native.synchronize()

    def elapsed_time(self, end_event: Event) -> float:
        """Milliseconds from this mark to a later one. Raises ValueRangeError unless both keep the time."""
        if not (self.timing and end_event.timing and self.native and end_event.native):
            raise ValueRangeError("both events must be made with enable_timing=True and be recorded",
                                  op="elapsed_time")
        return _of(self.devices, self.device).elapsed(self.native, end_event.native)


class StreamContext:
    """Within the `with` block work goes to a stream, whose device is the current one; None changes nothing."""

    def __init__(self, stream: Stream | None) -> None:
        self.stream = stream
        self._before = -1

    def __enter__(self) -> None:
        if self.stream is not None:
            self._before = self.stream.devices.current_device()
            self.stream.devices.set_device(self.stream.device)
            self.stream.native.__enter__()

    def __exit__(self, *exc: Any) -> None:
        if self.stream is not None:
            self.stream.native.__exit__(*exc)
            self.stream.devices.set_device(self._before)


def set_stream(stream: Stream | None) -> None:
    """Hands work to a stream from here on and makes its device the current one; None changes nothing."""
    if stream is not None:
        stream.devices.set_device(stream.device)
        stream.native.use()
