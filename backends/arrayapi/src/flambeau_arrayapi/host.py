"""The way through the host: what the standard lacks is computed by the reference backend's kernels.

Correct, and slow: the array travels to Python memory and back. The manifest lists these ops.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from flambeau.contract.backend import Backend, Kernel, decode
from flambeau.contract.delegation import lent
from flambeau.dtypes import DType


@cache
def reference() -> Backend:
    """The reference backend, loaded when the first op needs it."""
    from flambeau_reference.plugin import descriptor

    return descriptor.load()


def via_host(backend: Backend, name: str) -> Kernel:
    """A kernel that moves its arrays to the reference backend, runs op `name` there and moves the results back."""
    return lent(name, backend, reference)


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
