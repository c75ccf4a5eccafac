"""Groups of dtypes that several families share."""

from __future__ import annotations

from ..registry import INTEGERS, REALS

ORDERED = INTEGERS + REALS
