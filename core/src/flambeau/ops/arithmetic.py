"""Arithmetic: signs, rounding, the four operations, remainders, extrema of pairs, bounds.

Gradients follow PyTorch's convention for complex numbers (conjugate Wirtinger)."""

from __future__ import annotations

import builtins
from typing import Any

from ..errors import NoDerivativeError, ValueRangeError
from ..table.dispatch import composite, primitive
from ..table.lifting import lift
from ..table.refusals import require_alike
from ..table.registry import Number
from ..table.samples import Sample, arr
from ..tensors.tensor import Tensor
from .common import BINARY, DIVISION, PAIRS, UNARY
from .compare import eq, le, lt, where_op
from .complex import _c, conj
from .create import cast, nothing


@primitive(saves="", dtypes="number", method=True, inplace=True, operator="__neg__", samples=UNARY)
def neg(input: Tensor) -> Tensor:
    """The negative of each element."""


@neg.grad("input")
def _(g):
    return -g


@primitive(saves="input", dtype="real", dtypes="number", method=True, inplace=True, operator="__abs__", samples=UNARY)
def abs(input: Tensor) -> Tensor:
    """The absolute value of each element; a complex input gives its magnitude, of real dtype."""


@abs.grad("input")
def _(g, input):
    return g * sgn(input)


@primitive(saves="", dtypes="real", method=True, inplace=True, samples=UNARY)
def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1 by the sign of each element; NaN gives 0."""


@sign.grad("input")
def _(g):
    return nothing(g)


@composite(method=True, inplace=True, samples=UNARY)
def sgn(input: Tensor) -> Tensor:
    """The sign of each element; of a complex number, the number of magnitude one in its direction (0 for 0)."""
    if input._kind.dtype.category < 3:
        return sign(input)
    size = abs(input)
    none = eq(size, 0)
    return where_op(none, lift(input, 0), input / where_op(none, lift(size, 1), size))


def _rounding(name: str, doc: str) -> Any:
    def body(input: Tensor) -> Tensor: ...

    body.__name__, body.__doc__ = name, doc
    made = primitive(saves="", dtypes="real number", method=True, inplace=True, samples=UNARY)(body)

    @made.grad("input")
    def _(g):
        return nothing(g)

    return made


floor = _rounding("floor", "The largest integer not above each element, in the same dtype.")
ceil = _rounding("ceil", "The smallest integer not below each element, in the same dtype.")
trunc = _rounding("trunc", "The integer part of each element, in the same dtype.")


@primitive(name="round", saves="", dtypes="real number", inplace=True, samples=UNARY)
def _round(input: Tensor) -> Tensor:
    """The nearest integer to each element, halves to even, in the same dtype."""


@_round.grad("input")
def _(g):
    return nothing(g)


@primitive(name="add", saves="", broadcast=True, inplace=True, operator="__add__", samples=BINARY)
def _add(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Elementwise sum, broadcast; booleans are or-ed."""


@_add.grad("input")
def _(g):
    return g


@_add.grad("other")
def _(g):
    return g


@primitive(name="sub", saves="", broadcast=True, dtypes="number", inplace=True, operator="__sub__", samples=BINARY)
def _sub(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Elementwise difference, broadcast."""


@_sub.grad("input")
def _(g):
    return g


@_sub.grad("other")
def _(g):
    return -g


@primitive(saves="input other", broadcast=True, method=True, inplace=True, operator="__mul__", wide=True,
           samples=BINARY)
def mul(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Elementwise product, broadcast; booleans are and-ed.

    >>> import flambeau
    >>> flambeau.mul(flambeau.tensor([1, 2]), 2.5)
    tensor([2.5000, 5.0000])
    """


@mul.grad("input")
def _(g, other):
    return g * (other if other._kind.dtype.category < 3 else conj(other))


@mul.grad("other")
def _(g, input):
    return g * (input if input._kind.dtype.category < 3 else conj(input))


@primitive(name="div", saves="input other", dtype="floating", broadcast=True, inplace=True, operator="__truediv__",
           wide=True, samples=BINARY)
def _div(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Elementwise quotient, broadcast; integers give the default floating dtype."""


@_div.grad("input")
def _(g, other):
    return g / _c(other)


@_div.grad("other")
def _(g, input, other):
    return -g * _c(input / other / other)


@primitive(saves="", dtypes="real number", broadcast=True, method=True, inplace=True, operator="__floordiv__",
           wide=True, grad_name="NotImplemented", samples=DIVISION)
def floor_divide(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """The floor of the quotient, broadcast, as Python's `//`; raises for integer division by zero."""


def underived(made: Any, *inputs: str) -> None:
    """PyTorch has no derivative: backward through the op raises, where a number would be taken for one."""

    def rule(g):
        raise NoDerivativeError(f"derivative for {made.__name__} is not implemented", op=made.__name__)

    for name in inputs:
        made.grad(name)(rule)


underived(floor_divide, "input", "other")


@primitive(saves="input other", dtypes="real number", broadcast=True, method=True, inplace=True, operator="__mod__",
           samples=DIVISION)
def remainder(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """The remainder with the divisor's sign, broadcast, as Python's `%`."""


@remainder.grad("input")
def _(g):
    return g


@remainder.grad("other")
def _(g, input, other):
    return -g * div_rounded(input, other, "floor")


@primitive(saves="input other", dtypes="real number", broadcast=True, method=True, inplace=True, samples=DIVISION)
def fmod(input: Tensor, other: Tensor | Number) -> Tensor:
    """The remainder with the dividend's sign, broadcast, as C's fmod."""


@fmod.grad("input")
def _(g):
    return g


@fmod.grad("other")
def _(g, input, other):
    return -g * div_rounded(input, other, "trunc")


@primitive(saves="input other", dtypes="real", broadcast=True, method=True, samples=BINARY)
def maximum(input: Tensor, other: Tensor) -> Tensor:
    """The larger of each pair, broadcast; NaN if either is NaN."""


def _winner(g: Any, mine: Any, theirs: Any, loses: Any) -> Any:
    """g but where mine loses; half of it at ties, as PyTorch shares it. Beside NaN nobody loses."""
    return where_op(loses, lift(g, 0), where_op(mine == theirs, g / 2, g))


@maximum.grad("input")
def _(g, input, other):
    return _winner(g, input, other, input < other)


@maximum.grad("other")
def _(g, input, other):
    return _winner(g, other, input, other < input)


@primitive(saves="input other", dtypes="real", broadcast=True, method=True, samples=BINARY)
def minimum(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of each pair, broadcast; NaN if either is NaN."""


@minimum.grad("input")
def _(g, input, other):
    return _winner(g, input, other, input > other)


@minimum.grad("other")
def _(g, input, other):
    return _winner(g, other, input, other > input)


def div(input: Any, other: Any, *, rounding_mode: str | None = None, out: Tensor | None = None) -> Tensor:
    """input / other, broadcast: true division, or rounded ("trunc" towards zero, "floor" down)."""
    if rounding_mode is None:
        return _div(input, other, out=out)
    if rounding_mode == "floor":
        return _floor_div(input, other, out)
    if rounding_mode != "trunc":
        raise ValueRangeError(f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found"
                              f" {rounding_mode!r}", op="div")
    return _trunc_div(input, other, out)


@composite(name="div_rounded", saves="", dtypes="real floating", broadcast=True, grad_name="DivBackward1",
           samples=lambda: [Sample(arr(3), arr(3, nonzero=True), "trunc"),
                            Sample(arr(2, 3), arr(3, nonzero=True), "floor")])
def div_rounded(input: Tensor | Number, other: Tensor | Number, rounding_mode: str) -> Tensor:
    """The quotient, broadcast, rounded towards zero ("trunc") or down ("floor")."""
    return trunc(_div(input, other)) if rounding_mode == "trunc" else floor_divide(input, other)


@div_rounded.grad("input")
def _(g):
    return nothing(g)


@div_rounded.grad("other")
def _(g):
    return nothing(g)


def _floor_div(input: Any, other: Any, out: Tensor | None) -> Tensor:
    if _floats(input, other):
        return div_rounded(input, other, "floor", out=out)
    return floor_divide(input, other, out=out)


def _floats(*values: Any) -> bool:
    return any(isinstance(v, float) or (isinstance(v, Tensor) and v.dtype.category > 1) for v in values)


def _trunc_div(input: Any, other: Any, out: Tensor | None) -> Tensor:
    if _floats(input, other):
        return div_rounded(input, other, "trunc", out=out)
    rest = fmod(input, other)
    if isinstance(input, Tensor) and not input.dtype.category:
        input = cast(input, rest.dtype)
    return floor_divide(_sub(input, rest), other, out=out)


_BOUNDS = (lambda: [Sample(arr(4), -0.5, 0.5, dtypes=("real floating",)), Sample(arr(4), 0, 3),
                    Sample(arr(2, 3), None, 0.5, dtypes=("real floating",)), Sample(arr(2, 3), 0, None),
                    Sample(arr(), 0, 1), Sample(arr(0), 0, 1)])


@composite(name="clamp", saves="input", dtypes="real number", samples=_BOUNDS)
def clamp_number(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Each element limited to [min, max], numbers that the dtype can hold; NaN stays NaN."""
    if min is not None:
        input = maximum(input, lift(input, min))
    return input if max is None else minimum(input, lift(input, max))


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
           samples=PAIRS)
def clamp_min_tensor(input: Tensor, min: Tensor) -> Tensor:
    """The larger of each pair, broadcast; at ties the gradient goes to `input`."""
    return maximum(input, min)


@clamp_min_tensor.grad("input")
def _(g, input, min):
    return where_op(le(min, input), g, lift(g, 0))


@clamp_min_tensor.grad("min")
def _(g, input, min):
    return where_op(lt(input, min), g, lift(g, 0))


@composite(name="clamp_max", saves="input max", dtypes="real", broadcast=True, grad_name="ClampMaxBackward1",
           samples=PAIRS)
def clamp_max_tensor(input: Tensor, max: Tensor) -> Tensor:
    """The smaller of each pair, broadcast; at ties the gradient goes to `input`."""
    return minimum(input, max)


@clamp_max_tensor.grad("input")
def _(g, input, max):
    return where_op(le(input, max), g, lift(g, 0))


@clamp_max_tensor.grad("max")
def _(g, input, max):
    return where_op(lt(max, input), g, lift(g, 0))


@composite(name="clamp_tensors", saves="input min max", dtypes="real", broadcast=True, grad_name="ClampBackward1",
           samples=lambda: [Sample(arr(3), arr(3), arr(3)), Sample(arr(2, 3), arr(3, low=-1, high=0), arr(low=0.1)),
                            Sample(arr(), arr(2), arr(2))])
def clamp_tensors(input: Tensor, min: Tensor, max: Tensor) -> Tensor:
    """Each element limited to [min, max], broadcast; `max` where `min` exceeds it."""
    return minimum(maximum(input, min), max)


@clamp_tensors.grad("input")
def _(g, input, min, max):
    return where_op(le(min, input) & le(input, max), g, lift(g, 0))


@clamp_tensors.grad("min")
def _(g, input, min, max):
    return where_op(lt(min, max) & lt(input, min), g, lift(g, 0))


@clamp_tensors.grad("max")
def _(g, input, min, max):
    return where_op(lt(max, min) | lt(max, input), g, lift(g, 0))


@composite(alike="all", saves="", dtypes="real", broadcast=True, method=True, inplace=True,
           grad_name="NotImplemented", samples=PAIRS)
def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 where the first of each pair is negative, 1 where positive, the second where it is 0; broadcast."""
    require_alike("heaviside", input, values)
    return where_op(eq(input, 0), values, cast(lt(lift(input, 0), input), input._kind.dtype))


underived(heaviside, "input", "values")


_BETWEEN = (lambda: [Sample(arr(3), arr(3), 0.3), Sample(arr(2, 3), arr(3), 0.5), Sample(arr(3), arr(3), 2.0),
                     Sample(arr(), arr(2), -0.7), Sample(arr(0, 3), arr(3), 0.5)])


@composite(compute="float32", name="lerp", saves="", dtypes="floating", broadcast=True, samples=_BETWEEN)
def lerp_number(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """input + weight * (end - input), broadcast; exact at both ends."""
    if builtins.abs(weight) < 0.5:
        return input + (end - input) * weight
    return end - (end - input) * (1 - weight)


@lerp_number.grad("input")
def _(g, *, weight):
    return g * (1 - weight).conjugate()


@lerp_number.grad("end")
def _(g, *, weight):
    return g * weight.conjugate()


@composite(compute="float32", name="lerp_tensor", saves="input end weight", dtypes="floating", broadcast=True,
           grad_name="LerpBackward1", out=False,
           samples=lambda: [Sample(arr(3), arr(3), arr(3, fill=[0.0, 0.7, -2.0])), Sample(arr(2, 3), arr(3), arr())])
def lerp_tensor(input: Tensor, end: Tensor, weight: Tensor) -> Tensor:
    """`lerp` by a weight for each pair, broadcast."""
    apart = end - input
    return where_op(lt(abs(weight), 0.5), input + apart * weight, end - apart * (1 - weight))


@lerp_tensor.grad("input")
def _(g, weight):
    return g * _c(1 - weight)


@lerp_tensor.grad("end")
def _(g, weight):
    return g * _c(weight)


@lerp_tensor.grad("weight")
def _(g, input, end):
    return g * _c(end - input)
