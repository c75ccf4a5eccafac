"""Kullback-Leibler divergences: the functions of every pair of families, and the registry to add others."""

from __future__ import annotations

from ..spelling import public
from . import _kl_mixed, _kl_same  # noqa: F401 - they register
from ._kl_registry import kl_divergence, register_kl

__all__ = ["kl_divergence", "register_kl"]
__getattr__, __dir__ = public(__name__)
