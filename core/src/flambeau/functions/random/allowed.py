"""What may be drawn: each distribution's arguments checked, then a function that draws from an engine.

The functions here return a `Flat`: given the engine, a count and a kind, the drawn elements as a flat tensor.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

from ...contract.backend import decode, encode
from ...contract.device import Kind
from ...dtypes import DType, bfloat16, float16, float32, float64, int64
from ...errors import DTypeError, UnsupportedError, ValueRangeError
from ...ops.create import cast
from ...ops.movement import expand, permute_op, reshape
from ...ops.reduce import amax, amin
from ...random import draws
from ...shapes import expanded_size
from ...tensors.tensor import Tensor
from ..create import convert, detach
from .draw import Flat, below, below_each, complex_pairs, integers, whole
from .draw import normal as normal_op
from .draw import uniform as uniform_op

_LARGEST = {float16: 65504.0, bfloat16: 3.3895313892515355e38, float32: 3.4028234663852886e38,
            float64: 1.7976931348623157e308}
_DIGITS = {float16: 11, bfloat16: 8, float32: 24, float64: 53}
_LOWEST_INT64 = -(1 << 63)


def uniform(op: str, kind: Kind, low: float, high: float) -> Flat:
    """Uniform numbers from `low` to `high`, bounds that the floating or complex dtype must hold."""
    real = kind.dtype.real
    require_real(op, real)
    largest = _LARGEST[real]
    for name, bound in (("from", low), ("to", high)):
        require(-largest <= bound <= largest, op, f"{name} is out of bounds for {real!r}: {bound}")
    require(low <= high, op, f"expects to return a [from, to) range, but found from={low} > to={high}")
    require(high - low <= largest, op, f"to - from exceeds what {real!r} holds: from={low}, to={high}")
    return _also_complex(kind, lambda e, n, kind: uniform_op(e, n, kind, float(low), float(high)))


def normal(op: str, kind: Kind, mean: float, std: float, blocks: bool) -> Flat:
    """Normal numbers; a complex kind's parts share the variance."""
    require_real(op, kind.dtype.real)
    require(std >= 0.0, op, f"expects std >= 0.0, but found std {std}")
    spread = std / math.sqrt(2.0) if kind.dtype.is_complex else std
    return _also_complex(kind, lambda e, n, kind: normal_op(e, n, kind, float(mean), float(spread), blocks))


def _also_complex(kind: Kind, flat: Flat) -> Flat:
    return complex_pairs(flat) if kind.dtype.is_complex else flat


def chances(op: str, kind: Kind, p: Any, shape: tuple[int, ...], order: list[int] | None) -> Flat:
    """1 with probability `p`, a number or a tensor that expands to `shape` and is read in the memory order given."""
    if kind.dtype.is_complex:
        raise UnsupportedError(f"not implemented for {kind.dtype!r}", op=op, dtype=kind.dtype)
    if not isinstance(p, Tensor):
        require(0.0 <= p <= 1.0, op, f"expects p to be in [0, 1], but got p={p}")
        return lambda e, n, kind: cast(below(e, n, kind.device, float(p)), kind.dtype)
    if not p.is_floating_point():
        raise UnsupportedError(f"not implemented for probabilities of {p.dtype!r}", op=op, dtype=p.dtype)
    chances = expand(convert(detach(p), None, kind.device), expanded_size(op, tuple(p.shape), shape))
    if p.numel() and not (amin(detach(p), None).item() >= 0 and amax(detach(p), None).item() <= 1):
        raise ValueRangeError("expects all probabilities to be in [0, 1]", op=op)
    flat = reshape(chances if order is None else permute_op(chances, tuple(order)), (-1,))
    return lambda e, n, kind: cast(below_each(e, flat), kind.dtype)


def any_integer(dtype: DType) -> Flat:
    """Integers from 0 to the dtype's largest, or to the largest that a floating dtype counts to."""
    if dtype.is_complex:
        raise UnsupportedError(f"not implemented for {dtype!r}", op="random_", dtype=dtype)
    span = 2 if dtype.category == 0 else count(dtype)
    wide = dtype is int64 or dtype is float64
    return lambda e, n, kind: integers(e, n, kind, 0, span, wide)


def from_on(dtype: DType, low: int) -> Flat:
    """Integers from `low` to the dtype's largest, or to the largest that a floating dtype counts to."""
    _require_countable("random_", dtype)
    if low == _LOWEST_INT64:
        return _any_double_word(dtype)
    if dtype.is_floating_point:
        high = 1 << _DIGITS[dtype]
        low = _stepped_up(dtype, low)
        require(low < high, "random_", f"expects 'from' to be less than or equal to {high}, but got from={low}")
    else:
        high = count(dtype) - 1 if dtype.category else 1
    _check_held("random_", dtype, low, high)
    span = high - low + 1
    return lambda e, n, kind: integers(e, n, kind, low, span, span >= draws.WIDE_SPAN)


def _any_double_word(dtype: DType) -> Flat:
    if dtype not in (int64, float64, float32, bfloat16):
        raise UnsupportedError(f"the full range is for int64, float64, float32 and bfloat16, not {dtype!r}",
                               op="random_", dtype=dtype)
    return lambda e, n, kind: whole(e.words64(n), kind)


def between(op: str, dtype: DType, low: int, high: int) -> Flat:
    """Integers from `low` up to, not including, `high`; a floating dtype's bounds move inwards to what it holds."""
    _require_countable(op, dtype)
    require(low < high, op, f"expects 'from' to be less than 'to', but got from={low} >= to={high}")
    if dtype.is_floating_point:
        low, high = _stepped_up(dtype, low), _stepped_down(dtype, high)
        require(low < high, op, f"expects 'from' to be less than 'to' in {dtype!r}, but got from={low} >= to={high}")
    _check_held(op, dtype, low, high - 1)
    span = high - low
    return lambda e, n, kind: integers(e, n, kind, low, span, span >= draws.WIDE_SPAN)


def _stepped_up(dtype: DType, low: int) -> int:
    rounded = _as_held(dtype, low + 1)
    if rounded is None or rounded >= low:
        return low
    return rounded + (1 << (abs(low + 1).bit_length() - _DIGITS[dtype]))


def _stepped_down(dtype: DType, high: int) -> int:
    rounded = _as_held(dtype, high - 1)
    if rounded is None or rounded < high:
        return high
    return rounded - (1 << (abs(high - 1).bit_length() - _DIGITS[dtype]))


def _as_held(dtype: DType, value: int) -> int | None:
    held = decode(encode([float(value)], dtype), dtype)[0]
    return int(held) if math.isfinite(held) else None


def _check_held(op: str, dtype: DType, low: int, last: int) -> None:
    """Raises for bounds outside the dtype's range, and warns for those that it does not count exactly."""
    if dtype.is_floating_point:
        least, most = -_LARGEST[dtype], _LARGEST[dtype]
    else:
        most = count(dtype) - 1 if dtype.category else 1
        least = -most - 1 if dtype.is_signed else 0
    for name, bound in (("from", low), ("to - 1", last)):
        require(least <= bound <= most, op, f"{name} is out of bounds for {dtype!r}: {bound}")
        if dtype.is_floating_point and abs(bound) > 1 << _DIGITS[dtype]:
            digits = _DIGITS[dtype]
            warnings.warn(f"{name} is out of bounds [-(2^{digits}), 2^{digits}]: {dtype!r} does not hold every integer"
                          f" beyond them, so some are never drawn", UserWarning, stacklevel=4)


def require(met: bool, op: str, message: str) -> None:
    """Raises ValueRangeError with `message` unless `met`."""
    if not met:
        raise ValueRangeError(message, op=op)


def require_real(op: str, dtype: DType) -> None:
    """Raises UnsupportedError unless the dtype is real and floating."""
    if not dtype.is_floating_point:
        raise UnsupportedError(f"not implemented for {dtype!r}", op=op, dtype=dtype)


def require_floating(op: str, dtype: DType) -> None:
    """Raises DTypeError unless the dtype is real and floating."""
    if not dtype.is_floating_point:
        raise DTypeError(f"the distribution is continuous: the dtype must be floating, got {dtype!r}", op=op,
                         dtype=dtype)


def _require_countable(op: str, dtype: DType) -> None:
    if dtype.is_complex:
        raise DTypeError(f"handles only integer, floating and boolean dtypes, got {dtype!r}", op=op, dtype=dtype)


def count(dtype: DType) -> int:
    """How many integers from 0 on the dtype holds without a gap."""
    return (1 << _DIGITS[dtype]) + 1 if dtype.is_floating_point else 1 << (dtype.bits - dtype.is_signed)
