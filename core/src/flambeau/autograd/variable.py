"""`Variable`, the name that tensors with a gradient had before PyTorch 0.4."""

from __future__ import annotations

from typing import Any

from ..tensors.tensor import Tensor, wrap


class _VariableMeta(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_VariableMeta):
    """`Variable(data, requires_grad)` is a tensor over the same elements; every Tensor is an instance.

    >>> import flambeau
    >>> Variable(flambeau.ones(2), requires_grad=True)
    tensor([1., 1.], requires_grad=True)
    """

    def __new__(cls, data: Any = None, requires_grad: bool = False, volatile: Any = None) -> Any:
        if data is None:
            from ..functions import empty

            data = empty(0)
        made = wrap(data._array, data._kind.plain)
        made.requires_grad = requires_grad
        return made


def variable(*args: Any, **kwargs: Any) -> Tensor:
    """A tensor from data, as `flambeau.tensor`; the oldest spelling."""
    from ..functions import tensor

    made: Tensor = tensor(*args, **kwargs)
    return made


__all__ = ["Variable", "variable"]
