"""`torch.linalg`'s factorisations: Cholesky, LU, LDL, QR."""

from __future__ import annotations

from typing import Any

from ...errors import DTypeError, ShapeError, ValueRangeError
from ...ops.compare import eq, where_op
from ...ops.complex import _c, _real, complex_op
from ...ops.create import nothing, zeros_of
from ...ops.decomposition import (
    adjoint as adjoint_of,
)
from ...ops.decomposition import (
    block,
    cholesky_op,
    geqrf_op,
    identity,
    ldl_factor_op,
    lower_of,
    lu_factor_op,
    permuted_rows,
    qr_op,
    reflected,
    restored_rows,
    triangular_op,
    upper_of,
)
from ...ops.movement import expand, reshape, stack, transpose
from ...shapes import broadcast_shapes
from ...table.returns import return_type
from ...tensors.tensor import Tensor
from .checks import (
    MINOR,
    ZERO_BLOCK,
    ZERO_PIVOT,
    batch_of,
    check_info,
    narrow,
    require_floating,
    require_matrix,
    require_same_dtype,
    require_square,
    stored,
)

_cholesky_ex = return_type("linalg_cholesky_ex", ("L", "info"))
_lu = return_type("linalg_lu", ("P", "L", "U"))
_lu_factor = return_type("linalg_lu_factor", ("LU", "pivots"))
_lu_factor_ex = return_type("linalg_lu_factor_ex", ("LU", "pivots", "info"))
_ldl_factor = return_type("linalg_ldl_factor", ("LD", "pivots"))
_ldl_factor_ex = return_type("linalg_ldl_factor_ex", ("LD", "pivots", "info"))


def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False, out: Any = None) -> Any:
    """As `cholesky`, and by matrix the order of the first leading minor that is not positive-definite, else 0.

    >>> import flambeau
    >>> flambeau.linalg.cholesky_ex(flambeau.eye(2)).info
    tensor(0, dtype=flambeau.int32)
    """
    return _cholesky("linalg.cholesky_ex", A, upper, check_errors, out)


def _cholesky(op: str, A: Tensor, upper: bool, check_errors: bool, out: Any = None) -> Any:
    require_square(op, A)
    require_floating(op, A)
    L, info = cholesky_op(A, upper)
    if check_errors:
        check_info(op, info, MINOR)
    return stored(cholesky_op, _cholesky_ex(L, narrow(info)), out)


def cholesky(A: Tensor, *, upper: bool = False, out: Tensor | None = None) -> Tensor:
    """The triangular L with L @ L^H = A, for positive-definite A (*, n, n); its adjoint with `upper`.

    Raises LinAlgError where a matrix is not positive-definite.

    >>> import flambeau
    >>> flambeau.linalg.cholesky(flambeau.tensor([[4.0, 2.0], [2.0, 5.0]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    return stored(cholesky_op, _cholesky("linalg.cholesky", A, upper, True).L, out)  # type: ignore[no-any-return]


def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False, out: Any = None) -> Any:
    """L and U of A = P L U in one matrix, the swaps of rows, and the place of the first zero on U's diagonal or 0."""
    return stored(lu_factor_op, _factored("linalg.lu_factor_ex", A, pivot, check_errors), out)


def _factored(op: str, A: Tensor, pivot: bool, check_errors: bool) -> Any:
    require_matrix(op, A)
    require_floating(op, A)
    if not pivot and A.device.type == "cpu":
        raise ValueRangeError("LU without pivoting is not implemented on the CPU", op=op)
    LU, pivots, info = lu_factor_op(A, pivot)
    if check_errors:
        check_info(op, info, ZERO_PIVOT)
    return _lu_factor_ex(LU, narrow(pivots), narrow(info))


def lu_factor(A: Tensor, *, pivot: bool = True, out: Any = None) -> Any:
    """L and U of A = P L U in one matrix, and the swaps of rows, from 1; `lu_solve` takes them.

    Raises LinAlgError for a singular matrix.

    >>> import flambeau
    >>> LU, pivots = flambeau.linalg.lu_factor(flambeau.tensor([[1.0, 2.0], [2.0, 3.0]]))
    >>> pivots
    tensor([2, 2], dtype=flambeau.int32)
    """
    return stored(lu_factor_op, _lu_factor(*_factored("linalg.lu_factor", A, pivot, True)[:2]), out)


def lu(A: Tensor, *, pivot: bool = True, out: Any = None) -> Any:
    """P, L and U with A = P @ L @ U: a permutation, a unit lower and an upper triangular matrix.

    >>> import flambeau
    >>> P, L, U = flambeau.linalg.lu(flambeau.tensor([[1.0, 2.0], [2.0, 3.0]]))
    >>> U
    tensor([[2.0000, 3.0000],
            [0.0000, 0.5000]])
    """
    LU, pivots, _ = _factored("linalg.lu", A, pivot, False)
    return stored(lu_factor_op, _lu(permutation(LU, pivots), lower_of(LU), upper_of(LU)), out)


def permutation(LU: Tensor, pivots: Tensor) -> Tensor:
    """The matrices P of A = P L U."""
    rows = LU._array.shape[-2]
    return restored_rows(expand(identity(LU.detach(), rows), (*batch_of(LU), rows, rows)), pivots)


def lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False,
             out: Tensor | None = None) -> Tensor:
    """X with A @ X = B (X @ A = B unless `left`, A^H for A if `adjoint`), from what `lu_factor` gives."""
    op = "linalg.lu_solve"
    require_floating(op, LU)
    require_same_dtype(op, LU, B, ("LU", "B"))
    if pivots.dtype.name != "int32":
        raise DTypeError(f"pivots should be a Tensor of scalar type torch.int32, got {pivots.dtype!r}", op=op)
    require_square(op, LU, "LU")
    require_matrix(op, B, "B")
    if tuple(pivots._array.shape) != tuple(LU._array.shape[:-1]):
        raise ShapeError(f"Number of pivots per batch should be same as the dimension of the matrix, got"
                         f" {list(pivots.shape)} for {list(LU.shape)}", op=op)
    require_fitting(op, LU, B, left, "LU")
    return stored(triangular_op, _lu_solution(LU, pivots, B, left, adjoint), out)  # type: ignore[no-any-return]


def require_fitting(op: str, A: Tensor, B: Tensor, left: bool, name: str = "A") -> None:
    """Raises ShapeError unless A @ X = B (X @ A = B) has shapes that fit."""
    if A._array.shape[-1] != B._array.shape[-2 if left else -1]:
        raise ShapeError(f"Incompatible shapes of {name} and B for the equation {'AX = B' if left else 'XA = B'}"
                         f" ({list(A.shape)} and {list(B.shape)})", op=op)
    broadcast_shapes(op, batch_of(A), batch_of(B))


def _lu_solution(LU: Tensor, pivots: Tensor, B: Tensor, left: bool, adjoint: bool) -> Tensor:
    if not left:
        return adjoint_of(_lu_solution(LU, pivots, adjoint_of(B), True, not adjoint))
    if not adjoint:
        below = triangular_op(LU, permuted_rows(B, pivots), upper=False, unitriangular=True)
        return triangular_op(LU, below, upper=True)  # type: ignore[no-any-return]
    back = adjoint_of(LU)
    above = triangular_op(back, B, upper=False)
    return restored_rows(triangular_op(back, above, upper=True, unitriangular=True), pivots)


def ldl_factor_ex(A: Tensor, *, hermitian: bool = False, check_errors: bool = False, out: Any = None) -> Any:
    """As `ldl_factor`, and by matrix the place of the first zero on the diagonal of D, else 0."""
    return stored(ldl_factor_op, _ldl("linalg.ldl_factor_ex", A, hermitian, check_errors), out)


def _ldl(op: str, A: Tensor, hermitian: bool, check_errors: bool) -> Any:
    require_square(op, A)
    require_floating(op, A)
    LD, pivots, info = ldl_factor_op(A, hermitian)
    if check_errors:
        check_info(op, info, ZERO_BLOCK)
    return _ldl_factor_ex(LD, narrow(pivots), narrow(info))


def ldl_factor(A: Tensor, *, hermitian: bool = False, out: Any = None) -> Any:
    """The compact factors of A = L D L^T (L D L^H if `hermitian`), D with blocks of one or two, and the swaps."""
    return stored(ldl_factor_op, _ldl_factor(*_ldl("linalg.ldl_factor", A, hermitian, True)[:2]), out)


def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False, out: Tensor | None = None) -> Tensor:
    """X with A @ X = B from what `ldl_factor` gives."""
    op = "linalg.ldl_solve"
    require_floating(op, LD)
    require_matrix(op, B, "B")
    require_square(op, LD, "LD")
    if tuple(pivots._array.shape) != tuple(LD._array.shape[:-1]):
        raise ShapeError(f"Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with shape"
                         f" {list(pivots.shape)}", op=op)
    if pivots.dtype.category != 1:
        raise DTypeError(f"Expected pivots to be integers. Got {pivots.dtype!r}", op=op)
    require_same_dtype(op, LD, B, ("LD", "B"))
    require_fitting(op, LD, B, True, "LD")
    batch = broadcast_shapes(op, batch_of(LD), batch_of(B))
    n = LD._array.shape[-1]
    LD, pivots = expand(LD, (*batch, n, n)), expand(pivots, (*batch, n))
    B = expand(B, (*batch, *B._array.shape[-2:]))
    made = _ldl_each(LD, pivots, B, hermitian and LD.is_complex()) if B.numel() else B.clone()
    return stored(ldl_factor_op, made, out)  # type: ignore[no-any-return]


def _ldl_each(LD: Tensor, pivots: Tensor, B: Tensor, hermitian: bool) -> Tensor:
    """One matrix of the batch after another: each has blocks of its own."""
    n, shape = LD._array.shape[-1], tuple(B._array.shape)
    matrices, swaps = reshape(LD, (-1, n, n)), reshape(pivots, (-1, n)).tolist()
    parts = [_ldl_solution(m, p, b, hermitian)
             for m, p, b in zip(matrices.unbind(0), swaps, reshape(B, (-1, *shape[-2:])).unbind(0), strict=True)]
    return reshape(stack(parts), shape)


def _ldl_blocks(swaps: list[int]) -> list[tuple[int, int, int]]:
    """(first row, width, row that was swapped in) of every block of D."""
    blocks, k = [], 0
    while k < len(swaps):
        width = 1 if swaps[k] > 0 else 2
        blocks.append((k, width, abs(swaps[k]) - 1))
        k += width
    return blocks


def _ldl_solution(LD: Tensor, swaps: list[int], B: Tensor, hermitian: bool) -> Tensor:
    rows = list(B.unbind(0))
    blocks = _ldl_blocks(swaps)
    columns = [[LD[i, k] for i in range(len(rows))] for k in range(len(rows))]
    for k, width, swap in blocks:
        last = k + width - 1
        rows[last], rows[swap] = rows[swap], rows[last]
        for i in range(k + width, len(rows)):
            for j in range(k, k + width):
                rows[i] = rows[i] - columns[j][i] * rows[j]
    for k, width, _ in blocks:
        rows[k : k + width] = _block_solution(columns, k, width, rows, hermitian)
    for k, width, swap in reversed(blocks):
        for j in range(k, k + width):
            for i in range(k + width, len(rows)):
                factor = columns[j][i]
                rows[j] = rows[j] - (_c(factor) if hermitian else factor) * rows[i]
        last = k + width - 1
        rows[last], rows[swap] = rows[swap], rows[last]
    return stack(rows)


def _block_solution(columns: list[list[Tensor]], k: int, width: int, rows: list[Tensor],
                    hermitian: bool) -> list[Tensor]:
    head = _as_real(columns[k][k]) if hermitian else columns[k][k]
    if width == 1:
        return [rows[k] / head]
    tail = _as_real(columns[k + 1][k + 1]) if hermitian else columns[k + 1][k + 1]
    below = columns[k][k + 1]
    beside = _c(below) if hermitian else below
    scale = head * tail - below * beside
    return [(tail * rows[k] - beside * rows[k + 1]) / scale, (head * rows[k + 1] - below * rows[k]) / scale]


def _as_real(x: Tensor) -> Tensor:
    part = _real(x)
    return complex_op(part, nothing(part))


def qr(A: Tensor, mode: str = "reduced", *, out: Any = None) -> Any:
    """Q with orthonormal columns and R upper triangular with A = Q @ R.

    `mode` "reduced": Q (*, m, k), R (*, k, n); "complete": Q (*, m, m), R (*, m, n); "r": R alone, Q empty.

    >>> import flambeau
    >>> Q, R = flambeau.linalg.qr(flambeau.tensor([[3.0], [4.0]]))
    >>> R.abs()
    tensor([[5.]])
    """
    require_matrix("linalg.qr", A)
    require_floating("linalg.qr", A)
    if mode not in ("reduced", "complete", "r"):
        raise ValueRangeError(f"received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or"
                              " 'complete'", op="linalg.qr")
    return stored(qr_op, qr_op(A, mode), out)


def geqrf(input: Tensor, *, out: Any = None) -> Any:
    """R above and on the diagonal of `a`, the reflectors that make Q below it, and their factors `tau`."""
    require_matrix("geqrf", input, "input")
    require_floating("geqrf", input)
    return stored(geqrf_op, geqrf_op(input), out)


def householder_product(input: Tensor, tau: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The first columns of the product of Householder reflectors, as `geqrf` packs them: (*, m, n), (*, k) → (*, m, n).

    >>> import flambeau
    >>> a, tau = flambeau.geqrf(flambeau.tensor([[3.0], [4.0]]))
    >>> flambeau.linalg.householder_product(a, tau).abs()
    tensor([[0.6000],
            [0.8000]])
    """
    op = "linalg.householder_product"
    _require_reflectors(op, input, tau)
    m, n = input._array.shape[-2:]
    if m < n:
        raise ShapeError(f"input.shape[-2] must be greater than or equal to input.shape[-1], got {m} and {n}", op=op)
    if tau._array.shape[-1] > n:
        raise ShapeError(f"input.shape[-1] must be greater than or equal to tau.shape[-1], got {n} and"
                         f" {tau.shape[-1]}", op=op)
    start = expand(block(identity(input.detach(), m), slice(None), slice(n)), (*batch_of(input), m, n))
    made = reflected(input, tau, start) if tau.numel() else where_op(eq(start, start), start, input)
    return stored(qr_op, made, out)  # type: ignore[no-any-return]


def _require_reflectors(op: str, input: Tensor, tau: Tensor) -> None:
    require_matrix(op, input, "input")
    require_floating(op, input)
    require_same_dtype(op, input, tau, ("input", "tau"))
    if tau.ndim != input.ndim - 1 or tuple(tau._array.shape[:-1]) != batch_of(input):
        raise ShapeError(f"Expected batch dimensions of tau to be equal to input.shape[:-2], but got {list(tau.shape)}"
                         f" for input {list(input.shape)}", op=op)


def ormqr(input: Tensor, tau: Tensor, other: Tensor, left: bool = True, transpose: bool = False, *,
          out: Tensor | None = None) -> Tensor:
    """Q @ other (other @ Q unless `left`), Q^H for Q if `transpose`: Q the product of the reflectors of `geqrf`."""
    _require_reflectors("ormqr", input, tau)
    require_matrix("ormqr", other, "other")
    require_same_dtype("ormqr", input, other, ("input", "other"))
    side = other._array.shape[-2 if left else -1]
    if side < tau._array.shape[-1]:
        raise ShapeError(f"other.shape[{-2 if left else -1}] must be greater than or equal to tau.shape[-1], got {side}"
                         f" and {tau.shape[-1]}", op="ormqr")
    if side != input._array.shape[-2]:
        raise ShapeError(f"other.shape[{-2 if left else -1}] must be equal to input.shape[-2], got {side} and"
                         f" {input.shape[-2]}", op="ormqr")
    if batch_of(input) != batch_of(other):
        raise ShapeError(f"Expected batch dimensions of other to be equal to input.shape[:-2], but got"
                         f" {list(other.shape)} for input {list(input.shape)}", op="ormqr")
    if left:
        made = reflected(input, tau, other, bool(transpose))
    else:
        made = adjoint_of(reflected(input, tau, adjoint_of(other), not transpose))
    return stored(qr_op, made, out)  # type: ignore[no-any-return]


def empty_of(like: Tensor) -> Tensor:
    """An empty tensor, where PyTorch leaves out a factor."""
    return zeros_of(like, (0,))


def swapped(x: Tensor) -> Tensor:
    """The transposes of matrices, not conjugated."""
    return transpose(x, -2, -1)
