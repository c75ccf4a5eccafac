"""Expected and found numbers, side by side, in units in the last place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import copysign, frexp, inf, isfinite, isinf
from typing import Any

from flambeau.dtypes import DType
from flambeau.table.settings import finfo

from . import accuracy
from .check import CheckFailed, require
from .host import Host, rounded
from .tolerances import Budget

_ULPS_THAT_SAY_SOMETHING = 1e6
_SHOWN = 3  # mismatches spelled out in a message


def ulp(value: float, dtype: DType) -> float:
    """The distance between neighbouring numbers of `dtype` around `value`."""
    limits = finfo(dtype)
    if isinf(value) or abs(value) > limits.max:
        return _ulp(limits.max, limits)
    return _ulp(value, limits)


def _ulp(value: float, limits: Any) -> float:
    exponent = frexp(max(abs(value), limits.tiny))[1] - 1
    result: float = limits.eps * 2.0**exponent
    return result


def compared(found: Host, wide: Host, budget: Budget, where: str, sensitivity: Sequence[float] | None = None,
             signed_zeros: bool = False, last: bool = True) -> None:
    """Raises CheckFailed unless `found` is `wide`, rounded once to found's dtype, within the budget.

    `sensitivity` is what a change of the inputs by one unit of their dtype does to each element. The
    distances are noted, unless the comparison failed and is not the `last`.
    """
    require(found.shape == wide.shape, "shape", f"{where}: result has shape {found.shape}, expected {wide.shape}")
    expected = rounded(wide.values, found.dtype) if wide.dtype is not found.dtype else wide.values
    faults = _faults(found, expected, budget, sensitivity, signed_zeros)
    faults = sorted({*faults, *_missing_infinities(found, wide.values)})
    if faults and not last:
        raise CheckFailed("value", where)
    if found.dtype.category > 1:
        _measure(found, expected)
    if faults:
        raise CheckFailed("value", f"{where}: {_explained(faults, found, expected, budget)}",
                          _index(faults[0], found.shape))


def _faults(found: Host, expected: list[Any], budget: Budget, sensitivity: Sequence[float] | None,
            signed_zeros: bool) -> list[int]:
    if found.dtype.category < 2:
        return [i for i, (f, e) in enumerate(zip(found.values, expected, strict=True)) if f != e]
    allowed = bounds(expected, found.dtype, budget, sensitivity)
    rows = zip(found.values, expected, allowed, strict=True)
    return [i for i, (f, e, b) in enumerate(rows) if not _close(f, e, b, found.dtype, signed_zeros)]


def _missing_infinities(found: Host, wide: list[Any]) -> list[int]:
    """Where the largest number stands for an infinity that no rounding explains."""
    if found.dtype.category != 2:
        return []
    beyond = finfo(found.dtype).max * 1.01
    return [i for i, (f, w) in enumerate(zip(found.values, wide, strict=True)) if isfinite(f) and abs(w) > beyond]


def _measure(found: Host, expected: list[Any]) -> None:
    pairs = [(f, e) for f, e in zip(found.values, expected, strict=True) if f != e and (f == f or e == e)]
    accuracy.note((_ulps(f, e, found.dtype) for f, e in pairs), len(expected) - len(pairs))


def _ulps(found: Any, expected: Any, dtype: DType) -> float:
    if dtype.is_complex:
        parts = [(found.real, expected.real), (found.imag, expected.imag)]
        unit = ulp(_size(expected), dtype.real) if isfinite(_size(expected)) else inf
        return max(abs(f - e) / unit if isfinite(f - e) else 0.0 if f == e or (f != f and e != e) else inf
                   for f, e in parts)
    if found != found or expected != expected:
        return inf
    return abs(_finite(found, dtype) - _finite(expected, dtype)) / ulp(expected, dtype)


def within(found: Host, wide: Host, budget: Budget, where: str, sensitivity: Callable[[], Sequence[float] | None],
           signed_zeros: bool = False) -> None:
    """As `compared`; the sensitivity, which is dear, is measured only where the budget alone does not do."""
    last = not budget.spread or found.dtype.category < 2 or found.shape != wide.shape
    try:
        compared(found, wide, budget, where, signed_zeros=signed_zeros, last=last)
    except CheckFailed:
        if last:
            raise
        compared(found, wide, budget, where, sensitivity(), signed_zeros)


def bounds(expected: list[Any], dtype: DType, budget: Budget, sensitivity: Sequence[float] | None) -> list[float]:
    ulps, real = budget.ulps(dtype), dtype.real
    floor = finfo(real).tiny * budget.underflows + finfo(real).eps * budget.cancels
    held = [floor + ulps * ulp(_size(e), real) if e == e else 0.0 for e in expected]
    if sensitivity is None:
        return held
    return [b + (budget.spread * s if s != inf else 0.0) for b, s in zip(held, sensitivity, strict=True)]


def _size(value: Any) -> float:
    """The magnitude by which errors count: of a complex number, its larger part."""
    return max(abs(value.real), abs(value.imag)) if isinstance(value, complex) else abs(value)


def _close(found: Any, expected: Any, bound: float, dtype: DType, signed_zeros: bool) -> bool:
    if found == expected:
        return not signed_zeros or found != 0 or dtype.is_complex or copysign(1, found) == copysign(1, expected)
    if found != found or expected != expected:
        return bool(found != found and expected != expected)
    if dtype.is_complex:
        return _close(found.real, expected.real, bound, dtype.real, False) and _close(
            found.imag, expected.imag, bound, dtype.real, False)
    return abs(_finite(found, dtype) - _finite(expected, dtype)) <= bound


def _finite(value: float, dtype: DType) -> float:
    """An infinity as the number that would come after the largest, so that it has a distance."""
    limits = finfo(dtype)
    return copysign(limits.max + _ulp(limits.max, limits), value) if isinf(value) else value


def _explained(faults: list[int], found: Host, expected: list[Any], budget: Budget) -> str:
    shown = "; ".join(f"at {_index(i, found.shape)} got {found.values[i]!r}, expected {expected[i]!r}"
                      f"{_distance(found.values[i], expected[i], found.dtype)}" for i in faults[:_SHOWN])
    rest = f" and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
    allowed = f"; allowed {budget.ulps(found.dtype):g} ulp" if found.dtype.category > 1 else ""
    return f"{len(faults)} of {len(expected)} elements differ: {shown}{rest}{allowed}"


def _distance(found: Any, expected: Any, dtype: DType) -> str:
    parts = [found.real, found.imag, expected.real, expected.imag] if dtype.is_complex else [found, expected]
    if dtype.category < 2 or not all(map(isfinite, parts)):
        return ""
    off, unit = _size(found - expected), ulp(_size(expected), dtype.real)
    if off > _ULPS_THAT_SAY_SOMETHING * unit:  # next to a zero, or to what is left after numbers cancel
        return f" (off by {off:.3g}, where neighbouring numbers are {unit:.3g} apart)"
    return f" ({off / unit:.3g} ulp)"


def _index(flat: int, shape: tuple[int, ...]) -> list[int]:
    index = []
    for n in reversed(shape):
        index.append(flat % n)
        flat //= n
    return index[::-1]

