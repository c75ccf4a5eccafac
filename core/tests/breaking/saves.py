"""Savers that are killed, out of room, without a right to the folder, or two at once: the old file or a new one."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import time
from pathlib import Path
from typing import Any

import flambeau

from .trials import Violation, ended, fork, in_child

NAME = "model.pt"
NOBODY = 65534


def put(path: Path, value: float, count: int) -> None:
    """A file with tensors that all hold one value."""
    flambeau.save({"x": flambeau.full((count,), value), "n": value, "y": [flambeau.full((7,), value)]}, path)


def whole(path: Path) -> float:
    """The one value that the file holds throughout."""
    try:
        got: Any = flambeau.load(path)
    except Exception as error:
        raise Violation("damaged file", f"{type(error).__name__}: {error}") from error
    values = {got["n"], *got["x"].unique().tolist(), *got["y"][0].tolist()}
    if len(values) != 1:
        raise Violation("mixed file", str(values))
    return float(values.pop())


def tidy(path: Path, count: int) -> None:
    """Raises Violation unless the next save leaves nothing but its file."""
    put(path, -1.0, count)
    left = sorted(entry.name for entry in path.parent.iterdir())
    if whole(path) != -1.0 or left != [path.name]:
        raise Violation("left beside", str(left))


def saving(path: Path, count: int, start: int) -> int:
    """A child that saves one value after the other until it is killed."""

    def work() -> None:
        for value in range(start, 1 << 20, 2):
            put(path, float(value), count)

    pid, reading = fork(work)
    os.close(reading)
    return pid


def killed(draw: random.Random, folder: Path) -> str:
    """One or two savers over one name, killed at an instant."""
    path, count = folder / NAME, draw.choice([1, 1000, 50_000, 300_000])
    put(path, 0.0, count)
    pids = [saving(path, count, 1 + i) for i in range(draw.choice([1, 1, 2]))]
    time.sleep(draw.uniform(0.0, 0.05))
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    statuses = [ended(pid) for pid in pids]
    if any(status != -signal.SIGKILL for status in statuses):
        raise Violation("a saver ended by itself", str(statuses))
    value = whole(path)
    tidy(path, count)
    return f"{len(pids)} killed, {'the old file' if value == 0.0 else 'a new file'}"


def limited(draw: random.Random, folder: Path) -> str:
    """No file may grow beyond so many bytes, as on a full disk."""
    path, count = folder / NAME, draw.choice([1, 1000, 100_000])
    put(path, 0.0, count)
    size = path.stat().st_size
    limit = draw.randrange(0, size + size // 8)

    def work() -> str:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            put(path, 1.0, count)
        except OSError as error:
            return f"OSError {error.errno}"
        return "saved"

    how = in_child(work)
    value = whole(path)
    if (how == "saved") != (value == 1.0) or (how == "saved") != (limit >= size):
        raise Violation("wrong answer", f"{how} of {size} bytes under a limit of {limit}, the file holds {value}")
    if [entry.name for entry in folder.iterdir()] != [NAME]:
        raise Violation("left beside", str(list(folder.iterdir())))
    return f"limit, {how}"


def read_only(draw: random.Random, folder: Path) -> str:
    """The folder may only be read."""
    there = folder / "there"
    there.mkdir()
    path, count = there / NAME, draw.choice([1, 10_000])
    put(path, 0.0, count)
    os.chmod(there, 0o555)
    os.chmod(folder, 0o755)

    def work() -> str:
        if os.geteuid() == 0:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        try:
            put(path, 1.0, count)
        except PermissionError:
            return "PermissionError"
        return "saved"

    how = in_child(work)
    os.chmod(there, 0o755)
    if how != "PermissionError" or whole(path) != 0.0:
        raise Violation("wrong answer", f"{how} in a folder that may only be read")
    tidy(path, count)
    return f"read-only folder, {how}"


def trial(draw: random.Random, folder: Path) -> str:
    """One of them."""
    return draw.choice([killed, killed, killed, limited, limited, read_only])(draw, folder)
