"""PyTorch's names of parts and conjugates of complex numbers."""

from __future__ import annotations

from ..errors import DTypeError
from ..ops.complex import complex, conj, imag, real
from ..ops.math import cos, sin
from ..table.refusals import require_tensors
from ..tensors.tensor import Tensor, attach

attach(property(real, doc="The real part; a real tensor itself."), "real")
attach(property(imag, doc="The imaginary part of a complex tensor, as a copy."), "imag")


def polar(abs: Tensor, angle: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The complex numbers of that magnitude and angle (radians), two real tensors of one dtype that broadcast.

    >>> import flambeau
    >>> flambeau.polar(flambeau.tensor(2.0), flambeau.tensor(0.0))
    tensor(2.+0.j)
    """
    require_tensors("polar", abs=abs, angle=angle)
    if abs.dtype is not angle.dtype:
        raise DTypeError(f"Expected object of dtype {abs.dtype!r} but got dtype {angle.dtype!r} for the angle",
                         op="polar", dtype=angle.dtype)
    if abs.dtype.category != 2:
        raise DTypeError(f"Expected both inputs to be Float or Double tensors but got {abs.dtype!r}", op="polar",
                         dtype=abs.dtype)
    return complex(abs * cos(angle), abs * sin(angle), out=out)


def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself: conjugates are computed at once."""
    return input


def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself: negatives are computed at once."""
    return input


attach(resolve_conj, "resolve_conj")
attach(resolve_neg, "resolve_neg")

__all__ = [
    "complex", "conj", "imag", "polar", "real", "resolve_conj", "resolve_neg",
]
