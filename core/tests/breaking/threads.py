"""Threads: trainings side by side come to what they come to alone, no gradient is lost, anybody may come first."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flambeau

from .training import Training
from .trials import Violation, in_child

FIRST = """
import sys, threading
sys.setswitchinterval(1e-6)
import flambeau
barrier, answers, errors = threading.Barrier(20), [None] * 20, []

def work(i):
    barrier.wait()
    try:
        {work}
    except BaseException as error:
        errors.append(repr(error))

threads = [threading.Thread(target=work, args=(i,)) for i in range(20)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(set(map(str, answers))), *errors)
"""
FIRSTS = {
    "ops": "answers[i] = (flambeau.ones(2, 3) @ flambeau.ones(3)).exp().tolist()",
    "backward": "x = flambeau.ones(3, requires_grad=True); (x * x).sum().backward(); answers[i] = x.grad.tolist()",
    "layers": "answers[i] = [tuple(p.shape) for p in flambeau.nn.GRU(4, 2).parameters()]",
    "names": "answers[i] = [callable(getattr(flambeau, name, None)) for name in sorted(flambeau.__all__)][i % 2:0]",
    "devices": "answers[i] = str(flambeau.backends()), str(flambeau.zeros(1, device='reference').device)",
    "optimisers": "answers[i] = type(flambeau.optim.Adam([flambeau.nn.Parameter(flambeau.ones(1))])).__name__",
    "files": "import io; f = io.BytesIO(); flambeau.save(flambeau.ones(2), f); f.seek(0);"
             " answers[i] = flambeau.load(f).tolist()",
    "loaders": "answers[i] = [b.tolist() for b in flambeau.utils.data.DataLoader(range(6), 2)]",
    "distributions": "answers[i] = flambeau.nn.functional.softmax(flambeau.zeros(4), 0).tolist()",
    "modes": "flambeau.set_grad_enabled(False); answers[i] = flambeau.is_grad_enabled()",
}


def together(count: int, work: Callable[[int], None]) -> None:
    """Runs `work` in so many threads that begin together; raises what one of them raised."""
    barrier, errors = threading.Barrier(count), []

    def run(i: int) -> None:
        barrier.wait()
        try:
            work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def training(draw: random.Random, folder: Path) -> str:
    """Several trainings, each in a thread, with modes and devices of their own meanwhile."""
    count, steps = draw.randint(2, 6), draw.randint(3, 8)
    plans = [(draw.randrange(2**32), draw.choice(["cpu", "reference"])) for _ in range(count)]
    alone = [Training(random.Random(seed), device).run(steps) for seed, device in plans]
    got: list[Any] = [None] * count

    def work(i: int) -> None:
        seed, device = plans[i]
        made = Training(random.Random(seed), device)
        for _ in range(steps):
            with flambeau.no_grad(), flambeau.device("reference" if device == "cpu" else "cpu"):
                made.network(made.x)
            made.step()
        got[i] = made.numbers()

    together(count, work)
    if got != alone:
        raise Violation("other numbers", str([a == b for a, b in zip(got, alone, strict=True)]))
    return "trainings as alone"


def one_leaf(draw: random.Random, folder: Path) -> str:
    """Walks of several threads that reach the same leaves, or one graph."""
    count, turns, device = draw.randint(2, 8), draw.randint(1, 12), draw.choice(["cpu", "reference"])
    leaf = flambeau.ones(5, device=device, requires_grad=True)
    shared = (leaf * 2).sum() if draw.random() < 0.4 else None

    def work(i: int) -> None:
        for _ in range(turns):
            if shared is not None:
                shared.backward(retain_graph=True)
            else:
                (leaf * 2).sum().backward()

    together(count, work)
    if leaf.grad is None or leaf.grad.tolist() != [2.0 * count * turns] * 5:
        raise Violation("gradient lost", f"{leaf.grad} where {2 * count * turns} was due")
    return "one graph" if shared is not None else "one leaf"


def in_place(draw: random.Random, folder: Path) -> str:
    """Writes to parts of one tensor that do not overlap, versions counted meanwhile."""
    count, turns, device = draw.randint(2, 6), draw.randint(5, 40), draw.choice(["cpu", "reference"])
    base = flambeau.zeros(count, 7, device=device)

    def work(i: int) -> None:
        for _ in range(turns):
            base[i].add_(1)
            base[i, ::2] *= 1

    together(count, work)
    if base.tolist() != [[float(turns)] * 7] * count:
        raise Violation("write lost", str(base.tolist()))
    return "writes side by side"


def saving(draw: random.Random, folder: Path) -> str:
    """Several threads save over one name and load it."""
    from .saves import put, tidy, whole

    path, count = folder / "model.pt", draw.choice([1, 10_000])
    put(path, 0.0, count)

    def work(i: int) -> None:
        for turn in range(4):
            put(path, float(10 * i + turn), count)
            whole(path)

    together(draw.randint(2, 4), work)
    tidy(path, count)
    return "savers of one name"


def first(draw: random.Random, folder: Path) -> str:
    """Twenty threads of a new process come first, to whatever it is."""
    what = draw.choice(list(FIRSTS))
    environment = {**os.environ, "FLAMBEAU_BACKEND": draw.choice(["numpy", "reference"])}
    done = subprocess.run([sys.executable, "-c", FIRST.format(work=FIRSTS[what])], capture_output=True, text=True,
                          env=environment, timeout=60, check=False)
    if done.stdout.strip() != "1" or done.stderr:
        raise Violation(f"first use of {what}", done.stdout + done.stderr)
    return "first use"


def trial(draw: random.Random, folder: Path) -> str:
    """One of them, with threads that take turns as often as they can."""
    kind = draw.choice([training, training, one_leaf, one_leaf, in_place, saving, first])
    if kind is first:
        return first(draw, folder)

    def work() -> str:
        sys.setswitchinterval(draw.choice([1e-6, 1e-4]))
        return kind(draw, folder)

    return in_child(work)
