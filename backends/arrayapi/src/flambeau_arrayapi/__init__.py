"""A flambeau backend over any library that has the Python array API standard's namespace.

>>> import array_api_strict
>>> backend = ArrayApiBackend(array_api_strict, name="strict", device_type="strict")
>>> x = backend.kernels["full"](size=(2,), value=1.5, dtype=flambeau.dtypes.float32)
>>> backend.tolist(backend.kernels["add"](x, x))
[3.0, 3.0]
"""

from __future__ import annotations

from .backend import ArrayApiBackend
from .namespace import Namespace

__all__ = ["ArrayApiBackend", "Namespace"]
