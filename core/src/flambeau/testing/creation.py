"""`make_tensor`: a tensor of random values for a test, in any dtype and range."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..dtypes import DType
from ..errors import ValueRangeError
from ..functions import empty, randint, view_as_complex
from ..shapes import numel
from ..table.settings import finfo, iinfo
from ..tensors.tensor import Tensor


def make_tensor(*shape: Any, dtype: DType, device: Any = None, low: float | None = None, high: float | None = None,
                requires_grad: bool = False, noncontiguous: bool = False, exclude_zero: bool = False,
                memory_format: Any = None) -> Tensor:
    """Uniform values from `low` up to, not including, `high`; without bounds from -9 to 9, for bool 0 and 1.

    The bounds are limited to the dtype's range. `noncontiguous` leaves every second element in memory out;
    `exclude_zero` puts the smallest positive number in the place of zeros. Raises ValueRangeError for an empty range or
    one outside the dtype's, and for a gradient of integers.

    >>> import flambeau
    >>> make_tensor(2, 3, dtype=flambeau.int64, low=4, high=5)
    tensor([[4, 4, 4],
            [4, 4, 4]])
    """
    size = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], Sequence) else tuple(shape)
    _require(not (noncontiguous and memory_format is not None),
             "The parameters `noncontiguous` and `memory_format` are mutually exclusive, but got"
             f" {noncontiguous=} and {memory_format=}")
    _require(not requires_grad or dtype.category > 1,
             f"`requires_grad=True` is not supported for boolean and integral dtypes, but got {dtype=}")
    apart = noncontiguous and numel(size) > 1
    made = _drawn((*size[:-1], 2 * size[-1]) if apart else size, dtype, device, low, high)
    if apart:
        made = made[..., 1::2]
    elif memory_format is not None:
        made = made.clone(memory_format=memory_format)
    if exclude_zero:
        made = _without_zeros(made)
    return made.requires_grad_() if requires_grad else made


def _require(met: bool, message: str) -> None:
    if not met:
        raise ValueRangeError(message)


def _without_zeros(made: Tensor) -> Tensor:
    zeros = made == 0
    if zeros.any():
        made[zeros] = 1 if made.dtype.category < 2 else finfo(made.dtype).tiny
    return made


def _drawn(size: tuple[int, ...], dtype: DType, device: Any, low: float | None, high: float | None) -> Tensor:
    if dtype is dtypes.bool:
        first, last = _bounds(dtype, low, high, (0, 2), (0, 2))
    elif dtype.category == 1:
        info = iinfo(dtype)
        first, last = _bounds(dtype, low, high, (info.min, info.max + (dtype is not dtypes.int64)), (-9, 10))
    else:
        held = finfo(dtype)
        return _uniform(size, dtype, device, *_bounds(dtype, low, high, (held.min, held.max), (-9, 9)))
    return randint(math.ceil(first), math.ceil(last), size, device=device, dtype=dtype)


def _uniform(size: tuple[int, ...], dtype: DType, device: Any, low: float, high: float) -> Tensor:
    if dtype.is_complex:
        return view_as_complex(_uniform((*size, 2), dtype.real, device, low, high))
    made = empty(size, device=device, dtype=dtype)
    if high - low >= finfo(dtype).max:  # more than the dtype holds
        return made.uniform_(low / 2, high / 2).mul_(2)
    return made.uniform_(low, high)


def _bounds(dtype: DType, low: Any, high: Any, held: tuple[float, float],
            default: tuple[float, float]) -> tuple[float, float]:
    """The range asked for, limited to what the dtype holds."""
    low, high = (default[i] if bound is None else bound for i, bound in enumerate((low, high)))
    _require(low == low and high == high, f"`low` and `high` cannot be NaN, but got {low=} and {high=}")
    if low == high and dtype.category > 1:
        warnings.warn("Passing `low==high` to `torch.testing.make_tensor` for floating or complex types is deprecated"
                      " since 2.1 and will be removed in 2.3. Use `torch.full(...)` instead.", FutureWarning,
                      stacklevel=4)
    else:
        _require(low < high, f"`low` must be less than `high`, but got {low} >= {high}")
    _require(high >= held[0] and low < held[1],
             f"The value interval specified by `low` and `high` is [{low}, {high}), but {dtype} only supports"
             f" [{held[0]}, {held[1]})")
    return min(max(low, held[0]), held[1]), min(max(high, held[0]), held[1])
