"""`torch.linalg`'s solutions, inverses and determinants."""

from __future__ import annotations

from typing import Any

from ...dtypes import int64
from ...errors import DTypeError, ShapeError, UnsupportedError, ValueRangeError
from ...modes import grad_enabled
from ...ops.compare import eq, where_op
from ...ops.complex import _real
from ...ops.create import zeros_of
from ...ops.decomposition import (
    adjoint,
    eigvalsh_op,
    identity,
    qr_op,
    svdvals_op,
    triangular_op,
)
from ...ops.linalg import matmul
from ...ops.matrix import det_op, inv_op, matrix_exp_op, pinv_op, slogdet_op, solve_op, tolerance
from ...ops.movement import expand, permute, reshape
from ...ops.reduce import sum as total
from ...shapes import broadcast_shapes, numel
from ...table.precision import in_single
from ...table.returns import return_type
from ...table.settings import finfo
from ...tensors.tensor import Tensor, unmapped
from ..decomposition.checks import (
    NO_INVERSE,
    SINGULAR,
    batch_of,
    check_info,
    narrow,
    require_floating,
    require_matrix,
    require_same_dtype,
    require_square,
    stored,
)
from ..decomposition.factors import require_fitting

_inv_ex = return_type("linalg_inv_ex", ("inverse", "info"))
_solve_ex = return_type("linalg_solve_ex", ("result", "info"))
_lstsq = return_type("linalg_lstsq", ("solution", "residuals", "rank", "singular_values"))


def inv_ex(A: Tensor, *, check_errors: bool = False, out: Any = None) -> Any:
    """As `inv`, and by matrix the place of the first zero on the diagonal of its U, else 0."""
    return _inverse("linalg.inv_ex", A, check_errors, out)


def _inverse(op: str, A: Tensor, check_errors: bool, out: Any = None) -> Any:
    require_square(op, A)
    require_floating(op, A)
    made, info = inv_op(A)
    if check_errors:
        check_info(op, info, NO_INVERSE)
    return stored(inv_op, _inv_ex(made, narrow(info)), out)


def inv(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse of square matrices; raises LinAlgError for a singular one.

    >>> import flambeau
    >>> flambeau.linalg.inv(flambeau.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    return stored(inv_op, _inverse("linalg.inv", A, True).inverse, out)  # type: ignore[no-any-return]


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False, out: Any = None) -> Any:
    """As `solve`, and by matrix the place of the first zero on the diagonal of its U, else 0."""
    return _solution("linalg.solve_ex", A, B, left, check_errors, out)


def _solution(op: str, A: Tensor, B: Tensor, left: bool, check_errors: bool, out: Any = None) -> Any:
    require_square(op, A)
    require_floating(op, A)
    require_same_dtype(op, A, B)
    vector = is_vectors(A, B)
    if vector:
        if not left:
            raise ShapeError("linalg.solve: Vector broadcasting of the left hand side is not supported for left=False",
                             op=op)
        B = B.unsqueeze(-1)
    require_matrix(op, B, "B")
    require_fitting(op, A, B, left)
    if left:
        made, info = solve_op(A, B)
    else:
        made, info = solve_op(adjoint(A), adjoint(B))
        made = adjoint(made)
    if check_errors:
        check_info(op, info, SINGULAR)
    return stored(solve_op, _solve_ex(made.squeeze(-1) if vector else made, narrow(info)), out)


def is_vectors(A: Tensor, B: Tensor) -> bool:
    """Whether `B` is a batch of vectors: one dim, or A's shape without its last."""
    return B.ndim == 1 or (A.ndim - 1 == B.ndim and tuple(B._array.shape) == tuple(A._array.shape[:-1]))


def solve(A: Tensor, B: Tensor, *, left: bool = True, out: Tensor | None = None) -> Tensor:
    """X with A @ X = B, or X @ A = B unless `left`; B a vector, matrices or a batch. Raises LinAlgError if singular.

    >>> import flambeau
    >>> flambeau.linalg.solve(flambeau.tensor([[2.0, 0.0], [0.0, 4.0]]), flambeau.tensor([2.0, 2.0]))
    tensor([1.0000, 0.5000])
    """
    return stored(solve_op, _solution("linalg.solve", A, B, left, True).result, out)  # type: ignore[no-any-return]


def solve_triangular(A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False,
                     out: Tensor | None = None) -> Tensor:
    """X with A @ X = B for triangular A, of which one triangle is read; X @ A = B unless `left`.

    >>> import flambeau
    >>> flambeau.linalg.solve_triangular(flambeau.tensor([[2.0, 9.0], [1.0, 1.0]]), flambeau.ones(2, 1), upper=False)
    tensor([[0.5000],
            [0.5000]])
    """
    op = "linalg.solve_triangular"
    require_square(op, A)
    require_matrix(op, B, "B")
    require_floating(op, A)
    require_same_dtype(op, A, B)
    require_fitting(op, A, B, left)
    made = triangular_op(A, B, upper=bool(upper), left=bool(left), unitriangular=bool(unitriangular))
    return stored(triangular_op, made, out)  # type: ignore[no-any-return]


def det(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The determinant of square matrices.

    >>> import flambeau
    >>> flambeau.linalg.det(flambeau.tensor([[2.0, 1.0], [1.0, 2.0]]))
    tensor(3.)
    """
    require_square("linalg.det", A)
    require_floating("linalg.det", A)
    return stored(det_op, det_op(A), out)  # type: ignore[no-any-return]


def slogdet(A: Tensor, *, out: Any = None) -> Any:
    """The sign (a complex number of size 1) and the logarithm of the size of the determinant.

    >>> import flambeau
    >>> flambeau.linalg.slogdet(flambeau.tensor([[0.0, 1.0], [1.0, 0.0]])).sign
    tensor(-1.)
    """
    require_square("linalg.slogdet", A)
    require_floating("linalg.slogdet", A)
    return stored(slogdet_op, slogdet_op(A), out)


def _bound(op: str, name: str, value: Any, like: Tensor) -> Tensor | None:
    """A tolerance as a tensor of the singular values' dtype."""
    if value is None:
        return None
    if isinstance(value, Tensor):
        if value.dtype.is_complex:
            raise DTypeError(f"{name} tensor of complex type is not supported. Got {value.dtype!r}", op=op)
        return value.to(like.dtype.real)
    return like.new_tensor(float(value), dtype=like.dtype.real)


def pinv(A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None,
         out: Tensor | None = None) -> Tensor:
    """The Moore-Penrose inverse: singular values up to max(atol, rtol * the largest) count as zero.

    `rtol` is eps times the longer side unless either is given; both may be tensors, one number a matrix. With
    `hermitian` the lower triangle is read. `rcond` is the older name of `rtol`.

    >>> import flambeau
    >>> flambeau.linalg.pinv(flambeau.tensor([[2.0, 0.0], [0.0, 0.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.0000]])
    """
    op = "linalg.pinv"
    (require_square if hermitian else require_matrix)(op, A)
    require_floating(op, A)
    rtol = _bound(op, "rtol", rcond if rtol is None else rtol, A)
    made = pinv_op(A, _bound(op, "atol", atol, A), rtol, hermitian)
    return stored(pinv_op, made, out)  # type: ignore[no-any-return]


def matrix_rank(A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None,
                out: Tensor | None = None) -> Tensor:
    """How many singular values are larger than max(atol, rtol * the largest); `tol` is the older name of `atol`.

    >>> import flambeau
    >>> flambeau.linalg.matrix_rank(flambeau.ones(2, 3))
    tensor(1)
    """
    op = "linalg.matrix_rank"
    (require_square if hermitian else require_matrix)(op, A)
    require_floating(op, A)
    if tol is not None:
        atol, rtol = tol, 0.0
    least, relative = _bound(op, "atol", atol, A), _bound(op, "rtol", rtol, A)
    A = A.detach()
    sizes = eigvalsh_op(A).abs() if hermitian else svdvals_op(A)
    if not A.numel():
        made = zeros_of(sizes, batch_of(A)).to(int64)
    else:
        bound = tolerance(sizes, tuple(A._array.shape[-2:]), least, relative, A.dtype)
        made = total(sizes > bound.unsqueeze(-1), -1)
    return stored(svdvals_op, made, out)  # type: ignore[no-any-return]


def matrix_exp(A: Tensor) -> Tensor:
    """The exponential of square matrices, the sum of A^k / k!.

    >>> import flambeau
    >>> flambeau.linalg.matrix_exp(flambeau.zeros(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    require_square("linalg.matrix_exp", A)
    require_floating("linalg.matrix_exp", A, low_precision=True)
    if A.dtype.itemsize == 2:
        return matrix_exp_op(A.float()).to(A.dtype)
    return matrix_exp_op(A)  # type: ignore[no-any-return]


def tensorinv(A: Tensor, ind: int = 2, *, out: Tensor | None = None) -> Tensor:
    """The inverse of A as a map of the tensors of its last dims to those of its first `ind`.

    >>> import flambeau
    >>> flambeau.linalg.tensorinv(flambeau.eye(4).reshape(4, 2, 2), ind=1).shape
    flambeau.Size([2, 2, 4])
    """
    op = "linalg.tensorinv"
    require_floating(op, A)
    if ind <= 0:
        raise ValueRangeError("Expected a strictly positive integer for 'ind'", op=op, ind=ind)
    shape = tuple(A._array.shape)
    rows, columns = numel(shape[:ind]), numel(shape[ind:])
    if rows != columns:
        raise ShapeError("Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]),"
                         f" but got {columns} != {rows}", op=op)
    made = inv(reshape(A, (rows, columns)))
    return stored(inv_op, reshape(made, (*shape[ind:], *shape[:ind])), out)  # type: ignore[no-any-return]


def tensorsolve(A: Tensor, B: Tensor, dims: Any = None, *, out: Tensor | None = None) -> Tensor:
    """X with tensordot(A, X, X.ndim) = B; `dims` of A go to its end first.

    >>> import flambeau
    >>> flambeau.linalg.tensorsolve(flambeau.eye(4).reshape(2, 2, 4), flambeau.ones(2, 2)).shape
    flambeau.Size([4])
    """
    op = "linalg.tensorsolve"
    require_floating(op, A)
    if dims is not None:
        moved = [d % A.ndim for d in dims]
        A = permute(A, [d for d in range(A.ndim) if d not in moved] + moved)
    shape = tuple(A._array.shape[B.ndim :])
    size = numel(shape)
    if numel(A._array.shape[: B.ndim]) != size:
        raise ShapeError("Expected self to satisfy the requirement prod(self.shape[other.ndim:]) =="
                         f" prod(self.shape[:other.ndim]), but got {size} != {numel(A._array.shape[: B.ndim])}", op=op)
    made = solve(reshape(A, (size, size)), reshape(B, (-1,)))
    return stored(solve_op, reshape(made, shape), out)  # type: ignore[no-any-return]


_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> Any:
    """X that brings A @ X nearest to B, with residuals, rank and singular values: (solution, residuals, rank, …).

    `driver` names LAPACK's way: "gels" (A of full rank), "gelsy" (the default), "gelsd", "gelss"; the last three take
    singular values up to `rcond` times the largest for zero. Residuals are given for a tall A of full rank, the rank
    by all but "gels", singular values by the last two; what is not given is empty.

    >>> import flambeau
    >>> flambeau.linalg.lstsq(flambeau.tensor([[1.0], [1.0]]), flambeau.tensor([[1.0], [3.0]])).solution
    tensor([[2.0000]])
    """
    op = "linalg.lstsq"
    require_floating(op, A)
    require_matrix(op, A, "input")
    if not B.ndim:
        raise ShapeError("other must have at least 1 dimension", op=op)
    require_same_dtype(op, A, B, ("input", "other"))
    driver = "gelsy" if driver is None else driver
    if driver not in _DRIVERS:
        raise ValueRangeError(f"parameter `driver` should be one of (gels, gelsy, gelsd, gelss), got {driver}", op=op)
    if not 0 <= A.ndim - B.ndim <= 1:
        raise ShapeError(f"input.dim() must be greater or equal to other.dim() and (input.dim() - other.dim()) <= 1,"
                         f" got {A.ndim} and {B.ndim}", op=op)
    vectors = is_vectors(A, B) if A.ndim - 1 == B.ndim else False
    right = B.unsqueeze(-1) if vectors or A.ndim - 1 == B.ndim else B
    if A._array.shape[-2] != right._array.shape[-2]:
        raise ShapeError(f"input.size(-2) should match other.size({-1 if vectors else -2}), got {list(A.shape)} and"
                         f" {list(B.shape)}", op=op)
    batch = broadcast_shapes(op, batch_of(A), batch_of(right))
    A, right = expand(A, (*batch, *A._array.shape[-2:])), expand(right, (*batch, *right._array.shape[-2:]))
    made = _least_squares(A, right, rcond, driver)
    return _lstsq(made[0].squeeze(-1) if vectors or B.ndim < A.ndim else made[0], *made[1:])


def _least_squares(A: Tensor, B: Tensor, rcond: float | None, driver: str) -> tuple[Tensor, ...]:
    m, n = A._array.shape[-2:]
    rcond = finfo(A.dtype.real).eps * max(m, n) if rcond is None else rcond
    tracked = grad_enabled() and (A._requires_grad or B._requires_grad)
    if driver == "gels" and not tracked:
        solution = _by_qr(A, B)
    else:
        bound = _bound("linalg.lstsq", "rcond", 0.0 if driver == "gels" else rcond, A)
        solution = matmul(pinv_op(A, None, bound), B)
    sizes = None if driver == "gels" and m <= n else svdvals_op(A.detach())
    empty = zeros_of(A.detach(), (0,))
    rank = empty.to(int64)
    if sizes is not None and driver != "gels":
        rank = _ranks(sizes, rcond, batch_of(A))
    values = sizes if driver in ("gelsd", "gelss") else _real_empty(empty)
    tall = m > n and driver != "gelsy" and (driver == "gels" or bool(unmapped(rank == n).all()))
    residuals = total((matmul(A, solution) - B).abs() ** 2, -2) if tall else reshape(solution, (-1,))[:0].abs()
    return solution, residuals, rank, values  # type: ignore[return-value]


def _real_empty(empty: Tensor) -> Tensor:
    return _real(empty) if empty.dtype.is_complex else empty


def _ranks(sizes: Tensor, rcond: float, batch: tuple[int, ...]) -> Tensor:
    if not sizes._array.shape[-1]:
        return zeros_of(sizes, batch).to(int64)
    return total(sizes > sizes[..., :1] * rcond, -1)


def _by_qr(A: Tensor, B: Tensor) -> Tensor:
    """Of matrices of full rank: by the QR factors of A, or of its adjoint where it is wide."""
    m, n = A._array.shape[-2:]
    if m >= n:
        Q, R = qr_op(A, "reduced")
        return triangular_op(R, matmul(adjoint(Q), B), upper=True)  # type: ignore[no-any-return]
    Q, R = qr_op(adjoint(A), "reduced")
    return matmul(Q, triangular_op(adjoint(R), B, upper=False))  # type: ignore[no-any-return]


def matrix_power(input: Tensor, n: int, *, out: Tensor | None = None) -> Tensor:
    """Square matrices multiplied n times with themselves; 0 gives the identity, a negative n powers of the inverse.

    >>> import flambeau
    >>> flambeau.linalg.matrix_power(flambeau.tensor([[2.0]]), -2)
    tensor([[0.2500]])
    """
    require_square("linalg.matrix_power", input)
    if not isinstance(n, int):
        raise UnsupportedError(f"n must be an int, got {n!r}", op="linalg.matrix_power")
    base = inv(input) if n < 0 else input
    return stored(matmul, _power(base, abs(n)), out)  # type: ignore[no-any-return]


def _power(input: Tensor, n: int) -> Tensor:
    def power(square: Tensor) -> Tensor:
        made, count = None, n
        while count:
            if count & 1:
                made = square if made is None else matmul(made, square)
            count >>= 1
            square = matmul(square, square) if count else square
        return made  # type: ignore[return-value]

    if not n:
        one = expand(identity(input.detach(), input._array.shape[-1]), tuple(input._array.shape))
        return where_op(eq(one, one), one, input)  # type: ignore[no-any-return] # with a gradient of zero, as PyTorch
    return input.clone() if n == 1 else in_single(power)(input)  # type: ignore[no-any-return]
