"""The backend object: kernels, and the way between Python lists and bytes."""

from __future__ import annotations

from typing import Any

from flambeau.contract.backend import Backend, nest
from flambeau.dtypes import DType
from flambeau.errors import ShapeError
from flambeau.shapes import numel

from .array import Array, elements
from .kernels import KERNELS, load_family
from .rounding import packed, unpacked


class ReferenceBackend(Backend):
    """Every kernel of the contract over `Array`, in pure Python."""

    name = "reference"
    device_type = "cpu"
    array_type = Array
    shared_views = True
    kernels = KERNELS
    load_family = staticmethod(load_family)

    def from_host(self, buffer: Any, shape: tuple[int, ...], dtype: DType, strides: tuple[int, ...] | None = None,
                  offset: int = 0, copy: bool = True) -> Array:
        """An array holding those elements; always a copy, since its storage is a list.

        Raises ShapeError where shape, strides and offset reach outside the buffer.
        """
        raw = memoryview(memoryview(buffer).tobytes())
        first, last = _extent(shape, strides, offset)
        if first < 0 or last * dtype.itemsize > len(raw):
            raise ShapeError(f"elements {first} to {last} lie outside a buffer of {len(raw)} bytes ({dtype.name})",
                             op="from_host", shape=shape, strides=strides, offset=offset)
        if strides is None:
            return Array(unpacked(raw[first * dtype.itemsize : last * dtype.itemsize], dtype), tuple(shape), dtype)
        whole = len(raw) // dtype.itemsize * dtype.itemsize
        return Array(unpacked(raw[:whole], dtype), tuple(shape), dtype, tuple(strides), offset)

    def to_host(self, array: Array) -> bytes:
        """The elements in C order, little-endian."""
        return packed(elements(array), array.dtype)

    def dtype_of(self, array: Array) -> DType:
        """The element type."""
        return array.dtype

    def strides(self, array: Array) -> tuple[int, ...]:
        """Distance between neighbours along each dim, in elements."""
        return array.strides

    def storage_offset(self, array: Array) -> int:
        """Distance of the first element from the start of the storage, in elements."""
        return array.offset

    def storage_size(self, array: Array) -> int:
        """How many elements the storage has."""
        return len(array.storage)

    def data_ptr(self, array: Array) -> int:
        """The identity of the storage plus the offset in bytes: alike for aliases, nothing to dereference."""
        return id(array.storage) + array.offset * array.dtype.itemsize

    def item(self, array: Array) -> Any:
        """The only element as a Python number."""
        return array.storage[array.offset]

    def tolist(self, array: Array) -> Any:
        """Nested lists of Python numbers; a 0-d array gives the number itself."""
        if not array.shape:
            return array.storage[array.offset]
        values = elements(array)
        return nest(values.copy() if values is array.storage else values, array.shape)


def _extent(shape: tuple[int, ...], strides: tuple[int, ...] | None, offset: int) -> tuple[int, int]:
    """First position that the elements take, and the one after the last."""
    if not numel(shape):
        return 0, 0
    if strides is None:
        return offset, offset + numel(shape)
    reach = [(size - 1) * stride for size, stride in zip(shape, strides, strict=True)]
    return offset + sum(r for r in reach if r < 0), offset + sum(r for r in reach if r > 0) + 1
