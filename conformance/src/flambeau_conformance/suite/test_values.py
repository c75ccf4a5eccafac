"""Every sample of the op table, in every dtype and layout, gives the oracle's numbers."""

from __future__ import annotations

from typing import Any


def test_values(conformance_check: Any) -> None:
    conformance_check()
