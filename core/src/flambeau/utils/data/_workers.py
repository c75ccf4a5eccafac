"""Worker processes of a DataLoader: they fetch batches ahead, the loader hands them out in order.

Each worker has a queue of tasks (number, indices); all share one queue of results (number, batch).
Workers that serve a stream may end it at different places; an ended worker gets no more tasks.
"""

from __future__ import annotations

import multiprocessing
import pickle
import queue
import random
import sys
import traceback
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...contract.threads import set_num_threads
from ...errors import WorkerError
from ...random import manual_seed
from ._fetch import Fetch, fetcher

_CHECK_SECONDS = 5.0  # how long to wait for a result before asking whether the workers live


@dataclass(frozen=True)
class WorkerInfo:
    """What `get_worker_info()` tells a worker about itself."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """In a worker process its number, the number of workers, its seed and its copy of the dataset; else None."""
    return _info


class _StreamEnd:
    """In place of a batch: this worker's stream is over."""


@dataclass
class _Failure:
    """In place of a batch: the class of an exception and its traceback as text."""

    kind: type[Exception]
    text: str

    def reraise(self, worker: int) -> None:
        message = f"Caught {self.kind.__name__} in DataLoader worker process {worker}.\nOriginal {self.text}"
        try:
            error = self.kind(message)
        except TypeError:  # a class whose constructor takes something else
            error = WorkerError(message, worker=worker)
        raise error


@dataclass
class _Task:
    """What a worker is told at its start."""

    dataset: Any
    batched: bool
    collate_fn: Any
    drop_last: bool
    init_fn: Any
    worker: int
    workers: int
    seed: int


def _run_worker(task: _Task, tasks: Any, results: Any) -> None:
    global _info
    set_num_threads(1)  # the workers are what runs side by side
    _seed_generators(task)
    _info = WorkerInfo(task.worker, task.workers, task.seed + task.worker, task.dataset)
    fetch: Fetch = _not_started
    while (order := tasks.get()) is not None:
        number, indices, restart = order
        try:
            if restart:
                fetch = _start(task, first=fetch is _not_started)
            batch: Any = pickle.dumps(fetch(indices))  # here, where an error can still be told
        except StopIteration:
            batch = _StreamEnd()
        except Exception as error:
            batch = _failure(error)
        results.put((number, batch))


def _seed_generators(task: _Task) -> None:
    seed = task.seed + task.worker
    random.seed(seed)
    manual_seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:  # the program uses it, so its augmentations should differ between workers
        words = [task.worker, task.seed & 0xFFFFFFFF, task.seed >> 32, 0]
        numpy.random.seed(numpy.random.SeedSequence(words).generate_state(4))


def _not_started(indices: Any) -> Any:
    raise WorkerError("the worker did not start")


def _start(task: _Task, first: bool) -> Fetch:
    if first and task.init_fn is not None:
        task.init_fn(task.worker)
    return fetcher(task.dataset, task.batched, task.collate_fn, task.drop_last)


def _failure(error: Exception) -> _Failure:
    text = "".join(traceback.format_exception(error))
    try:
        pickle.dumps(type(error))
    except Exception:  # a class that the loader's process cannot name
        return _Failure(WorkerError, text)
    return _Failure(type(error), text)


class Workers:
    """The worker processes of one loader and the bookkeeping of what each was asked for."""

    def __init__(self, loader: Any, batched: bool, seed: int) -> None:
        context = loader.multiprocessing_context
        if context is None or isinstance(context, str):
            context = multiprocessing.get_context(context)
        count = loader.num_workers
        self.ahead, self.timeout, self.in_order = loader.prefetch_factor or 1, loader.timeout, loader.in_order
        self.results = context.Queue()
        self.tasks = [context.Queue() for _ in range(count)]
        for tasks in self.tasks:
            tasks.cancel_join_thread()  # a worker that is gone reads no more: nothing waits for that at exit
        self.processes = []
        for worker in range(count):
            task = _Task(loader.dataset, batched, loader.collate_fn, loader.drop_last, loader.worker_init_fn, worker,
                         count, seed)
            process = context.Process(target=_run_worker, args=(task, self.tasks[worker], self.results), daemon=True)
            process.start()
            self.processes.append(process)
        self.stop = weakref.finalize(self, _stop, self.tasks, self.processes)
        self.sent = self.first = 0
        self.owner: dict[int, int] = {}  # which worker makes which batch
        self.ready: dict[int, Any] = {}

    def start(self, indices: Iterator[Any]) -> None:
        """Begins a pass over `indices`."""
        self.first = self.sent
        self.owner, self.ready = {}, {}
        self.indices = indices
        self.live = list(range(len(self.tasks)))
        self.fresh = set(self.live)
        self.turn = 0
        for _ in range(self.ahead * len(self.tasks)):
            self._send()

    def _send(self) -> None:
        if not self.live:
            return
        try:
            indices = next(self.indices)
        except StopIteration:
            return
        worker = self.live[self.turn % len(self.live)]
        self.turn += 1
        self.tasks[worker].put((self.sent, indices, worker in self.fresh))
        self.fresh.discard(worker)
        self.owner[self.sent] = worker
        self.sent += 1

    def next(self) -> Any:
        """The next batch; raises StopIteration after the last, and again what a worker raised."""
        while self.owner:
            number = self._await()
            batch, worker = self.ready.pop(number), self.owner.pop(number)
            if isinstance(batch, _StreamEnd):
                if worker in self.live:
                    self.turn = self.live.index(worker)
                    self.live.remove(worker)
                self._send()
                continue
            self._send()
            if isinstance(batch, _Failure):
                batch.reraise(worker)
            return pickle.loads(batch)
        raise StopIteration

    def _await(self) -> int:
        """The number of the batch to hand out, once it has come."""
        wanted = min(self.owner)
        while wanted not in self.ready:
            if self.ready and not self.in_order:
                return next(iter(self.ready))
            number, batch = self._receive()
            if number >= self.first:  # not from a pass that was given up
                self.ready[number] = batch
        return wanted

    def _receive(self) -> tuple[int, Any]:
        waited = 0.0
        while True:
            wait = min(self.timeout - waited, _CHECK_SECONDS) if self.timeout else _CHECK_SECONDS
            try:
                result: tuple[int, Any] = self.results.get(timeout=wait)
                return result
            except queue.Empty:
                waited += wait
            dead = [p.pid for p in self.processes if not p.is_alive()]
            if dead:
                raise WorkerError(f"DataLoader worker (pid(s) {', '.join(map(str, dead))}) exited unexpectedly")
            if self.timeout and waited >= self.timeout:
                raise WorkerError(f"DataLoader timed out after {self.timeout} seconds")


def _stop(tasks: list[Any], processes: list[Any]) -> None:
    for line in tasks:
        line.put(None)
        line.close()
    for process in processes:
        process.join(timeout=_CHECK_SECONDS)
        if process.is_alive():
            process.terminate()
