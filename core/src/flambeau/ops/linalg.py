"""Matrix products."""

from __future__ import annotations

from ..dispatch import composite, primitive
from ..errors import ShapeError
from ..samples import Bad, Sample, arr
from ..shapes import broadcast_shapes, numel
from ..tensor import Tensor, attach
from .elementwise import _c
from .movement import reshape, transpose
from .reduce import sum as total


def _matmul_rule(input: Tensor, other: Tensor) -> None:
    if not input.ndim or not other.ndim:
        raise ShapeError(f"both arguments need to be at least 1D, but they are {input.ndim}D and {other.ndim}D",
                         op="matmul")
    inner, outer = input.shape[-1], other.shape[-2 if other.ndim > 1 else 0]
    if inner != outer:
        raise ShapeError(f"mat1 and mat2 shapes cannot be multiplied ({list(input.shape)} and {list(other.shape)}):"
                         f" {inner} is not {outer}", op="matmul")
    broadcast_shapes("matmul", tuple(input.shape[:-2]), tuple(other.shape[:-2]))


@primitive(saves="input other", dtypes="all", method=True, operator="__matmul__", shape_rule=_matmul_rule,
           samples=lambda: [Sample(arr(3, 4), arr(4, 2)), Sample(arr(4), arr(4)), Sample(arr(3, 4), arr(4)),
                            Sample(arr(4), arr(4, 2)), Sample(arr(2, 3, 4), arr(4, 2)),
                            Sample(arr(2, 1, 3, 4), arr(5, 4, 2)),
                            Sample(arr(3, 0), arr(0, 2)),
                            Bad(arr(2, 3), arr(2, 3), raises="ShapeError", match="cannot be multiplied"),
                            Bad(arr(), arr(2), raises="ShapeError", match="at least 1D")])
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The matrix product: of vectors, matrices, or batches of matrices, which broadcast.

    >>> import flambeau
    >>> flambeau.matmul(flambeau.ones(2, 3), flambeau.ones(3)).shape
    flambeau.Size([2])
    """


@matmul.grad("input")
def _(g, input, other):
    other = _c(other)
    if len(other._array.shape) == 1:
        if len(input._array.shape) == 1:
            return g * other
        return reshape(g, (*g._array.shape, 1)) * other
    if len(input._array.shape) == 1:
        g = reshape(g, (*g._array.shape[:-1], 1, g._array.shape[-1]))
        made = matmul(g, transpose(other, -2, -1))
        return reshape(made, (*made._array.shape[:-2], made._array.shape[-1]))
    return matmul(g, transpose(other, -2, -1))


@matmul.grad("other")
def _(g, input, other):
    input = _c(input)
    if len(input._array.shape) == 1:
        if len(other._array.shape) == 1:
            return g * input
        return reshape(input, (*input._array.shape, 1)) * reshape(g, (*g._array.shape[:-1], 1, g._array.shape[-1]))
    if len(other._array.shape) == 1:
        rows = reshape(input, (-1, input._array.shape[-1]))
        return matmul(transpose(rows, 0, 1), reshape(g, (-1,)))
    if len(other._array.shape) == 2 and len(input._array.shape) > 2:
        rows = reshape(input, (-1, input._array.shape[-1]))
        return matmul(transpose(rows, 0, 1), reshape(g, (-1, g._array.shape[-1])))
    return matmul(transpose(input, -2, -1), g)


attach(lambda self, other: matmul(other, self), "__rmatmul__")


def _checked(op: str, a: Tensor, b: Tensor, dims: tuple[int, int]) -> None:
    if a.ndim != dims[0] or b.ndim != dims[1]:
        raise ShapeError(f"expected {dims[0]}-D and {dims[1]}-D tensors, got {a.ndim}-D and {b.ndim}-D", op=op)
    _same_dtype(op, a, b)


def _same_dtype(op: str, a: Tensor, b: Tensor) -> None:
    from ..errors import DTypeError

    if a.dtype is not b.dtype:
        raise DTypeError(f"expected both to have the same dtype, but got {a.dtype!r} and {b.dtype!r}", op=op)


def mm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of two matrices."""
    _checked("mm", input, mat2, (2, 2))
    return matmul(input, mat2, out=out)


def bmm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The products of two batches of matrices, (B, n, m) and (B, m, p)."""
    _checked("bmm", input, mat2, (3, 3))
    if input.shape[0] != mat2.shape[0]:
        raise ShapeError(f"expected batches of one size, got {input.shape[0]} and {mat2.shape[0]}", op="bmm")
    return matmul(input, mat2, out=out)


def mv(input: Tensor, vec: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of a matrix and a vector."""
    _checked("mv", input, vec, (2, 1))
    return matmul(input, vec, out=out)


def dot(input: Tensor, tensor: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inner product of two vectors, not conjugated."""
    _checked("dot", input, tensor, (1, 1))
    return matmul(input, tensor, out=out)


def outer(input: Tensor, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The outer product of two vectors."""
    from .elementwise import mul

    if input.ndim != 1 or vec2.ndim != 1:
        raise ShapeError(f"outer: expected 1-D tensors, got {input.ndim}-D and {vec2.ndim}-D", op="outer")
    return mul(reshape(input, (-1, 1)), vec2, out=out)


ger = outer
attach(mm, "mm")
attach(bmm, "bmm")
attach(mv, "mv")
attach(dot, "dot")
attach(outer, "outer")
attach(outer, "ger")


def _linear_rule(input: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    _matmul_rule(input, transpose(weight, 0, 1) if weight.ndim == 2 else weight)


@composite(saves="input weight", shape_rule=_linear_rule, samples=lambda: [
    Sample(arr(5, 3), arr(2, 3), arr(2)), Sample(arr(3), arr(2, 3), None), Sample(arr(2, 4, 3), arr(2, 3), arr(2)),
    Bad(arr(5, 4), arr(2, 3), arr(2), raises="ShapeError", match="cannot be multiplied")])
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input @ weight.T + bias: input (*, in), weight (out, in), bias (out) → (*, out)."""
    made = matmul(input, transpose(weight, 0, 1) if weight.ndim == 2 else weight)
    return made if bias is None else made + bias


@linear.grad("input")
def _(g, weight):
    if len(weight._array.shape) == 1:
        return reshape(g, (*g._array.shape, 1)) * _c(weight)
    return matmul(g, _c(weight))


@linear.grad("weight")
def _(g, input, weight):
    if len(weight._array.shape) == 1:
        return matmul(reshape(g, (-1,)), reshape(_c(input), (-1, input._array.shape[-1])))
    return linear_grad_weight(g, _c(input))


@linear.grad("bias")
def _(g):
    leading = len(g._array.shape) - 1
    return total(g, tuple(range(leading))) if leading > 0 else g


@composite(fusable=True, samples=lambda: [Sample(arr(5, 2), arr(5, 3)), Sample(arr(2, 4, 2), arr(2, 4, 3)),
                                          Sample(arr(2), arr(3))])
def linear_grad_weight(grad: Tensor, input: Tensor) -> Tensor:
    """The weight gradient of `linear`: grad (*, out), input (*, in) → (out, in)."""
    outputs, inputs = grad._array.shape[-1], input._array.shape[-1]
    rows = numel(input._array.shape[:-1])
    return matmul(transpose(reshape(grad, (rows, outputs)), 0, 1), reshape(input, (rows, inputs)))


__all__ = [
    "bmm", "dot", "ger", "linear", "matmul", "mm", "mv", "outer",
]
