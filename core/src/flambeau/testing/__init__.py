"""Helpers for tests: values compared within tolerances, tensors to try things on."""

from __future__ import annotations

from ..spelling import public
from .comparison import assert_close
from .creation import make_tensor
from .former import assert_allclose

__all__ = ["assert_allclose", "assert_close", "make_tensor"]
__getattr__, __dir__ = public(__name__)
