"""`autograd.profiler`: which ops a program runs, how often, and how long they take.

>>> import flambeau
>>> with flambeau.autograd.profiler.profile() as p:
...     product = flambeau.ones(2, 2) @ flambeau.ones(2, 2)
>>> [e.count for e in p.key_averages() if e.key == "aten::matmul"]
[1]
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, Self

from ..errors import PreconditionError
from ..spelling import public
from ._events import EventList, FunctionEvent, FunctionEventAvg, events_of, write_trace
from ._recording import Recorder, _open, ranged


class profile:
    """Context manager: records every op, node of a walk back and `record_function` in it, by name, with times.

    `record_shapes` keeps the shapes of inputs, `profile_memory` counts the bytes of results, `with_stack` keeps the
    program's calls. With `enabled=False` it does nothing. Devices other than the CPU are not timed.
    """

    def __init__(self, enabled: bool = True, *, use_cuda: bool = False, use_device: str | None = None,
                 record_shapes: bool = False, with_flops: bool = False, profile_memory: bool = False,
                 with_stack: bool = False, with_modules: bool = False, use_kineto: bool = False, use_cpu: bool = True,
                 experimental_config: Any = None, acc_events: bool = False) -> None:
        self.enabled = enabled
        if use_cuda or use_device not in (None, "cpu"):
            warnings.warn(f"{(use_device or 'cuda').upper()} is not timed; the CPU's side of its ops is", UserWarning,
                          stacklevel=2)
        self._options = record_shapes, profile_memory, with_stack
        self._recorder: Recorder | None = None
        self._events: EventList | None = None

    def __enter__(self) -> Self:
        if self.enabled:
            if self._recorder is not None:
                raise PreconditionError("profiler context manager is not reentrant", op="profile")
            self._recorder = Recorder(*self._options)
            try:
                self._recorder.start()
            except BaseException:
                self._recorder.stop()
                raise
        return self

    def __exit__(self, *exc: Any) -> None:
        if self._recorder is not None:
            self._recorder.stop()

    @property
    def function_events(self) -> EventList:
        """Every call, in the order of their beginnings."""
        if self._recorder is None or not self._recorder.ended:
            raise PreconditionError("Profiler didn't finish running", op="profile")
        if self._events is None:
            self._events = events_of(self._recorder.ranges, self._recorder.began)
        return self._events

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0) -> EventList:
        """Sums by name; by the shapes of inputs and the innermost calls of the program too, where asked for."""
        return self.function_events.key_averages(group_by_input_shape, group_by_stack_n)

    def total_average(self) -> FunctionEventAvg:
        """The sum of all calls."""
        return self.function_events.total_average()

    def table(self, *args: Any, **kwargs: Any) -> str:
        """A table of all calls; of `key_averages()` it is shorter."""
        return self.function_events.table(*args, **kwargs)

    def export_chrome_trace(self, path: Any) -> None:
        """Writes a trace that chrome://tracing and Perfetto show."""
        write_trace(self.function_events, path)

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds in all that was recorded."""
        return self.function_events.self_cpu_time_total

    def __str__(self) -> str:
        return str(self.function_events) if self._recorder and self._recorder.ended else "<unfinished profile>"

    __repr__ = __str__


class record_function:
    """Context manager and decorator: a range of that name in what a profiler records; nothing where none does."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name, self.args = name, args
        self._ranges: list[Any] = []

    def __enter__(self) -> Self:
        self._ranges.append(ranged(self.name, user=True) if _open else None)
        if self._ranges[-1] is not None:
            self._ranges[-1].__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        made = self._ranges.pop()
        if made is not None:
            made.__exit__(None, None, None)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with record_function(self.name, self.args):
                return function(*args, **kwargs)

        return wrapped


class emit_nvtx:
    """Context manager that emits nothing: there is no profiler of CUDA's to read marks."""

    def __init__(self, enabled: bool = True, record_shapes: bool = False) -> None:
        self.enabled, self.record_shapes = enabled, record_shapes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: Any) -> None:
        pass


class emit_itt(emit_nvtx):
    """Context manager that emits nothing: there is no profiler of Intel's to read marks."""


__all__ = ["EventList", "FunctionEvent", "emit_itt", "emit_nvtx", "profile", "record_function"]
__getattr__, __dir__ = public(__name__)
