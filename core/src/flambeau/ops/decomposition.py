"""Factorisations of matrices, and systems that a triangular matrix solves.

All take matrices (*, m, n) with any number of leading batch dims, in float32, float64 and complex. Factors are not
unique: signs, phases and orders differ between libraries. `invariants` says for such an op what does not.
"""

from __future__ import annotations

from typing import Any

from ..contract.backend import decode, encode
from ..dtypes import int64
from ..errors import GradientError, ShapeError
from ..shapes import broadcast_shapes, numel
from ..table.dispatch import composite, primitive
from ..table.samples import Bad, Sample, arr
from ..tensors.tensor import Tensor, unmapped, wrap
from .complex import _c, _imag, _real
from .create import cast, zeros_of
from .index import gather_op
from .linalg import matmul
from .movement import cat_op, diagonal_backward, diagonal_op, expand, narrow_op, transpose, tril, triu


def adjoint(x: Tensor) -> Tensor:
    """The conjugate transpose of matrices."""
    return transpose(_c(x), -2, -1)


def identity(like: Tensor, size: int) -> Tensor:
    """The identity matrix of that size."""
    return diagonal_backward(zeros_of(like, (size,)) + 1, (size, size), 0, 0, 1)


def embedded(diagonal: Tensor) -> Tensor:
    """Square matrices with the last dim of `diagonal` on their diagonals."""
    shape = tuple(diagonal._array.shape)
    return diagonal_backward(diagonal, (*shape, shape[-1]), 0, len(shape) - 1, len(shape))


def diagonal_of(x: Tensor) -> Tensor:
    """The main diagonals of matrices, as the last dim."""
    return diagonal_op(x, 0, x.ndim - 2, x.ndim - 1)


def off_diagonal(x: Tensor) -> Tensor:
    """Square matrices without their main diagonals."""
    return tril(x, -1) + triu(x, 1)


def block(x: Tensor, rows: slice, columns: slice) -> Tensor:
    """The part of matrices that lies in those rows and columns."""
    return x[..., rows, columns]  # type: ignore[no-any-return]


def matrix_rule(input: Tensor, *others: Any, **attributes: Any) -> None:
    if input.ndim < 2:
        raise ShapeError(f"The input tensor must have at least 2 dimensions, got {input.ndim}", op="linalg")


def square_rule(input: Tensor, **attributes: Any) -> None:
    matrix_rule(input)
    if input._array.shape[-1] != input._array.shape[-2]:
        raise ShapeError(f"A must be batches of square matrices, but they are {input._array.shape[-2]} by"
                         f" {input._array.shape[-1]} matrices", op="linalg")


_ANY = (lambda: [Sample(arr(3, 3)), Sample(arr(4, 2)), Sample(arr(2, 4)), Sample(arr(2, 2, 3, 2)), Sample(arr(1, 1)),
                 Sample(arr(0, 3)), Sample(arr(3, 0)), Sample(arr(0, 2, 2)), Sample(arr(8, 8)),
                 Bad(arr(3), raises="ShapeError", match="at least 2 dimensions")])
NOT_SQUARE = Bad(arr(2, 3), raises="ShapeError", match="square matrices, but they are 2 by 3")
DOMINANT = [4.0, 0.5, -1.0, 0.25, 5.0, 1.5, -0.75, 1.25, 6.0]  # 3 x 3, far from singular
_POSITIVE = [4.0, 0.5, -1.0, 0.5, 5.0, 1.5, -1.0, 1.5, 6.0]  # 3 x 3, symmetric and positive definite


def positive(*shape: int) -> arr:
    """A sample of positive-definite matrices."""
    return arr(*shape, fill=_POSITIVE, structure="hermitian")


# --- triangular systems


def _triangular_rule(input: Tensor, other: Tensor, *, left: bool = True, **attributes: Any) -> None:
    square_rule(input)
    matrix_rule(other)
    if input._array.shape[-1] != other._array.shape[-2 if left else -1]:
        raise ShapeError(f"incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'}"
                         f" ({list(input.shape)} and {list(other.shape)})", op="linalg.solve_triangular")


@primitive(name="linalg_solve_triangular", saves="input out", dtypes="floating, not 16-bit", capability="linalg",
           alike="all", shape_rule=_triangular_rule, samples=lambda: [
    Sample(arr(3, 3, fill=DOMINANT), arr(3, 2), upper=True), Sample(arr(3, 3, fill=DOMINANT), arr(3, 2), upper=False),
    Sample(arr(3, 3, fill=DOMINANT), arr(2, 3), upper=True, left=False),
    Sample(arr(2, 3, 3, fill=DOMINANT), arr(2, 3, 4), upper=False, unitriangular=True),
    Sample(arr(3, 3, fill=DOMINANT), arr(4, 2, 3), upper=False, left=False, unitriangular=True),
    Sample(arr(2, 1, 3, 3, fill=DOMINANT), arr(2, 3, 1), upper=True),
    Sample(arr(0, 0), arr(0, 2), upper=True), Sample(arr(3, 3, fill=DOMINANT), arr(3, 0), upper=True),
    Bad(arr(2, 3), arr(2, 3), upper=True, raises="ShapeError", match="square matrices"),
    Bad(arr(3, 3), arr(2, 3), upper=True, raises="ShapeError", match="AX = B")])
def triangular_op(input: Tensor, other: Tensor, *, upper: bool, left: bool = True,
                  unitriangular: bool = False) -> Tensor:
    """X with input @ X = other (X @ input = other unless `left`), reading one triangle; batch dims broadcast."""


@triangular_op.grad("input")
def _(g, input, out, *, upper, left, unitriangular):
    back = triangular_op(adjoint(input), g, upper=not upper, left=left, unitriangular=unitriangular)
    slope = -matmul(back, adjoint(out)) if left else -matmul(adjoint(out), back)
    kept = 1 if unitriangular else 0
    return triu(slope, kept) if upper else tril(slope, -kept)


@triangular_op.grad("other")
def _(g, input, *, upper, left, unitriangular):
    return triangular_op(adjoint(input), g, upper=not upper, left=left, unitriangular=unitriangular)


# --- LU


@primitive(name="linalg_lu_factor_ex", saves="LU pivots", dtype="same int64 int64", outputs="LU pivots info",
           dtypes="floating, not 16-bit", out=False, capability="linalg", shape_rule=matrix_rule, samples=lambda: [
    *_ANY(), Sample(arr(3, 3, fill=DOMINANT), pivot=False),
    Sample(arr(2, 2, fill=[1.0, 2.0, 2.0, 4.0]), gradcheck=False),
    Sample(arr(2, 2, fill=[0.0, 0.0, 0.0, 1.0]), gradcheck=False)])
def lu_factor_op(input: Tensor, pivot: bool = True) -> Tensor:
    """L (unit diagonal, below) and U (above) in one matrix, row swaps from 1, and the first zero on U's diagonal."""


def lower_of(LU: Tensor) -> Tensor:
    """The factor L (*, m, k), with ones on its diagonal."""
    m, n = LU._array.shape[-2:]
    below = tril(block(LU, slice(None), slice(min(m, n))), -1)
    return below + block(identity(LU, m), slice(None), slice(min(m, n)))


def upper_of(LU: Tensor) -> Tensor:
    """The factor U (*, k, n)."""
    m, n = LU._array.shape[-2:]
    return triu(block(LU, slice(min(m, n)), slice(None)))


def permutation_of(pivots: Tensor, rows: int, inverse: bool = False) -> Tensor:
    """Where the rows that stand in order after the swaps of LU came from: (*, k) → (*, rows); `inverse`: went to."""
    if pivots._kind.device.backend.level:  # while a function is being mapped: the batch is one more dim in front
        array = pivots._array
        made = permutation_of(array.value, rows, inverse)
        return wrap(type(array)(made, array.size), pivots._kind.device.kinds[made._kind.dtype])
    kind, shape = pivots._kind.device.kinds[int64], tuple(pivots._array.shape)
    backend = kind.device.backend
    swaps = decode(backend.to_host(cast(pivots, int64)._array), int64)
    count, flat = shape[-1], []
    for start in range(0, len(swaps), count) if count else range(numel(shape[:-1])):
        order = list(range(rows))
        for i, target in enumerate(swaps[start : start + count]):
            order[i], order[target - 1] = order[target - 1], order[i]
        flat += sorted(range(rows), key=order.__getitem__) if inverse else order
    return wrap(backend.from_host(encode(flat, int64), (*shape[:-1], rows), int64), kind)


def _rows_at(x: Tensor, places: Tensor) -> Tensor:
    """The rows of matrices that `places` names; batch dims broadcast."""
    rows, columns = x._array.shape[-2:]
    batch = broadcast_shapes("gather", tuple(x._array.shape[:-2]), tuple(places._array.shape[:-1]))
    shape = (*batch, rows, columns)
    return gather_op(expand(x, shape), len(batch), expand(places.unsqueeze(-1), shape))  # type: ignore[no-any-return]


def permuted_rows(x: Tensor, pivots: Tensor) -> Tensor:
    """P^T @ x for the permutation P of LU."""
    return _rows_at(x, permutation_of(pivots, x._array.shape[-2]))


def restored_rows(x: Tensor, pivots: Tensor) -> Tensor:
    """P @ x for the permutation P of LU."""
    return _rows_at(x, permutation_of(pivots, x._array.shape[-2], inverse=True))


@lu_factor_op.grad("input")
def _(g, LU, pivots, *, pivot):
    """With A = P L U: what L's strict triangle and U's triangle get, back through both triangular factors."""
    m, n = LU._array.shape[-2:]
    k = min(m, n)
    head, rest = slice(k), slice(k, None)
    lower, upper = lower_of(LU), upper_of(LU)
    first, upper_first = block(lower, head, head), block(upper, head, head)
    inner = block(g, head, head)
    strict = matmul(adjoint(first), tril(inner, -1))
    above = matmul(triu(inner), adjoint(upper_first))
    if m < n:
        strict = strict - matmul(block(g, head, rest), adjoint(block(upper, head, rest)))
    if m > n:
        above = above - matmul(adjoint(block(lower, rest, head)), block(g, rest, head))
    made = triangular_op(adjoint(upper_first), tril(strict, -1) + triu(above), upper=False, left=False)
    if m < n:
        made = cat_op([made, block(g, head, rest)], made.ndim - 1)
    made = triangular_op(adjoint(first), made, upper=True, unitriangular=True)
    if m > n:
        tail = triangular_op(adjoint(upper_first), block(g, rest, head), upper=False, left=False)
        made = cat_op([made, tail], made.ndim - 2)
    return restored_rows(made, pivots) if pivot else made


# --- Cholesky


@primitive(name="linalg_cholesky_ex", saves="L", dtype="same int64", outputs="L info", dtypes="floating, not 16-bit",
           out=False, capability="linalg", shape_rule=square_rule, samples=lambda: [
    Sample(positive(3, 3)), Sample(positive(3, 3), upper=True), Sample(arr(3, 3, fill=DOMINANT), gradcheck=False),
    Sample(positive(2, 3, 3)), Sample(arr(0, 0)), Sample(arr(0, 2, 2)), NOT_SQUARE])
def cholesky_op(input: Tensor, upper: bool = False) -> Tensor:
    """L with L @ L^H = input, or its adjoint with `upper`; info: the order of the first minor not positive, else 0.

    One triangle is read, the upper one with `upper`.
    """


@cholesky_op.grad("input")
def _(g, L, *, upper):
    if upper:
        g, L = adjoint(g), adjoint(L)
    phi = tril(matmul(adjoint(L), g))
    both = (phi + adjoint(tril(phi, -1))) * 0.5
    made = triangular_op(adjoint(L), both, upper=True)
    return triangular_op(L, made, upper=False, left=False)


# --- QR


@primitive(name="linalg_qr", saves="Q R", outputs="Q R", dtypes="floating, not 16-bit", out=False, materializes=False,
           capability="linalg", shape_rule=matrix_rule, samples=lambda: [
    *_ANY(), Sample(arr(3, 4), mode="complete"), Sample(arr(4, 2, requires_grad=False), mode="complete"),
    Sample(arr(4, 2, requires_grad=False), mode="r")])
def qr_op(input: Tensor, mode: str = "reduced") -> Tensor:
    """Q with orthonormal columns and R upper triangular, input = Q @ R; `mode` reduced, complete or r (Q empty)."""


@qr_op.invariants
def _(results, input, mode="reduced"):
    Q, R = results
    sizes = R.abs() ** 2
    return [sizes] if mode == "r" else [matmul(Q, R), sizes, matmul(adjoint(Q), Q)]


@qr_op.grad("input")
def _(g, Q, R, *, mode):
    gQ, gR = g
    m, n = Q._array.shape[-2] if mode != "r" else 0, R._array.shape[-1]
    if mode == "r":
        raise GradientError("The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use"
                            " linalg.qr(A, mode='reduced') if you are going to differentiate through linalg.qr.",
                            op="linalg.qr")
    if mode == "complete" and m > n:
        raise GradientError("The QR decomposition is not differentiable when mode='complete' and nrows > ncols.",
                            op="linalg.qr")
    parts = [] if gR is None else [matmul(gR, adjoint(R))]
    parts += [] if gQ is None else [-matmul(adjoint(Q), gQ)]
    inner: Tensor = parts[0] if len(parts) == 1 else parts[0] + parts[1]
    if m >= n:
        above = triu(inner, 1)
        made = matmul(Q, above + adjoint(above) + embedded(in_dtype_of(_real_of(diagonal_of(inner)), Q)))
        made = made if gQ is None else made + gQ
        return triangular_op(adjoint(R), made, upper=False, left=False)
    skew = adjoint(inner) - inner
    square = tril(skew, -1) + embedded(diagonal_of(skew) * 0.5)
    made = matmul(Q, triangular_op(adjoint(block(R, slice(None), slice(m))), square, upper=False, left=False))
    made = cat_op([made, zeros_of(made, (*made._array.shape[:-1], n - m))], made.ndim - 1)
    return made if gR is None else made + matmul(Q, gR)


def _real_of(x: Tensor) -> Tensor:
    return _real(x) if x._kind.dtype.category == 3 else x


def in_dtype_of(x: Tensor, like: Tensor) -> Tensor:
    """`x` in like's dtype."""
    return x if x._kind is like._kind else x.to(like._kind.dtype)


@primitive(name="geqrf", outputs="a tau", dtypes="floating, not 16-bit", out=False, differentiable=False,
           grad_name="NotImplemented", capability="linalg", shape_rule=matrix_rule, samples=lambda: _ANY())
def geqrf_op(input: Tensor) -> Tensor:
    """R above and on the diagonal; below it the reflectors I - tau v v^H that make Q, each v with a leading 1."""


@geqrf_op.invariants
def _(results, input):
    a, tau = results
    m, n = a._array.shape[-2:]
    return [(triu(a).abs() ** 2), reflected(a, tau, pad_to_rows(triu(block(a, slice(min(m, n)), slice(None))), m))]


def pad_to_rows(x: Tensor, rows: int) -> Tensor:
    """Matrices with zero rows below, up to that many rows."""
    shape = (*x._array.shape[:-2], rows - x._array.shape[-2], x._array.shape[-1])
    return cat_op([x, zeros_of(x, shape)], x.ndim - 2)


def reflected(a: Tensor, tau: Tensor, x: Tensor, back: bool = False) -> Tensor:
    """Q @ x, or Q^H @ x with `back`, for the product Q of the reflectors that `geqrf` packs in (*, m, n) and (*, k)."""
    columns, count = tril(a, -1), tau._array.shape[-1]
    for i in range(count) if back else range(count - 1, -1, -1):
        v = narrow_op(columns, columns.ndim - 1, i, 1) + block(identity(a, a._array.shape[-2]), slice(None),
                                                               slice(i, i + 1))
        scale = tau[..., i, None, None]
        x = x - (_c(scale) if back else scale) * matmul(v, matmul(adjoint(v), x))
    return x


# --- singular values


@primitive(name="linalg_svd", saves="U S Vh", dtype="same real same", outputs="U S Vh", dtypes="floating, not 16-bit",
           out=False, materializes=False, capability="linalg", shape_rule=matrix_rule, samples=lambda: [
    *_ANY(), Sample(arr(4, 2), full_matrices=True), Sample(arr(2, 4), full_matrices=True),
    Sample(arr(0, 3), full_matrices=True)])
def svd_op(input: Tensor, full_matrices: bool = False) -> Tensor:
    """Singular values in descending order, and U, Vh with input = U @ diag(S) @ Vh; U (m, m), Vh (n, n) if full."""


@svd_op.invariants
def _(results, input, full_matrices=False):
    U, S, Vh = results
    k = S._array.shape[-1]
    first, last = block(U, slice(None), slice(k)), block(Vh, slice(k), slice(None))
    return [S, matmul(first * in_dtype_of(S, U).unsqueeze(-2), last), first.abs() ** 2, last.abs() ** 2,
            matmul(adjoint(U), U).detach(), matmul(Vh, adjoint(Vh)).detach()]


@svd_op.grad("input")
def _(g, U, S, Vh, *, full_matrices):
    gU, gS, gVh = g
    k = S._array.shape[-1]
    if full_matrices:
        U, Vh = block(U, slice(None), slice(k)), block(Vh, slice(k), slice(None))
        gU = gU if gU is None else block(gU, slice(None), slice(k))
        gVh = gVh if gVh is None else block(gVh, slice(k), slice(None))
    return _svd_backward((gU, gS, gVh), U, S, Vh)


def _svd_backward(g: Any, U: Tensor, S: Tensor, Vh: Tensor) -> Any:
    gU, gS, gVh = g
    rows, columns = in_dtype_of(S, U).unsqueeze(-1), in_dtype_of(S, U).unsqueeze(-2)
    m, k, n = U._array.shape[-2], S._array.shape[-1], Vh._array.shape[-1]
    if gU is None and gVh is None:
        gS = in_dtype_of(gS, U)
        return matmul(U, gS.unsqueeze(-1) * Vh) if m >= n else matmul(U * gS.unsqueeze(-2), Vh)
    turned = None if gU is None else _skew(matmul(adjoint(U), gU))
    turned_back = None if gVh is None else _skew(matmul(Vh, adjoint(gVh)))
    _check_phase("svd_backward", "singular vectors", turned, turned_back)
    apart = columns * columns - rows * rows + identity(U, k)
    if turned is None:
        made = rows * (turned_back / apart)
    else:
        made = turned / apart * columns if turned_back is None else (turned * columns + rows * turned_back) / apart
    if gS is not None:
        made = made + embedded(in_dtype_of(gS, U))
    if U._kind.dtype.is_complex and turned is not None and turned_back is not None:
        made = made + embedded(diagonal_of(turned) / (2 * in_dtype_of(S, U)))
    if m > k and gU is not None:
        scaled = gU / columns
        made = matmul(U, made) + scaled - matmul(U, matmul(adjoint(U), scaled))
        return matmul(made, Vh)
    if k < n and gVh is not None:
        scaled = gVh / rows
        return matmul(U, matmul(made, Vh) + scaled - matmul(matmul(scaled, adjoint(Vh)), Vh))
    return matmul(matmul(U, made), Vh)


def _skew(x: Tensor) -> Tensor:
    return x - adjoint(x)


def _check_phase(name: str, what: str, *turned: Tensor | None) -> None:
    """A loss must not depend on the phase of complex vectors: the imaginary parts on the diagonals cancel."""
    given = [_imag(diagonal_of(t.detach())) for t in turned if t is not None and t._kind.dtype.is_complex]
    if not given or not given[0].numel():
        return
    total = given[0] if len(given) == 1 else given[0] + given[1]
    most = float(unmapped(total).abs().amax().item())
    if most > 1e-2:
        raise GradientError(f"The {what} in the complex case are specified up to multiplication by e^{{i phi}}. The"
                            " specified loss function depends on this quantity, so it is ill-defined.", op=name)


@composite(name="linalg_svdvals", dtype="real", dtypes="floating, not 16-bit",
           capability="linalg", out=False, differentiable=False, fusable=True,
           shape_rule=matrix_rule, samples=lambda: _ANY())
def svdvals_op(input: Tensor) -> Tensor:
    """The singular values alone."""
    return svd_op(input)[1]  # type: ignore[no-any-return]


# --- eigenvalues


def _hermitian(*shape: int) -> Any:
    return arr(*shape, structure="hermitian")


_HERMITIAN = (lambda: [Sample(_hermitian(3, 3)), Sample(_hermitian(3, 3), UPLO="U"), Sample(_hermitian(2, 4, 4)),
                       Sample(arr(3, 3), UPLO="U", gradcheck=False), Sample(arr(3, 3), gradcheck=False),
                       Sample(arr(1, 1)), Sample(arr(0, 0)), Sample(arr(0, 2, 2)), Sample(_hermitian(8, 8)),
                       NOT_SQUARE])


@primitive(name="linalg_eigh", saves="eigenvectors eigenvalues", dtype="real same", outputs="eigenvalues eigenvectors",
           dtypes="floating, not 16-bit", out=False, materializes=False, capability="linalg", shape_rule=square_rule,
           samples=_HERMITIAN)
def eigh_op(input: Tensor, UPLO: str = "L") -> Tensor:
    """Ascending eigenvalues and orthonormal eigenvectors, as columns, of the Hermitian matrix in one triangle."""


@eigh_op.invariants
def _(results, input, UPLO="L"):
    values, vectors = results
    return [values, matmul(vectors * in_dtype_of(values, vectors).unsqueeze(-2), adjoint(vectors)), vectors.abs() ** 2,
            matmul(adjoint(vectors), vectors)]


@eigh_op.grad("input")
def _(g, eigenvectors, eigenvalues):
    gL, gV = g
    L, V = in_dtype_of(eigenvalues, eigenvectors), eigenvectors
    if gV is None:
        return matmul(V, in_dtype_of(gL, V).unsqueeze(-1) * adjoint(V))
    turned = _skew(matmul(adjoint(V), gV)) * 0.5
    _check_phase("linalg_eigh_backward", "eigenvectors", turned)
    made = off_diagonal(turned / (L.unsqueeze(-2) - L.unsqueeze(-1) + identity(V, V._array.shape[-1])))
    made = made if gL is None else made + embedded(in_dtype_of(gL, V))
    return matmul(V, matmul(made, adjoint(V)))


@composite(name="linalg_eigvalsh", dtype="real", dtypes="floating, not 16-bit",
           capability="linalg", out=False, differentiable=False, fusable=True,
           shape_rule=square_rule, samples=_HERMITIAN)
def eigvalsh_op(input: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of Hermitian matrices alone."""
    return eigh_op(input, UPLO)[0]  # type: ignore[no-any-return]


@primitive(name="linalg_eig", saves="eigenvalues eigenvectors input_kind", dtype="complex complex",
           outputs="eigenvalues eigenvectors", dtypes="floating, not 16-bit", out=False, materializes=False,
           capability="linalg", shape_rule=square_rule, samples=lambda: [
    Sample(arr(3, 3)), Sample(arr(2, 4, 4)), Sample(arr(1, 1)), Sample(arr(0, 0)), Sample(arr(0, 2, 2)),
    Sample(arr(6, 6)), NOT_SQUARE])
def eig_op(input: Tensor) -> Tensor:
    """Eigenvalues and eigenvectors of norm 1, as columns; complex, in any order."""


@eig_op.invariants
def _(results, input):
    values, vectors = results
    again = transpose(solved(transpose(vectors, -2, -1), transpose(vectors * values.unsqueeze(-2), -2, -1)), -2, -1)
    return [values.sum(-1), (values * values).sum(-1), again, (vectors.abs() ** 2).sum(-2)]


def solved(input: Tensor, other: Tensor) -> Tensor:
    """X with input @ X = other, by LU; both may need a gradient. A singular `input` gives inf and nan."""
    LU, pivots, _ = lu_factor_op(input)
    rows = permuted_rows(other, pivots)
    below = triangular_op(LU, rows, upper=False, unitriangular=True)
    return triangular_op(LU, below, upper=True)  # type: ignore[no-any-return]


@eig_op.grad("input")
def _(g, eigenvalues, eigenvectors, input_kind):
    gL, gV = g
    L, V = eigenvalues, eigenvectors
    if gV is None:
        made = solved(adjoint(V), gL.unsqueeze(-1) * adjoint(V))
    else:
        turned = matmul(adjoint(V), gV)
        _check_phase("linalg_eig_backward", "eigenvectors", turned)
        inner = matmul(adjoint(V), V) * in_dtype_of(_real(diagonal_of(turned)), V).unsqueeze(-2)
        apart = _c(L.unsqueeze(-2) - L.unsqueeze(-1)) + identity(V, V._array.shape[-1])
        made = off_diagonal((turned - inner) / apart)
        made = made if gL is None else made + embedded(gL)
        made = solved(adjoint(V), matmul(made, adjoint(V)))
    return made if input_kind.dtype.is_complex else _real(made)


# --- LDL


@primitive(name="linalg_ldl_factor_ex", dtype="same int64 int64", outputs="LD pivots info",
           dtypes="floating, not 16-bit", out=False, differentiable=False, capability="linalg",
           shape_rule=square_rule, samples=lambda: [
    Sample(arr(3, 3)), Sample(arr(2, 4, 4)), Sample(arr(3, 3), hermitian=True), Sample(arr(0, 0)), Sample(arr(0, 2, 2)),
    Sample(arr(2, 2, fill=[0.0, 1.0, 1.0, 0.0])), Sample(arr(6, 6)), NOT_SQUARE])
def ldl_factor_op(input: Tensor, hermitian: bool = False) -> Tensor:
    """The Bunch-Kaufman factors of the symmetric (Hermitian) matrix in the lower triangle, as LAPACK's sytrf packs."""
