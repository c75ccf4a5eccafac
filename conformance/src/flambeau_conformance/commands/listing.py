"""`list`: the checks of the contract, the ops, the profiles' sizes, the backends."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

from flambeau.contract import plugins

from .. import versions
from ..check import FULL, Check
from ..selection import PROFILES, Selection, contract_of, selected
from .common import add_selection


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser("list", help="list the checks of the contract, or the installed backends")
    parser.add_argument("what", nargs="?", choices=("checks", "ops", "profiles", "backends"), default="checks")
    add_selection(parser)
    parser.add_argument("--profile", choices=PROFILES, default=FULL)
    parser.add_argument("--contract", metavar="VERSION", default="", help="as that version has it")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Prints one row per thing."""
    if options.what == "backends":
        return _backends()
    every = contract_of("reference")
    version = versions.chosen(options.contract, every)
    existing = [c for c in every if versions.status(c, version)]
    if options.what == "profiles":
        for profile in PROFILES:
            print(f"{profile:8} {len(selected(existing, profile, Selection())):6} checks")
        return 0
    found = selected(existing, options.profile, Selection(options.op, options.dtype, options.k))
    _checks(found, version) if options.what == "checks" else _ops(found)
    return 0


def _checks(found: list[Check], version: versions.Version) -> None:
    for check in found:
        print(f"{check.id}  {check.group}, {versions.status(check, version)} since {check.since}")


def _ops(found: list[Check]) -> None:
    for op, count in sorted(Counter(c.op for c in found if c.op).items()):
        print(f"{op:32} {count:5} checks")


def _backends() -> int:
    for name, status in plugins.backends().items():
        print(f"{name:20} {status.code:10} {status.reason}")
    return 0
