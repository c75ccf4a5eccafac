"""The command line and the plugin: exit statuses say how a run ended, wrong names come with suggestions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
])
def test_unknown_ops_and_dtypes_are_usage_errors(arguments: list[str], message: str, capsys: pytest.CaptureFixture):
    assert run("numpy", *arguments) == cli.USAGE
    assert message in capsys.readouterr().err


def test_missing_arguments_are_usage_errors():
    with pytest.raises(SystemExit) as stopped:
        cli.main(["run"])
    assert stopped.value.code == cli.USAGE


def test_a_selection_that_runs_nothing_is_not_a_success():
    assert run("numpy", "--op", "relu", "-k", "no_check_has_this_name") == cli.NOTHING_RAN


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
