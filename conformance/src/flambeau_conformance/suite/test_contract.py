"""Memory, views, mutation, promotion, random streams, whole programs."""

from __future__ import annotations

from typing import Any


def test_contract(conformance_check: Any) -> None:
    conformance_check()
