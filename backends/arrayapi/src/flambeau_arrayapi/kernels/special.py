"""Error functions, which the standard lacks: computed on the host."""

from __future__ import annotations

from ..registry import REALS, on_host

on_host("erf", REALS)
on_host("erfc", REALS)  # 1 - erf has no digits left where erf is near 1
