"""PyTorch's spellings of arithmetic: `alpha=`, `rounding_mode=`, `decimals=`, operators, clamp, lerp and the like."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..dtypes import DType, fit, get_default_dtype, held, promote_types
from ..errors import ArgumentError, DTypeError, DTypeNotOfferedError, ValueRangeError
from ..ops.arithmetic import (
    _add,
    _div,
    _round,
    _sub,
    abs,
    ceil,
    clamp_max_tensor,
    clamp_min_tensor,
    clamp_number,
    clamp_tensors,
    div,
    floor,
    floor_divide,
    fmod,
    heaviside,
    lerp_number,
    lerp_tensor,
    maximum,
    minimum,
    mul,
    neg,
    remainder,
    sgn,
    sign,
    trunc,
)
from ..ops.compare import ne, where_op
from ..ops.create import cast
from ..ops.math import nan_to_num_op, reciprocal, square
from ..ops.movement import copy
from ..table.dispatch import into, result_dtype
from ..table.lifting import lift
from ..table.precision import in_single
from ..table.refusals import check_group, require_dtype, require_tensors, require_weight
from ..table.settings import finfo
from ..tensors import views
from ..tensors.tensor import Tensor, attach, named
from .inplace.writes import in_place
from .math import _power
from .math import pow as pow_op


def _scaled(op: str, input: Any, other: Any, alpha: Any) -> Any:
    """`other` times an `alpha` that is not 1."""
    if type(alpha) is float and type(other) is Tensor and other._kind.dtype.category > 1 and -1e38 < alpha < 1e38:
        return other * alpha  # the usual step: nothing to promote, nothing that does not fit
    tensors = [t if isinstance(t, Tensor) else lift(input if isinstance(input, Tensor) else other, t)
               for t in (input, other)]
    dtype = result_dtype(tensors)
    require_weight(op, "alpha", alpha, dtype)
    if op == "sub":
        check_group(_sub.op, tensors)
    if isinstance(other, Tensor) and (other._kind.dtype.category < dtype.category or dtype.category == 1):
        other = cast(other, dtype)  # the product is one of the result's dtype
    return other * held(alpha, dtype, op)


def add(input: Any, other: Any, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """input + alpha * other, broadcast; booleans are or-ed.

    >>> import flambeau
    >>> flambeau.add(flambeau.tensor([1, 2]), 1, alpha=10)
    tensor([11, 12])
    """
    return _add(input, other if alpha == 1 and alpha is not True else _scaled("add", input, other, alpha), out=out)


def sub(input: Any, other: Any, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """input - alpha * other, broadcast."""
    return _sub(input, other if alpha == 1 and alpha is not True else _scaled("sub", input, other, alpha), out=out)


def rsub(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """other - alpha * input."""
    if not isinstance(input, Tensor):
        raise ArgumentError(f"argument 'input' must be a Tensor, got {type(input).__name__}", op="rsub")
    if isinstance(other, bool):
        raise DTypeError(f"subtraction from a bool is not supported, got {other}; to invert a mask, use ~", op="rsub")
    return sub(other if isinstance(other, Tensor) else lift(input, other), input, alpha=alpha)


def true_divide(dividend: Any, divisor: Any, *, out: Tensor | None = None) -> Tensor:
    """dividend / divisor, broadcast."""
    return _div(dividend, divisor, out=out)


def round(input: Tensor, *, decimals: int = 0, out: Tensor | None = None) -> Tensor:
    """Each element rounded to that many decimals, halves to even."""
    if not decimals:
        return _round(input, out=out)
    if input.dtype.category < 2:
        raise DTypeNotOfferedError(f"decimals={decimals} is not implemented for {input.dtype!r}", op="round")
    scale = 10.0 ** (decimals if decimals > 0 else -decimals)
    made = _round(input * scale) / scale if decimals > 0 else _round(input / scale) * scale
    return made if out is None else views.write_out(_round.op, out, made)


def _scaling(op: str) -> Any:
    """`add_` or `sub_`: with `alpha` 1 the op's own in-place method."""
    plain = getattr(Tensor, f"{op}_")

    def in_place(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
        if alpha == 1 and type(alpha) is not bool:
            return plain(self, other)  # type: ignore[no-any-return]
        return plain(self, _scaled(op, self, other, alpha))  # type: ignore[no-any-return]

    in_place.__doc__ = f"In-place version of `{op}`."
    return named(in_place, f"{op}_")


def _optional(name: str, option: str, function: Any) -> Any:
    """An in-place method that is the op's own unless `option` is given."""
    plain, general = getattr(Tensor, f"{name}_"), views.inplace_method(name, function)

    def in_place(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return general(self, *args, **kwargs) if option in kwargs else plain(self, *args, **kwargs)  # type: ignore[no-any-return]

    in_place.__doc__ = general.__doc__
    return named(in_place, f"{name}_")


for _name, _function in {"add": add, "sub": sub, "subtract": sub, "div": div, "divide": div, "true_divide": true_divide,
                         "pow": pow_op, "square": square, "round": round}.items():
    setattr(Tensor, _name, _function)
attach(_scaling("add"), "add_")
attach(_scaling("sub"), "sub_", "subtract_")
attach(vars(Tensor)["div_"], "true_divide_")
attach(_optional("div", "rounding_mode", div), "div_", "divide_")
attach(_optional("round", "decimals", round), "round_")
attach(views.inplace_method("pow", pow_op), "pow_")
attach(views.inplace_method("square", square), "square_")
attach(mul, "multiply")
attach(Tensor.mul_, "multiply_")
subtract, divide, multiply = sub, div, mul


def _reflected(function: Any) -> Any:
    def method(self: Tensor, other: Any) -> Any:
        other = lift(self, other)
        return NotImplemented if other is NotImplemented else function(other, self)

    return method


def _divided(self: Tensor, other: Any) -> Any:
    """other / self, as PyTorch has it: the reciprocal times the number."""
    number = lift(self, other)
    if number is NotImplemented:
        return NotImplemented
    if type(other) in (int, float) and other == 1:  # in one step what two would give
        return _div(number, self)
    return reciprocal(self) * other


def _inplace_operator(method: str) -> Any:
    def operator(self: Tensor, other: Any) -> Any:
        if not isinstance(other, Tensor) and lift(self, other) is NotImplemented:
            return NotImplemented
        return getattr(self, method)(other)

    return operator


_minus = _reflected(_sub)
attach(Tensor.__add__, "__radd__")
attach(Tensor.__mul__, "__rmul__")
attach(_power, "__pow__")
attach(lambda self, other: rsub(self, other) if type(other) is bool else _minus(self, other), "__rsub__")
attach(named(_divided, "__rtruediv__"), "__rtruediv__")
attach(_reflected(floor_divide), "__rfloordiv__")
attach(_reflected(remainder), "__rmod__")
attach(_reflected(pow_op), "__rpow__")
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


def clamp(input: Tensor, min: Any = None, max: Any = None, *, out: Tensor | None = None) -> Tensor:
    """Each element limited to [min, max], numbers or tensors, either of which may be left out; NaN stays NaN.

    >>> import flambeau
    >>> flambeau.clamp(flambeau.tensor([-1.0, 0.5, 2.0]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    require_tensors("clamp", input=input)
    if min is None and max is None:
        raise ValueRangeError("At least one of 'min' or 'max' must not be None", op="clamp")
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        if all(getattr(t, "dtype", None) is dtypes.bool for t in (input, min, max)):
            raise DTypeNotOfferedError(f"not implemented for {input.dtype!r}", op="clamp", dtype=input.dtype)
        made = _clamped(input, None if min is None else _as_tensor(input, min),
                        None if max is None else _as_tensor(input, max))
        return made if out is None else into(clamp_number.op, out, made)
    kind = input._kind.dtype
    if kind.category < 2 and (isinstance(min, float) or isinstance(max, float)):
        input = cast(input, get_default_dtype())
    elif not kind.category and (type(min) is int or type(max) is int):
        input = cast(input, dtypes.int64)
    for limit in (min, max):
        if isinstance(limit, complex):
            raise DTypeNotOfferedError(f"not implemented for complex numbers, got {limit}", op="clamp", dtype=kind)
        if limit is not None:
            fit(limit, input._kind.dtype, "clamp")
    return clamp_number(input, min, max, out=out)


def _clamped(input: Tensor, min: Tensor | None, max: Tensor | None) -> Tensor:
    if min is None or max is None:
        return clamp_max_tensor(input, max) if min is None else clamp_min_tensor(input, min)
    return clamp_tensors(input, min, max)


def _as_tensor(like: Tensor, value: Any) -> Any:
    return value if isinstance(value, Tensor) else lift(like, value)


def clamp_min(input: Tensor, min: Any, *, out: Tensor | None = None) -> Tensor:
    """Each element limited to at least `min`, a number or a tensor."""
    return clamp(input, min, None, out=out)


def clamp_max(input: Tensor, max: Any, *, out: Tensor | None = None) -> Tensor:
    """Each element limited to at most `max`, a number or a tensor."""
    return clamp(input, None, max, out=out)


def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1, out: Tensor | None = None) -> Tensor:
    """input + value * tensor1 * tensor2, broadcast."""
    dtype = result_dtype([input, tensor1, tensor2])
    if not dtype.category:
        raise DTypeNotOfferedError(f"not implemented for {dtype!r}", op="addcmul", dtype=dtype)
    value = held(value, dtype, "addcmul")
    if dtype.category == 1 and tensor1._kind.dtype is not dtype:  # booleans would multiply as int64
        tensor1 = cast(tensor1, dtype)
    made = in_single(lambda a, b, c: _add(a, b * c if value == 1 else b * c * value))(input, tensor1, tensor2)
    return made if out is None else into(_add.op, out, made)


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1, out: Tensor | None = None) -> Tensor:
    """input + value * tensor1 / tensor2, broadcast. Raises DTypeError for two integer tensors."""
    if tensor1._kind.dtype.category < 2 and tensor2._kind.dtype.category < 2:
        raise DTypeError("Integer division with addcdiv is no longer supported, and in a future release addcdiv will"
                         " perform a true division of tensor1 and tensor2.", op="addcdiv")
    value = held(value, result_dtype([input, tensor1, tensor2]), "addcdiv")
    made = in_single(lambda a, b, c: _add(a, b / c if value == 1 else b / c * value))(input, tensor1, tensor2)
    return made if out is None else into(_add.op, out, made)


def lerp(input: Tensor, end: Tensor, weight: Any, *, out: Tensor | None = None) -> Tensor:
    """input + weight * (end - input), broadcast; exact at both ends."""
    if input._kind.dtype is not end._kind.dtype:
        raise DTypeError(f"expected dtype {input.dtype!r} for `end` but got dtype {end.dtype!r}", op="lerp")
    if input._kind.dtype.category < 2:
        raise DTypeNotOfferedError(f"not implemented for {input.dtype!r}", op="lerp", dtype=input.dtype)
    if not isinstance(weight, Tensor):
        made = lerp_number(input, end, held(weight, input._kind.dtype, "lerp"))
    elif input._kind.dtype is not weight._kind.dtype:
        raise DTypeError(f"expected dtype {input.dtype!r} for `weight` but got dtype {weight.dtype!r}", op="lerp")
    else:
        made = lerp_tensor(input, end, weight)
    return made if out is None else into(_add.op, out, made)


def frac(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The part of each element after the point, with its sign. Raises DTypeError for integers."""
    require_dtype("frac", "real floating", input)
    return _sub(input, trunc(input), out=out)


def nan_to_num(input: Tensor, nan: float | None = 0.0, posinf: float | None = None, neginf: float | None = None, *,
               out: Tensor | None = None) -> Tensor:
    """NaN replaced by `nan`, infinities by the numbers given or the dtype's largest and smallest."""
    if input._kind.dtype.category < 2:
        return copy(input, out=out)
    limits = finfo(input.dtype)
    high, low = (limits.max if posinf is None else float(posinf)), (limits.min if neginf is None else float(neginf))
    made = nan_to_num_op(input, float(nan or 0.0), high, low)
    return made if out is None else into(_add.op, out, made)


def positive(input: Tensor) -> Tensor:
    """The tensor itself. Raises DTypeError for booleans."""
    if not input._kind.dtype.category:
        raise DTypeError("The `+` operator, on a bool tensor is not supported.", op="positive")
    return input


def fmax(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The larger of each pair, broadcast; of a NaN and a number the number."""
    require_tensors("fmax", input=input, other=other)
    return _chosen(maximum, input >= other, input, other, out)


def fmin(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smaller of each pair, broadcast; of a NaN and a number the number."""
    require_tensors("fmin", input=input, other=other)
    return _chosen(minimum, input <= other, input, other, out)


def _chosen(function: Any, wins: Any, input: Tensor, other: Tensor, out: Tensor | None) -> Tensor:
    """`input` where it wins or stands beside a NaN, elsewhere `other`."""
    made = where_op(wins | ne(other, other), input, other)
    return made if out is None else into(function.op, out, made)


def result_type(tensor1: Any, tensor2: Any) -> DType:
    """The dtype that an operation on the two, tensors or numbers, gives."""
    first = tensor1 if isinstance(tensor1, Tensor) else None
    anchor = first if first is not None else tensor2
    if not isinstance(anchor, Tensor):
        return promote_types(dtypes.of_scalar(tensor1), dtypes.of_scalar(tensor2))
    return result_dtype([_as_tensor(anchor, _small(tensor1)), _as_tensor(anchor, _small(tensor2))])


def _small(value: Any) -> Any:
    return type(value)(1) if isinstance(value, (int, float, complex)) else value


clip = clamp
_CHANGING = (clamp, clamp_min, clamp_max, addcmul, addcdiv, lerp, frac, nan_to_num)


def _attach() -> None:
    for function in (*_CHANGING, positive, fmax, fmin):
        setattr(Tensor, function.__name__, function)
    for function in _CHANGING:
        in_place(function.__name__, function)
    for name in ("clip", "clip_"):
        setattr(Tensor, name, getattr(Tensor, name.replace("clip", "clamp")))


_attach()

__all__ = [
    "abs", "add", "addcdiv", "addcmul", "ceil", "clamp", "clamp_max", "clamp_min", "clip", "div", "divide",
    "floor", "floor_divide", "fmax", "fmin", "fmod", "frac", "heaviside", "lerp", "maximum", "minimum", "mul",
    "multiply", "nan_to_num", "neg", "positive", "remainder", "result_type", "round", "rsub", "sgn", "sign",
    "sub", "subtract", "true_divide", "trunc",
]
