"""PyTorch's names of parts and conjugates of complex numbers."""

from __future__ import annotations

from ..ops.complex import complex, conj, imag, real
from ..tensors.tensor import attach

attach(property(real, doc="The real part; a real tensor itself."), "real")
attach(property(imag, doc="The imaginary part of a complex tensor, as a copy."), "imag")

__all__ = [
    "complex", "conj", "imag", "real",
]
