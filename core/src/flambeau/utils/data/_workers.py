"""Worker processes of a DataLoader: they fetch batches ahead, the loader hands them out in order.

Each worker has a channel by which it gets orders (number, indices) and answers with batches. The loader waits for
the channels and the processes together, so it notices a dead worker at once; it owns the memory that they share.
Workers that serve a stream may end it at different places; an ended worker gets no more orders.
"""

from __future__ import annotations

import multiprocessing
import os
import time
import weakref
from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import wait
from typing import Any

from ...errors import WorkerError
from ._channel import Channel, Message, Region, lines
from ._worker import BATCH, FAILURE, ORDER, STREAM_END, Task, run

_CHECK_SECONDS = 0.25  # how long to wait for a sign of the workers before asking the system whether they live
_CLOSE_SECONDS = 0.1  # how long workers that are told to end may take before they are killed
_REAP_SECONDS = 5.0  # how long the system may take over a killed process
_ORDERS = 32  # that lie in a pipe at most: so many fit, and putting one there never waits


class _Worker:
    """One process as the loader sees it."""

    def __init__(self, context: Any, task: Task) -> None:
        self.unsent: deque[tuple[int, Any, bool]] = deque()
        self.read: list[int] = []  # answers that the worker need not keep any longer
        orders, batches = Region(), Region()
        ours, self._theirs = lines()
        self.channel = Channel(ours, orders, batches)
        self.process = context.Process(target=run, args=(task, Channel(self._theirs, batches, orders)), daemon=True)

    def start(self) -> None:
        try:
            self.process.start()
        finally:
            self._theirs.close()

    def order(self, number: int, indices: Any, restart: bool) -> None:
        self.unsent.append((number, indices, restart))
        self.flush()

    def flush(self) -> None:
        """Sends what fits into the pipe."""
        while self.unsent and len(self.channel.outgoing.held) < _ORDERS:
            number, indices, restart = self.unsent[0]
            try:
                self.channel.send(number, ORDER, (indices, restart, self.read))
            except ConnectionError:
                return  # it is dead, as whoever waits for its answer will notice
            self.unsent.popleft()
            self.read = []

    def answered(self, message: Message) -> None:
        """Takes `message`, which has been peeked at, off the line."""
        self.channel.outgoing.release(message.number)
        self.channel.receive()
        self.flush()

    def take(self, message: Message) -> Any:
        try:
            return self.channel.load(message)
        finally:
            self.read.append(message.number)

    def close(self) -> None:
        self.channel.outgoing.close()
        self.channel.incoming.close()


class Workers:
    """The worker processes of one loader and the bookkeeping of what each was asked for."""

    def __init__(self, loader: Any, batched: bool, seed: int) -> None:
        context = loader.multiprocessing_context
        if context is None or isinstance(context, str):
            context = multiprocessing.get_context(context)
        count = loader.num_workers
        self.ahead, self.timeout, self.in_order = loader.prefetch_factor or 1, loader.timeout, loader.in_order
        self.persistent = loader.persistent_workers
        self.workers: list[_Worker] = []
        self.stop = weakref.finalize(self, _stop, os.getpid(), self.workers)
        try:
            for number in range(count):
                task = Task(loader.dataset, batched, loader.collate_fn, loader.drop_last, loader.worker_init_fn, number,
                            count, seed)
                self.workers.append(_Worker(context, task))
                self.workers[-1].start()
        except BaseException:
            self.stop()
            raise
        self.sent = self.first = 0
        self.owner: dict[int, int] = {}  # which worker makes which batch
        self.ready: dict[int, Message] = {}
        self.dead: list[int | None] = []

    def start(self, indices: Iterator[Any]) -> None:
        """Begins a pass over `indices`."""
        for number in self.ready.keys() & self.owner.keys():
            self.workers[self.owner[number]].read.append(number)
        for worker in self.workers:
            worker.unsent.clear()
        self.first = self.sent
        self.owner, self.ready = {}, {}
        self.indices = indices
        self.live = list(range(len(self.workers)))
        self.fresh = set(self.live)
        self.turn = 0
        for _ in range(self.ahead * len(self.workers)):
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
        number, self.sent = self.sent, self.sent + 1
        self.workers[worker].order(number, indices, worker in self.fresh)
        self.owner[number] = worker
        self.fresh.discard(worker)

    def next(self) -> Any:
        """The next batch; raises StopIteration after the last, and again what a worker raised."""
        while self.owner:
            number = self._await()
            worker, message = self.owner.pop(number), self.ready.pop(number)
            if message.kind == STREAM_END and worker in self.live:
                self.turn = self.live.index(worker)
                self.live.remove(worker)
            self._send()
            value = self.workers[worker].take(message)
            if message.kind == FAILURE:
                value.reraise(worker)
            if message.kind == BATCH:
                return value
        if not self.persistent:
            self.stop()
        raise StopIteration

    def _await(self) -> int:
        """The number of the batch to hand out, once it has come."""
        deadline = time.monotonic() + self.timeout
        while (number := self._next_number()) is None:
            rest = deadline - time.monotonic() if self.timeout else _CHECK_SECONDS
            if not self.dead and self._receive(min(max(rest, 0), _CHECK_SECONDS)):
                deadline = time.monotonic() + self.timeout
            elif self.dead:
                self.ready.clear()
                self.stop()
                raise WorkerError(f"DataLoader worker (pid(s) {', '.join(map(str, self.dead))}) exited unexpectedly")
            elif self.timeout and rest <= 0:
                raise WorkerError(f"DataLoader timed out after {self.timeout} seconds")
        return number

    def _next_number(self) -> int | None:
        wanted = min(self.owner)
        if wanted in self.ready:
            return wanted
        return None if self.in_order else next((number for number in self.ready if number in self.owner), None)

    def _receive(self, seconds: float) -> bool:
        """Whether answers came within so many seconds; takes note of them, and of workers that are dead."""
        signs = [sign for worker in self.workers for sign in (worker.channel.line, worker.process.sentinel)]
        ready = set(wait(signs, seconds))
        came = False
        for worker in self.workers:
            came |= self._hear(worker, ready)
        return came

    def _hear(self, worker: _Worker, ready: set[Any]) -> bool:
        silent = worker.channel.line not in ready
        if silent and (not ready or worker.process.sentinel in ready) and not worker.process.is_alive():
            self.dead.append(worker.process.pid)
        if silent:
            return False
        try:
            message = worker.channel.peek()
        except (EOFError, OSError):
            self.dead.append(worker.process.pid)
            return False
        if message.number in self.owner:
            self.ready[message.number] = message
        else:  # from a pass that was given up, or taken before Ctrl-C let it leave the line
            worker.read.append(message.number)
        worker.answered(message)  # only now: Ctrl-C in between loses nothing
        return True


def _stop(owner: int, workers: list[_Worker]) -> None:
    if os.getpid() != owner:
        return  # a fork of the loader's process has a copy of the loader, but not its workers
    for worker in workers:
        worker.channel.line.close()  # which tells it to end
    processes = [worker.process for worker in workers if worker.process.pid is not None]
    running, deadline = {process.sentinel for process in processes}, time.monotonic() + _CLOSE_SECONDS
    while running and (rest := deadline - time.monotonic()) > 0:
        running.difference_update(wait(list(running), rest))
    for process in processes:
        if process.is_alive():
            process.kill()
    for process in processes:
        process.join(_REAP_SECONDS)
    for worker in workers:
        worker.close()
