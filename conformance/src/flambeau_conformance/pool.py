"""Workers: processes that run checks, so that a crash or a hang costs one check and not the run.

A worker is handed checks in batches and answers one by one, in order; so when it dies, the check
that it was at is the first unanswered one, and the rest of its batch goes to its successor. When
the checks of one op in one dtype have killed three workers, the others of that kind, and what runs
the same kernel, are recorded as blocked instead of being tried.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any, TypeAlias

from .record import CRASH, TIMEOUT

BATCH = 48
LOADING = 120.0  # seconds that a backend may take to load
_LAST_WORDS = 1200  # characters of what a dead worker wrote

Answer = dict[str, Any]
Events: TypeAlias = "queue.Queue[tuple[Worker, Answer | None]]"


class BrokenOffError(Exception):
    """No worker can be kept alive."""


class NotLoadableError(Exception):
    """The backend is unknown, refused, or takes the process down as it loads."""


class Worker:
    """One process and the checks that it has still to answer."""

    def __init__(self, name: str, events: Events, folder: Path, threads: int) -> None:
        self.log = folder / f"worker-{id(self):x}-{monotonic():.6f}.log"
        self.pending: deque[str] = deque()
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.worker", name, str(self.log)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8", env=_environment(threads))
        self.since = monotonic()
        self.ready: Answer | None = None
        self._listener = threading.Thread(target=self._listen, args=(events,), daemon=True)
        self._listener.start()

    def _listen(self, events: Events) -> None:
        for line in self.process.stdout or ():
            try:
                events.put((self, json.loads(line)))
            except ValueError:  # cut off in the middle
                break
        self.process.wait()
        events.put((self, None))

    def give(self, ids: Sequence[str]) -> None:
        """Hands over the next checks."""
        self.pending.extend(ids)
        self.since = monotonic()
        if self.process.stdin is not None:
            with suppress(OSError):  # it died meanwhile, which its listener reports
                self.process.stdin.write(json.dumps({"run": list(ids)}) + "\n")
                self.process.stdin.flush()

    def stop(self) -> None:
        """Ends the process at once."""
        self.process.kill()

    def close(self) -> None:
        """Ends the process and lets go of its pipes."""
        self.stop()
        self.process.wait()
        self._listener.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was not sent any more
                    pipe.close()

    def last_words(self) -> str:
        """How the process ended and the end of what it wrote."""
        status = self.process.returncode
        try:
            how = f"signal {signal.Signals(-status).name}" if status is not None and status < 0 else f"status {status}"
        except ValueError:
            how = f"signal {-status}"
        wrote = self.log.read_text(errors="replace").strip() if self.log.exists() else ""
        return f"the process ended with {how}" + (f"; it wrote: …{wrote[-_LAST_WORDS:]}" if wrote else "")


def _environment(threads: int) -> dict[str, str]:
    """Kernels share the cores between the workers; import paths hold from any folder."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return {**dict.fromkeys(names, str(threads)), **os.environ, "PYTHONPATH": os.pathsep.join(
        os.path.abspath(p) for p in [*os.environ.get("PYTHONPATH", "").split(os.pathsep)] if p)}


class Pool:
    """Keeps `workers` processes busy until every check has an answer."""

    def __init__(self, name: str, workers: int, limit: float, blocked: Callable[[str], Answer | None],
                 heard: Callable[[Answer], bool]) -> None:
        self.name, self.count, self.limit = name, workers, limit
        self.blocked, self.heard = blocked, heard
        self.events: Events = queue.Queue()
        self.workers: list[Worker] = []
        self.waiting: deque[str] = deque()
        self.stopped = False
        self._folder = tempfile.TemporaryDirectory(prefix="flambeau-conformance-")
        self.threads = max(1, (os.cpu_count() or 1) // workers)
        self._stillborn = 0
        self.folder = ""  # of the backend's package

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.close()
        self._folder.cleanup()

    def hello(self) -> Answer:
        """Starts the first worker and gives the backend's description; raises NotLoadableError without one."""
        worker = self._start()
        while worker.ready is None:
            try:
                _, answer = self.events.get(timeout=LOADING)
            except queue.Empty:
                raise NotLoadableError(f"backend {self.name!r} did not load within {LOADING:g} s") from None
            if answer is None:
                raise NotLoadableError(f"backend {self.name!r} cannot be loaded: {worker.last_words()}")
            if "unusable" in answer:
                raise NotLoadableError(answer["unusable"])
            worker.ready, self.folder = answer["ready"], answer["folder"]
        return worker.ready

    def _start(self) -> Worker:
        worker = Worker(self.name, self.events, Path(self._folder.name), self.threads)
        self.workers.append(worker)
        return worker

    def run(self, ids: Sequence[str]) -> None:
        """Runs the checks; `heard` is told of each, in the order in which they end, and may stop the run."""
        self.waiting.extend(ids)
        while len(self.workers) < min(self.count, len(ids)):
            self._start()
        for worker in self.workers:
            self._feed(worker)
        while not self.stopped and any(w.pending or w.ready is None for w in self.workers):
            self._step()

    def _step(self) -> None:
        try:
            worker, answer = self.events.get(timeout=0.25)
        except queue.Empty:
            self._expire()
            return
        if answer is None:
            self._died(worker)
        elif "ready" in answer:
            worker.ready, self._stillborn = answer["ready"], 0
            self._feed(worker)
        elif "id" in answer:
            self._answered(worker, answer)
        self._expire()

    def _answered(self, worker: Worker, answer: Answer) -> None:
        worker.since = monotonic()
        worker.pending.popleft()
        self._tell(answer)
        if not worker.pending:
            self._feed(worker)

    def _tell(self, answer: Answer) -> None:
        self.stopped = self.heard(answer) or self.stopped

    def _feed(self, worker: Worker) -> None:
        """The next batch, smaller towards the end, without what is blocked by now."""
        if worker.ready is None or worker.pending:
            return
        batch: list[str] = []
        size = max(1, min(BATCH, len(self.waiting) // (3 * self.count)))
        while self.waiting and len(batch) < size:
            wanted = self.waiting.popleft()
            answer = self.blocked(wanted)
            if answer is None:
                batch.append(wanted)
            else:
                self._tell(answer)
        if batch:
            worker.give(batch)

    def _expire(self) -> None:
        now = monotonic()
        for worker in list(self.workers):
            limit = self.limit if worker.ready is not None else LOADING
            if (worker.pending or worker.ready is None) and now - worker.since > limit and worker in self.workers:
                worker.stop()
                self._lost(worker, TIMEOUT, f"did not end within {limit:g} s")

    def _died(self, worker: Worker) -> None:
        if worker in self.workers:
            self._lost(worker, CRASH, worker.last_words())

    def _lost(self, worker: Worker, outcome: str, message: str) -> None:
        self.workers.remove(worker)
        if worker.ready is None:
            self._stillborn += 1
            if self._stillborn > 3:
                raise BrokenOffError(f"workers die before they are ready: {message}")
        if worker.pending:
            culprit = worker.pending.popleft()
            self._tell({"id": culprit, "outcome": outcome, "kind": outcome, "message": f"{culprit}: {message}",
                        "seconds": round(monotonic() - worker.since, 3), "ulps": {}})
        self.waiting.extendleft(reversed(worker.pending))
        worker.close()
        if self.waiting and not self.stopped:
            self._start()
