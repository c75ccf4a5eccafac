"""The command line: `flambeau-conformance run|new|explain|repro|diff|compare|ledger|bench|list|mutants`.

The exit status says how it ended; `verdict.STATUSES` lists them, and so does `--help`.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import NoReturn

from .verdict import (
    BROKE_OFF,
    DELEGATED,
    FAILED,
    PASSED,
    SLOWER,
    STALE_LEDGER,
    STATUSES,
    TOO_FEW,
    UNUSABLE,
    USAGE,
)

_COMMANDS = ("commands.run", "commands.new", "commands.explain", "commands.repro", "commands.sides", "commands.ledger",
             "commands.bench", "commands.listing", "commands.mutants", "commands.fuzz")

__all__ = ["BROKE_OFF", "DELEGATED", "FAILED", "PASSED", "SLOWER", "STALE_LEDGER", "TOO_FEW", "UNUSABLE", "USAGE",
           "main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit status."""
    from .collection import SelectionError
    from .commands.common import UsageError
    from .ledger import LedgerError
    from .pool import NotLoadableError
    from .record import ReportError
    from .target import UnusableError
    from .versions import VersionError

    options = _parser().parse_args(arguments)
    try:
        status: int = options.command(options)
    except (NotLoadableError, UnusableError) as error:
        return _complain(error, UNUSABLE)
    except (SelectionError, LedgerError, ReportError, VersionError, UsageError) as error:
        return _complain(error, USAGE)
    except BrokenPipeError:  # the reader of our output has seen enough
        return PASSED
    return status


def _complain(error: Exception, status: int) -> int:
    print(f"flambeau-conformance: {error}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    statuses = "\n".join(f"  {status}  {meaning}" for status, meaning in STATUSES.items())
    parser = _Parser("flambeau-conformance", description="Says whether a flambeau backend is right.",
                     epilog=f"exit status:\n{statuses}", formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name in _COMMANDS:
        import_module(f"{__package__}.{name}").add_parser(commands)
    parser.commands = commands.choices
    return parser


_OPTION = re.compile(r"--[a-z][a-z-]*")
_WRONG = re.compile(r"(?:invalid choice: '|unrecognized arguments: )([^\s']+)")


class _Parser(argparse.ArgumentParser):
    """Names the command or option that comes nearest to one that does not exist."""

    commands: Mapping[str, argparse.ArgumentParser] = {}  # of the whole command line; a subcommand has none

    def error(self, message: str) -> NoReturn:
        from .target import suggestion

        wrong = _WRONG.search(message)
        options = {o for command in self.commands.values() for o in _OPTION.findall(command.format_help())}
        super().error(message + (suggestion(wrong[1], [*self.commands, *sorted(options)]) if wrong else ""))


if __name__ == "__main__":
    sys.exit(main())
