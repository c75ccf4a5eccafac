"""`python -m flambeau_torch script.py ARGUMENTS` runs the script as Python would, its torch being flambeau."""

from __future__ import annotations

import os
import runpy
import sys
from types import ModuleType

from . import activate

USAGE = "usage: python -m flambeau_torch script.py [ARGUMENTS]\n       python -m flambeau_torch -m module [ARGUMENTS]\n"


def main() -> None:
    """Runs the script or module that the command line names."""
    arguments = sys.argv[1:]
    as_module = arguments[:1] == ["-m"]
    if as_module:
        del arguments[0]
    if not arguments or arguments[0] in ("-h", "--help"):
        (sys.stdout if arguments else sys.stderr).write(USAGE)
        sys.exit(0 if arguments else 2)
    activate()
    sys.argv = arguments
    if as_module:
        sys.path.insert(0, os.getcwd())
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    else:
        _run_script(arguments[0])


def _run_script(path: str) -> None:
    """Executes the file as the module `__main__`, so that what it pickles is found again."""
    try:
        with open(path, "rb") as file:
            code = compile(file.read(), path, "exec")
    except OSError as error:
        sys.stderr.write(f"flambeau_torch: cannot open {path!r}: {error.strerror}\n")
        sys.exit(2)
    sys.path[0] = os.path.dirname(os.path.abspath(path))
    module = ModuleType("__main__")
    module.__file__ = path
    sys.modules["__main__"] = module
    exec(code, module.__dict__)


if __name__ == "__main__":
    main()
