"""Functions of matrices over their factorisations: solutions, inverses, determinants, exponentials."""

from __future__ import annotations

import math
from typing import Any

from ..errors import ShapeError
from ..modes import grad_enabled
from ..shapes import broadcast_shapes
from ..table.dispatch import composite
from ..table.lifting import lift
from ..table.samples import Bad, Sample, arr
from ..table.settings import finfo
from ..tensors.tensor import Tensor, unmapped
from .arithmetic import maximum
from .compare import eq, where_op
from .complex import _c, _imag, complex_op
from .create import arange, cast, nothing, zeros_of
from .decomposition import (
    DOMINANT,
    NOT_SQUARE,
    adjoint,
    block,
    diagonal_of,
    eigh_op,
    embedded,
    identity,
    in_dtype_of,
    lu_factor_op,
    matrix_rule,
    permuted_rows,
    positive,
    solved,
    square_rule,
    svd_op,
    triangular_op,
)
from .linalg import matmul
from .movement import cat_op, expand, reshape, tril, triu
from .reduce import amax, prod_op
from .reduce import sum as total

_SINGULAR = [1.0, 2.0, 3.0, 2.0, 4.0, 6.0, 1.0, 0.5, 1.0]


# --- solutions


def _solve_rule(A: Tensor, B: Tensor) -> None:
    square_rule(A)
    matrix_rule(B)
    if A._array.shape[-1] != B._array.shape[-2]:
        raise ShapeError(f"incompatible shapes of A and B for the equation AX = B ({list(A.shape)} and"
                         f" {list(B.shape)})", op="linalg.solve")
    broadcast_shapes("linalg.solve", tuple(A._array.shape[:-2]), tuple(B._array.shape[:-2]))


@composite(name="linalg_solve_ex", saves="A result", dtype="same int64", outputs="result info",
           dtypes="floating, not 16-bit", capability="linalg", alike="all", out=False, shape_rule=_solve_rule,
           samples=lambda: [
    Sample(arr(3, 3, fill=DOMINANT), arr(3, 2)), Sample(arr(2, 3, 3, fill=DOMINANT), arr(3, 4)),
    Sample(arr(3, 3, fill=DOMINANT), arr(4, 3, 1)), Sample(arr(0, 0), arr(0, 2)), Sample(arr(0, 2, 2), arr(0, 2, 3)),
    Sample(arr(3, 3, fill=DOMINANT), arr(3, 0)),
    Bad(arr(2, 3), arr(2, 1), raises="ShapeError", match="square matrices, but they are 2 by 3"),
    Bad(arr(3, 3), arr(2, 1), raises="ShapeError", match="AX = B")])
def solve_op(A: Tensor, B: Tensor) -> Tensor:
    """X with A @ X = B and, by matrix of A, the place from 1 of the first zero on the diagonal of its U, else 0."""
    LU, pivots, info = lu_factor_op(A)
    return solved_by(LU, pivots, B), info  # type: ignore[return-value]


def solved_by(LU: Tensor, pivots: Tensor, B: Tensor) -> Tensor:
    """X with A @ X = B from the factors of A."""
    below = triangular_op(LU, permuted_rows(B, pivots), upper=False, unitriangular=True)
    return triangular_op(LU, below, upper=True)  # type: ignore[no-any-return]


@solve_op.grad("A")
def _(g, A, result):
    return -matmul(solve_op(adjoint(A), g)[0], adjoint(result))


@solve_op.grad("B")
def _(g, A):
    return solve_op(adjoint(A), g)[0]


@composite(name="linalg_inv_ex", saves="inverse", dtype="same int64", outputs="inverse info",
           dtypes="floating, not 16-bit", capability="linalg", out=False, shape_rule=square_rule, samples=lambda: [
    Sample(arr(3, 3, fill=DOMINANT)), Sample(arr(2, 3, 3, fill=DOMINANT)), Sample(arr(0, 0)), Sample(arr(0, 2, 2)),
    NOT_SQUARE])
def inv_op(A: Tensor) -> Tensor:
    """The inverse, and the place from 1 of the first zero on U's diagonal, else 0."""
    shape = tuple(A._array.shape)
    return solve_op(A, expand(identity(A, shape[-1]), shape))  # type: ignore[return-value]


@inv_op.grad("A")
def _(g, inverse):
    back = adjoint(inverse)
    return -matmul(back, matmul(g, back))


# --- determinants


def _swaps_sign(LU: Tensor, pivots: Tensor) -> Tensor:
    """1 or -1, the determinant of P."""
    count = pivots._array.shape[-1]
    moved = cast(pivots != arange(count, device=pivots.device) + 1, LU._kind.dtype)
    return prod_op(1 - 2 * moved, (moved.ndim - 1,))  # type: ignore[no-any-return]


@composite(name="linalg_det", saves="A out", dtypes="floating, not 16-bit",
           capability="linalg", out=False, shape_rule=square_rule,
           samples=lambda: [
    Sample(arr(3, 3)), Sample(arr(2, 2, 2)), Sample(arr(0, 0)), Sample(arr(0, 2, 2)), Sample(arr(1, 1)),
    Sample(arr(3, 3, fill=_SINGULAR), gradcheck=False), NOT_SQUARE])
def det_op(A: Tensor) -> Tensor:
    """The determinant."""
    square_rule(A)
    LU, pivots, _ = lu_factor_op(A)
    diagonal = diagonal_of(LU)
    return prod_op(diagonal, (diagonal.ndim - 1,)) * _swaps_sign(LU, pivots)  # type: ignore[no-any-return]


@det_op.grad("A")
def _(g, A, out):
    """det(A)^* A^-H g; of singular matrices by way of the adjugate, in terms of singular values."""
    if not A.numel():
        return nothing(A)
    eps = finfo(A.dtype.real).eps
    weight = _c(out) * g
    if not grad_enabled():
        LU, pivots, _ = lu_factor_op(adjoint(A))
        diagonal = diagonal_of(LU)
        small = diagonal.abs() < eps
        LU = LU + embedded(where_op(small, lift(diagonal, eps), lift(diagonal, 0)))
        return solved_by(LU, pivots, embedded(expand(weight.unsqueeze(-1), tuple(diagonal._array.shape))))
    singular = out.detach().abs() < 100 * eps
    if not bool(unmapped(singular).any()):
        return _regular_det_slope(A, weight)
    if bool(unmapped(singular).all()):
        return _adjugate_slope(A, g)
    kept = reshape(singular, (*singular._array.shape, 1, 1))
    safe = where_op(kept, expand(identity(A, A._array.shape[-1]), tuple(A._array.shape)), A)
    return where_op(kept, _adjugate_slope(A, g), _regular_det_slope(safe, weight))


def _regular_det_slope(A: Tensor, weight: Tensor) -> Tensor:
    shape = tuple(A._array.shape)
    return solved(adjoint(A), embedded(expand(weight.unsqueeze(-1), shape[:-1])))


def _adjugate_slope(A: Tensor, g: Tensor) -> Tensor:
    U, S, Vh = svd_op(A)
    alpha = _c(det_op(U) * det_op(Vh)) * g
    others = _products_of_others(S)
    return matmul(U * in_dtype_of(others, A).unsqueeze(-2), Vh) * reshape(alpha, (*alpha._array.shape, 1, 1))


def _products_of_others(S: Tensor) -> Tensor:
    """For every element along the last dim the product of the others."""
    n = S._array.shape[-1]
    rows = expand(S.unsqueeze(-2), (*S._array.shape, n))
    return prod_op(where_op(eq(identity(S, n), 1), lift(S, 1), rows), (rows.ndim - 1,))  # type: ignore[no-any-return]


@composite(name="linalg_slogdet", saves="A sign", dtype="same real", outputs="sign logabsdet",
           dtypes="floating, not 16-bit", capability="linalg", out=False, materializes=False, shape_rule=square_rule,
           samples=lambda: [
    Sample(arr(3, 3)), Sample(arr(2, 2, 2)), Sample(arr(0, 0)), Sample(arr(0, 2, 2)), Sample(arr(1, 1)),
    Sample(arr(3, 3, fill=_SINGULAR), gradcheck=False), NOT_SQUARE])
def slogdet_op(A: Tensor) -> Tensor:
    """The determinant's sign (a number of size 1, or 0) and the logarithm of its size."""
    square_rule(A)
    LU, pivots, _ = lu_factor_op(A)
    diagonal = diagonal_of(LU)
    last = (diagonal.ndim - 1,)
    sign = prod_op(diagonal.sgn(), last) * _swaps_sign(LU, pivots)
    return sign, total(diagonal.abs().log(), last)  # type: ignore[return-value]


@slogdet_op.grad("A")
def _(g, A, sign):
    g_sign, g_log = g
    weight = None if g_log is None else in_dtype_of(g_log, A)
    if g_sign is not None and A._kind.dtype.is_complex:
        turn = _imag(_c(g_sign) * sign)
        turned = complex_op(nothing(turn), -turn)
        weight = turned if weight is None else weight + turned
    return nothing(A) if weight is None else _regular_det_slope(A, weight)


# --- pseudo-inverses


@composite(name="linalg_pinv", saves="input out", kinds="T any any", nondiff="atol rtol",
           dtypes="floating, not 16-bit", capability="linalg", out=False, shape_rule=matrix_rule, samples=lambda: [
    Sample(arr(3, 3), None, None), Sample(arr(4, 2), None, None), Sample(arr(2, 2, 3), None, None),
    Sample(arr(0, 3), None, None), Sample(arr(3, 0), None, None), Sample(positive(3, 3), None, None, True)])
def pinv_op(input: Tensor, atol: Tensor | None, rtol: Tensor | None, hermitian: bool = False) -> Tensor:
    """The Moore-Penrose inverse; singular values up to max(atol, rtol * the largest) count as zero."""
    m, n = input._array.shape[-2:]
    if hermitian:
        values, vectors = eigh_op(input)
        sizes, left, right = values.abs(), vectors, adjoint(vectors)
    else:
        left, sizes, right = svd_op(input)
        values = sizes
    if not values._array.shape[-1]:
        return zeros_of(input, (*input._array.shape[:-2], n, m))
    bound = tolerance(sizes, (m, n), atol, rtol, input.dtype)
    small = sizes <= bound.unsqueeze(-1)
    inverse = where_op(small, lift(values, 0), 1 / where_op(small, lift(values, 1), values))
    return matmul(adjoint(right) * in_dtype_of(inverse, input).unsqueeze(-2), adjoint(left))  # type: ignore[no-any-return]


def tolerance(sizes: Tensor, shape: tuple[int, int], atol: Any, rtol: Any, dtype: Any) -> Tensor:
    """max(atol, rtol * the largest size); rtol is eps times the longer side unless either is given."""
    largest = amax(sizes, (sizes.ndim - 1,))
    if rtol is None:
        rtol = finfo(dtype.real).eps * max(shape)
        rtol = lift(largest, rtol) if atol is None else where_op(atol > 0, lift(largest, 0), lift(largest, rtol))
    relative = in_dtype_of(rtol, largest) * largest
    return relative if atol is None else maximum(in_dtype_of(atol, largest), relative)


@pinv_op.grad("input")
def _(g, input, out):
    m, n = input._array.shape[-2:]
    back, gh = adjoint(out), adjoint(g)
    if m <= n:
        inner = matmul(gh, out)
        outer = matmul(inner, back)
        return (-adjoint(matmul(out, inner)) + outer - matmul(matmul(input, out), outer)
                + matmul(matmul(back, out), gh - matmul(inner, input)))
    inner = matmul(out, gh)
    outer = matmul(back, inner)
    return (-adjoint(matmul(inner, out)) + matmul(matmul(gh - matmul(input, inner), out), back) + outer
            - matmul(matmul(outer, out), input))


# --- Cholesky factors


@composite(name="cholesky_solve", saves="input other out", dtypes="floating, not 16-bit",
           capability="linalg", alike="all", out=False,
           samples=lambda: [
    Sample(arr(3, 2), arr(3, 3, fill=DOMINANT, structure="lower")),
    Sample(arr(2, 3, 1), arr(3, 3, fill=DOMINANT, structure="upper"), upper=True),
    Sample(arr(0, 2), arr(0, 0))])
def cholesky_solve_op(input: Tensor, other: Tensor, upper: bool = False) -> Tensor:
    """X with L @ L^H @ X = input, where `other` is L, or its adjoint with `upper`."""
    if upper:
        below = triangular_op(adjoint(triu(other)), input, upper=False)
        return triangular_op(other, below, upper=True)  # type: ignore[no-any-return]
    return triangular_op(adjoint(tril(other)), triangular_op(other, input, upper=False), upper=True)  # type: ignore[no-any-return]


@cholesky_solve_op.grad("input")
def _(g, other, *, upper):
    return cholesky_solve_op(g, other, upper)


@cholesky_solve_op.grad("other")
def _(g, other, out, *, upper):
    back = cholesky_solve_op(g, other, upper)
    both = matmul(back, adjoint(out))
    both = both + adjoint(both)
    return -matmul(other, both) if upper else -matmul(both, other)


# --- exponentials


_DEGREE = 18
_NEAR = {"float64": 1.09, "float32": 3.01}  # norms up to which the series is exact (Blanes, Casas, Ros 2019)


@composite(name="linalg_matrix_exp", saves="input", dtypes="floating, not 16-bit", out=False, shape_rule=square_rule,
           samples=lambda: [
    Sample(arr(3, 3)), Sample(arr(2, 2, 2)), Sample(arr(1, 1)), Sample(arr(0, 0)), Sample(arr(0, 2, 2)), NOT_SQUARE])
def matrix_exp_op(input: Tensor) -> Tensor:
    """The matrix exponential, by scaling and squaring of its Taylor series."""
    shape = tuple(input._array.shape)
    if 0 in shape:
        return input.clone()
    norms = amax(total(input.abs(), (input.ndim - 2,)), (input.ndim - 2,))
    times = (norms / _NEAR[input.dtype.real.name]).clamp(min=1).log2().ceil()
    made = _series(input * in_dtype_of((-times).exp2(), input).unsqueeze(-1).unsqueeze(-1))
    most = float(unmapped(times).amax().item())
    for i in range(int(most) if math.isfinite(most) else 0):
        made = where_op((times > i).unsqueeze(-1).unsqueeze(-1), matmul(made, made), made)
    return made


def _series(x: Tensor) -> Tensor:
    """The Taylor series, in blocks of six powers."""
    one, square = identity(x, x._array.shape[-1]), matmul(x, x)
    cube = matmul(square, x)
    powers = [one, x, square, cube, matmul(square, square), matmul(square, cube)]
    sixth, made = matmul(cube, cube), one * (1 / math.factorial(_DEGREE))
    for start in range(_DEGREE - 6, -1, -6):
        part = powers[0] * (1 / math.factorial(start))
        for i in range(1, 6):
            part = part + powers[i] * (1 / math.factorial(start + i))
        made = part + matmul(sixth, made)
    return made  # type: ignore[no-any-return]


@matrix_exp_op.grad("input")
def _(g, input):
    """The upper right block of the exponential of [[A^H, G], [0, A^H]]."""
    if not input.numel():
        return nothing(input)
    n, back = input._array.shape[-1], adjoint(input)
    last = back.ndim - 1
    upper = cat_op([back, g], last)
    both = cat_op([upper, cat_op([nothing(back), back], last)], last - 1)
    return block(matrix_exp_op(both), slice(n), slice(n, None))
