"""docs/architecture.md tells the way of four expressions through the files; here the calls are followed.

A way is a numbered list under a heading that names the expression; each step names a file and a function in it. The
steps are the calls that are made, in that order, and every file of core and of the backend that is passed is named.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import flambeau

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"
HOMES = {"core/src/flambeau/": "", "backends/numpy/src/flambeau_numpy/": "numpy: "}
STEP = re.compile(r"^\d+\. `(?P<file>[^`]+\.py)` `(?P<function>[\w.]+)`", re.M)


def multiply() -> Callable[[], object]:
    a, b = flambeau.ones(3, requires_grad=True), flambeau.ones(3)
    return lambda: a * b


def backward() -> Callable[[], object]:
    a, b = flambeau.ones(3, requires_grad=True), flambeau.ones(3)
    loss = (a * b).sum()
    return loss.backward


def assign() -> Callable[[], object]:
    x, v = flambeau.zeros(4), flambeau.ones(2)

    def run() -> None:
        x[1:3] = v

    return run


def step() -> Callable[[], object]:
    layer = flambeau.nn.Linear(2, 2)
    optimizer = flambeau.optim.SGD(layer.parameters(), lr=0.1)
    layer(flambeau.ones(1, 2)).sum().backward()
    return optimizer.step


WAYS = {"a * b": multiply, "loss.backward()": backward, "x[1:3] = v": assign, "optimizer.step()": step}


def calls(prepare: Callable[[], Callable[[], object]]) -> list[tuple[str, str]]:
    """(file, function) of every Python call within core and the NumPy backend, in order, repetitions left out."""
    with flambeau.device("numpy"):
        prepare()()  # what is looked up once is looked up
        run = prepare()
    found: list[tuple[str, str]] = []

    def note(frame, event, argument):
        if event == "call":
            place = frame.f_code.co_filename
            for home, prefix in HOMES.items():
                if home in place:
                    found.append((prefix + place.split(home)[1], frame.f_code.co_name))

    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
    return list(dict.fromkeys(found))


def told(expression: str) -> list[tuple[str, str]]:
    section = PAGE.read_text().split(f"## The way of `{expression}`")[1].split("\n## ")[0]
    return [(step["file"], step["function"]) for step in STEP.finditer(section)]


@pytest.mark.parametrize("expression", WAYS)
def test_the_page_tells_the_calls_that_are_made(expression: str):
    made = calls(WAYS[expression])
    steps = told(expression)
    assert [step for step in steps if step not in made] == []
    assert sorted(steps, key=made.index) == steps


@pytest.mark.parametrize("expression", WAYS)
def test_the_page_names_every_file_that_is_passed(expression: str):
    assert {file for file, _ in calls(WAYS[expression])} - {file for file, _ in told(expression)} == set()


@pytest.mark.parametrize("room", ["ops", "functions", "contract", "table", "tensors", "walk"])
def test_the_page_names_every_module_of_the_rooms(room: str):
    folder = ROOT / "core" / "src" / "flambeau" / room
    modules = {p.stem for p in folder.iterdir() if not p.name.startswith("_") and (p.suffix == ".py" or p.is_dir())}
    named = next(line for line in PAGE.read_text().splitlines() if line.startswith(f"| `{room}/`"))
    assert {m for m in modules if f"`{m}" not in named and m not in named} == set()


if __name__ == "__main__":
    for expression, prepare in WAYS.items():
        print(f"## {expression}", *(f"{i}. `{f}` `{n}`" for i, (f, n) in enumerate(calls(prepare), 1)), sep="\n")
