"""Several results as PyTorch's `return_types`: named tuples that print as its own."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..tensors.tensor import Tensor
from .registry import OpDef

_return_types: dict[str, Any] = {}


def returns(op: OpDef, results: tuple[Tensor, ...]) -> Any:
    """Several results as a named tuple, PyTorch's `return_types`."""
    made = _return_types.get(op.name)
    if made is None:
        made = _return_types.setdefault(op.name, return_type(op.name, op.outputs))
    return made(*results)


def return_type(name: str, fields: tuple[str, ...]) -> Any:
    """A named tuple class that prints as PyTorch's `return_types`."""
    from collections import namedtuple

    make_class: Any = namedtuple
    base: Any = make_class(name, fields)

    def show(self: Any) -> str:
        inner = ",\n".join(f"{f}={getattr(self, f)!r}" for f in fields)
        return f"{dtypes._NAMESPACE[0]}.return_types.{name}(\n{inner})"

    base.__repr__ = show
    original = base.__new__

    def make(cls: Any, *values: Any) -> Any:
        return original(cls, *(values[0] if len(values) == 1 and len(fields) > 1 else values))

    base.__new__ = make
    base.__module__ = "flambeau.return_types"
    return base
