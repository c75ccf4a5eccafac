"""Every gradient is the reference's."""

from __future__ import annotations

from typing import Any


def test_gradients(conformance_check: Any) -> None:
    conformance_check()
