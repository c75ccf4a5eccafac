"""`new`: a package for a backend, which passes smoke at once because another backend computes for it."""

from __future__ import annotations

import argparse
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flambeau.contract import plugins
from flambeau.dtypes import BY_NAME

from ..description import suite_version
from ..target import DTYPE_CAPABILITIES
from .common import UsageError

TEMPLATE = Path(__file__).parent.parent / "scaffold"
_NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
_TAKEN = {"arrayapi", "bench", "conformance", "cpu", "cuda", "cupy", "numpy", "reference", "torch"}
_LACKING = ("the command `new` needs copier, which an extra of this distribution brings:"
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
    name, module = options.backend, options.array_api
    _verify_name(name)
    if module and not all(part.isidentifier() for part in module.split(".")):
        raise UsageError(f"--array-api {module!r} is not the name of a module")
    folder = Path(options.into or f"flambeau-{name}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists and is not empty; nothing was written")
    copier, answers = _copier(), {"name": name, "array_api": module, **_versions()}
    if module:
        answers["lacking"] = " ".join(_lacking(module))
    copier.run_copy(str(TEMPLATE), str(folder), data=answers, defaults=True, quiet=True)
    print(f"wrote {folder}; next:\n\n    python -m pip install -e {folder}\n"
          f"    flambeau-conformance run {name} --profile smoke\n")
    return 0


def _verify_name(name: str) -> None:
    """Raises UsageError for a name that no backend can have, or that one has."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a backend: lower case letters and digits, parted by single - or _"
                         f"{_instead(re.sub('[^a-z0-9]+', '-', name.lower()).strip('-'))}")
    if name.startswith(("flambeau-", "flambeau_")):
        raise UsageError(f"{name!r} is no name for a backend: the package is called flambeau-NAME already"
                         f"{_instead(name[9:])}")
    entry = plugins.installed().get(name)
    if entry is not None:
        raise UsageError(f"a backend called {name!r} is installed already ({entry.distribution or 'no distribution'})")
    if name in _TAKEN or find_spec(f"flambeau_{name.replace('-', '_')}"):
        raise UsageError(f"{name!r} is taken: by a device type, or by the package flambeau-{name}")


def _instead(name: str) -> str:
    return f", did you mean {name!r}?" if _NAME.fullmatch(name) and name not in _TAKEN else ""


def _lacking(module: str) -> list[str]:
    """Capabilities for which the namespace has no dtype; none, and a word on it, where it cannot be imported."""
    try:
        namespace = import_module(module)
    except ImportError as error:
        print(f"{module} cannot be imported here ({error}): flambeau-backend.toml promises every dtype, so say no there"
              " to those that it lacks")
        return []
    absent = {name for name in BY_NAME if not hasattr(namespace, name)}
    return [capability for capability, names in DTYPE_CAPABILITIES.items() if absent & {*names}]


def _versions() -> dict[str, str]:
    """The minor version of flambeau that the package is written for, and the one after it."""
    major, minor = (suite_version() or "0.1").split(".")[:2]
    return {"version": f"{major}.{minor}", "next_version": f"{major}.{int(minor) + 1}"}


def _copier() -> Any:
    if find_spec("copier") is None:
        raise UsageError(_LACKING)
    return import_module("copier")
