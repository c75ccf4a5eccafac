"""Parts of complex numbers, and complex numbers of parts."""

from __future__ import annotations

import operator

from flambeau.errors import DTypeError

from ..array import Array, elements
from ._common import Kernel, aligned


def _complex(x: Array, y: Array) -> Array:
    shape, columns = aligned("complex", (x, y))
    return Array(list(map(complex, *columns)), shape, x.dtype.complex)


def _part(name: str) -> Kernel:
    def kernel(x: Array) -> Array:
        if not x.dtype.is_complex:
            raise DTypeError(f"not defined for {x.dtype.name}", op=name, dtype=x.dtype)
        part = operator.attrgetter("real" if name == "real" else "imag")
        return Array(list(map(part, elements(x))), x.shape, x.dtype.real)

    return kernel


KERNELS: dict[str, Kernel] = {
    "real": _part("real"),
    "imag": _part("imag"),
    "complex": _complex,
}
