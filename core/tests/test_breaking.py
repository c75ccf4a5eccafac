"""The lane that tries to break flambeau, in short; that it sees what is broken; that the figures reach the page."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from breaking import files, memory, saves, signals, threads, trials, workers
from breaking.report import BEGIN, END, page, table
from breaking.trials import Tally, Violation, in_child, run

import flambeau
from flambeau.serialization import atomic

pytestmark = pytest.mark.skipif(not hasattr(os, "fork") or not os.path.isdir("/proc/self"),
                                reason="needs os.fork and looks at processes under /proc")
SHORT = {"files": (files.trial, 60), "saves": (saves.trial, 10), "workers": (workers.trial, 3),
         "signals": (signals.trial, 3), "threads": (threads.trial, 4), "memory": (memory.trial, 3)}


@pytest.mark.parametrize("part", SHORT)
def test_nothing_breaks_in_a_few_trials(part: str) -> None:
    trial, count = SHORT[part]
    tally = run(part, trial, 12, trials=count)
    assert tally.trials == count == sum(tally.ends.values()), table([tally]) + str(tally.examples)


def test_a_trial_is_the_same_when_it_is_made_alone() -> None:
    drawn: list[float] = []

    def trial(draw: random.Random, folder: Path) -> str:
        drawn.append(draw.random())
        return "made"

    run("files", trial, 3, trials=5)
    run("files", trial, 3, trials=1, first=4)
    assert len(set(drawn)) == 5 and drawn[5] == drawn[4]


# --- it sees what is broken


def broken(part: str, trial: Callable[..., str], count: int = 30) -> set[str]:
    """The kinds of violations in so many trials."""
    return set(run(part, trial, 5, trials=count).violations)


def test_a_file_that_is_written_in_place_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flambeau.serialization.writing.replacing", lambda path: open(path, "wb"))  # noqa: SIM115
    assert {"damaged file", "left beside", "mixed file"} & broken("saves", saves.limited)


def test_what_is_left_beside_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic, "_clear", lambda folder, name: None)
    assert "left beside" in broken("saves", saves.killed)


def test_values_that_were_not_saved_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = files.load
    monkeypatch.setattr(files, "load", lambda data, where: whole(data, where) or "something else")
    assert "other values" in broken("files", files.trial)


@pytest.mark.parametrize(("work", "kind"), [
    (lambda: time.sleep(60), "hangs"), (lambda: os.kill(os.getpid(), signal.SIGKILL), "died"),
    (lambda: 1 // 0, "raised ZeroDivisionError"), (lambda: int("x"), "raised ValueError")])
def test_a_child_that_does_not_end_well_is_seen(work: Callable[[], str], kind: str) -> None:
    with pytest.raises(Violation) as caught:
        in_child(work, seconds=0.3 if kind == "hangs" else 60)
    assert caught.value.kind == kind


def test_a_bare_memory_error_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(x: flambeau.Tensor) -> None:
        raise MemoryError

    monkeypatch.setitem(memory.WORKS, "add", fails)
    with pytest.raises(Violation, match="bare MemoryError of add"):
        memory.attempt("add", flambeau.ones(1))


def test_a_batch_that_comes_twice_or_mixed_is_seen() -> None:
    plan = workers.Plan(random.Random(1))
    plan.options["in_order"] = True
    workers.right(plan, [(0.0, 0.0), (1.0, 1.0)])
    for got in ([(0.0, 1.0)], [(0.0, 0.0), (0.0, 0.0)], [(1.0, 1.0)]):
        with pytest.raises(Violation):
            workers.right(plan, got)


def test_other_numbers_of_a_thread_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads.Training, "numbers", lambda self: [random.random()])
    assert broken("threads", threads.training, 1) == {"other numbers"}


# --- the figures


def test_the_figures_take_the_place_of_the_old_ones() -> None:
    tally = Tally("files", 1200, trials.Counter(refused=1199), trials.Counter(slow=1))
    text = page(f"before\n{BEGIN}\nold\n{END}\nafter\n", [tally], 7, 60)
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert "| files | 1,200 | slow: 1 | refused: 1199 |" in text and "Seed 7, 60 seconds" in text
    assert "VIOLATED slow: 1" in table([tally])
