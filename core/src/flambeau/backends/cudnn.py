"""`backends.cudnn`: not used; its switches are noted."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from ..spelling import public as _public
from ._switches import switch as _switch
from ._switches import switched as _switched

enabled = True
benchmark = False
benchmark_limit: int | None = None
deterministic = False
allow_tf32 = True
fp32_precision = "none"


def is_available() -> bool:
    """False: no backend uses cuDNN."""
    return False


def version() -> None:
    """None."""


def is_acceptable(tensor: Any) -> bool:
    """False for every tensor."""
    return False


def set_flags(_enabled: bool | None = None, _benchmark: bool | None = None, _benchmark_limit: int | None = None,
              _deterministic: bool | None = None, _allow_tf32: bool | None = None,
              _fp32_precision: str | None = None) -> None:
    """Notes the switches that are given."""
    _switch(__name__, enabled=_enabled, benchmark=_benchmark, benchmark_limit=_benchmark_limit,
            deterministic=_deterministic, allow_tf32=_allow_tf32, fp32_precision=_fp32_precision)


def flags(enabled: bool = False, benchmark: bool = False, benchmark_limit: int = 10, deterministic: bool = False,
          allow_tf32: bool = True, fp32_precision: str = "none") -> AbstractContextManager[None]:
    """Notes the switches inside the `with` block."""
    return _switched(__name__, enabled=enabled, benchmark=benchmark, benchmark_limit=benchmark_limit,
                     deterministic=deterministic, allow_tf32=allow_tf32, fp32_precision=fp32_precision)


__all__ = ["allow_tf32", "benchmark", "benchmark_limit", "deterministic", "enabled", "flags", "fp32_precision",
           "is_acceptable", "is_available", "set_flags", "version"]
__getattr__, __dir__ = _public(__name__)
