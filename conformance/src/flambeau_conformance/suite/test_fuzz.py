"""Programs that once ended otherwise than on the reference, and with the profile `release` random ones."""

from __future__ import annotations

from typing import Any


def test_fuzz(conformance_check: Any) -> None:
    conformance_check()
