"""Python numbers beside tensors: 0-d tensors, cached by kind and value."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..contract.device import Kind
from ..dtypes import category_of, int64, misfit, scalar_dtype, wrapped
from ..tensors.tensor import Tensor, wrap
from ..walk.tape import WRAPPED
from .quiet import quietly
from .registry import ARRAYS, TABLE

NUMBERS = (int, float, complex)


def lift(tensor: Any, value: Any) -> Any:
    """`value` as a tensor that computes with `tensor`; NotImplemented if it is no number.

    Numbers that `tensor`'s dtype can hold become cached 0-d tensors of its kind.
    """
    try:
        return tensor._kind.scalars[type(value), value]
    except (KeyError, TypeError, AttributeError):
        return _lift_new(tensor, value, False)


def lift_wide(tensor: Any, value: Any) -> Any:
    """`lift` for ops that do not compute in `tensor`'s dtype: a number that it does not hold is left to promotion.

    Integers that are to become floating come as int64, and numbers that meet 16-bit floats as float32.
    """
    try:
        return tensor._kind.wide[type(value), value]
    except (KeyError, TypeError, AttributeError):
        return _lift_new(tensor, value, True)


def _lift_new(tensor: Any, value: Any, wide: bool) -> Any:
    if not isinstance(tensor, Tensor):
        return NotImplemented
    if isinstance(value, Tensor) or not isinstance(value, NUMBERS):
        return value if isinstance(value, Tensor) else _lift_foreign(tensor, value, wide)
    kind = tensor._kind.plain
    if category_of(value) > kind.dtype.category:
        kind = kind.device.kinds[kind.dtype.complex if kind.dtype.category == 2 else scalar_dtype(value)]
    if type(value) is int and not (-(1 << 63) <= value < 1 << (63 if kind.dtype.category < 2 else 64)):
        raise misfit(value, int64)
    cache = tensor._kind.wide if wide else tensor._kind.scalars
    key: tuple[type, Any] = (type(value), value)
    if _has_signed_zero(value):
        key = type(value), repr(value)
        known = cache.get(key)  # another thread may empty the cache between two looks
        if known is not None:
            return known
    lifted = scalar_tensor(value, kind)
    if wide and kind.dtype.real in _LOSSY and lifted.item() != value == value:
        lifted = scalar_tensor(value, kind.single or kind.int64)
    lifted._meta = WRAPPED
    if value == value:
        if len(cache) > 4096:
            cache.clear()
        cache[key] = lifted
    return lifted


_LOSSY = {d for d in dtypes.BY_NAME.values() if d.category == 1 or (d.category == 2 and d.itemsize == 2)}


def _has_signed_zero(value: Any) -> bool:
    """Whether the number, or a part of it, is a zero with a sign, which equals the other one."""
    return (isinstance(value, float) and not value) or (isinstance(value, complex) and not (value.real and value.imag))


def _lift_foreign(tensor: Any, value: Any, wide: bool) -> Any:
    """A NumPy scalar or 0-d array counts as the number it holds, an array with dims as a tensor."""
    if hasattr(value, "item") and getattr(value, "shape", None) == () and hasattr(value, "dtype"):
        return _lift_new(tensor, value.item(), wide)
    return ARRAYS[0](value, tensor) if hasattr(value, "__array_interface__") else NotImplemented


def scalar_tensor(value: Any, kind: Kind) -> Tensor:
    """A Python number as a 0-d tensor; integers wrap into the dtype as a cast would."""
    dtype = kind.dtype
    return wrap(quietly(kind, TABLE["full"].kernels[kind], size=(), value=wrapped(value, dtype), dtype=dtype), kind)
