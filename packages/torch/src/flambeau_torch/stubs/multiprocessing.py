"""`torch.multiprocessing`: the standard library's module, whose processes get copies of tensors."""

from __future__ import annotations

from multiprocessing import *  # noqa: F403
from multiprocessing import get_context as get_context
from multiprocessing import set_start_method as set_start_method
from typing import Any

_strategy = ["file_descriptor"]


def set_sharing_strategy(new_strategy: str) -> None:
    """Noted; tensors are copied."""
    _strategy[0] = new_strategy


def get_sharing_strategy() -> str:
    """What `set_sharing_strategy` was told."""
    return _strategy[0]


def spawn(fn: Any, args: tuple[Any, ...] = (), nprocs: int = 1, join: bool = True, daemon: bool = False,
          start_method: str = "spawn") -> Any:
    """Runs `fn(i, *args)` in `nprocs` new processes; waits for them where `join`, and raises where one failed."""
    return start_processes(fn, args, nprocs, join, daemon, start_method)


class ProcessRaisedException(Exception):
    """A process that `spawn` started ended with an error."""


class ProcessContext:
    """The processes that `start_processes` has started."""

    def __init__(self, processes: list[Any]) -> None:
        self.processes = processes

    def pids(self) -> list[int]:
        """Their numbers."""
        return [process.pid for process in self.processes]

    def join(self, timeout: float | None = None, grace_period: float | None = None) -> bool:
        """Waits for all of them; ends the others and raises where one failed. Whether all have ended."""
        for i, process in enumerate(self.processes):
            process.join(timeout)
            if process.exitcode:
                for other in self.processes:
                    other.terminate()
                raise ProcessRaisedException(f"process {i} terminated with exit code {process.exitcode}")
        return all(process.exitcode is not None for process in self.processes)


def start_processes(fn: Any, args: tuple[Any, ...] = (), nprocs: int = 1, join: bool = True, daemon: bool = False,
                    start_method: str = "spawn") -> Any:
    """Starts `fn(i, *args)` in `nprocs` processes; a `ProcessContext` where they are not waited for."""
    context = get_context(start_method)
    processes = [context.Process(target=fn, args=(i, *args), daemon=daemon) for i in range(nprocs)]
    for process in processes:
        process.start()
    started = ProcessContext(processes)
    return started if not join else (started.join(), None)[1]


def get_all_sharing_strategies() -> set[str]:
    """The names that are accepted."""
    return {"file_descriptor", "file_system"}
