"""The backend over a namespace: host memory in and out, and which kernel serves which dtype."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from importlib import import_module
from typing import Any

from flambeau.contract.backend import Backend, Kernel, encode, gathered
from flambeau.dtypes import ALL, DType, float32
from flambeau.errors import UnsupportedError

from . import kernels as _families  # fills TABLE
from .host import elements, from_bytes, via_host
from .namespace import Namespace
from .registry import TABLE


class ArrayApiBackend(Backend):
    """Kernels over any namespace `xp` of the Python array API standard, 2023.12 or later.

    `shared_views=False`, the default, promises nothing about memory: arrays never change and `assign`
    gives a new one. With True the namespace's `reshape(copy=False)`, `permute_dims`, `broadcast_to` and
    basic indexing must alias, arrays must take `x[...] = v`, and a subclass supplies `as_strided` and
    `diagonal`, which the standard cannot express as views. `device` is handed to functions that make
    arrays; `dtypes` names dtype objects that are not attributes of `xp`; `to_bytes(array)` gives the
    elements in C order where the library has a faster way than the buffer protocol.

    >>> import array_api_strict
    >>> ArrayApiBackend(array_api_strict, name="strict", device_type="strict").shared_views
    False
    """

    def __init__(self, xp: Any, *, name: str, device_type: str, array_type: type | None = None, device: Any = None,
                 shared_views: bool = False, dtypes: Mapping[DType, Any] | None = None,
                 to_bytes: Callable[[Any], bytes | memoryview] | None = None) -> None:
        self.name, self.device_type, self.shared_views = name, device_type, shared_views
        self.namespace = Namespace(xp, name, partial(via_host, self), device, shared_views, dtypes)
        self.array_type = array_type or type(xp.zeros((), dtype=xp.float32, **self.namespace.where))
        self._to_bytes = to_bytes or self._buffer
        self._made: dict[tuple[str, DType], Kernel] = {}
        self.kernels, self.unsupported = {}, {}
        self._take_in()

    def load_family(self, family: str) -> None:
        if family in _families.LATER:
            import_module(f".{family}", _families.__name__)
            self._take_in()

    def _take_in(self) -> None:
        """Makes kernels of what the families that are loaded have put into TABLE since."""
        lacking = [d for d in ALL if d not in self.namespace.dtypes]
        new = [op for op in TABLE if op not in self.kernels]
        self.kernels |= {op: self._any(op) for op in new}
        self.unsupported |= {(op, d.name): self.namespace.lacks(d) for op in new for d in lacking}

    def quiet(self) -> AbstractContextManager[Any]:
        """NumPy's `errstate` where the library may compute with NumPy, as array_api_strict does."""
        numpy: Any = sys.modules.get("numpy")
        return nullcontext() if numpy is None else numpy.errstate(all="ignore")

    def _any(self, name: str) -> Kernel:
        """The kernel of the dtype that most calls have: float32 where the op takes it."""
        by = TABLE[name]
        return self._make(name, float32 if float32 in by else next(d for d in by if d in self.namespace.dtypes))

    def _make(self, name: str, dtype: DType) -> Kernel:
        made = self._made.get((name, dtype))
        if made is None:
            made = TABLE[name][dtype](self.namespace) or self.namespace.via_host(name)
            self._made[name, dtype] = made
        return made

    def kernel(self, name: str, dtype: DType) -> Kernel | None:
        if dtype not in self.namespace.dtypes:
            return _refusal(self.namespace, name, dtype) if name in self.kernels else None
        return self._make(name, dtype) if dtype in TABLE.get(name, {}) else self.kernels.get(name)

    def from_host(self, buffer: Any, shape: tuple[int, ...], dtype: DType, strides: tuple[int, ...] | None = None,
                  offset: int = 0, copy: bool = True) -> Any:
        space = self.namespace
        native = space.native(dtype)
        if 0 in shape:
            return space.xp.zeros(shape, dtype=native, **space.where)
        flat = from_bytes(space.xp, gathered(buffer, shape, dtype, strides, offset), dtype, native, space.where)
        return space.xp.reshape(flat, shape)

    def to_host(self, array: Any) -> bytes | memoryview:
        return self._to_bytes(array) if 0 not in array.shape else b""

    def _buffer(self, array: Any) -> bytes:
        try:
            return memoryview(array).tobytes()
        except (TypeError, ValueError, BufferError):
            pass  # no buffer protocol: the standard asks for none
        return encode(elements(self.namespace.xp.reshape(array, (-1,)), self.dtype_of(array)), self.dtype_of(array))

    def dtype_of(self, array: Any) -> DType:
        return self.namespace.of(array)

    def dlpack(self, array: Any, **options: Any) -> Any:
        return array.__dlpack__(**options)

    def dlpack_device(self, array: Any) -> tuple[int, int]:
        return array.__dlpack_device__()

    def from_dlpack(self, source: Any) -> Any:
        return self.namespace.xp.from_dlpack(source)


def _refusal(space: Namespace, op: str, dtype: DType) -> Kernel:
    """What stands in for a kernel of a dtype that the library lacks."""
    def refuse(*arrays: Any, **attributes: Any) -> Any:
        raise UnsupportedError(space.lacks(dtype), op=op, dtype=dtype, backend=space.name)

    return refuse
