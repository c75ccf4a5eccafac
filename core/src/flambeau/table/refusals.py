"""What PyTorch does not promote: tensors that an op wants of one dtype."""

from __future__ import annotations

from typing import Any

from ..dtypes import HALVES, DType
from ..errors import ArgumentError, DTypeError, DTypeNotOfferedError
from .registry import ACCEPTS

_NO_BOOLEANS = ("Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a"
                " mask, use the `~` or `logical_not()` operator instead.")


def check_group(op: Any, group: list[Any]) -> None:
    """Raises DTypeError where the op does not bring these tensors to one dtype."""
    if op.alike:
        require_alike(op.name, *group, parameters=op.alike == "parameters")
    elif op.name == "sub" and any(not t._kind.dtype.category for t in group):
        raise DTypeError(_NO_BOOLEANS, op=op.name)


def require_weight(op: str, name: str, value: Any, dtype: DType) -> None:
    """Raises DTypeError for a factor such as `alpha` that results of `dtype` do not take."""
    if isinstance(value, (float, complex)) and dtype.category < 2:
        raise DTypeError(f"for integral input tensors, argument {name} must not be a floating point number, got"
                         f" {value!r}", op=op)
    if isinstance(value, complex) and dtype.category < 3:
        raise DTypeError(f"for non-complex input tensors, argument {name} must not be a complex number, got {value!r}",
                         op=op)
    if isinstance(value, bool) and dtype.category:
        raise DTypeError(f"boolean {name} only supported for Boolean results", op=op)


def require_alike(op: str, *tensors: Any, parameters: bool = False) -> None:
    """Raises DTypeError unless all tensors (None aside) share a dtype.

    With `parameters` the first may be of half precision and the others of float32.
    """
    require_tensors(op, **{f"#{i}": t for i, t in enumerate(tensors, 1) if t is not None})
    given = [t._kind.dtype for t in tensors if t is not None]
    others = [d for d in given if d is not given[0]]
    if not others or (parameters and given[0] in HALVES and all(d.name == "float32" for d in others)):
        return
    raise DTypeError(f"expected all tensors to have the same dtype, but got {' and '.join(d.name for d in given)};"
                     f" convert with .to({given[0]!r})", op=op, dtype=others[0])


def require_dtype(op: str, takes: str, *tensors: Any) -> None:
    """Raises DTypeNotOfferedError for a tensor whose dtype is not of the kind named, "real floating" for one."""
    for t in tensors:
        if t is not None and not ACCEPTS[takes](t._kind.dtype):
            raise DTypeNotOfferedError(f"not implemented for {t.dtype!r}, takes {takes} dtypes", op=op, dtype=t.dtype)


def require_tensors(op: str, **given: Any) -> None:
    """Raises ArgumentError for an argument that is no tensor."""
    for name, value in given.items():
        if not hasattr(value, "_kind"):
            raise ArgumentError(f"argument {name!r} must be a Tensor, not {type(value).__name__}", op=op)
