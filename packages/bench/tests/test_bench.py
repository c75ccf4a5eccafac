"""`flambeau-bench`: takes turns, prints ratios, writes everything down, names the peers that are missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flambeau_bench import cli, measure, report
from flambeau_bench.measure import Timing, interleaved
from flambeau_bench.peers import flambeau as ours
from flambeau_bench.rows import ROWS, Case, Row


@pytest.fixture(autouse=True)
def unchanged_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "limit_threads", lambda threads: None)
    monkeypatch.setattr(measure, "SAMPLE_SECONDS", 1e-4)


def test_the_command_prints_a_line_per_row_and_writes_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "deep" / "results.json"
    cli.main(["--rows", "mul,little", "--peers", "flambeau", "--repeat", "2", "--json", str(path)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["flambeau"]
    assert [line.startswith(("a * b, 3 floats, untracked", "little program")) for line in lines[1:]] == [True, True]
    made = json.loads(path.read_text())
    assert [row["name"] for row in made["rows"]] == ["mul", "little"]
    timing = made["rows"][0]["seconds"]["flambeau"]
    assert len(timing["samples"]) == 2
    assert 0 < timing["min"] <= timing["median"]
    assert {"processor", "cores"} <= made["hardware"].keys()
    assert made["software"]["versions"].keys() == {"flambeau"}
    assert made["threads"] == 1


def test_a_peer_that_is_not_installed_is_named_and_left_out(monkeypatch: pytest.MonkeyPatch,
                                                            capsys: pytest.CaptureFixture[str]):
    monkeypatch.setitem(sys.modules, "mygrad", None)
    cli.main(["--rows", "mul", "--peers", "flambeau,mygrad", "--repeat", "1"])
    captured = capsys.readouterr()
    assert "MyGrad is left out:" in captured.err
    assert "python -m pip install mygrad" in captured.err
    assert "MyGrad" not in captured.out


@pytest.mark.parametrize(("arguments", "text"), [
    (["--rows", "mul,nonsense"], "unknown row nonsense; known: mul,"),
    (["--peers", "jax"], "unknown peer jax; known: flambeau,")])
def test_unknown_names_end_the_program(arguments: list[str], text: str):
    with pytest.raises(SystemExit, match=text):
        cli.main(arguments)


def test_the_list_of_rows(capsys: pytest.CaptureFixture[str]):
    cli.main(["--list"])
    assert len(capsys.readouterr().out.splitlines()) == len(ROWS)


def test_threads_are_limited_before_any_peer_is_imported():
    code = ("import os, sys; from flambeau_bench import cli; cli.limit_threads(1)\n"
            "print(os.environ['OMP_NUM_THREADS'], os.environ['OPENBLAS_NUM_THREADS'],"
            " {'numpy', 'flambeau', 'torch'} & sys.modules.keys())")
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True,
                          env={**os.environ, "OMP_NUM_THREADS": "8"})
    assert done.stdout == "1 1 set()\n"


def test_cases_take_turns_within_their_contexts():
    seen: list[str] = []

    @contextmanager
    def around() -> Any:
        seen.append("enter")
        yield
        seen.append("leave")

    cases = [Case(lambda: seen.append("a"), around), Case(lambda: seen.append("b"))]
    timings = interleaved(cases, 3, 1e-6)
    assert [len(t.samples) for t in timings] == [3, 3]
    switches = "".join(s for s in seen if len(s) == 1)
    assert "ab" in switches
    assert "ba" in switches
    assert seen.count("enter") == seen.count("leave")


def test_a_table_shows_ratios_and_dashes():
    results = {"mul": {"flambeau": Timing((2e-6, 1e-6), 10), "PyTorch": Timing((2e-6,), 10)}}
    lines = report.table([Row("mul", "a * b")], ["flambeau", "PyTorch", "MyGrad"], results).splitlines()
    assert lines[0].split() == ["flambeau", "PyTorch", "(ratio)", "MyGrad", "(ratio)"]
    assert lines[1].split() == ["a", "*", "b", "1", "µs", "2", "µs", "0.50", "–"]


@pytest.mark.parametrize(("seconds", "text"), [(1.5, "1.5 s"), (2e-3, "2 ms"), (1.234e-6, "1.23 µs"), (5e-9, "5 ns")])
def test_durations(seconds: float, text: str):
    assert report.duration(seconds) == text


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.name)
def test_flambeau_does_every_row(row: Row):
    _, cases, to_numpy = ours.load(1)
    value = to_numpy(cases[row.name]().work())
    assert np.isfinite(value).all()
    assert cases.keys() == {r.name for r in ROWS}


def test_the_training_rows_train():
    _, cases, to_numpy = ours.load(1)
    for name in ("mlp", "mlp-wide", "cnn"):
        work = cases[name]().work
        losses = [float(to_numpy(work())) for _ in range(15)]
        assert losses[-1] < losses[0]
