"""Sizes given once or per dimension."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..errors import SizeMismatchError
from ..tensors.tensor import Tensor


def ntuple(value: Any, n: int) -> tuple[Any, ...]:
    """`value` as a tuple: an iterable as it is, anything else repeated `n` times."""
    if isinstance(value, Iterable):
        return tuple(value)
    return (value,) * n


def doubled_reversed(sizes: tuple[Any, ...]) -> list[Any]:
    """Paddings per dim in the order that `pad` takes: last dim first, each before and after."""
    return [size for size in reversed(sizes) for _ in range(2)]


def expect_dims(module: Any, input: Tensor, *allowed: int) -> None:
    """Raises SizeMismatchError for an input of another number of dims than the module takes."""
    if input.dim() not in allowed:
        text = " or ".join(f"{n}D" for n in allowed)
        raise SizeMismatchError(f"expected {text} input (got {input.dim()}D input): {list(input.shape)}",
                                op=type(module).__name__, ndim=input.dim())
