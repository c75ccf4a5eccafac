"""The way through the host: what the standard lacks is computed by the reference backend's kernels.

Correct, and slow: the array travels to Python memory and back. The manifest lists these ops.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from flambeau.backend import Backend, decode
from flambeau.dtypes import DType


@cache
def reference() -> Backend:
    """The reference backend, loaded when the first op needs it."""
    from flambeau_reference.plugin import descriptor

    return descriptor.load()


def via_host(backend: Backend, name: str) -> Callable[..., Any]:
    """A kernel that moves its arrays to the reference backend, runs op `name` there and moves the results back."""
    def kernel(*arrays: Any, **attributes: Any) -> Any:
        host = reference()
        moved = [None if a is None else _move(a, backend, host) for a in arrays]
        first = next((a for a in moved if a is not None), None)
        dtype = attributes["dtype"] if first is None else host.dtype_of(first)
        function = host.kernel(name, dtype)
        if function is None:
            raise LookupError(f"the reference backend has no kernel {name!r}")
        result = function(*moved, **attributes)
        if isinstance(result, tuple):
            return tuple(_move(r, host, backend) for r in result)
        return _move(result, host, backend)

    return kernel


def _move(array: Any, source: Backend, target: Backend) -> Any:
    return target.from_host(source.to_host(array), tuple(array.shape), source.dtype_of(array))


def gathered(buffer: Any, shape: tuple[int, ...], dtype: DType, strides: tuple[int, ...] | None, offset: int) -> bytes:
    """The elements of a strided array in C order."""
    raw, width, count = memoryview(buffer).cast("B"), dtype.itemsize, _count(shape)
    if strides is None:
        return bytes(raw[offset * width:(offset + count) * width])
    places = [offset] if count else []
    for size, step in zip(shape, strides, strict=True):
        places = [p + i * step for p in places for i in range(size)]
    return b"".join([raw[p * width:(p + 1) * width] for p in places])


def _count(shape: tuple[int, ...]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def from_bytes(xp: Any, data: bytes, dtype: DType, native: Any, where: dict[str, Any]) -> Any:
    """A 1-d array of the namespace: through the buffer protocol where it can, else from Python numbers."""
    if dtype.format:
        try:
            return xp.asarray(memoryview(data).cast(dtype.format), dtype=native, copy=True, **where)
        except (TypeError, ValueError, NotImplementedError):
            pass  # a library whose asarray takes no buffers
    return xp.asarray(decode(data, dtype), dtype=native, **where)


_NUMBER = (bool, int, float, complex)


def elements(flat: Any, dtype: DType) -> list[Any]:
    """The elements of a 1-d array as Python numbers, one by one: all that the standard offers."""
    number = _NUMBER[dtype.category]
    return [number(flat[i]) for i in range(flat.shape[0])]
