"""The pytest plugin: `--flambeau-backend=NAME` and the fixture that the suite's tests call.

Loading it costs nothing until the option is given: pytest imports it wherever the distribution is
installed. Outcomes are those of the command: what looks at nothing fails, the ledger beside the
manifest is honoured, what is on probation only reports. Only the isolation is missing: a backend
that takes the process down takes pytest with it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .check import Check
    from .ledger import Entry
    from .target import Target

_FIXTURE = "conformance_check"
_TARGET: pytest.StashKey[Target] = pytest.StashKey()
_STATUS: pytest.StashKey[dict[str, str]] = pytest.StashKey()
_LEDGER: pytest.StashKey[dict[str, Entry]] = pytest.StashKey()
_COUNTED = ("unsupported-verified", "known-failure", "on probation")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the suite."""
    group = parser.getgroup("flambeau", "flambeau conformance suite")
    group.addoption("--flambeau-backend", metavar="NAME", help="the installed backend that the suite runs on")
    group.addoption("--flambeau-op", metavar="PATTERN", default="*", help="only ops whose names match (shell pattern)")
    group.addoption("--flambeau-dtype", metavar="DTYPE", default="", help="only checks of that dtype")
    group.addoption("--flambeau-profile", choices=("smoke", "full", "release"), default="full",
                    help="how much of the contract is run")


def pytest_configure(config: pytest.Config) -> None:
    """Loads the backend before anything is collected, so that a wrong name is one clear error."""
    name = config.getoption("--flambeau-backend")
    if not name:
        return
    from .collection import SelectionError, verify_selection
    from .ledger import LedgerError
    from .target import UnusableError, load

    try:
        config.stash[_TARGET] = load(name)
        verify_selection(config.getoption("--flambeau-op"), config.getoption("--flambeau-dtype"))
        _prepare(config, name)
    except (UnusableError, SelectionError, LedgerError) as error:
        raise pytest.UsageError(str(error)) from None


def _prepare(config: pytest.Config, name: str) -> None:
    """Which checks the profile has, what each counts for, and which failures are known."""
    from . import ledger, tolerances, versions
    from .description import tag
    from .selection import Selection, contract_of, selected
    from .target import package_folder

    every = contract_of(name)
    version = versions.parsed(versions.current())
    chosen = selected(every, config.getoption("--flambeau-profile"), Selection())
    status = {c.id: versions.status(c, version) for c in chosen}
    config.stash[_STATUS] = {i: s for i, s in status.items() if s not in ("", "retired")}
    folder = package_folder(name)
    entries = ledger.read(folder / ledger.LEDGER) if folder else []
    unmatched = ledger.applied(entries, [], [c.id for c in every], tag(), datetime.date.today()).problems
    if unmatched:
        raise ledger.LedgerError("; ".join(f"{p.entry.id}: {p.why}" for p in unmatched))
    config.stash[_LEDGER] = {e.id: e for e in entries if e.here(tag())}
    tolerances.loosen(config.stash[_TARGET].manifest)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per check of the module's group: `test_values.py` holds the group "values"."""
    if _FIXTURE not in metafunc.fixturenames:
        return
    from .collection import collected

    config = metafunc.config
    if _TARGET not in config.stash:
        raise pytest.UsageError("the conformance suite needs --flambeau-backend=NAME")
    group = metafunc.module.__name__.rpartition("test_")[2]
    checks = [c for c in collected(group, config.stash[_TARGET], config.getoption("--flambeau-op"),
                                   config.getoption("--flambeau-dtype")) if c.id in config.stash[_STATUS]]
    metafunc.parametrize(_FIXTURE, checks, ids=[c.id for c in checks], indirect=True)


@pytest.fixture
def conformance_check(request: pytest.FixtureRequest) -> Callable[[], None]:
    """Runs one check on the backend under test; what it does beside passing is noted in the report."""
    check: Check = request.param

    def run() -> None:
        __tracebackhide__ = True
        outcome, message = _ended(check, request.config)
        request.node.user_properties.append(("outcome", outcome))
        if message:
            pytest.fail(message, pytrace=False)

    return run


def _ended(check: Check, config: pytest.Config) -> tuple[str, str]:
    """How the check ended, and what to say if that is a failure."""
    from .description import tag
    from .ledger import applied
    from .outcome import executed
    from .record import KNOWN, PASS, PROBATION, UNSUPPORTED, Record

    answer = executed(check, config.stash[_TARGET])
    record = Record(check.id, check.group, answer["outcome"], kind=answer["kind"], message=answer["message"])
    entry = config.stash[_LEDGER].get(check.id)
    if entry is not None:
        found = applied([entry], [record], [check.id], tag(), datetime.date.today())
        if found.problems:
            return record.outcome, f"ledger: {check.id}: {found.problems[0].why} {record.message}"
    if record.outcome in (PASS, UNSUPPORTED, KNOWN):
        return record.outcome, ""
    if config.stash[_STATUS][check.id] == PROBATION:
        return "on probation", ""
    return record.outcome, record.message


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A group without checks for this selection leaves no skipped placeholder behind."""
    if config.getoption("--flambeau-backend"):
        items[:] = [item for item in items if not _is_placeholder(item)]


def _is_placeholder(item: Any) -> bool:
    callspec = getattr(item, "callspec", None)
    return callspec is not None and _FIXTURE in callspec.params and not hasattr(callspec.params[_FIXTURE], "run")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """How many checks ended how; refusals that the manifest declares are counted apart."""
    if _TARGET not in config.stash:
        return
    passed = terminalreporter.stats.get("passed", [])
    ended = [dict(map(tuple, report.user_properties)).get("outcome") for report in passed]
    counts = {outcome: ended.count(outcome) for outcome in _COUNTED}
    failed = len(terminalreporter.stats.get("failed", [])) + len(terminalreporter.stats.get("error", []))
    apart = "".join(f", {counts[o]} {o}" for o in _COUNTED[1:] if counts[o])
    terminalreporter.write_sep("-", f"conformance of {config.stash[_TARGET].name!r}")
    terminalreporter.write_line(f"{len(passed) - sum(counts.values())} passed, {counts[_COUNTED[0]]}"
                                f" unsupported-verified, {failed} failed{apart}, of {len(passed) + failed} checks that"
                                " ran")
