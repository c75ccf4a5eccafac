"""Signals at any instant of a training: modes stay, files are whole, what a handler computes changes nothing."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flambeau
from flambeau.contract import device as devices
from flambeau.modes import _grad, _inference

from .training import Training
from .trials import Violation, in_child


class Struck(Exception):
    """What the handler raises."""


class StruckToo(OSError, ValueError, TypeError):
    """What the handler raises, as an exception that much code expects."""


RAISED = [Struck, StruckToo, KeyboardInterrupt, TimeoutError]


def modes() -> tuple[Any, ...]:
    """What a thread has switched."""
    return _grad.get(), _inference.get(), devices._default.get(), flambeau.autograd.anomaly.is_anomaly_enabled()


def struck(work: Callable[[], Any], handler: Callable[[], None], first: float, again: float = 0.0) -> bool:
    """Runs `work` while alarms come; whether the handler's exception ended it."""

    def handle(number: int, frame: Any) -> None:
        handler()

    former = signal.signal(signal.SIGALRM, handle)
    try:
        signal.setitimer(signal.ITIMER_REAL, first, again)
        work()
        return False
    except tuple(RAISED):
        return True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def ending(draw: random.Random, folder: Path) -> str:
    """Training is interrupted, and taken up from its last file, again and again, to the same end."""
    steps, device, state = 8, draw.choice(["cpu", "reference"]), draw.getstate()
    expected = Training(again(state), device).run(steps)
    path, kind, before = folder / "state.pt", draw.choice(RAISED), modes()

    def save(training: Training, done: int) -> None:
        flambeau.save({"network": training.network.state_dict(), "optimiser": training.optimiser.state_dict(),
                       "done": done}, path)

    def work() -> None:
        for number in range(flambeau.load(path)["done"], steps):
            training.step()
            save(training, number + 1)

    def interrupt() -> None:
        raise kind

    training, times = Training(again(state), device), 0
    save(training, 0)
    for _ in range(200):
        cut = struck(work, interrupt, draw.uniform(1e-5, 0.02 if device == "cpu" else 0.1))
        if modes() != before:
            raise Violation("mode left", f"{modes()} where {before} were")
        training = Training(again(state), device)
        held = flambeau.load(path)
        training.network.load_state_dict(held["network"])
        training.optimiser.load_state_dict(held["optimiser"])
        if not cut:
            break
        times += 1
    work()
    if training.numbers() != expected:
        raise Violation("other numbers", f"after {times} interrupts on {device}")
    left = sorted(entry.name for entry in folder.iterdir())
    if left != [path.name]:
        raise Violation("left beside", str(left))
    return f"interrupted on {device}, same end" if times else "not reached"


def again(state: Any) -> random.Random:
    """A generator in that state."""
    draw = random.Random()
    draw.setstate(state)
    return draw


def computing(draw: random.Random, folder: Path) -> str:
    """The handler trains something of its own, and walks graphs, in the middle of whatever runs."""
    steps, device, state, times = 10, draw.choice(["cpu", "reference"]), draw.getstate(), 0
    expected = Training(again(state), device).run(steps)
    other, inside = Training(random.Random(1), device), False
    held: list[Any] = []

    def handler() -> None:
        nonlocal times, inside
        if not inside:  # alarms that come while one is served are for later
            inside, times = True, times + 1
            with flambeau.enable_grad():  # a handler runs in the modes of what it interrupts
                other.step()
            inside = False

    struck(lambda: held.extend(Training(again(state), device).run(steps)), handler, draw.uniform(1e-5, 0.005),
           draw.uniform(0.002, 0.01))
    if held != expected:
        raise Violation("other numbers", f"a handler that computes ran {times} times on {device}")
    if other.numbers() != Training(random.Random(1), device).run(times):
        raise Violation("other numbers in the handler", f"after {times} steps")
    return f"computed in handlers on {device}" if times else "not reached"


def loading(draw: random.Random, folder: Path) -> str:
    """Passes over a loader with workers are interrupted; later ones are whole."""
    from flambeau.utils import data

    loader = data.DataLoader(range(40), 4, num_workers=2, persistent_workers=draw.random() < 0.5, timeout=30)
    expected, times = [batch.tolist() for batch in data.DataLoader(range(40), 4)], 0

    kind = draw.choice(RAISED)

    def interrupt() -> None:
        raise kind

    for _ in range(5):
        got: list[Any] = []
        times += struck(lambda got=got: got.extend(batch.tolist() for batch in loader), interrupt,
                        draw.uniform(1e-4, 0.05))
        if got != expected[: len(got)]:
            raise Violation("wrong batches", str(got))
        time.sleep(draw.choice([0.0, 0.002]))
    if [batch.tolist() for batch in loader] != expected:
        raise Violation("wrong batches", "in the pass after the interrupts")
    return "interrupted passes" if times else "not reached"


def trial(draw: random.Random, folder: Path) -> str:
    """One of them, in a process of its own."""
    kind = draw.choice([ending, ending, computing, loading])
    return in_child(lambda: kind(draw, folder))
