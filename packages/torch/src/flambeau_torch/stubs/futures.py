"""`torch.futures`: values that come later, and callbacks for when they have come."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from flambeau.errors import PreconditionError


class Future:
    """A value that some thread sets once and any may wait for."""

    def __init__(self, *, devices: Any = None) -> None:
        self._event, self._lock = threading.Event(), threading.Lock()
        self._value: Any = None
        self._error: BaseException | None = None
        self._callbacks: list[Callable[[Future], Any]] = []

    def done(self) -> bool:
        """Whether the value, or an error in its place, is there."""
        return self._event.is_set()

    def wait(self) -> Any:
        """The value, when it is there; raises the error that was set in its place."""
        self._event.wait()
        if self._error is not None:
            raise self._error
        return self._value

    value = wait

    def set_result(self, result: Any) -> None:
        """Gives the value; raises PreconditionError the second time."""
        self._set(result, None)

    def set_exception(self, result: BaseException) -> None:
        """Gives an error in the value's place."""
        self._set(None, result)

    def _set(self, value: Any, error: BaseException | None) -> None:
        with self._lock:
            if self._event.is_set():
                raise PreconditionError("a future is set once", op="Future.set_result")
            self._value, self._error = value, error
            self._event.set()
            waiting, self._callbacks = self._callbacks, []
        for callback in waiting:
            callback(self)

    def then(self, callback: Callable[[Future], Any]) -> Future:
        """The future of what `callback` makes of this one when it is done."""
        made = Future()

        def run(source: Future) -> None:
            try:
                made.set_result(callback(source))
            except Exception as error:
                made.set_exception(error)

        self.add_done_callback(run)
        return made

    def add_done_callback(self, callback: Callable[[Future], Any]) -> None:
        """Calls `callback` with this future when it is done, at once if it is."""
        with self._lock:
            if not self._event.is_set():
                self._callbacks.append(callback)
                return
        callback(self)


def collect_all(futures: Sequence[Future]) -> Future:
    """A future of the list of futures, done when all of them are."""
    made, rest, lock = Future(), [len(futures)], threading.Lock()
    if not futures:
        made.set_result([])

    def one_more(_: Future) -> None:
        with lock:
            rest[0] -= 1
            last = not rest[0]
        if last:
            made.set_result(list(futures))

    for future in futures:
        future.add_done_callback(one_more)
    return made


def wait_all(futures: Sequence[Future]) -> list[Any]:
    """The values of all of them."""
    return [future.wait() for future in futures]


__all__ = ["Future", "collect_all", "wait_all"]
