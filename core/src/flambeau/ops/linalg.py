"""Matrix products and distances."""

from __future__ import annotations

import math
from functools import reduce
from operator import add
from typing import Any

from ..errors import ShapeError
from ..shapes import broadcast_shapes, numel
from ..table.dispatch import composite, primitive
from ..table.lifting import lift
from ..table.samples import Bad, Sample, arr
from ..tensors.tensor import Tensor
from .activation import relu
from .arithmetic import ceil, minimum, mul, sign
from .compare import ne, where_op
from .complex import _c
from .create import cast, nothing
from .movement import cat_op, narrow_op, reshape, transpose
from .reduce import amax
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


@primitive(laws="items:input,other",
           alike="all", saves="input other input_shape other_shape", dtypes="number", exact=True, idle=True,
           method=True, operator="__matmul__", shape_rule=_matmul_rule,
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


def _rows(input: Tensor) -> Tensor:
    """All dims but the last as one, of empty tensors too."""
    shape = input._array.shape
    return reshape(input, (numel(shape[:-1]), shape[-1]))


@matmul.grad("input")
def _(g, other, input_shape):
    other = _c(other)
    if len(other._array.shape) == 1:
        if len(input_shape) == 1:
            return g * other
        return reshape(g, (*g._array.shape, 1)) * other
    if len(input_shape) == 1:
        g = reshape(g, (*g._array.shape[:-1], 1, g._array.shape[-1]))
        made = matmul(g, transpose(other, -2, -1))
        return reshape(made, (*made._array.shape[:-2], made._array.shape[-1]))
    return matmul(g, transpose(other, -2, -1))


@matmul.grad("other")
def _(g, input, other_shape):
    input = _c(input)
    if len(input._array.shape) == 1:
        if len(other_shape) == 1:
            return g * input
        return reshape(input, (*input._array.shape, 1)) * reshape(g, (*g._array.shape[:-1], 1, g._array.shape[-1]))
    if len(other_shape) == 1:
        return matmul(transpose(_rows(input), 0, 1), reshape(g, (-1,)))
    if len(other_shape) == 2 and len(input._array.shape) > 2:
        return matmul(transpose(_rows(input), 0, 1), _rows(g))
    return matmul(transpose(input, -2, -1), g)


def outer(input: Tensor, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The outer product of two vectors."""
    if input.ndim != 1 or vec2.ndim != 1:
        raise ShapeError(f"outer: expected 1-D tensors, got {input.ndim}-D and {vec2.ndim}-D", op="outer")
    return mul(reshape(input, (-1, 1)), vec2, out=out)


def _linear_rule(input: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    if not input.ndim or not weight.ndim:
        raise ShapeError(f"both arguments to linear need to be at least 1D, but they are {input.ndim}D and"
                         f" {weight.ndim}D", op="linear")
    if weight.ndim > 2:
        raise ShapeError(f"weight must be (out_features, in_features) or (in_features), got"
                         f" {weight.ndim}D", op="linear")
    if input.shape[-1] != weight.shape[-1]:
        raise ShapeError(f"input and weight shapes cannot be multiplied: the last sizes, {input.shape[-1]} and"
                         f" {weight.shape[-1]}, are not equal", op="linear")
    outputs = (*input.shape[:-1], *weight.shape[:-1])
    if bias is not None and broadcast_shapes("linear", outputs, tuple(bias.shape)) != outputs:
        raise ShapeError(f"bias {list(bias.shape)} does not broadcast to the result {list(outputs)}", op="linear")


@composite(laws="items:input",
           compute="float32", alike="all", saves="input weight", dtypes="number", shape_rule=_linear_rule,
           samples=lambda: [
    Sample(arr(5, 3), arr(2, 3), arr(2)), Sample(arr(3), arr(2, 3), None), Sample(arr(2, 4, 3), arr(2, 3), arr(2)),
    Bad(arr(5, 4), arr(2, 3), arr(2), raises="ShapeError", match="cannot be multiplied: the last sizes, 4 and 3")])
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
        return matmul(reshape(g, (-1,)), _rows(_c(input)))
    return linear_grad_weight(g, _c(input))


@linear.grad("bias")
def _(g):
    leading = len(g._array.shape) - 1
    return total(g, tuple(range(leading))) if leading > 0 else g


@composite(fusable=True, dtypes="number", samples=lambda: [
    Sample(arr(5, 2), arr(5, 3)), Sample(arr(2, 4, 2), arr(2, 4, 3)), Sample(arr(2), arr(3))])
def linear_grad_weight(grad: Tensor, input: Tensor) -> Tensor:
    """The weight gradient of `linear`: grad (*, out), input (*, in) → (out, in)."""
    return matmul(transpose(_rows(grad), 0, 1), _rows(input))


def _cdist_rule(x1: Tensor, x2: Tensor, *, p: float, by_product: bool = False) -> None:
    if x1.ndim < 2 or x2.ndim < 2:
        raise ShapeError(f"cdist only supports at least 2D tensors, X1 got: {x1.ndim}D, X2 got: {x2.ndim}D",
                         op="cdist")
    if x1.shape[-1] != x2.shape[-1]:
        raise ShapeError("X1 and X2 must have the same number of columns. X1: "
                         f"{x1.shape[-1]} X2: {x2.shape[-1]}", op="cdist")
    broadcast_shapes("cdist", tuple(x1.shape[:-2]), tuple(x2.shape[:-2]))


@composite(compute="float32",
           name="cdist", alike="all", saves="x1 x2 out", dtypes="real floating", shape_rule=_cdist_rule,
           samples=lambda: [
    Sample(arr(3, 2), arr(4, 2), 2.0), Sample(arr(2, 3, 2), arr(1, 2), 1.0), Sample(arr(2, 3), arr(2, 3), 3.0),
    Sample(arr(2, 3), arr(2, 3), math.inf), Sample(arr(0, 3), arr(2, 3), 2.0),
    Sample(arr(2, 3, 2), arr(4, 2), 2.0, by_product=True),
    Bad(arr(2, 3), arr(2, 4), 2.0, raises="ShapeError", match="same number of columns")])
def cdist_op(x1: Tensor, x2: Tensor, p: float, by_product: bool = False) -> Tensor:
    """The p-distances between the rows of (*, P, M) and (*, R, M): (*, P, R); p = 2 `by_product`: from x1 @ x2.T.

    Differences are taken for so many rows of `x1` at a time that memory stays bounded.
    """
    _cdist_rule(x1, x2, p=p)
    if by_product:
        squares = total(x1 * x1, -1, True) + transpose(total(x2 * x2, -1, True), -2, -1)
        return relu(squares - matmul(x1, transpose(x2, -2, -1)) * 2).sqrt()
    runs = _runs(x1, x2)
    if len(runs) == 1:
        return _distances(x1, x2, p)
    parts = [_distances(narrow_op(x1, x1.ndim - 2, *part), x2, p) for part in runs]
    return cat_op(parts, parts[0].ndim - 2)


def _distances(x1: Tensor, x2: Tensor, p: float) -> Tensor:
    apart = (x1.unsqueeze(-2) - x2.unsqueeze(-3)).abs()
    if p == math.inf:
        return amax(apart, -1) if apart.shape[-1] else total(apart, -1)
    if p == 0:
        return total(where_op(ne(apart, apart), apart, cast(ne(apart, 0), apart._kind.dtype)), -1)
    return total(apart, -1) if p == 1 else total(apart * apart, -1).sqrt() if p == 2 else total(apart**p, -1) ** (1 / p)


_DIFFERENCES = 1 << 18  # held at once: they stay in the cache


def _runs(x1: Tensor, x2: Tensor) -> list[tuple[int, int]]:
    """(start, length) of runs of the rows of `x1`, whose differences from the rows of `x2` are few."""
    a, b = tuple(x1._array.shape), tuple(x2._array.shape)
    rows = a[-2]
    each = math.prod(broadcast_shapes("cdist", a[:-2], b[:-2])) * b[-2] * b[-1]
    step = max(_DIFFERENCES // max(each, 1), 1)
    return [(start, min(step, rows - start)) for start in range(0, rows, step)] or [(0, 0)]


def _slopes(g: Tensor, x1: Tensor, x2: Tensor, out: Tensor, p: float) -> Tensor:
    """What each difference of two rows gets; nothing where the rows are equal."""
    apart = x1.unsqueeze(-2) - x2.unsqueeze(-3)
    g, out = g.unsqueeze(-1), out.unsqueeze(-1)
    if p == 0:
        return nothing(apart)
    direction = where_op(ne(apart, apart), apart, sign(apart))  # NaN has none, and is passed on
    if p == 1:
        return g * direction
    if p == math.inf:
        short = ceil((apart.abs() - out).abs())
        return g * direction * (1 - minimum(short, lift(short, 1)))
    away = where_op(out == 0, lift(out, 1), out)
    slope = (
        apart / away if p == 2 else apart.sign() * (where_op(apart == 0, lift(apart, 1), apart.abs()) / away) ** (p - 1)
    )
    gone = out == 0 if p >= 1 else apart == 0
    return where_op(gone, lift(apart, 0), g * slope)


def _slopes_in_runs(g: Tensor, x1: Tensor, x2: Tensor, out: Tensor, p: float) -> Any:
    """`_slopes` of one run of rows of `x1` after another."""
    for part in _runs(x1, x2):
        yield _slopes(narrow_op(g, g.ndim - 2, *part), narrow_op(x1, x1.ndim - 2, *part), x2,
                      narrow_op(out, out.ndim - 2, *part), p)


def _product_slopes(g: Tensor, out: Tensor) -> Tensor:
    """g / out, and nothing where a distance is 0."""
    near = out == 0
    return where_op(near, lift(g, 0), g / where_op(near, lift(out, 1), out))


@cdist_op.grad("x1")
def _(g, x1, x2, out, *, p, by_product):
    if by_product:
        slopes = _product_slopes(g, out)
        return x1 * total(slopes, -1, True) - matmul(slopes, x2)
    parts = [total(slopes, -2) for slopes in _slopes_in_runs(g, x1, x2, out, p)]
    return parts[0] if len(parts) == 1 else cat_op(parts, parts[0].ndim - 2)


@cdist_op.grad("x2")
def _(g, x1, x2, out, *, p, by_product):
    if by_product:
        slopes = transpose(_product_slopes(g, out), -2, -1)
        return x2 * total(slopes, -1, True) - matmul(slopes, x1)
    return -reduce(add, [total(slopes, -3) for slopes in _slopes_in_runs(g, x1, x2, out, p)])
