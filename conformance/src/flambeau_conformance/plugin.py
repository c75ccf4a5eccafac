"""The pytest plugin: `--flambeau-backend=NAME` and the fixture that the suite's tests call.

Loading it costs nothing until the option is given: pytest imports it wherever the distribution is
installed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .check import Check
    from .target import Target

_FIXTURE = "conformance_check"
_TARGET: pytest.StashKey[Target] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the suite."""
    group = parser.getgroup("flambeau", "flambeau conformance suite")
    group.addoption("--flambeau-backend", metavar="NAME", help="the installed backend that the suite runs on")
    group.addoption("--flambeau-op", metavar="PATTERN", default="*", help="only ops whose names match (shell pattern)")
    group.addoption("--flambeau-dtype", metavar="DTYPE", default="", help="only checks of that dtype")


def pytest_configure(config: pytest.Config) -> None:
    """Loads the backend before anything is collected, so that a wrong name is one clear error."""
    name = config.getoption("--flambeau-backend")
    if not name:
        return
    from .collection import SelectionError, verify_selection
    from .target import UnusableError, load

    try:
        config.stash[_TARGET] = load(name)
        verify_selection(config.getoption("--flambeau-op"), config.getoption("--flambeau-dtype"))
    except (UnusableError, SelectionError) as error:
        raise pytest.UsageError(str(error)) from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per check of the module's group: `test_values.py` holds the group "values"."""
    if _FIXTURE not in metafunc.fixturenames:
        return
    from .collection import collected

    config = metafunc.config
    if _TARGET not in config.stash:
        raise pytest.UsageError("the conformance suite needs --flambeau-backend=NAME")
    group = metafunc.module.__name__.rpartition("test_")[2]
    checks = collected(group, config.stash[_TARGET], config.getoption("--flambeau-op"),
                       config.getoption("--flambeau-dtype"))
    metafunc.parametrize(_FIXTURE, checks, ids=[c.id for c in checks], indirect=True)


@pytest.fixture
def conformance_check(request: pytest.FixtureRequest) -> Callable[[], None]:
    """Runs one check on the backend under test; what it does beside passing is noted in the report."""
    check: Check = request.param
    target = request.config.stash[_TARGET]

    def run() -> None:
        __tracebackhide__ = True
        outcome = check.run(target)
        request.node.user_properties.append(("outcome", outcome))

    return run


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
    refused = sum(("outcome", "unsupported-verified") in map(tuple, report.user_properties) for report in passed)
    failed = len(terminalreporter.stats.get("failed", [])) + len(terminalreporter.stats.get("error", []))
    terminalreporter.write_sep("-", f"conformance of {config.stash[_TARGET].name!r}")
    terminalreporter.write_line(f"{len(passed) - refused} passed, {refused} unsupported-verified, {failed} failed, of"
                                f" {len(passed) + failed} checks that ran")
