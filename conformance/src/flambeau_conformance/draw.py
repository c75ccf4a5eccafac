"""The numbers that stand for `arr(...)`: drawn from a generator seeded by the check's name.

The seed leaves the dtype out, so that one sample has the same numbers in every dtype, each rounded
once to what the dtype can hold.
"""

from __future__ import annotations

import hashlib
from math import ceil, floor, inf, nan
from random import Random
from typing import Any

from flambeau.dtypes import DType
from flambeau.shapes import numel
from flambeau.table.samples import arr
from flambeau.table.settings import finfo, iinfo

from .host import Host, rounded

FLOATS, INTEGERS = (-2.5, 2.5), (-6, 9)  # between what numbers are drawn where a sample does not say
CLEAR = 0.1  # how far drawn floats keep from zero, where many functions have a kink


def generator(name: str) -> Random:
    """A generator whose numbers depend on `name` alone."""
    return Random(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little"))


def drawn(spec: arr, dtype: DType, random: Random) -> Host:
    """Elements for `spec`."""
    count = numel(spec.shape)
    if spec.fill is not None:
        values = [spec.fill[i % len(spec.fill)] for i in range(count)]
    elif dtype.category == 0:
        values = [random.random() < 0.5 for _ in range(count)]
    elif dtype.category == 1:
        values = _integers(spec, dtype, count, random)
    elif dtype.is_complex:
        parts = [_floats(spec, count, random) for _ in range(2)]
        values = [complex(re, im) for re, im in zip(*parts, strict=True)]
    else:
        values = _floats(spec, count, random)
    values = structured([_fitting(v, dtype) for v in values], spec)
    return Host(rounded(values, dtype), spec.shape, dtype)


def structured(values: list[Any], spec: arr) -> list[Any]:
    """The elements with those of its matrices that the structure leaves open put right."""
    if not spec.structure:
        return values
    n, made = spec.shape[-1], list(values)
    for at in range(len(values)):
        i, j = at // n % n, at % n
        if spec.structure == "hermitian":
            made[at] = _mirrored(values, at, i, j, n)
        elif (j > i) == (spec.structure == "lower") and i != j:
            made[at] = 0 * values[at]
    return made


def _mirrored(values: list[Any], at: int, i: int, j: int, n: int) -> Any:
    """Element (i, j) of the Hermitian matrix that a lower triangle stands for."""
    if i == j:
        return (values[at] + values[at].conjugate()) / 2
    return values[at] if i > j else values[at + (j - i) * (n - 1)].conjugate()


def _fitting(value: Any, dtype: DType) -> Any:
    """A number from a sample's `fill` as one that `dtype` can hold."""
    if dtype.category == 1:
        limits = iinfo(dtype)
        return min(max(int(value), limits.min), limits.max)
    return complex(value) if dtype.is_complex else float(value) if dtype.category else bool(value)


def _integers(spec: arr, dtype: DType, count: int, random: Random) -> list[int]:
    limits = iinfo(dtype)
    low = max(ceil(INTEGERS[0] if spec.low is None else spec.low), limits.min)
    high = max(min(floor(INTEGERS[1] if spec.high is None else spec.high), limits.max), low)
    if spec.distinct:
        return random.sample(range(low, max(high, low + count - 1) + 1), count)
    values = [random.randint(low, high) for _ in range(count)]
    return [v or 1 for v in values] if spec.nonzero else values


def _floats(spec: arr, count: int, random: Random) -> list[float]:
    low, high = FLOATS if spec.low is None and spec.high is None else _bounds(spec)
    if spec.distinct:
        step = (high - low) / max(count, 1)
        return random.sample([low + (i + 0.5) * step for i in range(count)], count)
    values = [random.uniform(low, high) for _ in range(count)]
    return [v if abs(v) >= CLEAR or not low < -CLEAR < CLEAR < high else v + (CLEAR if v > 0 else -CLEAR)
            for v in values]


def _bounds(spec: arr) -> tuple[float, float]:
    low = spec.high - 5.0 if spec.low is None and spec.high is not None else float(spec.low or 0.0)
    return low, (low + 5.0 if spec.high is None else float(spec.high))


def weights(like: Host, random: Random) -> Host:
    """Numbers of like's shape and dtype between 0.5 and 1.5 of either sign: gradients that come in."""
    parts = [[random.choice((-1, 1)) * random.uniform(0.5, 1.5) for _ in like.values] for _ in range(2)]
    values: list[Any] = [complex(a, b) for a, b in zip(*parts, strict=True)] if like.dtype.is_complex else parts[0]
    return Host(rounded(values, like.dtype), like.shape, like.dtype)


def special_floats(dtype: DType, largest: bool) -> list[float]:
    """What arithmetic stumbles over: NaN, infinities, zeros of both signs, the smallest and perhaps the largest."""
    limits = finfo(dtype)
    return [nan, inf, -inf, 0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 1e-3, limits.tiny, -limits.tiny,
            limits.tiny * limits.eps, *([limits.max] if largest else [])]


def extreme_integers(dtype: DType) -> list[int]:
    """The ends of the range, and the numbers around zero."""
    limits = iinfo(dtype)
    near = [0, 1, 2, 3] + ([-1, -2] if dtype.is_signed else [])
    return [*near, limits.min, limits.max, limits.max - 1, limits.max // 2]


def pairs(values: list[Any], count: int) -> list[list[Any]]:
    """Columns in which every combination of `count` of the values stands side by side."""
    rows: list[tuple[Any, ...]] = [()]
    for _ in range(count):
        rows = [(*row, v) for row in rows for v in values]
    return [list(column) for column in zip(*rows, strict=True)]
