"""PyTorch's comparisons, logic and choice: `where` in all its forms, closeness, other names."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, DTypeError, ValueRangeError
from ..modes import no_grad
from ..ops.arithmetic import abs as abs_op
from ..ops.compare import (
    bitwise_and,
    bitwise_left_shift,
    bitwise_not,
    bitwise_or,
    bitwise_right_shift,
    bitwise_xor,
    eq,
    ge,
    gt,
    le,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    lt,
    ne,
    where_op,
)
from ..ops.math import isfinite
from ..table.exact import lift_exact
from ..table.refusals import require_tensors
from ..tensors.tensor import Tensor, attach, named
from ..tensors.views import inplace_method
from .math import isreal, widened


def where(condition: Tensor, input: Any = None, other: Any = None, *, out: Tensor | None = None) -> Any:
    """`input` where `condition` is true, else `other`, broadcast; with the condition alone, its nonzero indices.

    >>> import flambeau
    >>> flambeau.where(flambeau.tensor([True, False]), 1.0, flambeau.zeros(2))
    tensor([1., 0.])
    """
    if input is None and other is None:
        from ..ops.index import nonzero

        return nonzero(condition, as_tuple=True)
    if not isinstance(condition, Tensor):
        raise ArgumentError(f"condition must be a Tensor, got {type(condition).__name__}", op="where")
    if condition._kind.dtype.name == "uint8":
        condition = condition.bool()
    input, other = _lift_pair(condition, input, other)
    return where_op(condition, input, other, out=out)


def _lift_pair(condition: Tensor, input: Any, other: Any) -> tuple[Any, Any]:
    """Numbers as tensors: of the other one's kind where it can hold them."""
    if not isinstance(input, Tensor):
        input = lift_exact(other if isinstance(other, Tensor) else condition, input)
    if not isinstance(other, Tensor):
        other = lift_exact(input if isinstance(input, Tensor) else condition, other)
    for name, value in (("input", input), ("other", other)):
        if not isinstance(value, Tensor):
            raise ArgumentError(f"{name} must be a Tensor or a number, got {type(value).__name__}", op="where")
    return input, other


attach(lambda self, condition, other: where(condition, self, other), "where")


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Whether |input - other| <= atol + rtol * |other| for each pair, broadcast."""
    require_tensors("isclose", input=input, other=other)
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
    apart = abs_op(a - b)
    near = le(apart, abs_op(b) * rtol + atol) & isfinite(apart)
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


def _in_own_dtype(function: Any) -> Any:
    return lambda self, *other: function(self, *other).to(self.dtype)


def _outside_the_graph(name: str, function: Any) -> Any:
    """The method `name_`, of which no graph hears: it has no derivative, and a leaf may be changed by it."""
    changed = inplace_method(name, function)

    def method(self: Tensor, *other: Any) -> Tensor:
        with no_grad():
            return changed(self, *other)  # type: ignore[no-any-return]

    method.__doc__ = changed.__doc__
    return named(method, f"{name}_")


def _invert(self: Tensor) -> Tensor:
    if self.dtype.category > 1:
        raise ArgumentError(f"~ is only implemented on integer and bool tensors, got {self.dtype!r}", op="bitwise_not")
    return bitwise_not(self)


attach(_invert, "__invert__")

for _name, _function in {"logical_and": logical_and, "logical_or": logical_or, "logical_xor": logical_xor,
                         "logical_not": logical_not}.items():
    attach(_outside_the_graph(_name, _in_own_dtype(_function)), f"{_name}_")
greater, greater_equal, less, less_equal, not_equal = gt, ge, lt, le, ne


def _attach() -> None:
    for function in (isclose, allclose, equal, isreal):
        setattr(Tensor, function.__name__, function)
    for alias, of in (("greater", "gt"), ("greater_equal", "ge"), ("less", "lt"), ("less_equal", "le"),
                      ("not_equal", "ne")):
        setattr(Tensor, alias, getattr(Tensor, of))
        setattr(Tensor, f"{alias}_", getattr(Tensor, f"{of}_"))


_attach()

__all__ = [
    "allclose", "bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift",
    "bitwise_xor", "eq", "equal", "ge", "greater", "greater_equal", "gt", "isclose", "le", "less", "less_equal",
    "logical_and", "logical_not", "logical_or", "logical_xor", "lt", "ne", "not_equal", "where",
]
