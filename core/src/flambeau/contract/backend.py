"""What a backend is: the base class, its probe's answer, its manifest.

A backend subclasses `Backend` and hands core a dict of kernels; docs/contract.md is the whole
contract. Nothing here imports an array library.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import Any, NamedTuple, Protocol

from ..dtypes import DType
from ..errors import UnsupportedError
from .hardware import Hardware

CONTRACT = (1, 0)

Kernel = Callable[..., Any]


class Status(NamedTuple):
    """What a probe found: `code` "ok" or the name of the obstacle, why, and the mend."""

    code: str
    reason: str = ""
    fix: str = ""

    @property
    def ok(self) -> bool:
        return self.code == "ok"


class Descriptor(Protocol):
    """What the entry point of a backend names; light to import."""

    name: str
    device_type: str
    priority: int

    def probe(self) -> Status: ...

    def load(self) -> Backend: ...


class Backend(Hardware):
    """Kernels over one class of arrays, and the few questions core asks of such an array."""

    name: str
    device_type: str = "cpu"
    array_type: type
    shared_views: bool = True
    level = 0  # of `vmap`: a backend of level n computes batches on tensors of level n - 1
    kernels: Mapping[str, Kernel]
    unsupported: Mapping[tuple[str, str], str] = {}  # (op, dtype name) -> reason, from the manifest

    def kernel(self, name: str, dtype: DType) -> Kernel | None:
        """The kernel of op `name` for inputs of `dtype`, or None to use core's composition."""
        return self.kernels.get(name)

    def load_family(self, family: str) -> None:
        """Takes in the kernels of an op family that loads when first used; asked once, before any is looked up."""

    def writer(self, name: str, dtype: DType) -> Kernel | None:
        """What writes op `name`'s result over arrays of `dtype` into the array it is given last; None to compose it."""
        return None

    def step(self, name: str, dtype: DType) -> Kernel | None:
        """The kernel of an optimizer's step over lists of arrays ("sgd_step", "adam_step"), or None to compose it."""
        return None

    def quiet(self) -> AbstractContextManager[Any]:
        """What a kernel is repeated under after it warned or raised over inf or nan: those are answers."""
        return nullcontext()

    @property
    def delegated(self) -> Sequence[str]:
        """Ops whose kernels another backend computes (`flambeau.delegation`): with one, no backend is conformant."""
        return sorted(name for name, kernel in self.kernels.items() if hasattr(kernel, "lender"))

    def from_host(self, buffer: Any, shape: tuple[int, ...], dtype: DType, strides: tuple[int, ...] | None = None,
                  offset: int = 0, copy: bool = True) -> Any:
        """An array with the elements that lie in `buffer`; strides and offset count elements."""
        raise NotImplementedError

    def to_host(self, array: Any) -> bytes | memoryview:
        """The elements in C order, little-endian, as bytes."""
        raise NotImplementedError

    def dtype_of(self, array: Any) -> DType:
        """The element type of one of this backend's arrays."""
        raise NotImplementedError

    def own(self, result: Any) -> Any:
        """A kernel's result as `array_type`; by default it must be one already."""
        return result

    def strides(self, array: Any) -> tuple[int, ...]:
        """Distance between neighbours along each dim, in elements."""
        from ..shapes import contiguous_strides

        return contiguous_strides(array.shape)

    def storage_offset(self, array: Any) -> int:
        """Distance of the first element from the start of its storage, in elements."""
        return 0

    def storage_size(self, array: Any) -> int:
        """How many elements the memory holds that `array` lies in: at least up to its last one."""
        if 0 in array.shape:
            return self.storage_offset(array)
        steps = zip(array.shape, self.strides(array), strict=True)
        return 1 + self.storage_offset(array) + int(sum((n - 1) * step for n, step in steps))

    def data_ptr(self, array: Any) -> int:
        """Address of the first element; 0 where there is none to give."""
        return 0

    def can_view(self, array: Any, size: tuple[int, ...]) -> bool:
        """Whether `view` under `size` can alias: the strides allow it."""
        from ..shapes import can_view

        return can_view(array.shape, self.strides(array), size)

    def accumulate(self, array: Any, other: Any) -> Any:
        """`array` plus `other` in array's own memory (or a new array where arrays cannot change)."""
        add = self.kernels["add"]
        try:
            total = add(array, other)
        except (RuntimeWarning, FloatingPointError):
            with self.quiet():
                total = add(array, other)
        return self.kernels["assign"](array, total)

    def item(self, array: Any) -> Any:
        """The only element as a Python bool, int, float or complex."""
        return decode(self.to_host(array), self.dtype_of(array))[0]

    def tolist(self, array: Any) -> Any:
        """Nested lists of Python numbers; a 0-d array gives the number itself."""
        return nest(decode(self.to_host(array), self.dtype_of(array)), array.shape)

    def get_num_threads(self) -> int:
        """How many threads a kernel may use."""
        return 1

    def set_num_threads(self, n: int) -> None:
        """Lets kernels use `n` threads; a backend that has none takes note of nothing."""

    def to_numpy(self, array: Any) -> Any:
        """The elements as a NumPy array; a copy unless the backend's arrays are NumPy's."""
        numpy: Any = import_module("numpy")  # only a user who asks for an array of NumPy's needs it
        dtype = self.dtype_of(array)
        if not dtype.format and not dtype.is_complex:
            raise UnsupportedError(f"NumPy has no {dtype.name}; convert with .float() first", op="numpy",
                                   dtype=dtype, backend=self.name)
        return numpy.frombuffer(bytearray(self.to_host(array)), dtype=dtype.name).reshape(array.shape)

    def dlpack(self, array: Any, **options: Any) -> Any:
        """A DLPack capsule of `array`."""
        raise UnsupportedError(f"backend {self.name!r} does not export DLPack", op="__dlpack__", backend=self.name)

    def dlpack_device(self, array: Any) -> tuple[int, int]:
        """DLPack's (device type, device index) of `array`."""
        raise UnsupportedError(f"backend {self.name!r} does not export DLPack", op="__dlpack_device__",
                               backend=self.name)

    def from_dlpack(self, source: Any) -> Any:
        """An array sharing the memory of an object that has `__dlpack__`."""
        raise UnsupportedError(f"backend {self.name!r} does not import DLPack", op="from_dlpack", backend=self.name)


def gathered(buffer: Any, shape: tuple[int, ...], dtype: DType, strides: tuple[int, ...] | None = None,
             offset: int = 0) -> bytes:
    """The elements of a strided array in C order: what `from_host` is asked for, where a library has no strides."""
    raw, width = memoryview(buffer).cast("B"), dtype.itemsize
    if strides is None:
        return bytes(raw[offset * width : (offset + _product(shape)) * width])
    places = [offset] if _product(shape) else []
    for size, step in zip(shape, strides, strict=True):
        places = [p + i * step for p in places for i in range(size)]
    return b"".join([raw[p * width : (p + 1) * width] for p in places])


def decode(data: bytes | memoryview, dtype: DType) -> list[Any]:
    """The Python numbers in a run of elements as `to_host` gives them."""
    raw = bytes(data)
    if dtype.format:
        return list(struct.unpack(f"<{len(raw) // dtype.itemsize}{dtype.format}", raw))
    if dtype.is_complex:
        parts = struct.unpack(f"<{len(raw) // dtype.real.itemsize}{dtype.real.format}", raw)
        return [complex(re, im) for re, im in zip(parts[::2], parts[1::2], strict=True)]
    halves = struct.unpack(f"<{len(raw) // 2}H", raw)
    return [struct.unpack("<f", struct.pack("<I", half << 16))[0] for half in halves]


def encode(values: list[Any], dtype: DType) -> bytes:
    """Python numbers as a run of elements, each rounded once; raises OverflowError for integers out of range."""
    if dtype.format:
        try:
            return struct.pack(f"<{len(values)}{dtype.format}", *values)
        except OverflowError:  # a float beyond the largest: infinity
            return b"".join(_pack_float(v, dtype.format) for v in values)
    if dtype.is_complex:
        flat = [part for v in values for part in (complex(v).real, complex(v).imag)]
        return encode(flat, dtype.real)
    return struct.pack(f"<{len(values)}H", *[bfloat16_bits(float(v)) for v in values])


def _pack_float(value: float, format: str) -> bytes:
    try:
        return struct.pack(f"<{format}", value)
    except OverflowError:
        return struct.pack(f"<{format}", float("inf") if value > 0 else float("-inf"))


def bfloat16_bits(value: float) -> int:
    """The 16 bits of `value` rounded once from double to bfloat16, to nearest even."""
    bits: int = struct.unpack("<Q", struct.pack("<d", value))[0]
    sign, magnitude = bits >> 63 << 15, bits & 0x7FFF_FFFF_FFFF_FFFF
    if magnitude > 0x7FF0_0000_0000_0000:
        return sign | 0x7FC0
    exponent = (magnitude >> 52) - 1023
    if exponent < -134:  # below half the smallest subnormal, 2**-133 (ties go to zero)
        return sign
    if exponent < -126:  # subnormal: units of 2**-133
        scaled = abs(value) * 2.0**133
        return sign | round(scaled)
    kept = (magnitude >> 45) - (896 << 7)
    rest = magnitude & ((1 << 45) - 1)
    half = 1 << 44
    if rest > half or (rest == half and kept & 1):
        kept += 1
    return sign | min(kept, 0x7F80)


def nest(flat: list[Any], shape: tuple[int, ...]) -> Any:
    """A flat list in C order as nested lists of the given shape."""
    if not shape:
        return flat[0]
    for size in reversed(shape[1:]):
        count = len(flat) // size if size else _product(shape[: len(shape) - 1])
        flat = [flat[i * size : (i + 1) * size] for i in range(count)]
    return flat if all(shape) else _nest_empty(shape)


def _product(sizes: tuple[int, ...]) -> int:
    result = 1
    for size in sizes:
        result *= size
    return result


def _nest_empty(shape: tuple[int, ...]) -> list[Any]:
    if not shape[0] or len(shape) == 1:
        return []
    return [_nest_empty(shape[1:]) for _ in range(shape[0])]
