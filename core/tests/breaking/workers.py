"""DataLoader workers that die, stop or come late, and parents that are killed: nobody hangs, nothing is left."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from pathlib import Path
from typing import Any

import flambeau
from flambeau.errors import WorkerError
from flambeau.utils import data

from .trials import Violation, comes_true, ended, fork, in_child, lives

SOON = 10.0


class Samples(data.Dataset[Any]):
    """Rows of one number; one of the samples may come late."""

    def __init__(self, count: int, size: int, late: int = -1, seconds: float = 0.0) -> None:
        self.count, self.size, self.late, self.seconds = count, size, late, seconds

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Any:
        if index == self.late:
            time.sleep(self.seconds)
        return flambeau.full((self.size,), float(index))


class Plan:
    """What is drawn: a loader, and what happens to it."""

    def __init__(self, draw: random.Random) -> None:
        self.workers, self.count = draw.randint(1, 3), draw.choice([1, 7, 40])
        self.size = draw.choice([1, 1000, 250_000])
        self.event = draw.choice(["none", "kill", "kill", "kill", "stop", "late", "parent", "parent", "leave"])
        self.timeout = {"stop": 0.5, "late": 0.3}.get(self.event, draw.choice([0, 30]))
        self.options = {"persistent_workers": draw.random() < 0.5, "prefetch_factor": draw.choice([1, 2, 8]),
                        "in_order": draw.random() < 0.8}
        self.victim, self.delay = draw.randrange(self.workers), draw.uniform(0.0, 0.06)
        self.passes = draw.choice([1, 2])

    def loader(self) -> Any:
        late = self.count // 2 if self.event == "late" else -1
        samples = Samples(self.count, self.size, late, seconds=5.0)
        return data.DataLoader(samples, None, num_workers=self.workers, timeout=self.timeout, **self.options)


def opened() -> int:
    return len(os.listdir("/proc/self/fd"))


def pids(iterator: Any) -> list[int]:
    return [worker.process.pid for worker in iterator._workers.workers]


def right(plan: Plan, got: list[tuple[float, float]]) -> None:
    """Raises Violation unless these are batches as they should be, each once."""
    if any(low != high for low, high in got):
        raise Violation("mixed batch", str(got))
    values = [int(low) for low, _ in got]
    if len(set(values)) != len(values) or (plan.options["in_order"] and values != list(range(len(values)))):
        raise Violation("wrong order", str(values))


def one_pass(plan: Plan, loader: Any) -> tuple[str, list[int]]:
    """Goes through the loader while the event strikes; how it ended and who worked."""
    got: list[tuple[float, float]] = []
    iterator = iter(loader)
    workers = pids(iterator)
    strike = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}.get(plan.event)
    timer = threading.Timer(plan.delay, hit, (workers[plan.victim], strike)) if strike else None
    if timer:
        timer.start()
    try:
        for batch in iterator:
            got.append((batch.min().item(), batch.max().item()))
            if plan.event == "leave" and len(got) > plan.count // 2:
                return "left", workers
    except WorkerError as error:
        if plan.event not in ("kill", "stop", "late"):
            raise Violation("untrue report", str(error)) from error
        return "reported", workers
    finally:
        if timer:
            timer.cancel()
            timer.join()
        right(plan, got)
    if len(got) != plan.count:
        raise Violation("batches lost", f"{len(got)} of {plan.count}")
    return "whole", workers


def hit(pid: int, number: int) -> None:
    """A signal to a worker that still is there."""
    if lives(pid):
        os.kill(pid, number)


def watched(plan: Plan) -> str:
    """Some passes in this process; afterwards it is as before."""
    shm, files = set(os.listdir("/dev/shm")), opened()
    loader, ends, workers = plan.loader(), [], set()
    for _ in range(plan.passes):
        how, these = one_pass(plan, loader)
        ends.append(how)
        workers.update(these)
    del loader
    import gc

    gc.collect()
    if not comes_true(lambda: not any(map(lives, workers)), SOON):
        raise Violation("worker left", str(sorted(workers)))
    if not comes_true(lambda: opened() <= files, SOON):
        raise Violation("file left open", f"{opened()} where {files} were")
    if set(os.listdir("/dev/shm")) - shm:
        raise Violation("shared memory left", str(set(os.listdir("/dev/shm")) - shm))
    return " and ".join(sorted(set(ends)))


def orphaned(plan: Plan, folder: Path) -> str:
    """The loader's process is killed; its workers end."""
    note, shm = folder / "pids", set(os.listdir("/dev/shm"))

    def work() -> None:
        iterator = iter(plan.loader())
        note.with_suffix(".new").write_text(" ".join(map(str, pids(iterator))))
        os.rename(note.with_suffix(".new"), note)
        for _ in range(1000):
            for _batch in iterator:
                pass
            iterator = iter(plan.loader())

    pid, reading = fork(work)
    os.close(reading)
    if not comes_true(note.exists, SOON):
        os.kill(pid, signal.SIGKILL)
        raise Violation("no start", f"exit status {ended(pid)}")
    time.sleep(plan.delay)
    children = [*map(int, note.read_text().split()), *descendants(pid)]
    os.kill(pid, signal.SIGKILL)
    ended(pid)
    if not comes_true(lambda: not any(map(lives, children)), SOON):
        raise Violation("worker left", str([child for child in children if lives(child)]))
    if set(os.listdir("/dev/shm")) - shm:
        raise Violation("shared memory left", str(set(os.listdir("/dev/shm")) - shm))
    return "all gone"


def descendants(pid: int) -> list[int]:
    """The processes that a process has started and that are there now."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def trial(draw: random.Random, folder: Path) -> str:
    """One loader and what happens to it."""
    plan = Plan(draw)
    how = orphaned(plan, folder) if plan.event == "parent" else in_child(lambda: watched(plan))
    return f"{plan.event}, {how}"
