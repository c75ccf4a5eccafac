"""Limiting gradients by their norm or by value."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

from ...errors import ValueRangeError
from ...functions import stack, tensor
from ...modes import unrecorded
from ...tensors.tensor import Tensor

Tensors = Tensor | Iterable[Tensor]


def _listed(tensors: Tensors) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _gradients(parameters: Tensors) -> list[Any]:
    return [p.grad for p in _listed(parameters) if p.grad is not None]


@unrecorded
def get_total_norm(tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False,
                   foreach: bool | None = None) -> Tensor:
    """The norm of all tensors' elements together; 0 for no tensors.

    Raises ValueRangeError for a norm that is not finite, where asked to.
    """
    members = _listed(tensors)
    if not members:
        return tensor(0.0)
    place = members[0].device
    norms = stack([member.norm(norm_type).to(place) for member in members])
    total = norms.norm(norm_type)
    if error_if_nonfinite and not bool(total.isfinite()):
        raise ValueRangeError(f"The total norm of order {float(norm_type)} for gradients from `parameters` is "
                              "non-finite, so it cannot be clipped. To disable this error and scale the gradients by "
                              "the non-finite norm anyway, set `error_if_nonfinite=False`")
    return total


@unrecorded
def clip_grads_with_norm_(parameters: Tensors, max_norm: float, total_norm: Tensor,
                          foreach: bool | None = None) -> None:
    """Scales the gradients in place by max_norm / total_norm where that is below 1."""
    factor = (max_norm / (total_norm + 1e-6)).clamp(max=1.0)
    for grad in _gradients(parameters):
        grad.mul_(factor.to(grad.device))


def clip_grad_norm_(parameters: Tensors, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False,
                    foreach: bool | None = None) -> Tensor:
    """Scales the gradients in place so that their norm together is at most `max_norm`; returns the norm before.

    >>> import flambeau
    >>> x = flambeau.ones(4, requires_grad=True)
    >>> (3 * x).sum().backward()
    >>> clip_grad_norm_([x], max_norm=1.0)
    tensor(6.)
    >>> x.grad
    tensor([0.5000, 0.5000, 0.5000, 0.5000])
    """
    members = _listed(parameters)
    total = get_total_norm(_gradients(members), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(members, max_norm, total, foreach)
    return total


def clip_grad_norm(parameters: Tensors, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False,
                   foreach: bool | None = None) -> Tensor:
    """The old name of `clip_grad_norm_`."""
    warnings.warn("`clip_grad_norm` is now deprecated in favor of `clip_grad_norm_`.", FutureWarning, stacklevel=2)
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


@unrecorded
def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Limits every element of the gradients in place to [-clip_value, clip_value]."""
    bound = float(clip_value)
    for grad in _gradients(parameters):
        grad.clamp_(min=-bound, max=bound)
