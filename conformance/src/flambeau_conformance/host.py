"""Elements on the host: Python numbers with a shape and a dtype, handed to a backend and read back.

No array library is involved: bytes go in through `from_host` under the strides and the offset of a
layout, and come back through `to_host`. The gaps that a layout leaves are filled with numbers that
spoil every result that reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import Any

from flambeau.contract.backend import decode, encode
from flambeau.contract.device import Device
from flambeau.dtypes import DType
from flambeau.shapes import contiguous_strides, numel
from flambeau.tensors.tensor import Tensor, wrap

from .check import require

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Host:
    """Elements in C order."""

    values: list[Any]
    shape: Shape
    dtype: DType


@dataclass(frozen=True, slots=True)
class Placement:
    """Where elements lie in a buffer of `size` elements."""

    strides: Shape
    offset: int
    size: int


def rounded(values: list[Any], dtype: DType) -> list[Any]:
    """`values`, each rounded once to a number of `dtype`."""
    if dtype.category == 0:
        return [bool(v) for v in values]
    return decode(encode(values, dtype), dtype)


def contiguous(shape: Shape) -> Placement:
    """C order, nothing around."""
    return Placement(contiguous_strides(shape), 0, numel(shape))


def transposed(shape: Shape) -> Placement:
    """The first dim lies closest."""
    return Placement(contiguous_strides(shape[::-1])[::-1], 0, numel(shape))


def with_gaps(shape: Shape) -> Placement:
    """Every other element of a larger array, along every dim."""
    parent = tuple(2 * n for n in shape)
    return Placement(tuple(2 * s for s in contiguous_strides(parent)), 0, numel(parent))


def with_offset(shape: Shape) -> Placement:
    """C order, with other elements before and after."""
    return Placement(contiguous_strides(shape), 3, numel(shape) + 5)


def expanded(shape: Shape) -> Placement:
    """Stride 0 along the first dim with more than one element: all its parts are the same memory."""
    dim = next(d for d, n in enumerate(shape) if n > 1)
    held = tuple(1 if d == dim else n for d, n in enumerate(shape))
    strides = tuple(0 if d == dim else s for d, s in enumerate(contiguous_strides(held)))
    return Placement(strides, 0, numel(held))


def positions(shape: Shape, strides: Shape, offset: int) -> list[int]:
    """Where the elements lie, in C order."""
    result = [offset]
    for n, stride in zip(shape, strides, strict=True):
        result = [p + i * stride for p in result for i in range(n)]
    return result


def _spoiler(dtype: DType) -> Any:
    return (True, 111, nan, complex(nan, nan))[dtype.category]


def put(host: Host, device: Device, placement: Placement | None = None) -> Tensor:
    """A tensor on `device` with those elements; without a placement, in C order without strides."""
    backend, kind = device.backend, device.kinds[host.dtype]
    if placement is None:
        return wrap(backend.from_host(encode(host.values, host.dtype), host.shape, host.dtype), kind)
    storage = [_spoiler(host.dtype)] * placement.size
    for position, value in zip(positions(host.shape, placement.strides, placement.offset), host.values, strict=True):
        storage[position] = value
    array = backend.from_host(encode(storage, host.dtype), host.shape, host.dtype, placement.strides,
                              placement.offset)
    return wrap(array, kind)


def raw(tensor: Tensor) -> bytes:
    """The elements in C order as the backend hands them back."""
    return bytes(tensor._kind.device.backend.to_host(tensor._array))


def get(tensor: Tensor, where: str = "") -> Host:
    """A tensor's elements; raises CheckFailed where shape, dtype and bytes contradict each other."""
    backend, dtype = tensor._kind.device.backend, tensor._kind.dtype
    where = where and f"{where}: "
    shape = tensor._array.shape
    require(isinstance(shape, tuple), "shape", f"{where}array.shape is a {type(shape).__name__}, not a tuple")
    require(isinstance(tensor._array, backend.array_type), "own",
            f"{where}the result is a {type(tensor._array).__name__}, not the backend's {backend.array_type.__name__}")
    held = backend.dtype_of(tensor._array)
    require(held is dtype, "dtype", f"{where}the result's array is {held!r}, the op table says {dtype!r}")
    data = raw(tensor)
    require(len(data) == numel(shape) * dtype.itemsize, "bytes",
            f"{where}to_host gave {len(data)} bytes for shape {shape} of {dtype.name}")
    return Host(decode(data, dtype), tuple(shape), dtype)
