"""A profiler that goes on over the steps of a program, records those that a schedule names, and hands them over."""

from __future__ import annotations

import gzip
import os
import shutil
import socket
import time
import warnings
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, Self

from .. import autograd
from ..autograd._events import EventList, write_trace
from ..errors import PreconditionError, ValueRangeError


class ProfilerActivity(Enum):
    """What is recorded: only the CPU can be."""

    CPU = 0
    XPU = 1
    MTIA = 2
    CUDA = 3
    HPU = 4
    PrivateUse1 = 5


class ProfilerAction(Enum):
    """What is done in a step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


_RECORDING = ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE


def supported_activities() -> set[ProfilerActivity]:
    """The CPU."""
    return {ProfilerActivity.CPU}


def schedule(*, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0,
             skip_first_wait: int = 0) -> Callable[[int], ProfilerAction]:
    """What is done in which step: after `skip_first` steps cycles of `wait` idle, `warmup`, and `active` recorded ones.

    There are `repeat` cycles, or as many as there are steps where it is 0; `skip_first_wait` that is not 0 leaves out
    the first cycle's idle steps.
    """
    if min(wait, warmup, repeat, skip_first) < 0 or active <= 0:
        raise ValueRangeError(f"wait, warmup, repeat and skip_first must be >= 0 and active > 0, got wait={wait},"
                              f" warmup={warmup}, active={active}, repeat={repeat}, skip_first={skip_first}",
                              op="schedule")
    if warmup == 0:
        warnings.warn("Profiler won't be using warmup, this can skew profiler results", UserWarning, stacklevel=2)
    cycle = wait + warmup + active

    def action(step: int) -> ProfilerAction:
        if step < 0:
            raise ValueRangeError(f"Step must be non-negative. Got {step}.", op="schedule")
        if step < skip_first:
            return ProfilerAction.NONE
        step += (wait if skip_first_wait else 0) - skip_first
        if (repeat and step >= repeat * cycle) or step % cycle < wait:
            return ProfilerAction.NONE
        if step % cycle < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD if step % cycle < cycle - 1 else ProfilerAction.RECORD_AND_SAVE

    return action


def tensorboard_trace_handler(dir_name: str, worker_name: str | None = None, use_gzip: bool = False,
                              use_python_export: bool = False) -> Callable[[profile], None]:
    """For `on_trace_ready`: writes each trace to a file of its own in a folder, which is made where it is missing."""

    def handler(prof: profile) -> None:
        os.makedirs(dir_name, exist_ok=True)
        worker = worker_name or f"{socket.gethostname()}_{os.getpid()}"
        name = f"{worker}.{time.time_ns()}.pt.trace.json" + (".gz" if use_gzip else "")
        prof.export_chrome_trace(os.path.join(dir_name, name))

    return handler


class profile:
    """Context manager: records ops by name with their times, in all steps or those that a schedule names.

    `step()` ends a step. Where the schedule says that a cycle is over, and at the end, `on_trace_ready` is called with
    the profiler, whose events are then those of the cycle. Raises PreconditionError where nothing was recorded yet.

    >>> import flambeau
    >>> from flambeau.profiler import profile, record_function
    >>> with profile() as p, record_function("model"):
    ...     output = flambeau.ones(3).exp()
    >>> sorted(e.key for e in p.key_averages() if e.key in ("model", "aten::exp"))
    ['aten::exp', 'model']
    """

    def __init__(self, *, activities: Iterable[ProfilerActivity] | None = None,
                 schedule: Callable[[int], ProfilerAction] | None = None,
                 on_trace_ready: Callable[..., Any] | None = None, record_shapes: bool = False,
                 profile_memory: bool = False, with_stack: bool = False, with_flops: bool = False,
                 with_modules: bool = False, experimental_config: Any = None, execution_trace_observer: Any = None,
                 acc_events: bool = False, use_cuda: bool | None = None) -> None:
        self.activities = set(activities) if activities is not None else supported_activities()
        if not self.activities:
            raise ValueRangeError("No valid profiler activities found", op="profile")
        for activity in self.activities - supported_activities():
            warnings.warn(f"{activity.name} is not available, disabling {activity.name} profiling", UserWarning,
                          stacklevel=2)
        self.schedule = schedule or (lambda step: ProfilerAction.RECORD)
        self._stepwise, self.on_trace_ready = schedule is not None, on_trace_ready
        self._options = {"record_shapes": record_shapes, "profile_memory": profile_memory, "with_stack": with_stack}
        self.step_num = 0
        self.current_action = self.schedule(0)
        self.profiler: Any = None
        self._step: Any = None
        self._metadata: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: Any) -> None:
        self.stop()

    def start(self) -> None:
        """Begins with the present step."""
        if self.current_action in _RECORDING:
            self.profiler = autograd.profiler.profile(**self._options)
            self.profiler.__enter__()
        self._mark()

    def stop(self) -> None:
        """Ends; hands over what was recorded since the last time."""
        self._unmark()
        if self.current_action in _RECORDING and self.profiler is not None:
            self._finish(True)

    def step(self) -> None:
        """Ends a step and begins the next."""
        self._unmark()
        former, self.step_num = self.current_action, self.step_num + 1
        self.current_action = self.schedule(self.step_num)
        if former in _RECORDING and (former is ProfilerAction.RECORD_AND_SAVE or self.current_action not in _RECORDING):
            self._finish(former is ProfilerAction.RECORD_AND_SAVE)
            former = ProfilerAction.NONE
        if former not in _RECORDING and self.current_action in _RECORDING:
            self.profiler = autograd.profiler.profile(**self._options)
            self.profiler.__enter__()
        self._mark()

    def _finish(self, ready: bool) -> None:
        self.profiler.__exit__(None, None, None)
        if ready and self.on_trace_ready is not None:
            self.on_trace_ready(self)

    def _mark(self) -> None:
        if self._stepwise:
            self._step = autograd.profiler.record_function(f"ProfilerStep#{self.step_num}")
            self._step.__enter__()

    def _unmark(self) -> None:
        if self._step is not None:
            step, self._step = self._step, None
            step.__exit__(None, None, None)

    def _finished(self) -> Any:
        if self.profiler is None:
            raise PreconditionError("Profiler must be initialized before its events are asked for: no step was"
                                    " recorded", op="profile")
        return self.profiler

    def events(self) -> EventList:
        """Every call that was recorded."""
        return self._finished().function_events  # type: ignore[no-any-return]

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0) -> EventList:
        """Sums by name; by the shapes of inputs and the innermost calls of the program too, where asked for."""
        return self._finished().key_averages(group_by_input_shape, group_by_stack_n)  # type: ignore[no-any-return]

    def add_metadata(self, key: str, value: str) -> None:
        """Goes into the trace."""
        self._metadata[key] = value

    def export_chrome_trace(self, path: Any) -> None:
        """Writes a trace that chrome://tracing and Perfetto show; packed where the name ends in .gz."""
        if not str(path).endswith(".gz"):
            write_trace(self.events(), path, self._metadata)
            return
        plain = str(path)[:-3] + ".tmp"
        write_trace(self.events(), plain, self._metadata)
        with open(plain, "rb") as source, gzip.open(path, "wb") as packed:
            shutil.copyfileobj(source, packed)
        os.remove(plain)

    def export_stacks(self, path: Any, metric: str = "self_cpu_time_total") -> None:
        """Writes a line for every stack, outermost call first, with what it took; for `with_stack=True`."""
        with open(path, "w", encoding="utf-8") as file:
            for event in self.events():
                if event.stack:
                    calls = ";".join(call.replace(" ", "_") for call in reversed(event.stack))
                    file.write(f"{calls};{event.name.replace(' ', '_')} {int(getattr(event, metric))}\n")
