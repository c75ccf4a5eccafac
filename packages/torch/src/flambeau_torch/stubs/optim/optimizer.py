"""`torch.optim.optimizer`: the base class and the names that its subclasses import with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, TypeAlias

from flambeau import Tensor
from flambeau.optim import Optimizer

ParamsT: TypeAlias = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]


class _RequiredParameter:
    """Stands for the value of an option that must be given."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _RequiredParameter()


def _use_grad_for_differentiable(func: Any) -> Any:
    """The method itself: whether a step is differentiable is asked of the optimizer."""
    return func


def _default_to_fused_or_foreach(params: Any, differentiable: bool, use_fused: bool = False) -> tuple[bool, bool]:
    """(False, False): the backend decides how many parameters are changed at once."""
    return False, False


def _get_capturable_supported_devices(supports_xla: bool = True) -> list[str]:
    """No devices whose work is captured."""
    return []


def _group_tensors_by_device_and_dtype(tensorlistlist: list[list[Any]], with_indices: bool = False) -> dict[Any, Any]:
    """Lists of tensors sorted by device and dtype of the first list's, with their places."""
    groups: dict[Any, Any] = {}
    for i, row in enumerate(zip(*tensorlistlist, strict=True)):
        lists, places = groups.setdefault((row[0].device, row[0].dtype), ([[] for _ in row], []))
        for held, tensor in zip(lists, row, strict=True):
            held.append(tensor)
        places.append(i)
    return groups


def _get_value(x: Any) -> Any:
    """The number in a tensor."""
    return x.item() if isinstance(x, Tensor) else x


def _stack_if_compiling(x: Any) -> Any:
    """The argument: nothing is compiled."""
    return x


def _dispatch_sqrt(x: Any) -> Any:
    """The square root of a number or a tensor."""
    return x.sqrt() if isinstance(x, Tensor) else x**0.5


def _view_as_real(params: Any, *state_and_grads: Any) -> None:
    """Nothing: complex parameters are changed as they are."""


__all__ = ["Optimizer", "ParamsT", "defaultdict", "required"]
