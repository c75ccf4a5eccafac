"""Limits, replacements and mixtures of elements: clamp, nan_to_num, lerp, addcmul and the like; bounded by memory."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..dispatch import composite, into, lift, result_dtype
from ..dtypes import DType, fit, get_default_dtype, held, promote_types
from ..errors import DTypeError, DTypeNotOfferedError, ValueRangeError
from ..registry import Number
from ..samples import Bad, Sample, arr
from ..tensor import Tensor
from . import elementwise as e
from . import mutate
from .compare import eq, le, lt, ne, where_op
from .create import cast
from .logic import signbit
from .movement import copy

_PAIRS = (lambda: [Sample(arr(3), arr(3)), Sample(arr(2, 3), arr(3)), Sample(arr(), arr(2)), Sample(arr(0, 3), arr(3)),
                   Bad(arr(2), arr(3), raises="ShapeError", match="broadcast")])
_BOUNDS = (lambda: [Sample(arr(4), -0.5, 0.5, dtypes=("real floating",)), Sample(arr(4), 0, 3),
                    Sample(arr(2, 3), None, 0.5, dtypes=("real floating",)), Sample(arr(2, 3), 0, None),
                    Sample(arr(), 0, 1), Sample(arr(0), 0, 1)])


@composite(name="clamp", saves="input", dtypes="real number", samples=_BOUNDS)
def clamp_number(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Each element limited to [min, max], numbers that the dtype can hold; NaN stays NaN."""
    if min is not None:
        input = e.maximum(input, lift(input, min))
    return input if max is None else e.minimum(input, lift(input, max))


@clamp_number.grad("input")
def _(g, input, *, min, max):
    return clamp_backward(g, input, min, max)


@composite(dtypes="real floating", fusable=True, out=False, broadcast=True,
           samples=lambda: [Sample(arr(3), arr(3), -0.5, 0.5)])
def clamp_backward(grad: Tensor, input: Tensor, min: Any, max: Any) -> Tensor:
    """`grad` where `input` lies within the bounds, 0 elsewhere."""
    within = None if min is None else le(lift(input, min), input)
    below = None if max is None else le(input, lift(input, max))
    if within is not None and below is not None:
        within = within & below
    return where_op(below if within is None else within, grad, lift(grad, 0))


@composite(name="clamp_min", saves="input min", dtypes="real", broadcast=True, grad_name="ClampMinBackward1",
           samples=_PAIRS)
def clamp_min_tensor(input: Tensor, min: Tensor) -> Tensor:
    """The larger of each pair, broadcast; at ties the gradient goes to `input`."""
    return e.maximum(input, min)


@clamp_min_tensor.grad("input")
def _(g, input, min):
    return where_op(le(min, input), g, lift(g, 0))


@clamp_min_tensor.grad("min")
def _(g, input, min):
    return where_op(lt(input, min), g, lift(g, 0))


@composite(name="clamp_max", saves="input max", dtypes="real", broadcast=True, grad_name="ClampMaxBackward1",
           samples=_PAIRS)
def clamp_max_tensor(input: Tensor, max: Tensor) -> Tensor:
    """The smaller of each pair, broadcast; at ties the gradient goes to `input`."""
    return e.minimum(input, max)


@clamp_max_tensor.grad("input")
def _(g, input, max):
    return where_op(le(input, max), g, lift(g, 0))


@clamp_max_tensor.grad("max")
def _(g, input, max):
    return where_op(lt(max, input), g, lift(g, 0))


def clamp(input: Tensor, min: Any = None, max: Any = None, *, out: Tensor | None = None) -> Tensor:
    """Each element limited to [min, max], numbers or tensors, either of which may be left out; NaN stays NaN.

    >>> import flambeau
    >>> flambeau.clamp(flambeau.tensor([-1.0, 0.5, 2.0]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if min is None and max is None:
        raise ValueRangeError("At least one of 'min' or 'max' must not be None", op="clamp")
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        made = input if min is None else clamp_min_tensor(input, _as_tensor(input, min))
        made = made if max is None else clamp_max_tensor(made, _as_tensor(input, max))
        return made if out is None else into(clamp_number.op, out, made)
    kind = input._kind.dtype
    if kind.category < 2 and (isinstance(min, float) or isinstance(max, float)):
        input = cast(input, get_default_dtype())
    elif not kind.category and (type(min) is int or type(max) is int):
        input = cast(input, dtypes.int64)
    for limit in (min, max):
        if limit is not None:
            fit(limit, input._kind.dtype, "clamp")
    return clamp_number(input, min, max, out=out)


def _as_tensor(like: Tensor, value: Any) -> Any:
    return value if isinstance(value, Tensor) else lift(like, value)


def clamp_min(input: Tensor, min: Any, *, out: Tensor | None = None) -> Tensor:
    """Each element limited to at least `min`, a number or a tensor."""
    return clamp(input, min, None, out=out)


def clamp_max(input: Tensor, max: Any, *, out: Tensor | None = None) -> Tensor:
    """Each element limited to at most `max`, a number or a tensor."""
    return clamp(input, None, max, out=out)


# --- combinations


def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1, out: Tensor | None = None) -> Tensor:
    """input + value * tensor1 * tensor2, broadcast."""
    value = held(value, result_dtype([input, tensor1, tensor2]), "addcmul")
    made = _in_single(lambda a, b, c: e._add(a, b * c if value == 1 else b * c * value), input, tensor1, tensor2)
    return made if out is None else into(e._add.op, out, made)


def _in_single(function: Any, *inputs: Tensor) -> Tensor:
    """`function` of the tensors; where all are of half precision, in float32 with one rounding at the end."""
    dtype = inputs[0]._kind.dtype
    if dtype not in (dtypes.float16, dtypes.bfloat16) or any(x._kind.dtype is not dtype for x in inputs):
        return function(*inputs)  # type: ignore[no-any-return]
    return cast(function(*[cast(x, dtypes.float32) for x in inputs]), dtype)


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1, out: Tensor | None = None) -> Tensor:
    """input + value * tensor1 / tensor2, broadcast. Raises DTypeError for two integer tensors."""
    if tensor1._kind.dtype.category < 2 and tensor2._kind.dtype.category < 2:
        raise DTypeError("Integer division with addcdiv is no longer supported, and in a future release addcdiv will"
                         " perform a true division of tensor1 and tensor2.", op="addcdiv")
    value = held(value, result_dtype([input, tensor1, tensor2]), "addcdiv")
    made = _in_single(lambda a, b, c: e._add(a, b / c if value == 1 else b / c * value), input, tensor1, tensor2)
    return made if out is None else into(e._add.op, out, made)


def lerp(input: Tensor, end: Tensor, weight: Any, *, out: Tensor | None = None) -> Tensor:
    """input + weight * (end - input), broadcast; exact at both ends."""
    if input._kind.dtype is not end._kind.dtype:
        raise DTypeError(f"expected dtype {input.dtype!r} for `end` but got dtype {end.dtype!r}", op="lerp")
    if input._kind.dtype.category < 2:
        raise DTypeNotOfferedError(f"not implemented for {input.dtype!r}", op="lerp", dtype=input.dtype)
    weight = weight if isinstance(weight, Tensor) else held(weight, input._kind.dtype, "lerp")
    if isinstance(weight, Tensor):
        made = _lerp_tensor(input, end, weight)
    elif abs(weight) < 0.5:
        made = _in_single(lambda a, b: a + (b - a) * weight, input, end)
    else:
        made = _in_single(lambda a, b: b - (b - a) * (1 - weight), input, end)
    return made if out is None else into(e._add.op, out, made)


def _lerp_tensor(input: Tensor, end: Tensor, weight: Tensor) -> Tensor:
    if input._kind.dtype is not weight._kind.dtype:
        raise DTypeError(f"expected dtype {input.dtype!r} for `weight` but got dtype {weight.dtype!r}", op="lerp")
    near = lt(e.abs(weight), 0.5)
    return _in_single(lambda a, b, w: where_op(near, a + (b - a) * w, b - (b - a) * (1 - w)), input, end, weight)


def frac(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The part of each element after the point, with its sign."""
    return e._sub(input, e.trunc(input), out=out)


@composite(saves="input out", dtype="floating", dtypes="real", broadcast=True, method=True, inplace=True,
           samples=_PAIRS)
def copysign(input: Tensor, other: Tensor | Number) -> Tensor:
    """The size of `input` with the sign of `other`, broadcast; a zero has a sign too."""
    size = e.abs(input)
    return where_op(signbit(other), e.neg(size), size)


@copysign.grad("input")
def _(g, input, out):
    return where_op(eq(input, 0), lift(g, 0), g * where_op(eq(signbit(input), signbit(out)), lift(g, 1), lift(g, -1)))


@copysign.grad("other")
def _(g):
    return g * 0


def nan_to_num(input: Tensor, nan: float | None = 0.0, posinf: float | None = None, neginf: float | None = None, *,
               out: Tensor | None = None) -> Tensor:
    """NaN replaced by `nan`, infinities by the numbers given or the dtype's largest and smallest."""
    from ..settings import finfo

    if input._kind.dtype.category < 2:
        return copy(input, out=out)
    limits = finfo(input.dtype)
    high, low = (limits.max if posinf is None else float(posinf)), (limits.min if neginf is None else float(neginf))
    made = where_op(ne(input, input), lift(input, float(nan or 0.0)), input)
    made = where_op(eq(input, math.inf), lift(input, high), made)
    made = where_op(eq(input, -math.inf), lift(input, low), made)
    return made if out is None else into(e._add.op, out, made)


@composite(saves="", dtypes="real", broadcast=True, method=True, inplace=True, differentiable=False, samples=_PAIRS)
def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 where the first of each pair is negative, 1 where positive, the second where it is 0; broadcast."""
    return where_op(eq(input, 0), values, cast(lt(lift(input, 0), input), input._kind.dtype))


def positive(input: Tensor) -> Tensor:
    """The tensor itself. Raises DTypeError for booleans."""
    if not input._kind.dtype.category:
        raise DTypeError("The `+` operator, on a bool tensor is not supported.", op="positive")
    return input


def fmax(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The larger of each pair, broadcast; of a NaN and a number the number."""
    return _ignoring_nan(e.maximum, input, other, out)


def fmin(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smaller of each pair, broadcast; of a NaN and a number the number."""
    return _ignoring_nan(e.minimum, input, other, out)


def _ignoring_nan(function: Any, input: Tensor, other: Tensor, out: Tensor | None) -> Tensor:
    made = where_op(ne(other, other), input, where_op(ne(input, input), other, function(input, other)))
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


# --- methods and other names

clip = clamp
_CHANGING = (clamp, clamp_min, clamp_max, addcmul, addcdiv, lerp, frac, nan_to_num)


def _attach() -> None:
    for function in (*_CHANGING, positive, fmax, fmin):
        setattr(Tensor, function.__name__, function)
    for function in _CHANGING:
        mutate.in_place(function.__name__, function)
    for name in ("clip", "clip_"):
        setattr(Tensor, name, getattr(Tensor, name.replace("clip", "clamp")))


_attach()

__all__ = [
    "addcdiv", "addcmul", "clamp", "clamp_max", "clamp_min", "clip", "copysign", "fmax", "fmin", "frac", "heaviside",
    "lerp", "nan_to_num", "positive", "result_type",
]
