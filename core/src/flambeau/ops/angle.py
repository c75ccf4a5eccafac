"""The angles of complex numbers, and of real ones."""

from __future__ import annotations

import math

from ..table.dispatch import composite
from ..table.lifting import lift
from ..table.samples import Sample, arr
from ..tensors.tensor import Tensor
from .compare import eq, lt, ne, where_op
from .complex import _imag, _real, complex_op
from .create import nothing
from .math import atan2


@composite(name="angle", saves="input", dtype="real", dtypes="floating", samples=lambda: [
    Sample(arr(3)), Sample(arr(2, 3)), Sample(arr()), Sample(arr(0)),
    Sample(arr(4, fill=[0.0, -0.0, -2.0, math.inf]), gradcheck=False)])
def angle_op(input: Tensor) -> Tensor:
    """The angle of each element, from -pi to pi: of real numbers 0, or pi below zero, or NaN."""
    if input._kind.dtype.category == 3:
        return atan2(_imag(input), _real(input))
    made = where_op(lt(input, 0), lift(input, math.pi), lift(input, 0))
    return where_op(ne(input, input), input, made)


@angle_op.grad("input")
def _(g, input):
    if input._kind.dtype.category < 3:
        return nothing(g)
    re, im = _real(input), _imag(input)
    flat = eq(re, 0) & eq(im, 0)
    share = where_op(flat, lift(g, 0), g / where_op(flat, lift(re, 1), re * re + im * im))
    return complex_op(-im * share, re * share)
