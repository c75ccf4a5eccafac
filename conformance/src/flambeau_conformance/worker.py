"""The process in which a backend runs: told IDs of checks, it answers with how each ended.

Messages are lines of JSON, on descriptors of its own: what the backend prints goes to the log file
named on the command line, where the parent looks for last words. The first answer says what the
backend is, or why it cannot be used.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import warnings
from typing import IO, Any

from .check import Check


def main() -> None:
    """Serves until its input ends: `worker NAME LOG`."""
    name, log = sys.argv[1:3]
    orders, answers = _private_channels(log)
    warnings.simplefilter("ignore")  # the contract lets a backend warn, when it is imported and in its kernels
    serve(name, orders, answers)


def _private_channels(log: str) -> tuple[IO[str], IO[str]]:
    orders, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for here, there in ((nothing, 0), (written, 1), (written, 2)):
        os.dup2(here, there)
    faulthandler.enable(2)
    return os.fdopen(orders, "r", encoding="utf-8"), os.fdopen(answers, "w", encoding="utf-8", buffering=1)


def serve(name: str, orders: IO[str], answers: IO[str]) -> None:
    """Loads the backend, then runs what is asked for, one answer per check as it ends."""
    from .target import UnusableError, load, package_folder

    def answer(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message) + "\n")

    try:
        target = load(name)
    except UnusableError as error:
        return answer({"unusable": str(error)})
    from .description import described
    from .outcome import executed
    from .tolerances import loosen

    loosen(target.manifest)
    checks = _by_id(name)
    answer({"ready": described(target), "folder": str(package_folder(name) or "")})
    for line in orders:
        for wanted in json.loads(line)["run"]:
            answer(executed(checks[wanted], target))
    return None


def _by_id(name: str) -> dict[str, Check]:
    from .selection import contract_of

    return {check.id: check for check in contract_of(name)}


if __name__ == "__main__":
    main()
