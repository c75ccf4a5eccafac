"""Python functions of elements: apply_, map_ and map2_, which PyTorch has for tensors on the CPU outside graphs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import ArgumentError, DeviceError, DTypeError, InplaceError
from ...tensors import views
from ...tensors.tensor import Tensor, attach
from ..create import tensor


def apply_(self: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """Replaces each element by what `callable` makes of it, one Python call an element.

    Raises InplaceError for a tensor that requires a gradient, ArgumentError for what is no number.
    """
    return _replaced("apply_", self, (), callable)


def map_(self: Tensor, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
    """Replaces each element by what `callable` makes of it and of that of `tensor`, which broadcasts."""
    return _replaced("map_", self, (tensor,), callable)


def map2_(self: Tensor, x: Tensor, y: Tensor, callable: Callable[[Any, Any, Any], Any]) -> Tensor:
    """Replaces each element by what `callable` makes of it and of those of `x` and `y`, which broadcast."""
    return _replaced("map2_", self, (x, y), callable)


def _replaced(op: str, target: Tensor, others: tuple[Tensor, ...], function: Callable[..., Any]) -> Tensor:
    if not callable(function):
        raise ArgumentError(f"expected a function of {len(others) + 1} elements, got {function!r:.60}", op=op)
    for other in others:
        _check_other(op, target, other)
    if any(t._requires_grad for t in (target, *others)):
        raise InplaceError("cannot be called on tensors that require grad: its work leaves no graph; use detach()",
                           op=op)
    if target.device.type != "cpu":
        raise DeviceError(f"is only implemented on CPU tensors, got one on {str(target.device)!r}", op=op)
    columns = [t.expand(target.shape).reshape(-1).tolist() for t in (target, *others)]
    made = tensor([_number(op, function(*row)) for row in zip(*columns, strict=True)], dtype=target.dtype)
    return views.store(target, made.to(target.device).reshape(target.shape))


def _check_other(op: str, target: Tensor, other: Tensor) -> None:
    if not isinstance(other, Tensor):
        raise ArgumentError(f"expected a Tensor, got {type(other).__name__}", op=op)
    if other.dtype is not target.dtype:
        raise DTypeError(f"expected {target.dtype!r}, as the tensor that is changed, got {other.dtype!r}", op=op)


def _number(op: str, value: Any) -> Any:
    if not isinstance(value, (int, float, complex)):
        raise ArgumentError(f"the function must return a number, got {value!r:.60}", op=op)
    return value


for _function in (apply_, map_, map2_):
    attach(_function, _function.__name__)
