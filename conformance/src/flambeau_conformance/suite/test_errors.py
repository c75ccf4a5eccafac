"""Every bad sample raises what it says and leaves everything as it was."""

from __future__ import annotations

from typing import Any


def test_errors(conformance_check: Any) -> None:
    conformance_check()
