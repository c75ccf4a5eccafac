"""Draws that run one value after another: permutations, integers, and what PyTorch computes in double.

Every function takes the engine and a count and returns Python numbers. The formulas are PyTorch's CPU ones, evaluated
by the same C library functions, so the doubles agree to the last bit; `a * b + c` is rounded once, because PyTorch's
kernels are compiled with contraction.
"""

from __future__ import annotations

import math
import struct
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import mod

from .mt19937 import Engine

WIDE_SPAN = 1 << 28  # ranges of this many integers or more take 64-bit draws
_WIDE_PERMUTATION = (2**32 - 1) // 20
_MASK53 = (1 << 53) - 1
_SINGLE = struct.Struct("<f")


def uniforms(engine: Engine, n: int) -> list[float]:
    """`n` doubles in [0, 1): the low 53 bits of 64-bit draws."""
    return [(word & _MASK53) * 2.0**-53 for word in engine.words64(n)]


def standard_normals(engine: Engine, n: int) -> list[float]:
    """`n` doubles by Box-Muller, two at a time; an odd one is kept for the next call."""
    out: list[float] = []
    if n and engine.next_normal is not None:
        out.append(engine.next_normal)
        engine.next_normal = None
    missing = n - len(out)
    u = uniforms(engine, missing + missing % 2)
    for u1, u2 in zip(u[::2], u[1::2], strict=True):
        out += _box_muller(u1, u2)
    if len(out) > n:
        engine.next_normal = out.pop()
    return out


def _box_muller(u1: float, u2: float) -> tuple[float, float]:
    radius, angle = math.sqrt(-2.0 * math.log1p(-u2)), 2.0 * math.pi * u1
    return radius * math.cos(angle), radius * math.sin(angle)


def uniform(engine: Engine) -> float:
    """The next one of `uniforms`, for those who cannot tell how many they will need."""
    return (engine.random64() & _MASK53) * 2.0**-53


def standard_normal(engine: Engine) -> float:
    """The next one of `standard_normals`."""
    kept = engine.next_normal
    if kept is not None:
        engine.next_normal = None
        return kept
    first, engine.next_normal = _box_muller(uniform(engine), uniform(engine))
    return first


def normals(engine: Engine, n: int, mean: float, std: float) -> list[float]:
    """`n` doubles of that mean and standard deviation."""
    return scaled(standard_normals(engine, n), std, mean)


def log_normals(engine: Engine, n: int, mean: float, std: float) -> list[float]:
    """Exponentials of `normals`."""
    return [_exp(value) for value in normals(engine, n, mean, std)]


def exponentials(engine: Engine, n: int, rate: float) -> list[float]:
    """`n` doubles of density rate * exp(-rate * x)."""
    factor = -1.0 / rate
    return [factor * math.log1p(-u) for u in uniforms(engine, n)]


def cauchys(engine: Engine, n: int, median: float, sigma: float) -> list[float]:
    """`n` doubles of the Cauchy distribution."""
    return scaled([math.tan(math.pi * (u - 0.5)) for u in uniforms(engine, n)], sigma, median)


def geometrics(engine: Engine, n: int, p: float) -> list[float]:
    """`n` whole doubles: the trial on which an event of probability `p` first happens."""
    scale = math.log1p(-p)
    return [float(math.ceil(math.log(u) / scale)) if u else math.inf for u in uniforms(engine, n)]


def integers(engine: Engine, n: int, low: int, span: int) -> list[int]:
    """`n` integers from `low` up to, not including, `low + span`, by modulo; spans from 2**28 on take 64-bit draws."""
    words = engine.words32(n) if span < WIDE_SPAN else engine.words64(n)
    return [low + word % span for word in words]


def permutation(engine: Engine, n: int) -> list[int]:
    """The numbers 0 to n-1 in random order.

    Forward Fisher-Yates with 32-bit draws; from 214,748,364 on the inside-out variant with 64-bit draws.
    """
    order = list(range(n))
    if n >= _WIDE_PERMUTATION:
        return _inside_out(order, engine)
    steps = map(mod, engine.words32(max(n - 1, 0)), range(n, 1, -1))
    for i, step in enumerate(steps):
        j = i + step
        order[i], order[j] = order[j], order[i]
    return order


def _inside_out(order: list[int], engine: Engine) -> list[int]:
    for i in range(len(order)):
        j = engine.random64() % (i + 1)
        order[i] = order[j]
        order[j] = i
    return order


def categories(engine: Engine, weights: Sequence[float], n: int, single: bool) -> list[int]:
    """`n` category numbers, drawn with replacement by bisecting the cumulative weights with doubles.

    `single`: the sums and quotients are rounded to float32, as PyTorch's are for all but float64 weights.
    """
    sums = list(accumulate(weights, _add_single if single else None))
    total = sums[-1]
    bounds = [to_single(s / total) for s in sums] if single else [s / total for s in sums]
    bounds[-1] = 1.0
    return [bisect_left(bounds, u) for u in uniforms(engine, n)]


def _add_single(a: float, b: float) -> float:
    return to_single(a + b)


def to_single(value: float) -> float:
    """`value` rounded to float32; out of its range infinite."""
    try:
        return _SINGLE.unpack(_SINGLE.pack(value))[0]  # type: ignore[no-any-return]
    except OverflowError:
        return math.copysign(math.inf, value)


def scaled(values: Iterable[float], factor: float, offset: float) -> list[float]:
    """`value * factor + offset` of each, rounded once."""
    if offset == 0.0:
        return [value * factor for value in values]
    if factor == 1.0:
        return [value + offset for value in values]
    return [fused(value, factor, offset) for value in values]


def fused(a: float, b: float, c: float) -> float:
    """`a * b + c` rounded once."""
    if not (math.isfinite(a) and math.isfinite(b) and math.isfinite(c)):
        return a * b + c
    from fractions import Fraction  # loads decimal: only the few draws that round twice need it

    exact = Fraction(a) * Fraction(b) + Fraction(c)
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf
