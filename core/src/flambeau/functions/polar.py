"""PyTorch's names of sizes and angles of complex numbers."""

from __future__ import annotations

from ..errors import DTypeError
from ..ops.complex import conj
from ..ops.polar import angle_op, polar_op
from ..table.refusals import require_tensors
from ..tensors.tensor import Tensor, attach
from ..tensors.views import write_out
from .inplace.writes import in_place
from .math import widened


def angle(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle of each element in radians, from -pi to pi; of real numbers 0, pi where negative, NaN where NaN.

    >>> import flambeau
    >>> flambeau.angle(flambeau.tensor([1j, -1.0]))
    tensor([1.5708, 3.1416])
    """
    require_tensors("angle", input=input)
    return angle_op(widened(input), out=out)


def polar(abs: Tensor, angle: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The complex numbers of those sizes and angles, both float32 or both float64. Raises DTypeError for others.

    >>> import flambeau
    >>> flambeau.polar(flambeau.tensor([2.0]), flambeau.tensor([0.0]))
    tensor([2.+0.j])
    """
    require_tensors("polar", abs=abs, angle=angle)
    if abs.dtype is not angle.dtype or abs.dtype.category != 2 or abs.dtype.itemsize == 2:
        raise DTypeError(f"Expected both inputs to be Float or Double tensors but got {abs.dtype!r} and"
                         f" {angle.dtype!r}", op="polar")
    return polar_op(abs, angle, out=out)


def conj_physical(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The complex conjugate of each element; a real tensor is returned as it is.

    >>> import flambeau
    >>> flambeau.conj_physical(flambeau.tensor([1 + 2j]))
    tensor([1.-2.j])
    """
    require_tensors("conj_physical", input=input)
    made = conj(input)
    return made if out is None else write_out(polar_op.op, out, made)


attach(angle, "angle")
attach(conj_physical, "conj_physical")
in_place("conj_physical", conj_physical)
conj_physical_ = Tensor.conj_physical_  # type: ignore[attr-defined]

__all__ = ["angle", "conj_physical", "conj_physical_", "polar"]
