"""`python -m flambeau_torch script.py ARGUMENTS` runs the script as Python would, its torch being flambeau.

`python -m flambeau_torch check FILE...` runs nothing and lists the names of torch in the files that flambeau lacks.
"""

from __future__ import annotations

import os
import runpy
import sys
from types import ModuleType

from . import activate, usage

USAGE = """\
usage: python -m flambeau_torch script.py [ARGUMENTS]
       python -m flambeau_torch -m module [ARGUMENTS]
       python -m flambeau_torch check FILE...   (lists the torch names in them that flambeau lacks)
"""


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
    if arguments[0] == "check" and arguments[1:] and not as_module:
        sys.exit(_check(arguments[1:]))
    sys.argv = arguments
    if as_module:
        sys.path.insert(0, os.getcwd())
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    else:
        _run_script(arguments[0])


def _check(paths: list[str]) -> int:
    """Prints `path:line: name` for each name that flambeau lacks; 1 if there is one, 2 if a file cannot be read."""
    status = 0
    for path in paths:
        try:
            with open(path, "rb") as file:
                lacking = usage.missing(file.read(), path)
        except (OSError, SyntaxError, ValueError) as error:
            sys.stderr.write(f"flambeau_torch: cannot read {path!r}: {error}\n")
            status = 2
            continue
        for name, line in lacking.items():
            print(f"{path}:{line}: flambeau has no {name} yet")
        status = max(status, int(bool(lacking)))
    return status


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
