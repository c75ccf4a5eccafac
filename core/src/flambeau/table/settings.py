"""Process-wide settings, and the limits of dtypes."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..contract.device import DEVICES, relink
from ..dtypes import DType
from ..errors import ArgumentError, DTypeError
from .registry import TABLE


def set_default_dtype(d: DType) -> None:
    """Makes `d` (a floating type) the dtype of tensors made from Python floats.

    Raises DTypeError for a type that is not floating.
    """
    dtypes.set_default_dtype(d)
    relink()
    for op in TABLE.values():  # integers now divide into another dtype
        for kind in [k for k in op.kernels if k.dtype.category < 2]:
            del op.kernels[kind]
    for place in DEVICES.values():
        for kind in place.kinds.values():
            kind.scalars.clear()
            kind.wide.clear()


def set_default_tensor_type(t: Any) -> None:
    """Sets the default dtype by the name of a legacy tensor class, such as "torch.DoubleTensor"."""
    name = t if isinstance(t, str) else getattr(t, "__name__", str(t))
    short = name.rpartition(".")[2]
    by_name = {"FloatTensor": dtypes.float32, "DoubleTensor": dtypes.float64, "HalfTensor": dtypes.float16,
               "BFloat16Tensor": dtypes.bfloat16}
    if short not in by_name:
        raise ArgumentError(f"expected one of {sorted(by_name)}, got {name!r}", op="set_default_tensor_type")
    set_default_dtype(by_name[short])


_FLOATS = {  # dtype: (bits of precision after the point, smallest exponent, largest exponent)
    "float16": (10, -14, 15), "bfloat16": (7, -126, 127), "float32": (23, -126, 127), "float64": (52, -1022, 1023),
    "float8_e4m3fn": (3, -6, 8), "float8_e5m2": (2, -14, 15)}
_MOST = {"float8_e4m3fn": 448.0}  # its last number is nan


class finfo:
    """The limits of a floating dtype: `bits`, `eps`, `max`, `min`, `tiny`, `smallest_normal`, `resolution`.

    >>> finfo(dtypes.float32).eps
    1.1920928955078125e-07
    """

    def __init__(self, type: DType | None = None) -> None:
        d = dtypes.get_default_dtype() if type is None else type.real
        if d.name not in _FLOATS:
            raise DTypeError(f"finfo() requires a floating point input type, got {d!r}; use iinfo", op="finfo")
        digits, low, high = _FLOATS[d.name]
        self.dtype, self.bits = d.name, d.bits
        self.eps = 2.0**-digits
        self.max = _MOST.get(d.name, (2 - self.eps) * 2.0**high)
        self.min = -self.max
        self.tiny = self.smallest_normal = 2.0**low
        self.resolution = 10.0 ** -int(digits * 0.30103)

    def __repr__(self) -> str:
        return (f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g},"
                f" smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})")


class iinfo:
    """The limits of an integer dtype: `bits`, `min`, `max`.

    >>> iinfo(dtypes.uint8).max
    255
    """

    def __init__(self, type: DType) -> None:
        if type.category != 1:
            raise DTypeError(f"iinfo() requires an integer input type, got {type!r}; use finfo", op="iinfo")
        self.dtype, self.bits = type.name, type.bits
        self.max = 2 ** (type.bits - type.is_signed) - 1
        self.min = -(2 ** (type.bits - 1)) if type.is_signed else 0

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
