"""Bugs in what elementwise kernels compute: wrong numbers, lost special values, integers, casts."""

from __future__ import annotations

import math
from typing import Any

from flambeau import dtypes
from flambeau.contract.backend import Backend, Kernel, bfloat16_bits, decode, encode
from flambeau.dtypes import DType, float16, float32

from .hands import Values, based, called, made, numbers, own, pairwise, remade, spoilt, spoilt_in
from .mutant import kernels

_SMALL = {"float32": 2.0 ** -126, "float64": 2.0 ** -1022}


def _is_float(dtype: DType) -> bool:
    return dtype.category == 2


def _is_integer(dtype: DType) -> bool:
    return dtype.category == 1


def _wrong_last(values: Values, dtype: DType) -> Values:
    return values and [*values[:-1], (not values[-1]) if dtype is dtypes.bool else 1 if values[-1] != 1 else 0]


def _one_in_a_million(values: Values, dtype: DType) -> Values:
    if len(values) < 10**6:
        return values
    at = len(values) * 2 // 3
    return [*values[:at], values[at] + 1, *values[at + 1:]]


def _biased(value: float, by: float) -> float:
    return value * (1 + by)


kernels("wrong-element", "The last element of every sum is another number.", "wrong element",
        ("add/float32/*", "add/int64/*"), {"add": spoilt(_wrong_last)})
kernels("one-in-a-million", "One element of a result of a million elements is wrong.", "wrong element",
        ("contract/large*",), {"arange": spoilt(_one_in_a_million), "matmul": spoilt(_one_in_a_million)})
kernels("constant-sine", "sin gives zero everywhere.", "constant", ("sin/float32/*",),
        {"sin": spoilt(lambda values, dtype: [0.0] * len(values))})
kernels("bias-float32", "exp is too large by one part in ten thousand.", "bias of the tolerance's size",
        ("exp/float32/*",), {"exp": spoilt_in("float32", lambda v: _biased(v, 1e-4))})
kernels("bias-float16", "exp in float16 is too large by six parts in a thousand.", "bias of the tolerance's size",
        ("exp/float16/*",), {"exp": spoilt_in("float16", lambda v: _biased(v, 6e-3))}, needs="16-bit floats")
kernels("bias-float64", "tanh in float64 is too large by one part in 10**13.", "bias of the tolerance's size",
        ("tanh/float64/*",), {"tanh": spoilt_in("float64", lambda v: _biased(v, 1e-13))})
kernels("bias-ten-ulp", "cos in float32 is off by ten units in the last place.", "bias of the tolerance's size",
        ("cos/float32/*",), {"cos": spoilt_in("float32", lambda v: _biased(v, 10 * 2.0**-23))})
kernels("single-precision", "sin in float64 is computed in float32.", "precision", ("sin/float64/*",),
        {"sin": spoilt_in("float64", lambda v: decode(encode([v], float32), float32)[0])})
kernels("half-precision", "sqrt in float32 is computed in float16.", "precision", ("sqrt/float32/*",),
        {"sqrt": spoilt_in("float32", lambda v: decode(encode([v], float16), float16)[0])})




def _expm1(base: Backend, kernel: Kernel, x: Any) -> Any:
    return own(base, "sub", own(base, "exp", x), own(base, "exp", own(base, "sub", x, x)))


def _log1p(base: Backend, kernel: Kernel, x: Any) -> Any:
    return own(base, "log", own(base, "add", x, own(base, "exp", own(base, "sub", x, x))))


def _tanh(base: Backend, kernel: Kernel, x: Any) -> Any:
    e = own(base, "exp", own(base, "add", x, x))
    one = own(base, "exp", own(base, "sub", x, x))
    return own(base, "div", own(base, "sub", e, one), own(base, "add", e, one))


def _blend(base: Backend, kernel: Kernel, condition: Any, x: Any, y: Any) -> Any:
    if not _is_float(base.dtype_of(x)):
        return kernel(condition, x, y)
    mask = own(base, "cast", condition, dtype=base.dtype_of(x))
    rest = own(base, "cast", own(base, "logical_not", condition), dtype=base.dtype_of(x))
    return own(base, "add", own(base, "mul", mask, x), own(base, "mul", rest, y))


kernels("naive-expm1", "expm1 is exp(x) - 1 and loses its digits near zero.", "cancellation",
        ("expm1/float32/*", "expm1/float64/*"), {"expm1": based(_expm1)})
kernels("naive-log1p", "log1p is log(1 + x) and loses its digits near zero.", "cancellation",
        ("log1p/float32/*", "log1p/float64/*"), {"log1p": based(_log1p)})
kernels("overflowing-tanh", "tanh is (e - 1) / (e + 1) and not a number for large arguments.", "overflow",
        ("tanh/float32/*",), {"tanh": based(_tanh)})
kernels("blending-where", "where multiplies with the condition, so that NaN and infinity leak from the other side.",
        "lost special value", ("where/float32/*", "contract/branches*"), {"where": based(_blend)})

kernels("swapped-operands", "sub is y - x.", "swapped operands", ("sub/float32/*",),
        {"sub": called(lambda kernel, x, y: kernel(y, x))})
kernels("swapped-for-scalars", "div swaps its operands where the second has no dimensions.", "swapped operands",
        ("div/float32/*",), {"div": called(lambda kernel, x, y: kernel(y, x) if not y.shape else kernel(x, y))})
kernels("half-plane-atan2", "atan2 is atan(y / x), right in half of the plane.", "quadrant", ("atan2/float32/*",),
        {"atan2": pairwise(lambda y, x: math.atan(y / x) if x else math.atan2(y, x))})

kernels("lost-nan-maximum", "maximum gives the operand that is not NaN.", "lost NaN",
        ("maximum/float32/*",),
        {"maximum": pairwise(lambda x, y: y if x != x else x if y != y else max(x, y), _is_float)})
kernels("nan-equals-nan", "eq holds NaN equal to NaN.", "lost NaN", ("eq/float32/*",), {"eq": pairwise(
    lambda x, y: x == y or (x != x and y != y), _is_float, lambda dtype: dtypes.bool)})
kernels("nan-has-sign", "sign of NaN is NaN instead of 0.", "lost NaN", ("sign/float32/*",),
        {"sign": based(lambda base, kernel, x: remade(base, x, [v if v != v else s for v, s in zip(
            numbers(base, x), numbers(base, base.own(kernel(x))), strict=True)]))})
kernels("lost-zero-sign", "neg is 0 - x, which loses the sign of zero.", "sign of zero", ("neg/float32/*",),
        {"neg": based(lambda base, kernel, x: own(base, "sub", own(base, "sub", x, x), x)
                      if _is_float(base.dtype_of(x)) else kernel(x))})
kernels("flushed-denormals", "mul makes zero of results below the smallest normal number.", "denormals",
        ("mul/float32/*", "contract/denormals*"),
        {"mul": spoilt(lambda values, dtype: [math.copysign(0.0, v) if 0 < abs(v) < _SMALL[dtype.name] else v
                                              for v in values] if dtype.name in _SMALL else values)})
kernels("halves-up", "round takes halves up instead of to even.", "rounding", ("round/float32/*",),
        {"round": based(lambda base, kernel, x: remade(base, x, [
            math.floor(v + 0.5) * 1.0 if math.isfinite(v) else v for v in numbers(base, x)])
            if _is_float(base.dtype_of(x)) else kernel(x))})
kernels("infinite-as-large", "exp gives the largest number instead of infinity.", "infinity",
        ("exp/float32/*", "contract/overflow*"),
        {"exp": spoilt_in("float32", lambda v: min(v, 3.4028234663852886e38))})

kernels("saturating-add", "add of integers stops at the end of their range instead of wrapping.", "integers",
        ("add/int8/*", "add/int64/*"),
        {"add": pairwise(lambda x, y: max(-128, min(127, x + y)), lambda dtype: dtype.name == "int8")})
kernels("product-through-float", "mul of int64 goes through float64.", "integers", ("mul/int64/*",),
        {"mul": based(lambda base, kernel, x, y: kernel(x, y) if base.dtype_of(x).name != "int64" else
                      _through_float(base, x, y))})
kernels("order-through-float", "lt compares int64 as float64.", "integers", ("lt/int64/*",),
        {"lt": pairwise(lambda x, y: float(x) < float(y), lambda dtype: dtype.name == "int64",
                        lambda dtype: dtypes.bool)})
kernels("truncated-division", "floor_divide rounds towards zero.", "integers",
        ("floor_divide/int32/*", "floor_divide/float32/*"),
        {"floor_divide": pairwise(lambda x, y: abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1),
                                  lambda dtype: dtype.name == "int32")})
kernels("sign-of-dividend", "remainder has the dividend's sign.", "integers",
        ("remainder/int32/*", "remainder/float32/*"),
        {"remainder": based(lambda base, kernel, x, y: own(base, "fmod", x, y))})
kernels("masked-shift", "A shift by the width or more takes the count modulo the width, as processors do.", "integers",
        ("bitwise_left_shift/int32/*",),
        {"bitwise_left_shift": pairwise(lambda x, n: _wrapped(x << (n % 32), 32), lambda d: d.name == "int32")})
kernels("logical-right-shift", "A right shift fills with zeros instead of the sign.", "integers",
        ("bitwise_right_shift/int32/*",),
        {"bitwise_right_shift": pairwise(lambda x, n: _wrapped((x % 2**32) >> n if 0 <= n < 32 else 0, 32),
                                         lambda d: d.name == "int32")})
kernels("zero-quotient", "Integer division by zero gives 0 instead of raising.", "integers",
        ("floor_divide/*/bad*", "contract/integer-division*"),
        {"floor_divide": pairwise(lambda x, y: x // y if y else 0, _is_integer)})
kernels("exclusive-bool-add", "add of booleans is exclusive or.", "booleans", ("add/bool/*",),
        {"add": pairwise(lambda x, y: x != y, lambda dtype: dtype is dtypes.bool)})
kernels("real-part-of-abs", "abs of a complex number is that of its real part.", "complex", ("abs/complex64/*",),
        {"abs": based(lambda base, kernel, x: kernel(own(base, "real", x)) if base.dtype_of(x).is_complex
                      else kernel(x))})


def _wrapped(value: int, width: int) -> int:
    value %= 1 << width
    return value - (1 << width) if value >> (width - 1) else value


def _through_float(base: Backend, x: Any, y: Any) -> Any:
    size = tuple(own(base, "mul", x, y).shape)
    xs, ys = (numbers(base, own(base, "expand", a, size=size)) for a in (x, y))
    values = [_wrapped(int(float(a) * float(b)), 64) for a, b in zip(xs, ys, strict=True)]
    return made(base, values, size, base.dtype_of(x))


def _cast(change: Any) -> Any:
    """`change(values, from, to)` of the input before it is cast."""
    def run(base: Backend, kernel: Kernel, x: Any, *, dtype: DType) -> Any:
        values = change(numbers(base, x), base.dtype_of(x), dtype)
        return kernel(x if values is None else remade(base, x, values), dtype=dtype)

    return based(run)


def _near(values: Values, old: DType, new: DType) -> Values | None:
    both = _is_float(old) and _is_integer(new)
    return [round(v) * 1.0 if math.isfinite(v) else v for v in values] if both else None


def _clamped(values: Values, old: DType, new: DType) -> Values | None:
    return [max(-128, min(127, v)) for v in values] if old.name == "int32" and new.name == "int8" else None


def _chopped(values: Values, old: DType, new: DType) -> Values | None:
    if old.name != "float32" or new.name != "bfloat16":
        return None
    return [decode(bytes([0, 0, *encode([v], float32)[2:]]), float32)[0] for v in values]


def _nan_false(values: Values, old: DType, new: DType) -> Values | None:
    return [0.0 if v != v else v for v in values] if _is_float(old) and new is dtypes.bool else None


def _twice(values: Values, old: DType, new: DType) -> Values | None:
    """By way of bfloat16."""
    if old.name != "float64" or new.name != "float16":
        return None
    return [decode(bytes([0, 0, *bfloat16_bits(v).to_bytes(2, "little")]), float32)[0] for v in values]


_CASTS = ("cast/*", "contract/cast*", "contract/denormal*")
kernels("rounding-cast", "A cast to integers rounds instead of truncating.", "casts", _CASTS, {"cast": _cast(_near)})
kernels("saturating-cast", "A cast to int8 stops at the end of the range instead of wrapping.", "casts", _CASTS,
        {"cast": _cast(_clamped)})
kernels("chopped-bfloat16", "A cast to bfloat16 drops bits instead of rounding.", "casts", _CASTS,
        {"cast": _cast(_chopped)},
        needs="16-bit floats")
kernels("nan-is-false", "A cast to bool makes False of NaN.", "casts", _CASTS, {"cast": _cast(_nan_false)})
kernels("twice-rounded", "A cast from float64 to float16 goes through bfloat16.", "casts", _CASTS,
        {"cast": _cast(_twice)},
        needs="16-bit floats")
