"""Arrays as a test describes them: a buffer of Python numbers, a shape, strides, an offset."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any

from flambeau.contract.backend import Backend, encode
from flambeau.dtypes import DType
from flambeau.shapes import contiguous_strides, numel

_SPECIAL = (math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -1.5)
LAYOUTS = ("plain", "transposed", "strided", "offset", "expanded")


@dataclass(frozen=True)
class Host:
    """An array on the host; strides and offset count elements."""

    values: tuple[Any, ...]
    shape: tuple[int, ...]
    dtype: DType
    strides: tuple[int, ...] | None = None
    offset: int = 0

    @property
    def data(self) -> bytes:
        """The buffer's elements as the contract stores them."""
        return encode(list(self.values), self.dtype)


def from_host(backend: Backend, host: Host | None) -> Any:
    """`host` as an array of `backend`, laid out as it says."""
    if host is None:
        return None
    return backend.from_host(host.data, host.shape, host.dtype, host.strides, host.offset)


def numbers(count: int, dtype: DType, seed: str, special: bool = True, low: int = -9, high: int = 9) -> list[Any]:
    """Reproducible numbers of a dtype: ordinary ones, and (floating) NaN, infinities and zeros among them."""
    draw = random.Random(seed)
    if dtype.category == 0:
        return [draw.random() < 0.5 for _ in range(count)]
    if dtype.category == 1:
        return [draw.randint(low if dtype.is_signed else max(low, 0), high) for _ in range(count)]
    if dtype.is_complex:
        return [complex(draw.gauss(0, 1.5), draw.gauss(0, 1.5)) for _ in range(count)]
    drawn = [draw.gauss(0, 2) for _ in range(count)]
    if special and count > 2:
        for _ in range(1 + count // 4):
            drawn[draw.randrange(count)] = draw.choice(_SPECIAL)
    return drawn


def layout_strides(shape: tuple[int, ...], layout: str) -> tuple[tuple[int, ...] | None, int, int]:
    """Strides, offset and the number of elements that the buffer needs."""
    plain, count = contiguous_strides(shape), numel(shape)
    if layout == "transposed":
        return tuple(reversed(contiguous_strides(shape[::-1]))), 0, count
    if layout == "strided":
        return tuple(2 * s for s in plain), 1, 2 * count + 1
    if layout == "offset":
        return plain, 3, count + 3
    if layout == "expanded" and shape:
        return (0, *plain[1:]), 0, count
    return None, 0, count


def array(shape: tuple[int, ...], dtype: DType, seed: str, layout: str = "plain", **options: Any) -> Host:
    """A Host of random numbers under one of `LAYOUTS`."""
    strides, offset, count = layout_strides(shape, layout)
    return Host(tuple(numbers(count, dtype, seed, **options)), shape, dtype, strides, offset)
