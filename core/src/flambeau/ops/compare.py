"""Comparisons, logic, bits, choice."""

from __future__ import annotations

from typing import Any

from ..table.dispatch import composite, primitive
from ..table.lifting import lift
from ..table.registry import Number
from ..table.samples import Bad, Sample, arr
from ..tensors.tensor import Tensor
from .common import PAIRS

_PAIRS = (lambda: [Sample(arr(3), arr(3)), Sample(arr(2, 3), arr(3)), Sample(arr(4, 1), arr(3)), Sample(arr(), arr(2)),
                   Sample(arr(0, 3), arr(3)),
                   Bad(arr(2), arr(3), raises="ShapeError", match="broadcast")])


@primitive(dtype="bool", broadcast=True, method=True, operator="__eq__", differentiable=False, samples=_PAIRS)
def eq(input: Tensor, other: Tensor | Number) -> Tensor:
    """Whether each pair is equal, broadcast."""


@primitive(dtype="bool", dtypes="real", broadcast=True, method=True, operator="__lt__", differentiable=False,
           samples=_PAIRS)
def lt(input: Tensor, other: Tensor | Number) -> Tensor:
    """Whether the first of each pair is less, broadcast."""


@primitive(dtype="bool", dtypes="real", broadcast=True, method=True, operator="__le__", differentiable=False,
           samples=_PAIRS)
def le(input: Tensor, other: Tensor | Number) -> Tensor:
    """Whether the first of each pair is less or equal, broadcast."""


@composite(saves="", dtype="bool", broadcast=True, method=True, operator="__ne__", differentiable=False, samples=_PAIRS)
def ne(input: Tensor, other: Tensor | Number) -> Tensor:
    """Whether each pair differs, broadcast."""
    return logical_not(eq(input, other))


@composite(saves="", dtype="bool", dtypes="real", broadcast=True, method=True, operator="__gt__", differentiable=False,
           samples=_PAIRS)
def gt(input: Tensor, other: Tensor | Number) -> Tensor:
    """Whether the first of each pair is greater, broadcast."""
    return lt(other, input)


@composite(saves="", dtype="bool", dtypes="real", broadcast=True, method=True, operator="__ge__", differentiable=False,
           samples=_PAIRS)
def ge(input: Tensor, other: Tensor | Number) -> Tensor:
    """Whether the first of each pair is greater or equal, broadcast."""
    return le(other, input)


@primitive(dtype="bool", method=True, differentiable=False,
           samples=lambda: [Sample(arr(3)), Sample(arr(2, 2)), Sample(arr()), Sample(arr(0))])
def logical_not(input: Tensor) -> Tensor:
    """Whether each element is zero."""


@primitive(dtypes="integral", method=True, inplace=True, operator="__invert__", differentiable=False,
           samples=lambda: [Sample(arr(3)), Sample(arr(0))])
def bitwise_not(input: Tensor) -> Tensor:
    """Each element with its bits inverted; booleans negated."""


def _bitwise(name: str, operator: str, doc: str, dtypes: str = "integral") -> Any:
    def body(input: Tensor | Number, other: Tensor | Number) -> Tensor: ...

    body.__name__, body.__doc__ = name, doc
    return primitive(dtypes=dtypes, broadcast=True, method=True, inplace=True, operator=operator,
                     differentiable=False, samples=_PAIRS)(body)


bitwise_and = _bitwise("bitwise_and", "__and__", "Bitwise and of each pair, broadcast.")
bitwise_or = _bitwise("bitwise_or", "__or__", "Bitwise or of each pair, broadcast.")
bitwise_xor = _bitwise("bitwise_xor", "__xor__", "Bitwise exclusive or of each pair, broadcast.")
bitwise_left_shift = _bitwise("bitwise_left_shift", "__lshift__", "Each element shifted left, broadcast.", "integer")
bitwise_right_shift = _bitwise("bitwise_right_shift", "__rshift__", "Each element shifted right, broadcast.", "integer")


@primitive(name="where", saves="condition", kinds="bool T T", broadcast=True, exact=True,
           samples=lambda: [Sample(arr(3, dtype="bool"), arr(3), arr(3)),
                            Sample(arr(3, dtype="bool"), arr(2, 3), arr()),
                            Sample(arr(0, dtype="bool"), arr(0), arr(1))])
def where_op(condition: Tensor, input: Tensor, other: Tensor) -> Tensor:
    """`input` where the condition holds, else `other`, broadcast."""


@where_op.grad("input")
def _(g, condition):
    return where_op(condition, g, _zero(g))


@where_op.grad("other")
def _(g, condition):
    return where_op(condition, _zero(g), g)


def _zero(like: Any) -> Any:
    return lift(like, 0)


def _logical(name: str, function: Any, doc: str) -> Any:
    def body(input: Tensor, other: Tensor) -> Tensor:
        return function(ne(input, 0), ne(other, 0))

    body.__name__, body.__doc__ = name, doc
    made = composite(saves="", dtype="bool", broadcast=True, method=True, differentiable=False, samples=PAIRS)(body)
    return made


logical_and = _logical("logical_and", bitwise_and, "Whether both of each pair are not zero, broadcast.")
logical_or = _logical("logical_or", bitwise_or, "Whether one of each pair is not zero, broadcast.")
logical_xor = _logical("logical_xor", bitwise_xor, "Whether just one of each pair is not zero, broadcast.")
