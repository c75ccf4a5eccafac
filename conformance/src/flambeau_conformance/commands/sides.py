"""`compare A B` and `diff OLD NEW`: two reports side by side."""

from __future__ import annotations

import argparse
from typing import Any

from .. import sides
from ..verdict import FAILED, PASSED
from .common import report_at


def add_parser(commands: Any) -> None:
    """Adds both subcommands."""
    parser = commands.add_parser("compare", help="two backends side by side")
    parser.add_argument("a", metavar="A.json")
    parser.add_argument("b", metavar="B.json")
    parser.set_defaults(command=run_compare)
    parser = commands.add_parser("diff", help="what an upgrade breaks: status 1 if anything")
    parser.add_argument("old", metavar="OLD.json")
    parser.add_argument("new", metavar="NEW.json")
    parser.set_defaults(command=run_diff)


def run_compare(options: argparse.Namespace) -> int:
    """Prints the columns."""
    print("\n".join(sides.compare(report_at(options.a), report_at(options.b))))
    return PASSED


def run_diff(options: argparse.Namespace) -> int:
    """Prints the lists."""
    old, new = report_at(options.old), report_at(options.new)
    print("\n".join(sides.diff(old, new)))
    return FAILED if sides.breaks(old, new) else PASSED
