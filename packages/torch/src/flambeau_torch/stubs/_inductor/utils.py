"""Helpers of the compiler's tests."""

from __future__ import annotations

from contextlib import nullcontext as fresh_inductor_cache

__all__ = ["fresh_inductor_cache"]
