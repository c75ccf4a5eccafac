"""Names PyTorch has for memory formats, layouts and numbers."""

from __future__ import annotations

import math
from typing import Any

from . import dtypes
from .errors import ShapeError


class _Named:
    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"{dtypes._NAMESPACE[0]}.{self.name}"

    def __reduce__(self) -> str:
        return self.name


class memory_format(_Named):
    """How dimensions lie in memory; accepted where PyTorch takes it, and C order is what results have."""


class layout(_Named):
    """How elements are stored."""


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")
sparse_coo = layout("sparse_coo")
strided = layout("strided")

_RANKS = {"channels_last": 4, "channels_last_3d": 5}


def check_format(op: str, format: Any, ndim: int) -> None:
    """Raises ShapeError for a memory format that tensors of `ndim` dims do not have."""
    rank = _RANKS.get(getattr(format, "name", ""), ndim)
    if rank != ndim:
        raise ShapeError(f"required rank {rank} tensor to use {format.name} format, got {ndim} dims", op=op)


pi, e, inf, nan = math.pi, math.e, math.inf, math.nan
newaxis = None

__all__ = ["channels_last", "channels_last_3d", "contiguous_format", "e", "inf", "layout", "memory_format", "nan",
           "newaxis", "pi", "preserve_format", "sparse_coo", "strided"]
