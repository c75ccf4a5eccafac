"""Questions about each element or each pair: is it NaN, infinite, close, true; bounded by memory traffic."""

from __future__ import annotations

import math
from typing import Any

from ..dispatch import composite, lift
from ..dtypes import get_default_dtype
from ..errors import ArgumentError, DTypeError, ValueRangeError
from ..samples import Bad, Sample, arr
from ..tensor import Tensor
from . import compare, mutate
from . import elementwise as e
from .compare import eq, le, logical_not, lt, ne
from .create import cast

_ONE = (lambda: [Sample(arr(3)), Sample(arr(2, 3)), Sample(arr()), Sample(arr(0))])
_PAIRS = (lambda: [Sample(arr(3), arr(3)), Sample(arr(2, 3), arr(3)), Sample(arr(), arr(2)), Sample(arr(0, 3), arr(3)),
                   Bad(arr(2), arr(3), raises="ShapeError", match="broadcast")])


def widened(input: Tensor) -> Tensor:
    """Floating as it is; integers and booleans in the default floating dtype."""
    return input if input._kind.dtype.category > 1 else cast(input, get_default_dtype())


# --- of each element or pair


@composite(saves="", dtype="bool", differentiable=False, method=True, samples=_ONE)
def isnan(input: Tensor) -> Tensor:
    """Whether each element is NaN."""
    return ne(input, input)


@composite(saves="", dtype="bool", differentiable=False, method=True, samples=_ONE)
def isinf(input: Tensor) -> Tensor:
    """Whether each element is infinite."""
    if input._kind.dtype.category < 2:
        return ne(input, input)
    if input._kind.dtype.category == 3:
        return isinf(e._real(input)) | isinf(e._imag(input))
    return eq(e.abs(input), math.inf)


@composite(saves="", dtype="bool", differentiable=False, method=True, samples=_ONE)
def isfinite(input: Tensor) -> Tensor:
    """Whether each element is neither infinite nor NaN."""
    if input._kind.dtype.category < 2:
        return eq(input, input)
    size = e.abs(input) if input._kind.dtype.category == 2 else e.abs(e._real(input)) + e.abs(e._imag(input))
    return lt(size, math.inf)


@composite(saves="", dtype="bool", dtypes="real", differentiable=False, method=True, samples=_ONE)
def isposinf(input: Tensor) -> Tensor:
    """Whether each element is +inf."""
    return eq(input, math.inf) if input._kind.dtype.category == 2 else ne(input, input)


@composite(saves="", dtype="bool", dtypes="real", differentiable=False, method=True, samples=_ONE)
def isneginf(input: Tensor) -> Tensor:
    """Whether each element is -inf."""
    return eq(input, -math.inf) if input._kind.dtype.category == 2 else ne(input, input)


def isreal(input: Tensor) -> Tensor:
    """Whether each element has no imaginary part."""
    return eq(e._imag(input), 0) if input._kind.dtype.category == 3 else eq(input, input) | ne(input, input)


@composite(saves="", dtype="bool", dtypes="real", differentiable=False, method=True, samples=_ONE)
def signbit(input: Tensor) -> Tensor:
    """Whether each element is negative or -0."""
    if input._kind.dtype.category < 2:
        return lt(input, lift(input, 0))
    return lt(e.atan2(input, lift(input, -1)), lift(input, 0))


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Whether |input - other| <= atol + rtol * |other| for each pair, broadcast."""
    if input._kind.dtype is not other._kind.dtype:
        raise DTypeError(f"{input.dtype!r} did not match {other.dtype!r}", op="isclose")
    for name, value in (("rtol", rtol), ("atol", atol)):
        if value < 0:
            raise ValueRangeError(f"{name} must be greater than or equal to zero, but got {value}", op="isclose")
    close = eq(input, other)
    if equal_nan:
        close = close | (ne(input, input) & ne(other, other))
    if not rtol and not atol:
        return close
    a, b = widened(input), widened(other)
    apart = e.abs(a - b)
    near = le(apart, e.abs(b) * rtol + atol) & isfinite(apart)
    return close | near


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Whether all pairs are close, as `isclose` has it; a Python bool."""
    return bool(isclose(input, other, rtol, atol, equal_nan).all().item())


def equal(input: Tensor, other: Tensor) -> Any:
    """Whether two tensors have the same size and elements; a Python bool. NaN equals nothing."""
    if not isinstance(other, Tensor):
        raise ArgumentError(f"other must be a Tensor, got {type(other).__name__}", op="equal")
    if tuple(input._array.shape) != tuple(other._array.shape):
        return False
    return bool(eq(input, other).all().item())


# --- logic


def _logical(name: str, function: Any, doc: str) -> Any:
    def body(input: Tensor, other: Tensor) -> Tensor:
        return function(ne(input, 0), ne(other, 0))

    body.__name__, body.__doc__ = name, doc
    made = composite(saves="", dtype="bool", broadcast=True, method=True, differentiable=False, samples=_PAIRS)(body)
    mutate.in_place(name, lambda self, other: made(self, other).to(self.dtype))
    return made


logical_and = _logical("logical_and", compare.bitwise_and, "Whether both of each pair are not zero, broadcast.")
logical_or = _logical("logical_or", compare.bitwise_or, "Whether one of each pair is not zero, broadcast.")
logical_xor = _logical("logical_xor", compare.bitwise_xor, "Whether just one of each pair is not zero, broadcast.")
mutate.in_place("logical_not", lambda self: logical_not(self).to(self.dtype))


# --- methods and other names

greater, greater_equal, less, less_equal, not_equal = compare.gt, compare.ge, compare.lt, compare.le, compare.ne


def _attach() -> None:
    for function in (isclose, allclose, equal, isreal):
        setattr(Tensor, function.__name__, function)
    for alias, of in (("greater", "gt"), ("greater_equal", "ge"), ("less", "lt"), ("less_equal", "le"),
                      ("not_equal", "ne")):
        setattr(Tensor, alias, getattr(Tensor, of))
        setattr(Tensor, f"{alias}_", getattr(Tensor, f"{of}_"))


_attach()

__all__ = [
    "allclose", "equal", "greater", "greater_equal", "isclose", "isfinite", "isinf", "isnan", "isneginf", "isposinf",
    "isreal", "less", "less_equal", "logical_and", "logical_or", "logical_xor", "not_equal", "signbit",
]
