"""PyTorch's spellings of the four operations: `alpha=`, `rounding_mode=`, `decimals=`, reflected operators."""

from __future__ import annotations

from typing import Any

from .. import views
from ..dispatch import lift, result_dtype
from ..dtypes import fit, held, int64
from ..errors import ArgumentError, DTypeError, ValueRangeError
from ..tensor import Tensor, attach
from . import elementwise as e


def _scaled(op: str, input: Any, other: Any, alpha: Any) -> Any:
    if alpha == 1 and not isinstance(alpha, bool):
        return other
    tensors = [t if isinstance(t, Tensor) else lift(input if isinstance(input, Tensor) else other, t)
               for t in (input, other)]
    dtype = result_dtype(tensors)
    if isinstance(alpha, (float, complex)) and dtype.category < 2:
        raise DTypeError(f"for integral input tensors, argument alpha must not be a floating point number, got"
                         f" {alpha!r}", op=op)
    if isinstance(alpha, complex) and dtype.category < 3:
        raise DTypeError(f"for non-complex input tensors, argument alpha must not be a complex number, got {alpha!r}",
                         op=op)
    if isinstance(alpha, bool) and dtype.category:
        raise DTypeError("boolean alpha only supported for Boolean results", op=op)
    return other * held(alpha, dtype, op)


def add(input: Any, other: Any, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """input + alpha * other, broadcast; booleans are or-ed.

    >>> import flambeau
    >>> flambeau.add(flambeau.tensor([1, 2]), 1, alpha=10)
    tensor([11, 12])
    """
    return e._add(input, other if alpha == 1 else _scaled("add", input, other, alpha), out=out)


def sub(input: Any, other: Any, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """input - alpha * other, broadcast."""
    return e._sub(input, other if alpha == 1 else _scaled("sub", input, other, alpha), out=out)


def rsub(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """other - alpha * input."""
    if not isinstance(input, Tensor):
        raise ArgumentError(f"argument 'input' must be a Tensor, got {type(input).__name__}", op="rsub")
    return sub(other if isinstance(other, Tensor) else lift(input, other), input, alpha=alpha)


def div(input: Any, other: Any, *, rounding_mode: str | None = None, out: Tensor | None = None) -> Tensor:
    """input / other, broadcast: true division, or rounded ("trunc" towards zero, "floor" down)."""
    if rounding_mode is None:
        return e._div(input, other, out=out)
    if rounding_mode == "floor":
        return _floor_div(input, other, out)
    if rounding_mode != "trunc":
        raise ValueRangeError(f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found"
                              f" {rounding_mode!r}", op="div")
    return _trunc_div(input, other, out)


def _floor_div(input: Any, other: Any, out: Tensor | None) -> Tensor:
    return e.floor_divide(input, other, out=out) if not _floats(input, other) else _floored(input, other, out)


def _floats(*values: Any) -> bool:
    return any(isinstance(v, float) or (isinstance(v, Tensor) and v.dtype.category > 1) for v in values)


def _floored(input: Any, other: Any, out: Tensor | None) -> Tensor:
    made = e.floor_divide(input, other)
    return made if out is None else views.write_out(e.floor_divide.op, out, made)


def _trunc_div(input: Any, other: Any, out: Tensor | None) -> Tensor:
    if _floats(input, other):
        return e.trunc(e._div(input, other), out=out)
    rest = e.fmod(input, other)
    if isinstance(input, Tensor) and not input.dtype.category:
        input = input.to(rest.dtype)
    return e.floor_divide(e._sub(input, rest), other, out=out)


def true_divide(dividend: Any, divisor: Any, *, out: Tensor | None = None) -> Tensor:
    """dividend / divisor, broadcast."""
    return e._div(dividend, divisor, out=out)


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
            fit(exponent, dtype, "pow")
    return e._pow(input, exponent, out=out)


def _default() -> Any:
    from ..dtypes import get_default_dtype

    return get_default_dtype()


def square(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The square of each element; of booleans, as int64."""
    if not input._kind.dtype.category:
        input = input.to(int64)
    return e.mul(input, input, out=out)


def round(input: Tensor, *, decimals: int = 0, out: Tensor | None = None) -> Tensor:
    """Each element rounded to that many decimals, halves to even."""
    if not decimals:
        return e._round(input, out=out)
    if input.dtype.category < 2:
        raise DTypeError(f"decimals={decimals} is not implemented for {input.dtype!r}", op="round")
    scale = 10.0 ** (decimals if decimals > 0 else -decimals)
    made = e._round(input * scale) / scale if decimals > 0 else e._round(input / scale) * scale
    return made if out is None else views.write_out(e._round.op, out, made)


def _method(name: str, function: Any) -> Any:
    def in_place(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return views.update(self, function, *args, op_name=f"{name}_", **kwargs)

    in_place.__name__ = f"{name}_"
    in_place.__doc__ = f"In-place version of `{name}`."
    return in_place


for _name, _function in {"add": add, "sub": sub, "subtract": sub, "div": div, "divide": div, "true_divide": true_divide,
                         "pow": pow, "square": square, "round": round}.items():
    setattr(Tensor, _name, _function)
    setattr(Tensor, f"{_name}_", _method(_name, _function))
attach(e.mul, "multiply")
attach(Tensor.mul_, "multiply_")
subtract, divide, multiply = sub, div, e.mul


# --- operators


def _reflected(function: Any) -> Any:
    def method(self: Tensor, other: Any) -> Any:
        other = lift(self, other)
        return NotImplemented if other is NotImplemented else function(other, self)

    return method


def _inplace_operator(method: str) -> Any:
    def operator(self: Tensor, other: Any) -> Any:
        if not isinstance(other, Tensor) and lift(self, other) is NotImplemented:
            return NotImplemented
        return getattr(self, method)(other)

    return operator


def _power(self: Tensor, other: Any) -> Any:
    if not isinstance(other, Tensor) and lift(self, other) is NotImplemented:
        return NotImplemented
    return pow(self, other)


attach(Tensor.__add__, "__radd__")
attach(Tensor.__mul__, "__rmul__")
attach(_power, "__pow__")
attach(_reflected(e._sub), "__rsub__")
attach(_reflected(e._div), "__rtruediv__")
attach(_reflected(e.floor_divide), "__rfloordiv__")
attach(_reflected(e.remainder), "__rmod__")
attach(_reflected(e._pow), "__rpow__")
attach(_reflected(Tensor.bitwise_left_shift), "__rlshift__")
attach(_reflected(Tensor.bitwise_right_shift), "__rrshift__")
attach(lambda self: self, "__pos__")

for _name in ("add", "sub", "mul", "div", "floor_divide", "remainder", "pow", "bitwise_and", "bitwise_or",
              "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift"):
    _symbol = {"div": "truediv", "floor_divide": "floordiv", "remainder": "mod", "bitwise_and": "and",
               "bitwise_or": "or", "bitwise_xor": "xor", "bitwise_left_shift": "lshift",
               "bitwise_right_shift": "rshift"}.get(_name, _name)
    setattr(Tensor, f"__i{_symbol}__", _inplace_operator(f"{_name}_"))
for _name, _symbol in {"bitwise_and": "and", "bitwise_or": "or", "bitwise_xor": "xor"}.items():
    setattr(Tensor, f"__r{_symbol}__", getattr(Tensor, f"__{_symbol}__"))


def _check_number(op: str, name: str, value: Any) -> None:
    if not isinstance(value, (int, float, complex, Tensor)):
        raise ArgumentError(f"{name} must be a number or a Tensor, got {type(value).__name__}", op=op)

__all__ = [
    "add", "div", "divide", "multiply", "pow", "round", "rsub", "square", "sub", "subtract", "true_divide",
]
