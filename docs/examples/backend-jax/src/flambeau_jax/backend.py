"""The backend: flambeau-arrayapi's kernels over jax.numpy, our own where that falls short.

JAX keeps 64-bit types switched off until a process-wide flag allows them, and the contract needs int64
at least. Setting the flag would change the results of the user's own JAX code, so every call into JAX
made here runs inside `jax.enable_x64(True)`, which holds for this thread and this call only.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flambeau.contract.backend import Kernel
from flambeau.dtypes import ALL, DType
from flambeau_arrayapi import ArrayApiBackend

from .kernels import KERNELS

NATIVE = {dtype: jnp.dtype(dtype.name) for dtype in ALL}


def with_64_bits(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, run where 64-bit types exist."""
    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            with jax.enable_x64(True):
                return function(*args, **kwargs)
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" in str(error):
                raise MemoryError(str(error)) from error
            raise

    return call


class JaxBackend(ArrayApiBackend):
    """Kernels over `jax.Array` on JAX's default device."""

    def __init__(self) -> None:
        with jax.enable_x64(True):
            super().__init__(jnp, name="jax", device_type="jax", dtypes=NATIVE)
        self._called: dict[Kernel, Kernel] = {}
        self.kernels = {name: self._with_64_bits(KERNELS.get(name, shared)) for name, shared in self.kernels.items()}

    def _with_64_bits(self, kernel: Kernel) -> Kernel:
        if kernel not in self._called:
            self._called[kernel] = with_64_bits(kernel)
        return self._called[kernel]

    def kernel(self, name: str, dtype: DType) -> Kernel | None:
        if name in KERNELS:
            return self.kernels[name]
        shared = super().kernel(name, dtype)
        return None if shared is None else self._with_64_bits(shared)

    @with_64_bits
    def from_host(self, buffer: Any, shape: tuple[int, ...], dtype: DType, strides: tuple[int, ...] | None = None,
                  offset: int = 0, copy: bool = True) -> jax.Array:
        native = NATIVE[dtype]
        if 0 in shape:
            return jnp.zeros(shape, native)
        steps = None if strides is None else [s * native.itemsize for s in strides]
        flat = np.frombuffer(buffer, np.uint8)
        seen: Any = np.ndarray(shape, native, flat, offset * native.itemsize, steps)
        return jnp.asarray(np.array(seen, order="C"))  # a copy first: JAX may go on using the memory it is given

    def to_host(self, array: jax.Array) -> memoryview:
        return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data

    def synchronize(self) -> None:
        jax.effects_barrier()
