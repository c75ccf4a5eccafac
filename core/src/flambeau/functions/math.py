"""PyTorch's spellings of powers, trigonometry and logarithms, and its other names for them."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..dtypes import get_default_dtype
from ..errors import DTypeError
from ..ops.arithmetic import abs as abs_op
from ..ops.arithmetic import mul, neg, trunc
from ..ops.compare import eq, ne, where_op
from ..ops.complex import _imag
from ..ops.create import cast
from ..ops.math import (
    _pow,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    copysign,
    cos,
    cosh,
    exp,
    exp2,
    expm1,
    hypot,
    isfinite,
    isinf,
    isnan,
    isneginf,
    isposinf,
    log,
    log1p,
    log2,
    log10,
    reciprocal,
    rsqrt,
    signbit,
    sin,
    sinh,
    sqrt,
    square,
    tan,
    tanh,
)
from ..table.lifting import lift
from ..table.refusals import require_dtype
from ..tensors.tensor import Tensor
from .inplace.writes import in_place


def pow(input: Any, exponent: Any, *, out: Tensor | None = None) -> Tensor:
    """input to the power of exponent, broadcast; either may be a number.

    Raises DTypeError for integers to a negative integer number.
    """
    if isinstance(exponent, int) and exponent < 0 and isinstance(input, Tensor) and input.dtype.category < 2:
        raise DTypeError(f"integers to negative integer powers are not allowed, got exponent {exponent}", op="pow")
    if isinstance(exponent, (int, float)) and exponent == 2 and isinstance(input, Tensor) and out is None:
        made = square(input)
        return made if isinstance(exponent, int) or made.dtype.category > 1 else made.to(_default())
    if isinstance(input, Tensor) and isinstance(exponent, (int, float)):
        dtype = input._kind.dtype
        if dtype.category > 1 or (dtype.category and isinstance(exponent, int)):
            dtypes.fit(exponent, dtype, "pow")
    made = _pow(input, exponent, out=out)
    if made._kind.dtype.category < 3 or out is not None or not isinstance(exponent, Tensor):
        return made
    return _from_zero(input, exponent, made)


def _from_zero(input: Any, exponent: Tensor, made: Tensor) -> Tensor:
    """`made` with NaN where a complex zero meets the exponent zero: exp(exponent * log(input)), as PyTorch has it."""
    undefined = eq(exponent, 0) & (eq(input, 0) if isinstance(input, Tensor) else input == 0)
    if not undefined.any():
        return made
    return where_op(undefined, made.new_full((), complex(math.nan, math.nan)), made)


def _default() -> Any:
    return get_default_dtype()


def _power(self: Tensor, other: Any) -> Any:
    if not isinstance(other, Tensor) and lift(self, other) is NotImplemented:
        return NotImplemented
    return pow(self, other)


def widened(input: Tensor) -> Tensor:
    """Floating as it is; integers and booleans in the default floating dtype."""
    return input if input._kind.dtype.category > 1 else cast(input, get_default_dtype())


def isreal(input: Tensor) -> Tensor:
    """Whether each element has no imaginary part."""
    return eq(_imag(input), 0) if input._kind.dtype.category == 3 else eq(input, input) | ne(input, input)


def deg2rad(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Degrees to radians."""
    require_dtype("deg2rad", "real", input)
    return mul(widened(input), math.pi / 180, out=out)


def rad2deg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Radians to degrees."""
    require_dtype("rad2deg", "real", input)
    return mul(widened(input), 180 / math.pi, out=out)


def float_power(input: Any, exponent: Any, *, out: Tensor | None = None) -> Tensor:
    """input to the power of exponent, broadcast, in float64 (complex128 where either is complex)."""
    wide = dtypes.complex128 if any_complex(input, exponent) else dtypes.float64
    base, power = (t.to(wide) if isinstance(t, Tensor) else t for t in (input, exponent))
    return pow(base, power, out=out)


def any_complex(*values: Any) -> Any:
    """Whether one of the numbers or tensors is complex."""
    return any(v.is_complex() if isinstance(v, Tensor) else isinstance(v, complex) for v in values)


fix, absolute, negative = trunc, abs_op, neg
arcsin, arccos, arctan, arctan2, arcsinh, arccosh, arctanh = asin, acos, atan, atan2, asinh, acosh, atanh
_ALIASES = {"fix": "trunc", "absolute": "abs", "negative": "neg", "arcsin": "asin", "arccos": "acos", "arctan": "atan",
            "arctan2": "atan2", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh"}


def _real_abs(input: Tensor) -> Tensor:
    if input._kind.dtype.category == 3:
        raise DTypeError("In-place abs is not supported for complex tensors.", op="abs_")
    return abs_op(input)


def _float_power_kept(input: Tensor, exponent: Any) -> Tensor:
    made = float_power(input, exponent)
    if made.dtype is not input.dtype:
        raise DTypeError(f"the base given to float_power_ has dtype {input.dtype!r} but the operation's result requires"
                         f" dtype {made.dtype!r}", op="float_power_")
    return made


def _attach() -> None:
    for function in (float_power, deg2rad, rad2deg):
        setattr(Tensor, function.__name__, function)
    for name, changing in (("deg2rad", deg2rad), ("rad2deg", rad2deg), ("abs", _real_abs),
                           ("float_power", _float_power_kept)):
        in_place(name, changing)
    for alias, of in _ALIASES.items():
        setattr(Tensor, alias, getattr(Tensor, of))
        setattr(Tensor, f"{alias}_", getattr(Tensor, f"{of}_"))


_attach()

__all__ = [
    "absolute",
    "acos",
    "acosh",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "copysign",
    "cos",
    "cosh",
    "deg2rad",
    "exp",
    "exp2",
    "expm1",
    "fix",
    "float_power",
    "hypot",
    "isfinite",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "log",
    "log1p",
    "log2",
    "log10",
    "negative",
    "pow",
    "rad2deg",
    "reciprocal",
    "rsqrt",
    "signbit",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "tan",
    "tanh",
]
