"""How a loss is reduced, in today's spelling and the old one."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from ..errors import ValueRangeError
from ..table.precision import in_single
from ..tensors.tensor import Tensor


def reduction_of(reduction: str, size_average: bool | None, reduce: bool | None) -> str:
    """`reduction`, or what the old flags `size_average` and `reduce` mean where one is given."""
    if size_average is None and reduce is None:
        return reduction
    meant = "none" if reduce is False else "sum" if size_average is False else "mean"
    warnings.warn(f"size_average and reduce args will be deprecated, please use reduction='{meant}' instead.",
                  stacklevel=3)
    return meant


def check_reduction(reduction: str) -> str:
    """`reduction` itself. Raises ValueRangeError for an unknown one."""
    if reduction not in ("none", "mean", "sum"):
        raise ValueRangeError(f"{reduction} is not a valid value for reduction", reduction=reduction)
    return reduction


def loss_of(errors: Callable[..., Tensor], *tensors: Any, reduction: str) -> Tensor:
    """`errors` of the tensors, reduced; of 16-bit floats both in float32, rounded once."""
    check_reduction(reduction)
    return in_single(lambda *given: reduced(errors(*given), reduction))(*tensors)


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """The mean or sum of `loss`, or itself. Raises ValueRangeError for an unknown reduction."""
    if check_reduction(reduction) == "mean":
        return loss.mean()
    if reduction == "sum":
        return loss.sum()
    return loss
