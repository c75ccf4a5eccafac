"""Elementwise arithmetic and functions.

Gradients follow PyTorch's convention for complex numbers (conjugate Wirtinger): a holomorphic
rule multiplies by the conjugate of the derivative. `_c` conjugates and costs nothing for reals.
"""

from __future__ import annotations

from typing import Any

from ..dispatch import composite, primitive
from ..errors import DTypeError
from ..registry import Number
from ..samples import Bad, Sample, arr
from ..tensor import Tensor, attach
from .compare import where


def _c(x: Any) -> Any:
    return conj(x) if x._kind.dtype.category == 3 else x


_UNARY = (lambda: [Sample(arr(3)), Sample(arr(2, 3)), Sample(arr()), Sample(arr(0)), Sample(arr(2, 0, 3))])
_BINARY = (lambda: [Sample(arr(3), arr(3)), Sample(arr(2, 3), arr(3)), Sample(arr(4, 1), arr(3)), Sample(arr(), arr(2)),
                    Sample(arr(0, 3), arr(3)), Sample(arr(), arr()),
                    Bad(arr(2), arr(3), raises="ShapeError", match="broadcast")])

_DIVISION = (lambda: [Sample(arr(3), arr(3, nonzero=True)), Sample(arr(2, 3), arr(3, nonzero=True)),
                      Sample(arr(4, 1), arr(3, nonzero=True)), Sample(arr(), arr(2, nonzero=True)),
                      Sample(arr(0, 3), arr(3, nonzero=True)), Sample(arr(), arr(nonzero=True)),
                      Bad(arr(2), arr(3), raises="ShapeError", match="broadcast")])

_POWERS = (lambda: [Sample(arr(3, low=0.2, high=3), arr(3)), Sample(arr(2, 3, low=0.2, high=3), arr(3)),
                    Sample(arr(4, 1, low=0.2, high=3), arr(3)), Sample(arr(low=0.2, high=3), arr(2)),
                    Sample(arr(0, 3), arr(3)), Sample(arr(low=0.2, high=3), arr()),
                    Sample(arr(4, fill=[-2, -1, 3, 2]), arr(4, fill=[3, 2, -1, 0]), gradcheck=False),
                    Bad(arr(2), arr(3), raises="ShapeError", match="broadcast")])


def _domain(low: float, high: float) -> Any:
    return lambda: [Sample(arr(3, low=low, high=high)), Sample(arr(2, 3, low=low, high=high)),
                    Sample(arr(low=low, high=high)), Sample(arr(0, low=low, high=high))]


# --- unary


@primitive(saves="", dtypes="number", method=True, inplace=True, operator="__neg__", samples=_UNARY)
def neg(input: Tensor) -> Tensor:
    """The negative of each element."""


@neg.grad("input")
def _(g):
    return -g


@primitive(saves="input", dtype="real", dtypes="number", method=True, inplace=True, operator="__abs__", samples=_UNARY)
def abs(input: Tensor) -> Tensor:
    """The absolute value of each element; a complex input gives its magnitude, of real dtype."""


@abs.grad("input")
def _(g, input):
    return g * sgn(input)


@primitive(saves="", dtypes="real", method=True, inplace=True, samples=_UNARY)
def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1 by the sign of each element; NaN gives 0."""


@sign.grad("input")
def _(g):
    return g * 0


@composite(method=True, inplace=True, samples=_UNARY)
def sgn(input: Tensor) -> Tensor:
    """The sign of each element; of a complex number, the number of magnitude one in its direction (0 for 0)."""
    if input._kind.dtype.category < 3:
        return sign(input)
    size = abs(input)
    return where(size == 0, input * 0, input / where(size == 0, size + 1, size))


def _rounding(name: str, doc: str) -> Any:
    def body(input: Tensor) -> Tensor: ...

    body.__name__, body.__doc__ = name, doc
    made = primitive(saves="", dtypes="real number", method=True, inplace=True, samples=_UNARY)(body)

    @made.grad("input")
    def _(g):
        return g * 0

    return made


floor = _rounding("floor", "The largest integer not above each element, in the same dtype.")
ceil = _rounding("ceil", "The smallest integer not below each element, in the same dtype.")
trunc = _rounding("trunc", "The integer part of each element, in the same dtype.")


@primitive(name="round", saves="", dtypes="real number", samples=_UNARY)
def _round(input: Tensor) -> Tensor:
    """The nearest integer to each element, halves to even, in the same dtype."""


@_round.grad("input")
def _(g):
    return g * 0


@primitive(saves="out", dtype="floating", method=True, inplace=True, samples=_UNARY)
def exp(input: Tensor) -> Tensor:
    """e to the power of each element; integers give the default floating dtype."""


@exp.grad("input")
def _(g, out):
    return g * _c(out)


@primitive(saves="input", dtype="floating", method=True, inplace=True, samples=_domain(0.1, 5))
def log(input: Tensor) -> Tensor:
    """The natural logarithm of each element."""


@log.grad("input")
def _(g, input):
    return g / _c(input)


@primitive(saves="input", dtype="floating", method=True, inplace=True, samples=_domain(-0.9, 5))
def log1p(input: Tensor) -> Tensor:
    """log(1 + x) of each element, exact near 0."""


@log1p.grad("input")
def _(g, input):
    return g / _c(input + 1)


@primitive(saves="out", dtype="floating", method=True, inplace=True, samples=_UNARY)
def expm1(input: Tensor) -> Tensor:
    """exp(x) - 1 of each element, exact near 0."""


@expm1.grad("input")
def _(g, out):
    return g * _c(out + 1)


@primitive(saves="out", dtype="floating", method=True, inplace=True, samples=_domain(0.1, 5))
def sqrt(input: Tensor) -> Tensor:
    """The square root of each element; NaN for negative reals."""


@sqrt.grad("input")
def _(g, out):
    return g / (_c(out) * 2)


@primitive(saves="input", dtype="floating", method=True, inplace=True, samples=_UNARY)
def sin(input: Tensor) -> Tensor:
    """The sine of each element, in radians."""


@sin.grad("input")
def _(g, input):
    return g * _c(cos(input))


@primitive(saves="input", dtype="floating", method=True, inplace=True, samples=_UNARY)
def cos(input: Tensor) -> Tensor:
    """The cosine of each element, in radians."""


@cos.grad("input")
def _(g, input):
    return -g * _c(sin(input))


@primitive(saves="out", dtype="floating", method=True, inplace=True, samples=_UNARY)
def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent of each element."""


@tanh.grad("input")
def _(g, out):
    return tanh_backward(g, out)


@composite(fusable=True, out=False, broadcast=True, samples=lambda: [Sample(arr(3), arr(3)), Sample(arr(), arr())])
def tanh_backward(grad: Tensor, out: Tensor) -> Tensor:
    """grad * (1 - out * out)."""
    return grad * _c(1 - out * out)


@primitive(saves="input", dtype="floating", dtypes="real", method=True, inplace=True, samples=_UNARY)
def erf(input: Tensor) -> Tensor:
    """The error function of each element."""


@erf.grad("input")
def _(g, input):
    return g * (exp(-input * input) * 1.1283791670955126)


# --- complex parts


@primitive(saves="", dtype="real", dtypes="complex", name="real", samples=_UNARY)
def _real(input: Tensor) -> Tensor:
    """The real parts of a complex tensor, as a copy."""


@_real.grad("input")
def _(g):
    return complex(g, g * 0)


@primitive(saves="", dtype="real", dtypes="complex", name="imag", samples=_UNARY)
def _imag(input: Tensor) -> Tensor:
    """The imaginary parts of a complex tensor, as a copy."""


@_imag.grad("input")
def _(g):
    return complex(g * 0, g)


def real(input: Tensor) -> Tensor:
    """The real part; a real tensor is returned as it is. (A copy here; a view in PyTorch.)"""
    return _real(input) if input._kind.dtype.category == 3 else input


def imag(input: Tensor) -> Tensor:
    """The imaginary part of a complex tensor, as a copy (a view in PyTorch)."""
    return _imag(input)


attach(property(real, doc="The real part; a real tensor itself."), "real")
attach(property(imag, doc="The imaginary part of a complex tensor, as a copy."), "imag")


@primitive(name="complex", saves="", dtype="complex", dtypes="real floating", broadcast=True, samples=lambda: [
    Sample(arr(3), arr(3), dtypes=("float32", "float64")), Sample(arr(2, 1), arr(3), dtypes=("float32", "float64")),
    Sample(arr(), arr(), dtypes=("float32", "float64")), Sample(arr(0), arr(0), dtypes=("float32", "float64"))])
def complex_op(real: Tensor, imag: Tensor) -> Tensor:
    """`complex` of parts of one dtype."""


@complex_op.grad("real")
def _(g):
    return _real(g)


@complex_op.grad("imag")
def _(g):
    return _imag(g)


def complex(real: Tensor, imag: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The complex tensor with those real and imaginary parts, both float32 or both float64."""
    for part in (real, imag):
        if part._kind.dtype is not real._kind.dtype or part._kind.dtype.category != 2:
            raise DTypeError(f"expected both parts of one floating dtype, got {real.dtype!r} and {imag.dtype!r}",
                             op="complex")
    return complex_op(real, imag, out=out)


@composite(method=True, samples=_UNARY)
def conj(input: Tensor) -> Tensor:
    """The complex conjugate of each element; a real tensor is returned as it is."""
    if input._kind.dtype.category < 3:
        return input
    return complex(_real(input), -_imag(input))


# --- arithmetic


@primitive(name="add", saves="", broadcast=True, operator="__add__", samples=_BINARY)
def _add(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Elementwise sum, broadcast; booleans are or-ed."""


@_add.grad("input")
def _(g):
    return g


@_add.grad("other")
def _(g):
    return g


@primitive(name="sub", saves="", broadcast=True, dtypes="number", operator="__sub__", samples=_BINARY)
def _sub(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Elementwise difference, broadcast."""


@_sub.grad("input")
def _(g):
    return g


@_sub.grad("other")
def _(g):
    return -g


@primitive(saves="input other", broadcast=True, method=True, inplace=True, operator="__mul__", samples=_BINARY)
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


@primitive(name="div", saves="input other", dtype="floating", broadcast=True, operator="__truediv__", samples=_BINARY)
def _div(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Elementwise quotient, broadcast; integers give the default floating dtype."""


@_div.grad("input")
def _(g, other):
    return g / _c(other)


@_div.grad("other")
def _(g, input, other):
    return -g * _c(input / other / other)


@primitive(saves="", dtypes="real number", broadcast=True, method=True, inplace=True, operator="__floordiv__",
           differentiable=False, samples=_DIVISION)
def floor_divide(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """The floor of the quotient, broadcast, as Python's `//`; raises for integer division by zero."""


@primitive(saves="input other", dtypes="real number", broadcast=True, method=True, inplace=True, operator="__mod__",
           samples=_DIVISION)
def remainder(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """The remainder with the divisor's sign, broadcast, as Python's `%`."""


@remainder.grad("input")
def _(g):
    return g


@remainder.grad("other")
def _(g, input, other):
    return -g * floor(input / other)


@primitive(saves="input other", dtypes="real number", broadcast=True, method=True, inplace=True, samples=_DIVISION)
def fmod(input: Tensor, other: Tensor | Number) -> Tensor:
    """The remainder with the dividend's sign, broadcast, as C's fmod."""


@fmod.grad("input")
def _(g):
    return g


@fmod.grad("other")
def _(g, input, other):
    return -g * trunc(input / other)


@primitive(name="pow", saves="input exponent out", dtypes="number", broadcast=True, samples=_POWERS)
def _pow(input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    """Elementwise power, broadcast."""


@_pow.grad("input")
def _(g, input, exponent):
    slope = exponent * _pow(input, exponent - 1)
    return g * _c(where(exponent == 0, slope * 0, slope))


@_pow.grad("exponent")
def _(g, input, exponent, out):
    flat = (input == 0) & ((exponent >= 0) if exponent._kind.dtype.category < 3 else (exponent == exponent))
    safe = where(input == 0, input * 0 + 1, input)
    return g * _c(where(flat, out * 0, out * log(safe)))


@primitive(saves="input other", dtypes="real", broadcast=True, method=True, samples=_BINARY)
def maximum(input: Tensor, other: Tensor) -> Tensor:
    """The larger of each pair, broadcast; NaN if either is NaN."""


def _winner(g: Any, mine: Any, theirs: Any, wins: Any) -> Any:
    """g where mine wins; half of it at ties, as PyTorch shares it."""
    return where(mine == theirs, g / 2, where(wins, g, g * 0))


@maximum.grad("input")
def _(g, input, other):
    return _winner(g, input, other, input > other)


@maximum.grad("other")
def _(g, input, other):
    return _winner(g, other, input, other > input)


@primitive(saves="input other", dtypes="real", broadcast=True, method=True, samples=_BINARY)
def minimum(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of each pair, broadcast; NaN if either is NaN."""


@minimum.grad("input")
def _(g, input, other):
    return _winner(g, input, other, input < other)


@minimum.grad("other")
def _(g, input, other):
    return _winner(g, other, input, other < input)


@primitive(saves="input other", dtype="floating", dtypes="real", broadcast=True, method=True, inplace=True,
           samples=_BINARY)
def atan2(input: Tensor, other: Tensor) -> Tensor:
    """The angle of the point (other, input), broadcast, in radians from -pi to pi."""


@atan2.grad("input")
def _(g, input, other):
    return g * other / (input * input + other * other)


@atan2.grad("other")
def _(g, input, other):
    return -g * input / (input * input + other * other)

__all__ = [
    "abs", "atan2", "ceil", "complex", "conj", "cos", "erf", "exp", "expm1", "floor", "floor_divide", "fmod", "imag",
    "log", "log1p", "maximum", "minimum", "mul", "neg", "real", "remainder", "sgn", "sign", "sin", "sqrt", "tanh",
    "trunc",
]
