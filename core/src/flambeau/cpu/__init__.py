"""The CPU, asked as `flambeau.cuda` is: one device, whose work is done when a call returns."""

from __future__ import annotations

from typing import Any

from ..spelling import public as _public


class Stream:
    """The one queue of work, which is always empty."""

    def __init__(self, priority: int = -1) -> None:
        pass

    def wait_stream(self, stream: Any) -> None:
        """Nothing: all work is done."""

    def wait_event(self, event: Any) -> None:
        """Nothing."""

    def record_event(self, event: Event | None = None) -> Event:
        """A mark after all work so far."""
        return Event() if event is None else event


class Event:
    """A mark that has always been passed."""

    def __init__(self, enable_timing: bool = False) -> None:
        pass

    def query(self) -> bool:
        """True."""
        return True

    def record(self, stream: Any = None) -> None:
        """Nothing."""

    def synchronize(self) -> None:
        """Nothing."""

    def wait(self, stream: Any = None) -> None:
        """Nothing."""


class StreamContext:
    """A `with` block that changes nothing."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        pass


_only = Stream()


def is_available() -> bool:
    """True."""
    return True


def is_initialized() -> bool:
    """True."""
    return True


def device_count() -> int:
    """1."""
    return 1


def current_device() -> str:
    """"cpu", as PyTorch says."""
    return "cpu"


def set_device(device: Any) -> None:
    """Nothing: there is one."""


def synchronize(device: Any = None) -> None:
    """Nothing: work is done when a call returns."""


def current_stream(device: Any = None) -> Stream:
    """The one stream."""
    return _only


def stream(stream: Any) -> StreamContext:
    """A `with` block that changes nothing."""
    return StreamContext(stream)


__all__ = ["Event", "Stream", "StreamContext", "current_device", "current_stream", "device_count", "is_available",
           "is_initialized", "set_device", "stream", "synchronize"]
__getattr__, __dir__ = _public(__name__)
