"""Solutions, inverses and determinants under the names that PyTorch had for them before `torch.linalg`."""

from __future__ import annotations

import math
from typing import Any

from ...ops.compare import where_op
from ...ops.complex import complex_op
from ...ops.create import nothing
from ...ops.decomposition import identity, triangular_op
from ...ops.matrix import cholesky_solve_op
from ...ops.movement import expand
from ...shapes import broadcast_shapes
from ...table.lifting import lift
from ...table.returns import return_type
from ...tensors.tensor import Tensor
from ..decomposition.checks import (
    batch_of,
    require_floating,
    require_matrix,
    require_same_dtype,
    require_square,
    stored,
)
from ..decomposition.factors import require_fitting, swapped
from ..decomposition.older import removed
from . import solutions

_triangular = return_type("triangular_solve", ("solution", "cloned_coefficient"))


def inverse(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`linalg.inv` under its older name."""
    return solutions.inv(input, out=out)


def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """`linalg.pinv` under its older name; singular values up to `rcond` times the largest count as zero."""
    return solutions.pinv(input, rcond)


def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant: nan where it is negative, -inf where it is zero.

    >>> import flambeau
    >>> flambeau.logdet(flambeau.eye(3))
    tensor(0.)
    """
    require_square("logdet", input)
    require_floating("logdet", input)
    sign, size = solutions.slogdet(input)
    if sign.dtype.is_complex:
        return sign.log() + complex_op(size, nothing(size))  # type: ignore[no-any-return]
    return where_op(sign == -1, lift(size, math.nan), size)  # type: ignore[no-any-return]


def _in_one_batch(op: str, A: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Both sides of A @ X = b, checked, with their batch dims broadcast."""
    require_matrix(op, b, "b")
    require_square(op, A)
    require_floating(op, A)
    require_same_dtype(op, b, A, ("b", "A"))
    require_fitting(op, A, b, True)
    batch = broadcast_shapes(op, batch_of(A), batch_of(b))
    return expand(A, (*batch, *A._array.shape[-2:])), expand(b, (*batch, *b._array.shape[-2:]))


def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """X with A @ X = B for A = L @ L^H, or L^H @ L with `upper`; batch dims broadcast.

    >>> import flambeau
    >>> flambeau.cholesky_solve(flambeau.tensor([[4.0]]), flambeau.tensor([[2.0]]))
    tensor([[1.]])
    """
    L, B = _in_one_batch("cholesky_solve", L, B)
    return stored(cholesky_solve_op, cholesky_solve_op(B, L, upper), out)  # type: ignore[no-any-return]


def cholesky_inverse(L: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The inverse of L @ L^H, or of L^H @ L with `upper`.

    >>> import flambeau
    >>> flambeau.cholesky_inverse(flambeau.tensor([[2.0]]))
    tensor([[0.2500]])
    """
    require_square("cholesky_inverse", L)
    require_floating("cholesky_inverse", L)
    one = expand(identity(L.detach(), L._array.shape[-1]), tuple(L._array.shape))
    return stored(cholesky_solve_op, cholesky_solve_op(one, L, upper), out)  # type: ignore[no-any-return]


def triangular_solve(b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False, *,
                     out: Any = None) -> Any:
    """X with A @ X = b for triangular A, or its transpose, and a copy of A."""
    A, b = _in_one_batch("triangular_solve", A, b)
    made = triangular_op(swapped(A) if transpose else A, b, upper=bool(upper) != bool(transpose),
                         unitriangular=bool(unitriangular))
    return stored(triangular_op, _triangular(made, A.clone()), out)


lstsq = removed("lstsq", "lstsq")
solve = removed("solve", "solve")


def _attach() -> None:
    for function in (inverse, pinverse, logdet, cholesky_solve, cholesky_inverse, triangular_solve, lstsq, solve,
                     solutions.det, solutions.slogdet, solutions.matrix_exp, solutions.matrix_power):
        setattr(Tensor, function.__name__, function)


_attach()
