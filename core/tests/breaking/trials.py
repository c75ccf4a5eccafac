"""Trials: each has a generator of its own, by seed, part and number, so that one can be made again alone."""

from __future__ import annotations

import os
import pickle
import random
import signal
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

Trial = Callable[[random.Random, Path], str]
HANGS = 60.0  # seconds after which a child that has not ended is said to hang


class Violation(Exception):
    """A promise that was broken: of which kind, and what was seen."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(kind, detail)
        self.kind, self.detail = kind, detail


@dataclass
class Tally:
    """What the trials of one part came to."""

    part: str
    trials: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, number: int, trial: Callable[[], str]) -> None:
        """Makes one trial; an exception that it did not expect is a violation too."""
        self.trials += 1
        try:
            self.ends[trial()] += 1
            return
        except Violation as broken:
            kind, detail = broken.kind, broken.detail
        except Exception as error:
            kind, detail = f"raised {type(error).__name__}", traceback.format_exc()
        self.violations[kind] += 1
        self.examples.setdefault(kind, f"trial {number}: {detail}")


def run(part: str, trial: Trial, seed: int, seconds: float = inf, trials: float = inf, first: int = 0) -> Tally:
    """Makes so many trials of a part, or what the time allows, each in an empty folder."""
    tally, until, number = Tally(part), time.monotonic() + seconds, first
    while tally.trials < trials and time.monotonic() < until:
        with tempfile.TemporaryDirectory() as folder:
            draw = random.Random(f"{seed}/{part}/{number}")
            tally.add(number, lambda draw=draw, folder=folder: trial(draw, Path(folder)))
        number += 1
    return tally


# --- children


def fork(work: Callable[[], Any]) -> tuple[int, int]:
    """A process that runs `work`, and the pipe by which it answers with what that returned or raised."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks where threads run: the child uses none of theirs
        pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    try:
        os.close(reading)
        os.write(writing, pickle.dumps(_outcome(work)))
    finally:
        os._exit(0)


def _outcome(work: Callable[[], Any]) -> tuple[str, Any]:
    try:
        return "returned", work()
    except Violation as broken:
        return "violation", (broken.kind, broken.detail)
    except BaseException as error:
        return "violation", (f"raised {type(error).__name__}", traceback.format_exc()[-5000:])


def ended(pid: int, seconds: float = HANGS) -> int:
    """Waits for a child to end: its exit status, negative for a signal; one that hangs is killed and is a violation."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise Violation("hangs", f"no end after {seconds} s")


def in_child(work: Callable[[], str], seconds: float = HANGS) -> str:
    """`work` in a process of its own, which may set limits and handlers; what it returned or raised."""
    pid, reading = fork(work)
    try:
        status = ended(pid, seconds)
        with open(reading, "rb", closefd=False) as file:
            data = file.read()
    finally:
        os.close(reading)
    if not data:
        raise Violation("died", f"exit status {status}")
    how, what = pickle.loads(data)
    if how == "violation":
        raise Violation(*what)
    return str(what)


def lives(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def comes_true(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether a condition holds within so many seconds."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True
