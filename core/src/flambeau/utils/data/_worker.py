"""What runs in a worker process of a DataLoader: it is told indices, and answers with batches."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import random
import signal
import sys
import threading
import traceback
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any

from ...contract.threads import set_num_threads
from ...errors import WorkerError
from ...random import manual_seed
from ._channel import Channel
from ._fetch import Fetch, fetcher

ORDER, BATCH, FAILURE, STREAM_END = range(4)  # what a message is

_PARENT_SECONDS = 0.5  # between two looks whether the parent is still there


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


@dataclass
class Failure:
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
class Task:
    """What a worker is told at its start."""

    dataset: Any
    batched: bool
    collate_fn: Any
    drop_last: bool
    init_fn: Any
    worker: int
    workers: int
    seed: int


def run(task: Task, channel: Channel) -> None:
    """Serves the loader until it closes its end, or is gone."""
    global _info
    _end_with_the_parent()
    set_num_threads(1)  # the workers are what runs side by side
    _seed_generators(task)
    _info = WorkerInfo(task.worker, task.workers, task.seed + task.worker, task.dataset)
    with suppress(EOFError, ConnectionError):
        _serve(task, channel)


def _end_with_the_parent() -> None:
    """Ctrl-C is for the parent to answer, and nothing keeps this process alive after it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # not what the parent had set up for itself
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()


def _watch(parent: int) -> None:
    process = multiprocessing.parent_process()
    handles = [] if process is None else [process.sentinel]
    while not wait(handles, _PARENT_SECONDS) and os.getppid() == parent:
        pass  # both: a fork that was made beside this one may hold the parent's end of the sentinel
    os._exit(1)


def _serve(task: Task, channel: Channel) -> None:
    fetch: Fetch = _not_started
    last = -1
    channel.line.settimeout(None)  # as at the other end
    while True:
        message = channel.receive()
        if message.number <= last:  # sent twice, after Ctrl-C while it was sent
            continue
        last = message.number
        indices, restart, read = channel.load(message)
        for number in read:
            channel.outgoing.release(number)
        try:
            if restart:
                fetch = _start(task, first=fetch is _not_started)
            batch = fetch(indices)
        except StopIteration:
            channel.send(message.number, STREAM_END, None)
        except Exception as error:
            channel.send(message.number, FAILURE, _failure(error))
        else:
            _answer(channel, message.number, batch)


def _answer(channel: Channel, number: int, batch: Any) -> None:
    try:
        channel.send(number, BATCH, batch)
    except (EOFError, ConnectionError):  # the loader is done with its workers
        raise
    except Exception as error:  # cannot be pickled, or there is no room for it
        channel.send(number, FAILURE, _failure(error))


def _seed_generators(task: Task) -> None:
    seed = task.seed + task.worker
    random.seed(seed)
    manual_seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:  # the program uses it, so its augmentations should differ between workers
        words = [task.worker, task.seed & 0xFFFFFFFF, task.seed >> 32, 0]
        numpy.random.seed(numpy.random.SeedSequence(words).generate_state(4))


def _not_started(indices: Any) -> Any:
    raise WorkerError("the worker did not start")


def _start(task: Task, first: bool) -> Fetch:
    if first and task.init_fn is not None:
        task.init_fn(task.worker)
    return fetcher(task.dataset, task.batched, task.collate_fn, task.drop_last)


def _failure(error: Exception) -> Failure:
    text = "".join(traceback.format_exception(error))
    try:
        pickle.dumps(type(error))
    except Exception:  # a class that the loader's process cannot name
        return Failure(WorkerError, text)
    return Failure(type(error), text)
