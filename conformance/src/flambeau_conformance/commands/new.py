"""`new`: a package for a backend, which passes smoke at once because another backend computes for it."""

from __future__ import annotations

import argparse
import keyword
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flambeau import plugins

from ..description import suite_version
from .common import UsageError

TEMPLATE = Path(__file__).parent.parent / "scaffold"
_NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
_LACKING = ("the command `new` needs copier, which the distribution's extra brings:"
            " python -m pip install 'flambeau-conformance[new]'")


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser("new", help="write the package of a new backend")
    parser.add_argument("backend", metavar="NAME", help="the backend's name: lower case letters, digits, - and _")
    parser.add_argument("--array-api", metavar="MODULE", default="",
                        help="build on flambeau-arrayapi's kernels over that namespace, jax.numpy for instance, instead"
                             " of delegating to the reference")
    parser.add_argument("--into", metavar="FOLDER", help="where to write it (default: flambeau-NAME, here)")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Writes the package and says what comes next."""
    name = options.backend
    folder = Path(options.into or f"flambeau-{name}")
    _verify(name, options.array_api, folder)
    answers = {"name": name, "array_api": options.array_api, **_versions()}
    _copier().run_copy(str(TEMPLATE), str(folder), data=answers, defaults=True, quiet=True)
    print(f"wrote {folder}; next:\n\n    python -m pip install -e {folder}\n"
          f"    flambeau-conformance run {name} --profile smoke\n")
    return 0


def _verify(name: str, array_api: str, folder: Path) -> None:
    """Raises UsageError before anything is written."""
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise UsageError(f"{name!r} is no name for a backend: lower case letters and digits, parted by single - or _")
    if name in plugins.installed():
        raise UsageError(f"a backend called {name!r} is installed already"
                         f" ({plugins.installed()[name].distribution or 'without a distribution'})")
    if array_api and not all(part.isidentifier() for part in array_api.split(".")):
        raise UsageError(f"--array-api {array_api!r} is not the name of a module")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists and is not empty; nothing was written")


def _versions() -> dict[str, str]:
    """The minor version of flambeau that the package is written for, and the one after it."""
    major, minor = (suite_version() or "0.1").split(".")[:2]
    return {"version": f"{major}.{minor}", "next_version": f"{major}.{int(minor) + 1}"}


def _copier() -> Any:
    if find_spec("copier") is None:
        raise UsageError(_LACKING)
    return import_module("copier")
