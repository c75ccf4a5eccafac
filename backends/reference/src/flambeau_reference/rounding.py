"""One rounding from Python numbers to each dtype, and the storage formats on the host.

Everything works on whole lists: `array.array` and `struct` convert in C. Bounds: float32 costs
two conversions per element, float16 and bfloat16 about ten times that.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable
from itertools import chain
from typing import Any

from flambeau import dtypes
from flambeau.contract.backend import bfloat16_bits
from flambeau.dtypes import DType

Values = list[Any]

_ARRAY_CODES = {d: d.format for d in (*dtypes.INTEGERS, dtypes.float32, dtypes.float64)}
_EXACT_INT = 1 << 53  # every smaller integer is a double


def rounded(values: Values, dtype: DType) -> Values:
    """`values` (results in double, exact integers, complex) as numbers of `dtype`, rounded once.

    The answer may be `values` itself where nothing had to change.
    """
    return _ROUND[dtype](values)


def _same(values: Values) -> Values:
    return values


def _to_bool(values: Values) -> Values:
    return list(map(bool, values))


def _to_float32(values: Values) -> Values:
    return array("f", values).tolist()


def _to_float16(values: Values) -> Values:
    try:
        return list(struct.unpack(f"{len(values)}e", struct.pack(f"{len(values)}e", *values)))
    except OverflowError:
        return [_one_float16(v) for v in values]


def _one_float16(value: float) -> float:
    try:
        result: float = struct.unpack("e", struct.pack("e", value))[0]
        return result
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _to_bfloat16(values: Values) -> Values:
    # Half of the last kept place, plus one when that place is odd, carries exactly as nearest-even does.
    bits = array("Q", array("d", values).tobytes())
    kept = array("Q", [
        (b + 0xFFF_FFFF_FFFF + (b >> 45 & 1)) >> 45 << 45 if 897 <= (b >> 52 & 2047) < 1150 else _edge_bfloat16(b)
        for b in bits])
    return array("d", kept.tobytes()).tolist()


def _edge_bfloat16(bits: int) -> int:
    """Bits of the double that zero, a subnormal, a huge number, an infinity or a NaN rounds to."""
    value = struct.unpack("<d", struct.pack("<Q", bits))[0]
    if value == 0.0:
        return bits
    nearest = struct.unpack("<f", struct.pack("<I", bfloat16_bits(value) << 16))[0]
    result: int = struct.unpack("<Q", struct.pack("<d", nearest))[0]
    return result


def _to_complex64(values: Values) -> Values:
    parts = _to_float32(_parts(values))
    return list(map(complex, parts[::2], parts[1::2]))


def _wrapping(dtype: DType) -> Callable[[Values], Values]:
    mask, half = (1 << dtype.bits) - 1, 1 << (dtype.bits - 1) if dtype.is_signed else 0

    def wrap(values: Values) -> Values:
        try:
            array(dtype.format, values)  # the quickest range check there is
            return values
        except OverflowError:
            return [((v + half) & mask) - half for v in values]

    return wrap


_ROUND: dict[DType, Callable[[Values], Values]] = {
    dtypes.bool: _to_bool, dtypes.float16: _to_float16, dtypes.bfloat16: _to_bfloat16, dtypes.float32: _to_float32,
    dtypes.float64: _same, dtypes.complex64: _to_complex64, dtypes.complex128: _same,
    **{d: _wrapping(d) for d in dtypes.INTEGERS},
}


def _parts(values: Values) -> Values:
    return list(chain.from_iterable([(v.real, v.imag) for v in values]))


def converted(values: Values, source: DType, target: DType) -> Values:
    """Numbers of `source` as numbers of `target`, as `cast` promises; may be `values` itself."""
    if source is target:
        return values
    if target is dtypes.bool:
        return _to_bool(values)
    if source.is_complex and not target.is_complex:
        values, source = [v.real for v in values], source.real
    if target.category == 1:
        return _truncated(values, target) if source.is_floating_point else rounded(list(map(int, values)), target)
    if source.category <= 1:
        values = _doubles(values, target)
    if target.is_complex:
        return rounded(list(map(complex, values)), target)
    return rounded(values, target)


def converted_scalar(value: Any, target: DType) -> Any:
    """A Python number as a number of `target`."""
    kind = (dtypes.bool if isinstance(value, bool) else dtypes.int64 if isinstance(value, int)
            else dtypes.float64 if isinstance(value, float) else dtypes.complex128)
    if kind is target is dtypes.int64:  # a Python int need not be one of int64
        return rounded([value], target)[0]
    return converted([value], kind, target)[0]


def _doubles(integers: Values, target: DType) -> Values:
    if target in (dtypes.float64, dtypes.complex128) or all(-_EXACT_INT <= v <= _EXACT_INT for v in integers):
        return list(map(float, integers))
    return [float(_sticky(v)) for v in integers]


def _sticky(value: int) -> int:
    """An integer that is a double and rounds to any shorter format as `value` does.

    The bits below the 53rd collapse into one that only says whether any was set, so rounding
    through double does not round twice.
    """
    drop = value.bit_length() - 53
    if drop <= 0:
        return value
    size = abs(value)
    kept = (size >> drop | (size & ((1 << drop) - 1) != 0)) << drop
    return kept if value > 0 else -kept


def _truncated(values: Values, target: DType) -> Values:
    wide = target if target.bits >= 32 else dtypes.int32
    try:
        whole = list(map(int, values))
        array(wide.format, whole)
    except (OverflowError, ValueError):
        # What the hardware's conversion gives, and so PyTorch: the lowest integer for all it cannot hold.
        low = -(1 << (wide.bits - 1))
        whole = [int(v) if low <= v < -low else low for v in values]
    return rounded(whole, target)


def unpacked(raw: memoryview, dtype: DType) -> Values:
    """The numbers in a run of little-endian elements, in the contract's storage formats."""
    if dtype is dtypes.bool:
        return list(map(bool, raw))
    if dtype is dtypes.float16:
        return list(struct.unpack(f"<{len(raw) // 2}e", raw))
    if dtype is dtypes.bfloat16:
        halves = _read("H", raw)
        return array("f", array("I", [half << 16 for half in halves]).tobytes()).tolist()
    if dtype.is_complex:
        parts = _read(dtype.real.format, raw)
        return list(map(complex, parts[::2], parts[1::2]))
    return _read(_ARRAY_CODES[dtype], raw).tolist()


def packed(values: Values, dtype: DType) -> bytes:
    """Numbers of `dtype` as a run of little-endian elements."""
    if dtype is dtypes.bool:
        return bytes(values)
    if dtype is dtypes.float16:
        return struct.pack(f"<{len(values)}e", *values)
    if dtype is dtypes.bfloat16:
        words = array("I", array("f", values).tobytes())
        return _written(array("H", [word >> 16 for word in words]))
    if dtype.is_complex:
        return _written(array(dtype.real.format, _parts(values)))
    return _written(array(_ARRAY_CODES[dtype], values))


def _read(code: str, raw: memoryview) -> array[Any]:
    result: array[Any] = array(code)
    result.frombytes(raw)
    if sys.byteorder == "big":
        result.byteswap()
    return result


def _written(values: array[Any]) -> bytes:
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()
