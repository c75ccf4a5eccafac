"""Every gradient rule is what central differences say; collected for the reference only."""

from __future__ import annotations

from typing import Any


def test_rules(conformance_check: Any) -> None:
    conformance_check()
