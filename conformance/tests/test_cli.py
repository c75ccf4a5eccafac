"""The command line and the plugin: exit statuses say how a run ended, wrong names come with suggestions."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from spent import processor_seconds

from flambeau_conformance import cli


def run(*arguments: str) -> int:
    return cli.main(["run", *arguments])


def test_a_healthy_selection_passes(capfd: pytest.CaptureFixture):
    assert run("numpy", "--op", "relu", "--dtype", "float32") == cli.PASSED
    out = capfd.readouterr().out
    assert "conformance of 'numpy'" in out
    assert "0 unsupported-verified, 0 failed" in out


def test_refusals_are_counted_apart(capfd: pytest.CaptureFixture):
    pytest.importorskip("array_api_strict")
    assert run("array-api-strict", "--op", "neg", "--dtype", "float16") == cli.PASSED
    assert "0 passed, " in capfd.readouterr().out


def test_a_mistyped_backend_is_not_a_success_and_gets_a_suggestion(capsys: pytest.CaptureFixture):
    assert run("nunpy") == cli.UNUSABLE
    assert "no backend is called 'nunpy', did you mean 'numpy'?" in capsys.readouterr().err
    assert cli.main(["bench", "numpy", "--against", "referense"]) == cli.UNUSABLE


def test_a_backend_that_cannot_be_loaded_says_how_to_mend_it(capsys: pytest.CaptureFixture):
    from flambeau import backends

    if backends()["cupy"].ok:
        assert run("cupy", "--op", "neg", "--dtype", "float32") == cli.PASSED
        return
    assert run("cupy") == cli.UNUSABLE
    assert "to mend it" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "message"), [
    (["--op", "sofmax"], "no op matches 'sofmax', did you mean 'softmax'?"),
    (["--dtype", "float31"], "no dtype is called 'float31', did you mean 'float32'?"),
    (["--id", "relu/float32/simple-00"], "no check has the ID 'relu/float32/simple-00', did you mean 'relu/float32/"),
    (["--contract", "3.0"], "there is no contract 3.0; there are 1.0"), (["-k", "and"], "-k: expected a part of an ID"),
    (["-n", "0"], "-n and --timeout must be positive"), (["--ledger", "none.toml"], "there is no ledger none.toml"),
])
def test_names_that_do_not_exist_are_usage_errors(arguments: list[str], message: str, capsys: pytest.CaptureFixture):
    assert run("numpy", *arguments) == cli.USAGE
    assert message in capsys.readouterr().err


def test_missing_arguments_are_usage_errors():
    with pytest.raises(SystemExit) as stopped:
        cli.main(["run"])
    assert stopped.value.code == cli.USAGE


def test_a_selection_that_runs_nothing_is_not_a_success():
    assert run("numpy", "--op", "relu", "-k", "no_check_has_this_name") == cli.TOO_FEW


def test_settings_of_the_current_folder_do_not_reach_the_suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (tmp_path / "conftest.py").write_text("raise RuntimeError('read by mistake')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--another-unknown-option")
    assert run("numpy", "--op", "neg", "--dtype", "float32") == cli.PASSED


def pytest_run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "--pyargs",
                           "flambeau_conformance.suite", *arguments], capture_output=True, text=True, check=False)


def test_the_plugin_runs_the_suite_under_plain_pytest():
    done = pytest_run("--flambeau-backend=reference", "--flambeau-op=neg", "--flambeau-dtype=float64")
    assert done.returncode == 0, done.stdout
    assert "conformance of 'reference'" in done.stdout
    assert "skipped" not in done.stdout


def test_the_plugin_refuses_a_mistyped_backend():
    done = pytest_run("--flambeau-backend=referense")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "did you mean 'reference'?" in done.stderr


def test_the_suite_without_a_backend_says_what_is_missing():
    done = pytest_run()
    assert done.returncode != 0
    assert "the conformance suite needs --flambeau-backend=NAME" in done.stdout + done.stderr


# --- the other commands


def test_progress_is_told_while_it_runs(capsys: pytest.CaptureFixture):
    assert run("numpy", "--op", "relu", "--dtype", "float32") == cli.PASSED
    assert "checks, 0 failed" in capsys.readouterr().err


def test_smoke_takes_seconds():
    started = processor_seconds()
    assert run("numpy", "--profile", "smoke", "-q") == cli.PASSED
    assert processor_seconds() - started < 15


def test_list_prints_checks_ops_profiles_and_backends(capsys: pytest.CaptureFixture):
    assert cli.main(["list", "--op", "relu", "--dtype", "float32"]) == 0
    assert "relu/float32/sample-00  values, required since 1.0" in capsys.readouterr().out
    assert cli.main(["list", "ops", "--op", "rel*"]) == 0
    assert capsys.readouterr().out.startswith("relu")
    assert cli.main(["list", "profiles"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["smoke", "full", "release"]
    assert cli.main(["list", "backends"]) == 0
    assert "numpy" in capsys.readouterr().out


def test_explain_says_what_a_check_promises_and_on_what(capsys: pytest.CaptureFixture):
    assert cli.main(["explain", "cosh/float32/sample-00"]) == 0
    said = capsys.readouterr().out
    for part in ("required since contract 1.0", "sample: Sample(", "layouts: contiguous", "allowed: 8 ulp", "because:",
                 "rests on: add, exp, "):
        assert part in said
    assert cli.main(["explain", "contract/write-to-base"]) == 0
    assert "A write to the base shows in every live view." in capsys.readouterr().out
    assert cli.main(["explain", "cosh/float32/sample-99"]) == cli.USAGE


def test_explain_says_how_a_check_ended(tmp_path: Path, capsys: pytest.CaptureFixture):
    saved = str(tmp_path / "report.json")
    assert run("numpy", "-q", "--op", "sin", "--dtype", "float32", "--json", saved) == cli.PASSED
    assert cli.main(["explain", "sin/float32/sample-00", "--report", saved]) == 0
    said = capsys.readouterr().out
    assert "in the report on 'numpy': pass" in said
    assert "ulp, 99 of 100 by at most" in said


def test_bench_times_call_kernel_and_dispatch(tmp_path: Path, capsys: pytest.CaptureFixture):
    saved, report = tmp_path / "bench.json", tmp_path / "report.json"
    assert run("numpy", "-q", "--op", "exp", "--json", str(report)) == cli.PASSED
    command = ["bench", "numpy", "--against", "reference", "--op", "exp", "--rounds", "3", "--json", str(saved)]
    assert cli.main([*command, "--report", str(report)]) == cli.PASSED
    (row,) = json.loads(saved.read_text())["rows"]
    assert 0 < row["kernel_us"] <= row["call_us"] + row["spread"] * row["call_us"] + 1
    assert row["ratio"] == pytest.approx(row["call_us"] / row["against_us"], rel=0.02)
    assert json.loads(report.read_text())["bench"] == [row]
    assert cli.main([*command, "--fail-above", "0.000001"]) == cli.SLOWER
    assert "times the other's time" in capsys.readouterr().out


def test_bench_takes_larger_arrays_too(capsys: pytest.CaptureFixture):
    assert cli.main(["bench", "numpy", "--against", "numpy", "--op", "add", "--elements", "1000", "--rounds", "2"]) == 0
    assert "add" in capsys.readouterr().out
    assert cli.main(["bench", "numpy", "--op", "softmax", "--elements", "1000"]) == cli.TOO_FEW


def test_every_exit_status_is_documented():
    from flambeau_conformance.verdict import STATUSES

    assert sorted(STATUSES) == list(range(9))
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    for status, meaning in STATUSES.items():
        assert f"| {status} | {meaning} |" in readme
