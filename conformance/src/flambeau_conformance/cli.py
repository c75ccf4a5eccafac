"""The command line: `flambeau-conformance run NAME`.

The exit status says how it ended: 0 all checks passed, 1 some failed, 2 wrong usage (an unknown op
or dtype too), 3 the backend is unknown or cannot be loaded, 4 no check ran, 5 the run broke off.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

PASSED, FAILED, USAGE, UNUSABLE, NOTHING_RAN, BROKE_OFF = range(6)
_BY_PYTEST = {0: PASSED, 1: FAILED, 4: USAGE, 5: NOTHING_RAN}
_INI = """[pytest]
addopts = --import-mode=importlib -p no:cacheprovider -ra --tb=short
filterwarnings =
    error
    ignore:(divide by zero|overflow|underflow|invalid value) encountered:RuntimeWarning
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit status."""
    options = _parser().parse_args(arguments)
    command: int = options.command(options)
    return command


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("flambeau-conformance", description="Says whether a flambeau backend is right.",
                                     epilog="Exit status: 0 passed, 1 failed, 2 usage, 3 backend not usable, 4 nothing"
                                            " ran, 5 broke off.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run the suite on an installed backend")
    run.add_argument("backend", metavar="NAME", help="the backend's name, as flambeau.backends() lists it")
    run.add_argument("--op", metavar="PATTERN", default="*", help="only ops whose names match (shell pattern)")
    run.add_argument("--dtype", metavar="D", default="", help="only checks of that dtype")
    run.add_argument("-k", metavar="EXPRESSION", default="", help="only checks whose IDs match, as pytest's -k")
    run.add_argument("-x", action="store_true", help="stop at the first failure")
    run.set_defaults(command=_run)
    return parser


def _run(options: argparse.Namespace) -> int:
    from .collection import SelectionError, verify_selection
    from .target import UnusableError, load

    try:
        load(options.backend)
        verify_selection(options.op, options.dtype)
    except UnusableError as error:
        return _complain(error, UNUSABLE)
    except SelectionError as error:
        return _complain(error, USAGE)
    return _run_pytest(options)


def _complain(error: Exception, status: int) -> int:
    print(f"flambeau-conformance: {error}", file=sys.stderr)
    return status


def _run_pytest(options: argparse.Namespace) -> int:
    """pytest over the suite in a process of its own, which neither the author's files nor plugins reach.

    A backend that crashes takes that process with it, and the status here says so.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "pytest.ini"
        settings.write_text(_INI)
        command = [sys.executable, "-m", "pytest", "-c", str(settings), "--rootdir", folder, "-q",
                   "-p", "flambeau_conformance.plugin", "--pyargs", "flambeau_conformance.suite",
                   f"--flambeau-backend={options.backend}", f"--flambeau-op={options.op}",
                   f"--flambeau-dtype={options.dtype}", *(["-k", options.k] if options.k else []),
                   *(["-x"] if options.x else [])]
        status = subprocess.run(command, env=_environment(), cwd=folder, check=False).returncode
    return _BY_PYTEST.get(status, BROKE_OFF)


def _environment() -> dict[str, str]:
    """The variables without pytest's, and with import paths that hold from another folder too."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    if kept.get("PYTHONPATH"):
        kept["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, kept["PYTHONPATH"].split(os.pathsep)))
    return {**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


if __name__ == "__main__":
    sys.exit(main())
