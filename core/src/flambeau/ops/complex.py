"""Parts of complex numbers and their conjugates."""

from __future__ import annotations

from typing import Any

from ..errors import DTypeError
from ..table.dispatch import composite, primitive
from ..table.refusals import require_tensors
from ..table.samples import Sample, arr
from ..tensors.tensor import Tensor
from ..tensors.views import copied_view
from .common import UNARY
from .create import nothing


def _c(x: Any) -> Any:
    return conj(x) if x._kind.dtype.category == 3 else x


@primitive(saves="", dtype="real", dtypes="complex", name="real", samples=UNARY)
def _real(input: Tensor) -> Tensor:
    """The real parts of a complex tensor, as a copy."""


@_real.grad("input")
def _(g):
    return complex(g, nothing(g))


@primitive(saves="", dtype="real", dtypes="complex", name="imag", samples=UNARY)
def _imag(input: Tensor) -> Tensor:
    """The imaginary parts of a complex tensor, as a copy."""


@_imag.grad("input")
def _(g):
    return complex(nothing(g), g)


def real(input: Tensor) -> Tensor:
    """The real part; a real tensor is returned as it is. A copy (a view in PyTorch), into which writing raises."""
    return copied_view(_real(input), input) if input._kind.dtype.category == 3 else input


def imag(input: Tensor) -> Tensor:
    """The imaginary part of a complex tensor, as a copy (a view in PyTorch), into which writing raises."""
    return copied_view(_imag(input), input)


@primitive(name="complex", saves="", dtype="complex", dtypes="real floating", broadcast=True, samples=lambda: [
    Sample(arr(3), arr(3), dtypes=("float32", "float64")), Sample(arr(2, 1), arr(3), dtypes=("float32", "float64")),
    Sample(arr(), arr(), dtypes=("float32", "float64")), Sample(arr(0), arr(0), dtypes=("float32", "float64"))])
def complex_op(real: Tensor, imag: Tensor) -> Tensor:
    """`complex` of parts of one dtype."""


@complex_op.grad("real")
def _(g):
    return _real(g)


@complex_op.grad("imag")
def _(g):
    return _imag(g)


def complex(real: Tensor, imag: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The complex tensor with those real and imaginary parts, both float32 or both float64."""
    require_tensors("complex", real=real, imag=imag)
    for part in (real, imag):
        dtype = part._kind.dtype
        if dtype is not real._kind.dtype or dtype.category != 2 or dtype.name == "bfloat16":
            raise DTypeError("expected both parts of one floating dtype other than bfloat16, got"
                             f" {real.dtype!r} and {imag.dtype!r}", op="complex")
    return complex_op(real, imag, out=out)


@composite(method=True, samples=UNARY)
def conj(input: Tensor) -> Tensor:
    """The complex conjugate of each element; a real tensor is returned as it is."""
    if input._kind.dtype.category < 3:
        return input
    return complex(_real(input), -_imag(input))
