"""`torch.linalg`'s norms, condition numbers and small products."""

from __future__ import annotations

import math
from typing import Any

from ...dtypes import DType, can_cast
from ...errors import DimError, DTypeError, ShapeError, ValueRangeError
from ...modes import grad_enabled
from ...ops.arithmetic import mul
from ...ops.complex import _c
from ...ops.create import ones_of, zeros_of
from ...ops.decomposition import svd_op, svdvals_op
from ...ops.linalg import matmul
from ...ops.matrix import inv_op
from ...ops.movement import cat, permute, reshape
from ...ops.reduce import all_sized, amax, amin, cumprod
from ...ops.reduce import sum as total
from ...ops.reduce import vector_norm as vector_norm_op
from ...shapes import canonical_dim
from ...table.dispatch import into
from ...table.refusals import require_tensors
from ...tensors.tensor import Tensor
from ..decomposition.checks import batch_of, require_floating, require_matrix, require_square, stored
from ..linalg.products import chain_matmul
from ..linalg.products import cross as cross_of


def _dims(op: str, dim: Any, ndim: int) -> tuple[int, ...] | None:
    if dim is None:
        return None
    given = (dim,) if isinstance(dim, int) else tuple(dim)
    return tuple(canonical_dim(op, d, ndim) for d in given)


def _converted(op: str, x: Tensor, dtype: DType | None) -> Tensor:
    """The tensor in the dtype asked for, which must hold the norm without narrowing."""
    require_tensors(op, input=x)
    have = x._kind.dtype
    if have.category < 2:
        raise DTypeError(f"Expected a floating point or complex tensor as input. Got {have!r}", op=op, dtype=have)
    if dtype is None or dtype is have:
        return x
    if dtype.category < 2:
        raise DTypeError(f"dtype should be floating point or complex. Got {dtype!r}", op=op, dtype=dtype)
    if dtype.is_complex != have.is_complex:
        kind = "complex" if have.is_complex else "real"
        raise DTypeError(f"dtype should be {kind} for {kind} inputs. Got {dtype!r}", op=op, dtype=dtype)
    if dtype.itemsize < have.itemsize or not can_cast(have, dtype):
        raise DTypeError(f"the dtype of the input ({have!r}) should be convertible without narrowing to the specified"
                         f" dtype ({dtype!r})", op=op, dtype=dtype)
    return x.to(dtype)


def vector_norm(x: Tensor, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: DType | None = None,
                out: Tensor | None = None) -> Tensor:
    """(sum |x|^ord)^(1 / ord) over all elements or over `dim`; ord 0 counts what is not zero, infinities take extremes.

    >>> import flambeau
    >>> flambeau.linalg.vector_norm(flambeau.tensor([3.0, 4.0]))
    tensor(5.)
    """
    op = "linalg.vector_norm"
    x = _converted(op, x, dtype)
    dims = _dims(op, dim, x.ndim)
    dims = dims or tuple(range(x.ndim))
    ord = float(ord)
    if (ord < 0 or ord == math.inf) and not all_sized(x, dims):
        raise ShapeError(f"cannot compute the {ord} norm on an empty tensor because the operation does not have an"
                         " identity", op=op)
    return stored(vector_norm_op, vector_norm_op(x, ord, dims, keepdim), out)  # type: ignore[no-any-return]


def matrix_norm(A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: DType | None = None,
                out: Tensor | None = None) -> Tensor:
    """The norm of matrices that lie in two dims: "fro", "nuc", or 1, 2, inf and their negatives.

    >>> import flambeau
    >>> flambeau.linalg.matrix_norm(flambeau.tensor([[1.0, -2.0], [3.0, 4.0]]), 1)
    tensor(6.)
    """
    op = "linalg.matrix_norm"
    require_matrix(op, A)
    A = _converted(op, A, dtype)
    dims = (dim,) if isinstance(dim, int) else tuple(dim)
    if len(dims) != 2:
        raise ShapeError(f"dim must be a 2-tuple. Got {dims}", op=op)
    dims = tuple(canonical_dim(op, d, A.ndim) for d in dims)
    if dims[0] == dims[1]:
        raise ShapeError(f"dims must be different. Got {dims}", op=op)
    if (isinstance(ord, str) and ord not in ("fro", "nuc")) or (not isinstance(ord, str) and (
            abs(ord) not in (1, 2, math.inf))):
        raise ValueRangeError(f"Order {ord} not supported.", op=op)
    return stored(vector_norm_op, _matrix_norm(op, A, ord, dims, keepdim), out)  # type: ignore[no-any-return]


def _matrix_norm(op: str, A: Tensor, ord: Any, dims: tuple[int, ...], keepdim: bool) -> Tensor:
    if ord == "fro":
        return vector_norm_op(A, 2.0, dims, keepdim)  # type: ignore[no-any-return]
    if ord == "nuc" or abs(ord) == 2:
        require_floating(op, A)
        sizes = values_in(A, dims)
        made = total(sizes, -1) if ord == "nuc" else _extreme(op, sizes, ord, sizes.ndim - 1)
    else:
        rows, columns = dims if abs(ord) == 1 else dims[::-1]
        made = _extreme(op, vector_norm_op(A, 1.0, rows, False), ord, columns - (columns > rows))
    if keepdim:
        for d in sorted(dims):
            made = made.unsqueeze(d)
    return made


def _extreme(op: str, sizes: Tensor, ord: Any, dim: int) -> Tensor:
    """The largest (ord > 0) or the smallest along `dim`; the largest of none is 0."""
    if sizes._array.shape[dim]:
        return (amax if ord > 0 else amin)(sizes, dim)  # type: ignore[no-any-return]
    if ord < 0:
        raise DimError(f"Expected reduction dim {dim} to have non-zero size for order {ord}.", op=op)
    return total(sizes, dim)  # type: ignore[no-any-return]


def values_in(A: Tensor, dims: tuple[int, ...]) -> Tensor:
    """The singular values of the matrices that lie in two dims."""
    last = (A.ndim - 2, A.ndim - 1)
    if tuple(dims) != last:
        A = permute(A, [d for d in range(A.ndim) if d not in dims] + list(dims))
    return svd_op(A, False)[1] if A._requires_grad and grad_enabled() else svdvals_op(A)  # type: ignore[no-any-return]


def norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: DType | None = None,
         out: Tensor | None = None) -> Tensor:
    """`vector_norm` over one dim, `matrix_norm` over two; without order and dim the 2-norm of all elements.

    >>> import flambeau
    >>> flambeau.linalg.norm(flambeau.tensor([[3.0, 0.0], [0.0, 4.0]]))
    tensor(5.)
    """
    op = "linalg.norm"
    require_tensors(op, input=A)
    dims = (dim,) if isinstance(dim, int) else None if dim is None else tuple(dim)
    if dims is not None and len(dims) not in (1, 2):
        raise ShapeError(f"If dim is specified, it must be of length 1 or 2. Got {list(dims)}", op=op)
    if ord is None:
        return vector_norm(A, 2, dims, keepdim, dtype=dtype, out=out)
    if dims is None and A.ndim not in (1, 2):
        raise ShapeError(f"If dim is not specified but ord is, the input must be 1D or 2D. Got {A.ndim}D.", op=op)
    dims = tuple(range(-A.ndim, 0)) if dims is None else dims
    if len(dims) == 2:
        return matrix_norm(A, ord, dims, keepdim, dtype=dtype, out=out)
    if isinstance(ord, str):
        raise ShapeError(f"of order {ord!r}, a matrix norm, takes two dims, got {list(dims)}", op=op)
    return vector_norm(A, ord, dims, keepdim, dtype=dtype, out=out)


def cond(A: Tensor, p: Any = None, *, out: Tensor | None = None) -> Tensor:
    """The condition number: the norm of A times that of its inverse, or the ratio of singular values (p None, 2, -2).

    >>> import flambeau
    >>> flambeau.linalg.cond(flambeau.tensor([[2.0, 0.0], [0.0, 1.0]]))
    tensor(2.)
    """
    op = "linalg.cond"
    require_matrix(op, A)
    require_floating(op, A)
    if (isinstance(p, str) and p not in ("fro", "nuc")) or (not isinstance(p, (str, type(None))) and (
            abs(p) not in (1, 2, math.inf))):
        raise ValueRangeError(f"got an invalid norm type: {p}", op=op)
    if not (p is None or (not isinstance(p, str) and abs(p) == 2)):
        require_square(op, A)
    empty = not A.numel()
    made = zeros_of(svdvals_op(A.detach()), batch_of(A)) if empty else _condition(op, A, 2 if p is None else p)
    return stored(vector_norm_op, made, out)  # type: ignore[no-any-return]


def _condition(op: str, A: Tensor, p: Any) -> Tensor:
    if p == "nuc" or (not isinstance(p, str) and abs(p) == 2):
        sizes = values_in(A, (A.ndim - 2, A.ndim - 1))
        if p == "nuc":
            return total(sizes, -1) * total(sizes.reciprocal(), -1)
        return sizes[..., -1] / sizes[..., 0] if p < 0 else sizes[..., 0] / sizes[..., -1]
    inverse, info = inv_op(A)
    inverse = inverse.masked_fill((info > 0).unsqueeze(-1).unsqueeze(-1), math.inf)
    dims = (A.ndim - 2, A.ndim - 1)
    made = _matrix_norm(op, A, p, dims, False) * _matrix_norm(op, inverse, p, dims, False)
    return made.nan_to_num(math.inf, math.inf, -math.inf)  # type: ignore[no-any-return]


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """The sum of conj(x) * y along `dim`.

    >>> import flambeau
    >>> flambeau.linalg.vecdot(flambeau.tensor([1.0, 2.0]), flambeau.tensor([3.0, 4.0]))
    tensor(11.)
    """
    require_floating("linalg.vecdot", x, low_precision=True)
    made = _c(x) * y
    return stored(mul, total(made, canonical_dim("linalg.vecdot", dim, made.ndim), dtype=made.dtype), out)  # type: ignore[no-any-return]


def vander(x: Tensor, N: int | None = None) -> Tensor:
    """Rows of powers, x^0 to x^(N - 1), of the last dim: (*, n) → (*, n, N), N = n unless given.

    >>> import flambeau
    >>> flambeau.linalg.vander(flambeau.tensor([2, 3]), N=3)
    tensor([[1, 2, 4],
            [1, 3, 9]])
    """
    op = "linalg.vander"
    require_tensors(op, x=x)
    if x.dtype.category == 0:
        raise DTypeError("Input tensor must be float, integer, or complex, got bool", op=op, dtype=x.dtype)
    x = x if x.ndim else x.unsqueeze(0)
    N = x._array.shape[-1] if N is None else N
    if N <= 1:
        raise ValueRangeError(f"N must be greater than 1, got {N}", op=op, N=N)
    shape = (*x._array.shape, N - 1)
    powers = cumprod(x.unsqueeze(-1).expand(shape), len(shape) - 1)
    return cat([ones_of(powers[..., :1]), powers], -1)


def cross(input: Tensor, other: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """The vector product along `dim`, of size 3; the other dims broadcast.

    >>> import flambeau
    >>> flambeau.linalg.cross(flambeau.tensor([1.0, 0.0, 0.0]), flambeau.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    at = canonical_dim("linalg.cross", dim, max(input.ndim, other.ndim))
    for x in (input, other):
        if x.ndim == other.ndim == input.ndim and x._array.shape[at] != 3:
            raise ShapeError(f"inputs dimension {dim} must have length 3. Got {input.shape[at]} and {other.shape[at]}",
                             op="linalg.cross")
    return cross_of(input, other, dim, out=out)


def multi_dot(tensors: Any, *, out: Tensor | None = None) -> Tensor:
    """The product of two or more matrices, in the order that takes the fewest operations; the ends may be vectors.

    >>> import flambeau
    >>> flambeau.linalg.multi_dot([flambeau.ones(2), flambeau.ones(2, 3), flambeau.ones(3)])
    tensor(6.)
    """
    op = "linalg.multi_dot"
    given = list(tensors)
    if len(given) < 2:
        raise ShapeError(f"expected at least 2 tensors but got {len(given)}", op=op)
    for i, x in enumerate(given):
        ends = (1, 2) if i in (0, len(given) - 1) else (2,)
        if x.ndim not in ends:
            raise ShapeError(f"tensor {i} must be {' or '.join(f'{n}D' for n in ends)} but got {x.ndim}D", op=op)
        if x._kind.device is not given[0]._kind.device or x.dtype is not given[0].dtype:
            raise ShapeError(f"all tensors must have be the same dtype but got {given[0].dtype!r} and {x.dtype!r}",
                             op=op)
    first, last = given[0].ndim == 1, given[-1].ndim == 1
    if first:
        given[0] = given[0].unsqueeze(0)
    if last:
        given[-1] = given[-1].unsqueeze(-1)
    for i in range(len(given) - 1):
        if given[i]._array.shape[1] != given[i + 1]._array.shape[0]:
            raise ShapeError(f"tensors {i} and {i + 1} with shapes {list(given[i].shape)} and"
                             f" {list(given[i + 1].shape)} cannot be multiplied", op=op)
    made = chain_matmul(*given)
    shape = tuple(made._array.shape)
    made = reshape(made, shape[first : len(shape) - last]) if first or last else made
    return made if out is None else into(matmul.op, out, made)  # type: ignore[no-any-return]


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of the matrices in two dims, the last two unless given, as a view.

    >>> import flambeau
    >>> flambeau.linalg.diagonal(flambeau.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    return A.diagonal(offset, dim1, dim2)  # type: ignore[no-any-return]
