"""Products: matrix, scaled and batched, Kronecker, tensor, cross, and distances."""

from __future__ import annotations

import math
from typing import Any

from ...dtypes import bool as bool_
from ...dtypes import held
from ...errors import DTypeError, ShapeError, ValueRangeError
from ...ops.arithmetic import _add, mul
from ...ops.compare import where_op
from ...ops.complex import conj
from ...ops.linalg import cdist_op, linear, matmul, outer
from ...ops.movement import expand, permute, reshape
from ...ops.reduce import sum as total
from ...shapes import as_size, broadcast_shapes, canonical_dim, numel
from ...table.dispatch import into, result_dtype
from ...table.lifting import lift
from ...table.precision import in_single
from ...table.refusals import require_alike, require_weight
from ...tensors.tensor import Tensor, attach
from ..arithmetic import add
from ..inplace.writes import in_place
from ..movement.views import roll


def _rmatmul(self: Tensor, other: Any) -> Any:
    if not isinstance(other, Tensor):
        other = lift(self, other)
    return NotImplemented if other is NotImplemented else matmul(other, self)


attach(_rmatmul, "__rmatmul__")


def _checked(op: str, a: Tensor, b: Tensor, dims: tuple[int, int]) -> None:
    if a.ndim != dims[0] or b.ndim != dims[1]:
        raise ShapeError(f"expected {dims[0]}-D and {dims[1]}-D tensors, got {a.ndim}-D and {b.ndim}-D", op=op)
    _same_dtype(op, a, b)


def _same_dtype(op: str, a: Tensor, b: Tensor) -> None:
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


ger = outer
attach(mm, "mm")
attach(bmm, "bmm")
attach(mv, "mv")
attach(dot, "dot")
attach(outer, "outer")
attach(outer, "ger")


def _combined(op: str, input: Tensor, multiply: Any, factors: tuple[Tensor, Tensor], beta: Any, alpha: Any,
              out: Tensor | None) -> Tensor:
    """beta * input + alpha * the product of two factors, written into `out` if there is one.

    Integers take the integer part of a floating beta and alpha.
    """
    beta, alpha = held(beta, input.dtype, op), held(alpha, input.dtype, op)
    made = _weighed(input, *factors, op, multiply, beta, alpha)
    return made if out is None else into(_add.op, out, made)  # type: ignore[no-any-return]


@in_single
def _weighed(input: Tensor, first: Tensor, second: Tensor, op: str, multiply: Any, beta: Any, alpha: Any) -> Tensor:
    """The weighed sum; with beta 0 the input does not count, not even its NaNs."""
    product = multiply(first, second)
    if input.dtype is not product.dtype:
        raise DTypeError(f"self and mat2 must have the same dtype, but got {input.dtype!r} and {product.dtype!r}",
                         op=op)
    shape = tuple(product._array.shape)
    if broadcast_shapes(op, tuple(input._array.shape), shape) != shape:
        raise ShapeError(f"input of shape {list(input.shape)} does not broadcast to the product's {list(shape)}", op=op)
    product = product if alpha == 1 else product * alpha
    if beta == 0:
        input, beta = where_op(input.new_zeros((), dtype=bool_), input, input.new_zeros(())), 1
    return add(input if beta == 1 else input * beta, product)


def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1,
          out: Tensor | None = None) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2), `input` broadcast."""
    return _combined("addmm", input, mm, (mat1, mat2), beta, alpha, out)


def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1,
            out: Tensor | None = None) -> Tensor:
    """beta * input + alpha * (batch1 @ batch2), for batches of matrices."""
    return _combined("baddbmm", input, bmm, (batch1, batch2), beta, alpha, out)


def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1,
           out: Tensor | None = None) -> Tensor:
    """beta * input + alpha * the sum of the products of a batch of matrices."""
    return _combined("addbmm", input, _batch_total, (batch1, batch2), beta, alpha, out)


def _batch_total(batch1: Tensor, batch2: Tensor) -> Tensor:
    return total(bmm(batch1, batch2), 0, dtype=batch1.dtype)


def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1,
          out: Tensor | None = None) -> Tensor:
    """beta * input + alpha * (mat @ vec)."""
    return _combined("addmv", input, mv, (mat, vec), beta, alpha, out)


def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1,
         out: Tensor | None = None) -> Tensor:
    """beta * input + alpha * the outer product of two vectors, promoted; booleans: `and` for `*`, `or` for `+`."""
    dtype = result_dtype([input, vec1, vec2])
    for name, weight in (("beta", beta), ("alpha", alpha)):
        if weight != 1 or isinstance(weight, bool):
            require_weight("addr", name, weight, dtype)
    return _combined("addr", input.to(dtype), outer, (vec1.to(dtype), vec2.to(dtype)), beta, alpha, out)


def chain_matmul(*matrices: Tensor, out: Tensor | None = None) -> Tensor:
    """The product of matrices, multiplied in the order that takes the fewest operations."""
    if not matrices:
        raise ShapeError("Expecting at least one matrix", op="chain_matmul")
    for x in matrices:
        if x.ndim != 2:
            raise ShapeError(f"Tensor dimension is {x.ndim}, expected 2 instead", op="chain_matmul")
    made = _chained(list(matrices), _best_splits([x.shape[0] for x in matrices] + [matrices[-1].shape[1]]), 0,
                    len(matrices) - 1)
    return made if out is None else out.copy_(made)


def _best_splits(sizes: list[int]) -> dict[tuple[int, int], int]:
    """For every run of matrices, after which one to split it."""
    n, cost, splits = len(sizes) - 1, {(i, i): 0 for i in range(len(sizes) - 1)}, {}
    for width in range(1, n):
        for i in range(n - width):
            j = i + width
            options = {k: cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j)}
            splits[i, j] = min(options, key=options.__getitem__)
            cost[i, j] = options[splits[i, j]]
    return splits


@in_single
def _chained(matrices: list[Tensor], splits: dict[tuple[int, int], int], i: int, j: int) -> Tensor:
    if i == j:
        return matrices[i]
    k = splits[i, j]
    return mm(_chained(matrices, splits, i, k), _chained(matrices, splits, k + 1, j))


def vdot(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inner product of two vectors, the first conjugated."""
    return dot(conj(input), other, out=out)


def inner(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Products summed over the last dims of both; with a 0-d tensor, the elementwise product."""
    if not input.ndim or not other.ndim:
        return mul(input, other, out=out)
    if input.shape[-1] != other.shape[-1]:
        raise ShapeError(f"the size of tensor a ({input.shape[-1]}) must match the size of tensor b"
                         f" ({other.shape[-1]}) at the last dimension", op="inner")
    made = tensordot(input, other, ([-1], [-1]))
    return made if out is None else out.copy_(made)


def tensordot(a: Tensor, b: Tensor, dims: Any = 2, out: Tensor | None = None) -> Tensor:
    """Products summed over the last `dims` dims of `a` and the first of `b`, or over two lists of dims.

    >>> import flambeau
    >>> flambeau.tensordot(flambeau.ones(2, 3, 4), flambeau.ones(3, 4, 5)).shape
    flambeau.Size([2, 5])
    """
    op = "tensordot"
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise ValueRangeError(f"tensordot expects dims >= 0, but got dims={dims}", op=op)
        if dims > min(a.ndim, b.ndim):
            raise ShapeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}", op=op)
        dims = (list(range(a.ndim - dims, a.ndim)), list(range(dims)))
    left = [canonical_dim(op, d, a.ndim) for d in as_size(op, dims[0], "dims")]
    right = [canonical_dim(op, d, b.ndim) for d in as_size(op, dims[1], "dims")]
    if len(left) != len(right):
        raise ShapeError(f"both dimension lists should have same length, got {left} and {right}", op=op)
    a, b = _agreed(op, a, b, left, right)
    rows, columns = [d for d in range(a.ndim) if d not in left], [d for d in range(b.ndim) if d not in right]
    shape = (*[a._array.shape[d] for d in rows], *[b._array.shape[d] for d in columns])
    inside = numel(a._array.shape[d] for d in left)
    x = reshape(permute(a, rows + left), (numel(a._array.shape[d] for d in rows), inside))
    y = reshape(permute(b, right + columns), (inside, numel(b._array.shape[d] for d in columns)))
    made = reshape(matmul(x, y), shape)
    return made if out is None else out.copy_(made)


def _agreed(op: str, a: Tensor, b: Tensor, left: list[int], right: list[int]) -> tuple[Tensor, Tensor]:
    """Both operands, a contracted dim of size 1 in one summed away in the other."""
    for i, j in zip(left, right, strict=True):
        n, m = a._array.shape[i], b._array.shape[j]
        if n == m:
            continue
        if 1 not in (n, m):
            raise ShapeError(f"contracted dimensions need to match, but first has size {n} in dim {i} and second has"
                             f" size {m} in dim {j}", op=op)
        a, b = (a, total(b, j, True, dtype=b.dtype)) if n == 1 else (total(a, i, True, dtype=a.dtype), b)
    return a, b


def kron(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Every element of `input` times the whole of `other`, laid out in blocks."""
    ndim = max(input.ndim, other.ndim)
    a = (1,) * (ndim - input.ndim) + tuple(input._array.shape)
    b = (1,) * (ndim - other.ndim) + tuple(other._array.shape)
    product = reshape(input, tuple(m for n in a for m in (n, 1))) * reshape(other, tuple(m for n in b for m in (1, n)))
    made = reshape(product, tuple(n * m for n, m in zip(a, b, strict=True)))
    made._view = None  # nobody else holds what it is a view of
    return made if out is None else out.copy_(made)


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input1 @ weight[k] @ input2 + bias[k] for every k: (*, n), (*, m), (o, n, m), (o) → (*, o)."""
    if not input1.ndim or tuple(input1.shape[:-1]) != tuple(input2.shape[:-1]) or not input2.ndim:
        raise ShapeError(f"input batch dimensions do not match: got {list(input1.shape)} and {list(input2.shape)}",
                         op="bilinear")
    if weight.ndim != 3 or tuple(weight.shape[1:]) != (input1.shape[-1], input2.shape[-1]):
        raise ShapeError(f"weight {list(weight.shape)} does not fit inputs of sizes {input1.shape[-1]} and"
                         f" {input2.shape[-1]}", op="bilinear")
    require_alike("bilinear", input1, input2, weight, bias)
    if bias is not None and tuple(bias._array.shape) != (weight.shape[0],):
        raise ShapeError(f"bias size does not match weight size: got {list(bias.shape)} but expected"
                         f" {weight.shape[0]}", op="bilinear")
    return _bilinear(input1, input2, weight, bias)


@in_single
def _bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    outputs, n, m = weight._array.shape
    products = reshape(input1.unsqueeze(-1) * input2.unsqueeze(-2), (*input1.shape[:-1], n * m))
    return linear(products, reshape(weight, (outputs, n * m)), bias)


def cross(input: Tensor, other: Tensor, dim: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """The vector product along `dim`, of size 3; None means the first dim of that size."""
    require_alike("cross", input, other)
    if input.ndim != other.ndim:
        raise ShapeError(f"inputs must have the same number of dimensions, got {input.ndim} and {other.ndim}",
                         op="cross")
    shape = broadcast_shapes("cross", tuple(input.shape), tuple(other.shape))
    if dim is None:
        dim = next((d for d, n in enumerate(shape) if n == 3), None)
        if dim is None:
            raise ShapeError(f"no dimension of size 3 in input {list(shape)}", op="cross")
    dim = canonical_dim("cross", dim, len(shape))
    a, b = expand(input, shape), expand(other, shape)
    if shape[dim] != 3:
        raise ShapeError(f"inputs dimension {dim} must have length 3. Got {shape[dim]}", op="cross")
    made = _crossed(a, b, dim)
    return made if out is None else out.copy_(made)


@in_single
def _crossed(a: Tensor, b: Tensor, dim: int) -> Tensor:
    return roll(a, -1, dim) * roll(b, 1, dim) - roll(a, 1, dim) * roll(b, -1, dim)


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0,
          compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """The p-distances between all rows of `x1` (*, P, M) and `x2` (*, R, M): (*, P, R).

    Euclidean distances come from a matrix product where either side has more than 25 rows, which is far faster and
    less exact for rows close to one another; "donot_use_mm_for_euclid_dist" takes the differences themselves,
    "use_mm_for_euclid_dist" always the product.
    """
    if p < 0:
        raise ValueRangeError(f"cdist only supports non-negative p values, got {p}", op="cdist", p=p)
    if compute_mode not in _COMPUTE_MODES:
        raise ValueRangeError(f"{compute_mode} is not a valid value for compute_mode", op="cdist",
                              compute_mode=compute_mode)
    for x in (x1, x2):
        if x._kind.dtype.category != 2:
            raise DTypeError(f"cdist only supports floating-point dtypes, got {x.dtype!r}", op="cdist")
    limit = _COMPUTE_MODES[compute_mode]
    by_product = (p == 2 and x1.ndim > 1 < x2.ndim and max(x1.shape[-2], x2.shape[-2]) > limit
                  and x1.dtype.itemsize > 2)
    return cdist_op(x1, x2, float(p), by_product)


_COMPUTE_MODES = {"use_mm_for_euclid_dist_if_necessary": 25, "use_mm_for_euclid_dist": -1,
                  "donot_use_mm_for_euclid_dist": math.inf}  # rows beyond which the product is taken


for _name, _function in {
    "addmm": addmm,
    "baddbmm": baddbmm,
    "addbmm": addbmm,
    "addmv": addmv,
    "addr": addr,
    "vdot": vdot,
    "inner": inner,
    "kron": kron,
    "cross": cross,
}.items():
    setattr(Tensor, _name, _function)
    if _name.startswith(("add", "badd")):
        in_place(_name, _function)

__all__ = [
    "addbmm", "addmm", "addmv", "addr", "baddbmm", "bilinear", "bmm", "cdist", "chain_matmul", "cross", "dot",
    "ger", "inner", "kron", "linear", "matmul", "mm", "mv", "outer", "tensordot", "vdot",
]
