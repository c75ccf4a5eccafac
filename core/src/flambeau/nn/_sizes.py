"""Sizes given once or per dimension."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def ntuple(value: Any, n: int) -> tuple[Any, ...]:
    """`value` as a tuple: an iterable as it is, anything else repeated `n` times."""
    if isinstance(value, Iterable):
        return tuple(value)
    return (value,) * n


def doubled_reversed(sizes: tuple[Any, ...]) -> list[Any]:
    """Paddings per dim in the order that `pad` takes: last dim first, each before and after."""
    return [size for size in reversed(sizes) for _ in range(2)]
