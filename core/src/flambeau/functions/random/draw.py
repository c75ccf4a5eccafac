"""From a generator's bits to tensors on a device: the draws of `flambeau.random`, evaluated by the backend.

The host draws words and hands their bytes over once; masks, conversions and Box-Muller then run as ops on the device.
Every function gives a flat tensor of `n` elements of `kind`, in the order of the target's memory; `laid_out` gives it
the target's shape. What is defined in double and value by value (see `draws`) is computed on the host.

What bounds it: the generator, 8 ns a word (MT19937 in the standard library); then a pass over memory per op.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from ...contract.backend import encode
from ...contract.device import Device, Kind
from ...dtypes import DType, float32, float64, int32, int64
from ...errors import ShapeError
from ...modes import grad_enabled
from ...ops.arithmetic import mul, remainder
from ...ops.compare import bitwise_and, bitwise_left_shift, bitwise_or, bitwise_right_shift, ge, lt
from ...ops.complex import complex as complex_op
from ...ops.create import cast
from ...ops.math import cos, log, log1p, sin, sqrt
from ...ops.movement import cat_op, permute_op, slice_op, view_op
from ...ops.random import redrawn
from ...random import draws
from ...random.mt19937 import Engine
from ...shapes import numel
from ...table.room import exhausted
from ...tensors import views
from ...tensors.tensor import Tensor, wrap
from ..compare import where

_BLOCK = 16
_RUN = 1 << 16  # numbers drawn at a time: whole blocks
_HOST_EXPONENTIALS = 4096  # fewer are computed on the host, bit for bit PyTorch's
_MASK24, _MASK32, _MASK53 = (1 << 24) - 1, (1 << 32) - 1, (1 << 53) - 1
_ULP24, _ULP53 = 2.0**-24, 2.0**-53
_TURN24 = draws.to_single(2.0 * math.pi) * _ULP24  # 2 pi in float32, for a 24-bit integer
_TURN53 = 2.0 * math.pi * _ULP53
Drawn = Any  # a Tensor: its operators are attached as the ops register
Flat = Callable[[Engine, int, Kind], Drawn]


def from_bytes(data: bytes | bytearray, dtype: DType, device: Device) -> Drawn:
    """The elements that lie in `data` as a flat tensor."""
    count = len(data) // dtype.itemsize
    return wrap(device.backend.from_host(data, (count,), dtype), device.kinds[dtype])


def in_runs(flat: Any) -> Any:
    """The draw in runs that stay in the cache; the last is the longest, so that a redrawn tail lies within it."""

    @wraps(flat)
    def drawn(engine: Engine, n: int, *rest: Any) -> Drawn:
        try:
            if n < 2 * _RUN:
                return flat(engine, n, *rest)
            sizes = [_RUN] * (n // _RUN - 1) + [_RUN + n % _RUN]
            return cat_op([flat(engine, size, *rest) for size in sizes], 0)
        except MemoryError as error:
            raise exhausted("random", error, f"{n} random numbers are wanted") from None

    return drawn


def _read(data: bytes, dtype: DType, device: Device) -> Drawn:
    """As `from_bytes`, but the tensor may lie in `data` itself: to be read only."""
    shape = (len(data) // dtype.itemsize,)
    return wrap(device.backend.from_host(data, shape, dtype, copy=False), device.kinds[dtype])


def narrow24(words: bytes, device: Device) -> Drawn:
    """The low 24 bits of each word, int32."""
    return bitwise_and(_read(words, int32, device), _MASK24)


def narrow53(words: bytes, device: Device) -> Drawn:
    """The low 53 bits of each double word, int64; the high word comes first, that is in the low half."""
    pairs = _read(words, int64, device)
    high, low = bitwise_and(pairs, _MASK53 >> 32), bitwise_and(bitwise_right_shift(pairs, 32), _MASK32)
    return bitwise_or(bitwise_left_shift(high, 32), low)


def integer_draws(engine: Engine, n: int, wide: bool, device: Device) -> Drawn:
    """`n` uniform integers of 53 bits if `wide`, else of 24."""
    return narrow53(engine.bits32(2 * n), device) if wide else narrow24(engine.bits32(n), device)


@in_runs
def uniform(engine: Engine, n: int, kind: Kind, low: float, high: float) -> Drawn:
    """Uniform numbers from `low` to `high`; float16 and bfloat16 are drawn in float32."""
    dtype = kind.dtype
    bits = integer_draws(engine, n, dtype is float64, kind.device)
    if dtype is float64:
        drawn = _spread53(bits, low, high)
    else:
        low, high = draws.to_single(low), draws.to_single(high)
        drawn = _spread24(bits, low, high)
        if dtype is not float32:
            drawn = cast(drawn, dtype)
    return where(ge(drawn, high), low, drawn) if _reaches(dtype, low, high) else drawn


def _reaches(dtype: DType, low: float, high: float) -> bool:
    """Whether the largest uniform is rounded to `high`: with few digits always; not from 0 or around it."""
    if dtype.itemsize == 2:
        return True
    if low in (0.0, -high):
        return low == high
    if dtype is float64:
        return draws.fused(1.0 - _ULP53, high - low, low) >= high
    return draws.to_single(draws.fused(1.0 - _ULP24, draws.to_single(high - low), low)) >= high


def _spread24(bits: Drawn, low: float, high: float) -> Drawn:
    """bits * 2**-24 * (high - low) + low, rounded once to float32."""
    span = draws.to_single(high - low)
    if low == -high:  # one rounding without wider arithmetic: the integer is centred exactly
        return mul(cast(bits - (1 << 23), float32), high * 2.0**-23)
    if low == 0.0:
        return mul(cast(bits, float32), span * _ULP24)
    if _is_power_of_two(span) or not has_float64(bits.device):
        return mul(cast(bits, float32), span * _ULP24) + low
    return cast(mul(cast(bits, float64), span * _ULP24) + low, float32)


def _spread53(bits: Drawn, low: float, high: float) -> Drawn:
    """bits * 2**-53 * (high - low) + low, rounded once to float64."""
    span = high - low
    if low == -high:
        return mul(cast(bits - (1 << 52), float64), high * 2.0**-52)
    return _fused(cast(bits, float64), span * _ULP53, low)


def _fused(x: Drawn, factor: float, offset: float) -> Drawn:
    """float64 x * factor + offset, rounded once."""
    product = mul(x, factor)
    if offset == 0.0:
        return product
    total = product + offset
    if _is_power_of_two(factor):
        return total
    rest = total - product
    return total + ((product - (total - rest)) + (offset - rest) + _product_error(x, product, factor))


def _product_error(x: Drawn, product: Drawn, factor: float) -> Drawn:
    """What the rounding of `x * factor` to `product` lost, exactly: both are split into halves (Dekker, 1971)."""
    top = factor * 134217729.0
    factor_high = top - (top - factor)
    factor_low = factor - factor_high
    stretched = x * 134217729.0
    high = stretched - (stretched - x)
    low = x - high
    return ((high * factor_high - product) + high * factor_low + low * factor_high) + low * factor_low


def _is_power_of_two(value: float) -> bool:
    return abs(math.frexp(value)[0]) == 0.5


def has_float64(device: Device) -> bool:
    """Whether the device computes in float64."""
    return ("mul", "float64") not in device.backend.unsupported


@in_runs
def normal(engine: Engine, n: int, kind: Kind, mean: float, std: float, blocks: bool) -> Drawn:
    """Normal numbers: blocks of sixteen where PyTorch draws so (`blocks`: the target is contiguous), else in pairs."""
    if n < _BLOCK or not blocks:
        return doubles(draws.normals(engine, n, mean, std), kind)
    dtype = kind.dtype
    if dtype is float64:
        drawn = _blocks(_block_bits(engine, n, n, True, kind.device), n, float64)
        return drawn if mean == 0.0 and std == 1.0 else _fused(drawn, std, mean)
    drawn = _blocks(_block_bits(engine, n, n if dtype is float32 else n // _BLOCK * _BLOCK, False, kind.device), n,
                    float32)
    scaled = _scaled(drawn, draws.to_single(mean), draws.to_single(std))
    return scaled if dtype is float32 else cast(scaled, dtype)


def _block_bits(engine: Engine, n: int, drawn: int, wide: bool, device: Device) -> Drawn:
    """The integers behind whole blocks of sixteen, the redrawn tail's last; shape (blocks, 16)."""
    words = 2 if wide else 1
    data, size = engine.bits32(words * drawn), 4 * words
    if n % _BLOCK:
        data = data[: n // _BLOCK * _BLOCK * size] + engine.bits32(words * _BLOCK)
    bits = narrow53(data, device) if wide else narrow24(data, device)
    return view_op(bits, (len(data) // size // _BLOCK, _BLOCK))


def _blocks(bits: Drawn, n: int, dtype: DType) -> Drawn:
    """Box-Muller: the first eight integers of a block give radii, the last eight angles.

    A float32 logarithm is the float64 one rounded: libraries' own differ from PyTorch's by more.
    """
    ones, ulp, turn = ((1 << 53), _ULP53, _TURN53) if dtype is float64 else ((1 << 24), _ULP24, _TURN24)
    rows, half = slice(0, bits.shape[0], 1), _BLOCK // 2
    first = slice_op(bits, (rows, slice(0, half, 1)))
    second = slice_op(bits, (rows, slice(half, _BLOCK, 1)))
    logarithm = log(cast(ones - first, float64 if has_float64(bits.device) else dtype) * ulp)
    radius = sqrt((logarithm if dtype is float64 else cast(logarithm, dtype)) * -2.0)
    angle = cast(second, dtype) * turn
    drawn = view_op(cat_op([radius * cos(angle), radius * sin(angle)], 1), (bits.numel(),))
    return _with_tail(drawn, n)


def _with_tail(drawn: Drawn, n: int) -> Drawn:
    """`n` numbers: the whole blocks, their end overwritten by the redrawn tail's sixteen."""
    if n % _BLOCK == 0:
        return drawn
    total = drawn.numel()
    parts = [slice_op(drawn, (slice(0, n - _BLOCK, 1),)), slice_op(drawn, (slice(total - _BLOCK, total, 1),))]
    return cat_op(parts, 0)


def _scaled(drawn: Drawn, mean: float, std: float) -> Drawn:
    """float32 drawn * std + mean, rounded once."""
    if mean == 0.0:
        return drawn if std == 1.0 else drawn * std
    if _is_power_of_two(std) or not has_float64(drawn.device):
        return drawn * std + mean
    return cast(cast(drawn, float64) * std + mean, float32)


def doubles(values: Sequence[float], kind: Kind) -> Drawn:
    """Doubles as a tensor of `kind`; narrower dtypes than float32 are rounded to float32 first."""
    dtype = kind.dtype
    if dtype is float32 or dtype is float64:
        return from_bytes(encode(list(values), dtype), dtype, kind.device)
    if dtype.is_floating_point:
        return cast(from_bytes(encode(list(values), float32), float32, kind.device), dtype)
    return whole([0 if math.isinf(v) else int(v) for v in values], kind)


def whole(values: Sequence[int], kind: Kind) -> Drawn:
    """Python integers as a tensor of `kind`, wrapping; narrow floating dtypes are rounded to float32 first."""
    low, high = -(1 << 63), 1 << 64
    if values and not low <= min(values) <= max(values) < -low:
        values = [(v - low) % high + low for v in values]
    made = from_bytes(array("q", values).tobytes(), int64, kind.device)
    return _integers_as(made, kind)


def _integers_as(made: Drawn, kind: Kind) -> Drawn:
    if kind.dtype is int64:
        return made
    if kind.dtype.is_floating_point and kind.dtype.itemsize == 2:
        made = cast(made, float32)
    return cast(made, kind.dtype)


@in_runs
def exponential(engine: Engine, n: int, kind: Kind, rate: float) -> Drawn:
    """Exponential numbers of that rate."""
    if n < _HOST_EXPONENTIALS or not has_float64(kind.device):
        return doubles(draws.exponentials(engine, n, rate), kind)
    drawn = log1p(cast(narrow53(engine.bits32(2 * n), kind.device), float64) * -_ULP53) * (-1.0 / rate)
    if kind.dtype.itemsize == 2:
        drawn = cast(drawn, float32)
    return drawn if kind.dtype is float64 else cast(drawn, kind.dtype)


@in_runs
def below(engine: Engine, n: int, device: Device, p: float) -> Drawn:
    """A boolean tensor, true with probability `p`: 53-bit integers less than p * 2**53."""
    return lt(narrow53(engine.bits32(2 * n), device), math.ceil(p * 2.0**53))


def below_each(engine: Engine, p: Drawn) -> Drawn:
    """A boolean tensor, true with the probability that stands in the flat floating tensor `p`."""
    wide = p.dtype is float64
    bits, dtype = integer_draws(engine, p.numel(), wide, p.device), float64 if wide else float32
    chance = p if p.dtype is dtype else cast(p, dtype)
    return lt(cast(bits, dtype) * (_ULP53 if wide else _ULP24), chance)


@in_runs
def integers(engine: Engine, n: int, kind: Kind, low: int, span: int, wide: bool) -> Drawn:
    """Integers from `low` up to, not including, `low + span`, by modulo of words or (`wide`) double words."""
    if wide:
        return whole([low + word % span for word in engine.words64(n)], kind)
    words = bitwise_and(cast(_read(engine.bits32(n), int32, kind.device), int64), _MASK32)
    drawn = bitwise_and(words, span - 1) if span & (span - 1) == 0 else remainder(words, span)
    return _integers_as(drawn + low if low else drawn, kind)


def complex_pairs(flat: Flat) -> Flat:
    """The same draw for a complex kind: real and imaginary parts are drawn in turn."""

    def drawn(engine: Engine, n: int, kind: Kind) -> Drawn:
        parts = flat(engine, 2 * n, kind.device.kinds[kind.dtype.real])
        real, imag = (slice_op(parts, (slice(start, 2 * n, 2),)) for start in (0, 1))
        return complex_op(real, imag)

    return drawn


def memory_order(input: Tensor) -> list[int] | None:
    """Dims from the largest stride to the smallest; None where that is their order already.

    An expanded dim, whose stride is 0, is compared with none and keeps its place.
    """
    if input.is_contiguous():
        return None
    shape, strides = input._array.shape, input.stride()
    order = list(range(len(strides)))
    for start in range(len(order) - 2, -1, -1):
        at = start
        for inner in range(start + 1, len(order)):
            moves = _comes_later(order[inner], order[at], shape, strides)
            if moves is False:
                break
            if moves:
                order[at], order[inner] = order[inner], order[at]
                at = inner
    return None if order == sorted(order) else order


def _comes_later(inner: int, outer: int, shape: Sequence[int], strides: Sequence[int]) -> bool | None:
    """Whether the dim that stands inside moves slower than the one outside it; None where nothing says."""
    a, b = strides[inner], strides[outer]
    if not a or not b:
        return None
    if a == b:
        return True if shape[inner] > shape[outer] else None
    return a > b


def laid_out(flat: Drawn, shape: Sequence[int], order: list[int] | None) -> Tensor:
    """A flat tensor in memory order as a tensor of `shape`."""
    if order is None:
        made: Tensor = view_op(flat, tuple(shape))
    else:
        inverse = sorted(range(len(order)), key=order.__getitem__)
        made = permute_op(view_op(flat, tuple(shape[d] for d in order)), tuple(inverse))
    return made


def overwrite(op: str, target: Tensor, flat: Drawn, order: list[int] | None) -> Tensor:
    """Writes the draws into `target`'s memory, counts the change, and returns `target`; its gradient becomes zero."""
    values = laid_out(flat, target._array.shape, order)
    if target._requires_grad and grad_enabled():
        return views.update(target, redrawn, values, op_name=op)
    return views.store(target, values)


def check_distinct(op: str, target: Tensor) -> None:
    """Raises ShapeError for a tensor whose elements share memory, as those of an expanded one do."""
    shape = target._array.shape
    if numel(shape) > 1 and any(s > 1 and step == 0 for s, step in zip(shape, target.stride(), strict=True)):
        raise ShapeError("more than one element of the tensor refers to a single memory location; clone() it first",
                         op=op)


def fresh(values: Drawn, kind: Kind, requires_grad: bool = False) -> Tensor:
    """The values as a new tensor that is nobody's view."""
    made = wrap(values._array, kind)
    if requires_grad:
        made.requires_grad = True
    return made
