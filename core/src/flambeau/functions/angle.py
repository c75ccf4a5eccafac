"""PyTorch's names of angles and of conjugates that are computed at once."""

from __future__ import annotations

from ..ops.angle import angle_op
from ..ops.complex import conj
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


def conj_physical(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The complex conjugate of each element; a real tensor is returned as it is.

    >>> import flambeau
    >>> flambeau.conj_physical(flambeau.tensor([1 + 2j]))
    tensor([1.-2.j])
    """
    require_tensors("conj_physical", input=input)
    made = conj(input)
    return made if out is None else write_out(angle_op.op, out, made)


attach(angle, "angle")
attach(conj_physical, "conj_physical")
in_place("conj_physical", conj_physical)
conj_physical_ = Tensor.conj_physical_  # type: ignore[attr-defined]

__all__ = ["angle", "conj_physical", "conj_physical_"]
