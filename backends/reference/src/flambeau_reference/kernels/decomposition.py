"""Factorisations of one matrix after another, as lists of rows.

LU with partial pivoting, Cholesky by columns, Householder reflectors, cyclic Jacobi rotations for singular values and
Hermitian eigenvalues, Bunch and Kaufman's LDL; `eigen` has the eigenvalues of other matrices. Results are computed in
double precision and rounded once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from flambeau import dtypes
from flambeau.errors import LinAlgError, ShapeError
from flambeau.shapes import broadcast_shapes

from ..array import Array, elements, expanded
from ..complexes import safe_div as complex_div
from ..floating import safe_div
from ..rounding import rounded
from ._common import Kernel
from ._eigen import eigenvectors

Matrix = list[list[Any]]
_SWEEPS = 60


# --- between arrays and lists of rows


def matrices(x: Array) -> list[Matrix]:
    """Every matrix of a batch, as rows that are the caller's own."""
    if len(x.shape) < 2:
        raise ShapeError(f"takes matrices, got shape {list(x.shape)}", op="linalg")
    m, n = x.shape[-2:]
    flat = elements(x)
    return [[flat[(b * m + i) * n : (b * m + i + 1) * n] for i in range(m)] for b in range(math.prod(x.shape[:-2]))]


def squares(x: Array) -> list[Matrix]:
    """`matrices`, which must be square."""
    found = matrices(x)
    if x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"takes square matrices, got shape {list(x.shape)}", op="linalg")
    return found


def joined(parts: list[Any], shape: tuple[int, ...], dtype: Any) -> Array:
    """Numbers, rows or matrices of a batch as an array of that shape."""
    while parts and isinstance(parts[0], list):
        parts = [v for part in parts for v in part]
    return Array(rounded(parts, dtype), shape, dtype)


def adjoint(a: Matrix, n: int) -> Matrix:
    """The conjugate transpose; `n` is the number of columns."""
    return [[row[j].conjugate() for row in a] for j in range(n)]


def unit(m: int, n: int) -> Matrix:
    """Ones on the diagonal."""
    return [[1.0 if i == j else 0.0 for j in range(n)] for i in range(m)]


def dot(a: list[Any], b: list[Any]) -> Any:
    """The inner product, the first conjugated."""
    return sum([x.conjugate() * y for x, y in zip(a, b, strict=True)])


def length(a: list[Any]) -> float:
    """The 2-norm."""
    return math.hypot(*[part for v in a for part in (v.real, v.imag)])


def divided(a: Any, b: Any) -> Any:
    """a / b; by zero inf or nan, as IEEE 754 says."""
    return complex_div(a, b) if isinstance(a, complex) or isinstance(b, complex) else safe_div(a, b)


def size(v: Any) -> float:
    """What LAPACK takes for the size of a pivot."""
    return float(abs(v.real) + abs(v.imag))


# --- triangular systems


def _solve_triangular(x: Array, y: Array, *, upper: bool, left: bool, unitriangular: bool) -> Array:
    batch = broadcast_shapes("linalg.solve_triangular", x.shape[:-2], y.shape[:-2])
    a, b = squares(expanded(x, batch + x.shape[-2:])), matrices(expanded(y, batch + y.shape[-2:]))
    if x.shape[-1] != y.shape[-2 if left else -1]:
        raise ShapeError(f"sizes do not fit: {list(x.shape)}, {list(y.shape)}", op="linalg.solve_triangular")
    made = []
    for factor, right in zip(a, b, strict=True):
        if left:
            made.append(_substituted(factor, right, upper, unitriangular))
        else:
            turned = _substituted(_turned(factor, len(factor)), _turned(right, y.shape[-1]), not upper, unitriangular)
            made.append(_turned(turned, y.shape[-2]))
    return joined(made, batch + y.shape[-2:], x.dtype)


def _turned(a: Matrix, n: int) -> Matrix:
    return [[row[j] for row in a] for j in range(n)]


def _substituted(a: Matrix, b: Matrix, upper: bool, unitriangular: bool) -> Matrix:
    n = len(a)
    made: Matrix = [list(row) for row in b]
    for i in range(n - 1, -1, -1) if upper else range(n):
        for j in range(i + 1, n) if upper else range(i):
            factor = a[i][j]
            if factor != 0:
                made[i] = [v - factor * w for v, w in zip(made[i], made[j], strict=True)]
        if not unitriangular:
            made[i] = [divided(v, a[i][i]) for v in made[i]]
    return made


# --- LU and Cholesky


def _lu_factor(x: Array, *, pivot: bool) -> tuple[Array, Array, Array]:
    found = [_lu(a, x.shape[-1], pivot) for a in matrices(x)]
    k = min(x.shape[-2:])
    return (joined([f[0] for f in found], x.shape, x.dtype),
            Array([p for f in found for p in f[1]], (*x.shape[:-2], k), dtypes.int64),
            Array([f[2] for f in found], x.shape[:-2], dtypes.int64))


def _lu(a: Matrix, n: int, pivot: bool) -> tuple[Matrix, list[int], int]:
    m, pivots, info = len(a), [], 0
    for k in range(min(m, n)):
        at = max(range(k, m), key=lambda i, k=k: (_rank(a[i][k]), -i)) if pivot else k  # type: ignore[misc]
        pivots.append(at + 1)
        a[k], a[at] = a[at], a[k]
        head = a[k][k]
        if head == 0:
            info = info or k + 1
            continue
        for i in range(k + 1, m):
            factor = a[i][k] / head
            a[i][k:] = [factor] + [v - factor * w for v, w in zip(a[i][k + 1 :], a[k][k + 1 :], strict=True)]
    return a, pivots, info


def _rank(v: Any) -> float:
    """The size of a pivot; a nan comes first, as in LAPACK's search."""
    found = size(v)
    return math.inf if found != found else found


def _cholesky(x: Array, *, upper: bool) -> tuple[Array, Array]:
    found = [_lower(adjoint(a, len(a)) if upper else a) for a in squares(x)]
    made = [adjoint(f[0], len(f[0])) if upper else f[0] for f in found]
    return joined(made, x.shape, x.dtype), Array([f[1] for f in found], x.shape[:-2], dtypes.int64)


def _lower(a: Matrix) -> tuple[Matrix, int]:
    n = len(a)
    made = [[v if j <= i else 0.0 for j, v in enumerate(row)] for i, row in enumerate(a)]
    for k in range(n):
        square = made[k][k].real - sum([abs(v) ** 2 for v in made[k][:k]])
        if not square > 0:
            return made, k + 1
        root = made[k][k] = math.sqrt(square)
        for i in range(k + 1, n):
            made[i][k] = (made[i][k] - dot(made[k][:k], made[i][:k])) / root
    return made, 0


# --- Householder reflectors


def _reflectors(a: Matrix, n: int) -> list[Any]:
    """R over the reflectors that make it, in place as LAPACK packs them; the factors tau."""
    m, taus = len(a), []
    for k in range(min(m, n)):
        head, below = a[k][k], [a[i][k] for i in range(k + 1, m)]
        rest = length(below)
        if rest == 0 and head.imag == 0:
            taus.append(0.0)
            continue
        beta = -math.copysign(math.hypot(head.real, head.imag, rest), head.real)
        tau = (beta - head) / beta
        v = [1.0] + [w / (head - beta) for w in below]
        _reflect(a, v, tau.conjugate(), k, k + 1, n)
        a[k][k] = beta
        for i in range(k + 1, m):
            a[i][k] = v[i - k]
        taus.append(tau)
    return taus


def _reflect(a: Matrix, v: list[Any], tau: Any, k: int, start: int, stop: int) -> None:
    """(I - tau v v^H) on the columns start to stop, v beginning at row k."""
    for j in range(start, stop):
        scale = tau * dot(v, [a[k + i][j] for i in range(len(v))])
        for i, w in enumerate(v):
            a[k + i][j] = a[k + i][j] - scale * w


def _geqrf(x: Array) -> tuple[Array, Array]:
    found = matrices(x)
    taus = [_reflectors(a, x.shape[-1]) for a in found]
    return joined(found, x.shape, x.dtype), joined(taus, (*x.shape[:-2], min(x.shape[-2:])), x.dtype)


def _orthonormal(a: Matrix, taus: list[Any], columns: int) -> Matrix:
    """The first columns of the product of packed reflectors."""
    m = len(a)
    made = unit(m, columns)
    for k in range(len(taus) - 1, -1, -1):
        _reflect(made, [1.0] + [a[i][k] for i in range(k + 1, m)], taus[k], k, 0, columns)
    return made


def _qr(x: Array, *, mode: str) -> tuple[Array, Array]:
    m, n = x.shape[-2:]
    k = m if mode == "complete" else min(m, n)
    qs, rs = [], []
    for a in matrices(x):
        taus = _reflectors(a, n)
        rs.append([[v if j >= i else 0.0 for j, v in enumerate(row)] for i, row in enumerate(a[:k])])
        qs.append(_orthonormal(a, taus, k) if mode != "r" else [])
    shape = (*x.shape[:-2], m, k) if mode != "r" else (0,)
    return joined(qs, shape, x.dtype), joined(rs, (*x.shape[:-2], k, n), x.dtype)


# --- singular values


def _finite(a: Matrix) -> None:
    if not all(math.isfinite(v.real) and math.isfinite(v.imag) for row in a for v in row):
        raise LinAlgError("The algorithm failed to converge because the input matrix contained non-finite values.")


def _svd(x: Array, *, full_matrices: bool) -> tuple[Array, Array, Array]:
    m, n = x.shape[-2:]
    k = min(m, n)
    us, values, vs = [], [], []
    for a in matrices(x):
        _finite(a)
        if m >= n:
            u, s, v = _jacobi(_turned(a, n), m)
        else:
            v, s, u = _jacobi(_turned(adjoint(a, n), m), n)
        if full_matrices:
            u, v = completed(u, m, m), completed(v, n, n)
        us.append(_turned(u, m))
        values.append(s)
        vs.append([[w.conjugate() for w in column] for column in v])
    wide, high = (m, n) if full_matrices else (k, k)
    return (joined(us, (*x.shape[:-2], m, wide), x.dtype), joined(values, (*x.shape[:-2], k), x.dtype.real),
            joined(vs, (*x.shape[:-2], high, n), x.dtype))


def _jacobi(columns: Matrix, m: int) -> tuple[Matrix, list[float], Matrix]:
    """One-sided rotations until all columns, of length m, are orthogonal: columns of U, values, columns of V."""
    n = len(columns)
    turned = unit(n, n)
    for _ in range(_SWEEPS):
        if not sum(_rotated(columns, turned, p, q) for p in range(n) for q in range(p + 1, n)):
            break
    order = sorted(range(n), key=lambda i: -length(columns[i]))
    values = [length(columns[i]) for i in order]
    most = values[0] if values else 0.0
    kept = [i for i, s in enumerate(values) if s > most * 1e-290 and s > 0]
    u = completed([[w / values[i] for w in columns[order[i]]] for i in kept], m, n)
    return u, values, [turned[i] for i in order]


def _rotated(columns: Matrix, turned: Matrix, p: int, q: int) -> bool:
    """Makes columns p and q orthogonal; False where they are already."""
    a, b = columns[p], columns[q]
    cross = dot(a, b)
    alpha, beta = length(a) ** 2, length(b) ** 2
    if abs(cross) <= 1e-16 * math.sqrt(alpha * beta) or cross == 0:
        return False
    phase = cross / abs(cross)
    c, s = _rotation(alpha, beta, abs(cross))
    for rows in (columns, turned):
        left, right = rows[p], [w * phase.conjugate() for w in rows[q]]
        rows[p] = [c * v - s * w for v, w in zip(left, right, strict=True)]
        rows[q] = [s * v + c * w for v, w in zip(left, right, strict=True)]
    return True


def _rotation(alpha: float, beta: float, cross: float) -> tuple[float, float]:
    """Cosine and sine that make [[alpha, cross], [cross, beta]] diagonal."""
    zeta = (beta - alpha) / (2 * cross)
    t = math.copysign(1.0, zeta) / (abs(zeta) + math.hypot(1.0, zeta))
    c = 1 / math.hypot(1.0, t)
    return c, c * t


def completed(columns: Matrix, m: int, count: int) -> Matrix:
    """Orthonormal columns of length m with more, orthogonal to them, up to `count`."""
    made = list(columns)
    for i in range(m):
        if len(made) >= count:
            break
        new: list[Any] = [1.0 if j == i else 0.0 for j in range(m)]
        for _ in range(2):
            for column in made:
                scale = dot(column, new)
                new = [v - scale * w for v, w in zip(new, column, strict=True)]
        rest = length(new)
        if rest > 0.5 / math.sqrt(m):
            made.append([v / rest for v in new])
    return made


# --- eigenvalues


def _eigh(x: Array, *, UPLO: str) -> tuple[Array, Array]:
    values, vectors = [], []
    for a in squares(x):
        _finite(a)
        w, v = _hermitian(adjoint(a, len(a)) if UPLO == "U" else a)
        values.append(w)
        vectors.append(_turned(v, len(a)))
    return joined(values, x.shape[:-1], x.dtype.real), joined(vectors, x.shape, x.dtype)


def _hermitian(source: Matrix) -> tuple[list[float], Matrix]:
    """Ascending eigenvalues and eigenvectors, one a list, of the matrix in the lower triangle: cyclic Jacobi."""
    n = len(source)
    a = [[source[i][j] if j < i else source[i][i].real if j == i else source[j][i].conjugate() for j in range(n)]
         for i in range(n)]
    turned = unit(n, n)
    for _ in range(_SWEEPS):
        if not sum(_annihilated(a, turned, p, q) for p in range(n) for q in range(p + 1, n)):
            break
    order = sorted(range(n), key=lambda i: a[i][i].real)
    return [a[i][i].real for i in order], [turned[i] for i in order]


def _annihilated(a: Matrix, turned: Matrix, p: int, q: int) -> bool:
    cross = a[p][q]
    if abs(cross) <= 1e-17 * (abs(a[p][p]) + abs(a[q][q])) or cross == 0:
        return False
    phase = cross / abs(cross)
    c, s = _rotation(a[p][p].real, a[q][q].real, abs(cross))
    for row in a:  # columns p and q
        left, right = row[p], row[q] * phase.conjugate()
        row[p], row[q] = c * left - s * right, s * left + c * right
    left_row, right_row = a[p], [v * phase for v in a[q]]
    a[p] = [c * v - s * w for v, w in zip(left_row, right_row, strict=True)]
    a[q] = [s * v + c * w for v, w in zip(left_row, right_row, strict=True)]
    a[p][q] = a[q][p] = 0.0
    left_row, right_row = turned[p], [v * phase.conjugate() for v in turned[q]]
    turned[p] = [c * v - s * w for v, w in zip(left_row, right_row, strict=True)]
    turned[q] = [s * v + c * w for v, w in zip(left_row, right_row, strict=True)]
    return True


def _eig(x: Array) -> tuple[Array, Array]:
    values, vectors = [], []
    for a in squares(x):
        _finite(a)
        w, v = eigenvectors([[complex(e) for e in row] for row in a])
        values.append(w)
        vectors.append(_turned(v, len(a)))
    return joined(values, x.shape[:-1], x.dtype.complex), joined(vectors, x.shape, x.dtype.complex)


# --- LDL

_ALPHA = (1 + math.sqrt(17)) / 8
Turn = Callable[[Any], Any]


def _ldl_factor(x: Array, *, hermitian: bool) -> tuple[Array, Array, Array]:
    turn: Turn = (lambda v: v.conjugate()) if hermitian else (lambda v: v)
    found = squares(x)
    for a in found:
        for i, row in enumerate(a):
            row[i + 1 :] = [0.0] * (len(a) - i - 1)
            row[i] = row[i].real if hermitian else row[i]
    results = [_ldl(a, turn) for a in found]
    return (joined(found, x.shape, x.dtype), Array([p for r in results for p in r[0]], x.shape[:-1], dtypes.int64),
            Array([r[1] for r in results], x.shape[:-2], dtypes.int64))


def _ldl(a: Matrix, turn: Turn) -> tuple[list[int], int]:
    """LAPACK's sytf2 (hetf2) on the lower triangle, in place: the swaps, and the place of the first zero pivot."""
    k, info, n = 0, 0, len(a)
    pivots: list[int] = []
    while k < n:
        swap, width, zero = _ldl_pivot(a, k)
        if zero:
            info = info or k + 1
        else:
            _ldl_swap(a, k + width - 1, swap, k, turn)
            _ldl_eliminate(a, k, width, turn)
        pivots += [swap + 1] if width == 1 else [-(swap + 1)] * 2
        k += width
    return pivots, info


def _ldl_pivot(a: Matrix, k: int) -> tuple[int, int, bool]:
    """Which row to swap in, how wide the block is, and whether the column is zero."""
    n, head = len(a), size(a[k][k])
    if k + 1 == n:
        return k, 1, head == 0
    row = max(range(k + 1, n), key=lambda i: (size(a[i][k]), -i))
    most = size(a[row][k])
    if max(head, most) == 0 or head != head:
        return k, 1, True
    if head >= _ALPHA * most:
        return k, 1, False
    row_most = max([size(v) for v in a[row][k:row]] + [size(a[i][row]) for i in range(row + 1, n)])
    if head >= _ALPHA * most * (most / row_most):
        return k, 1, False
    return (row, 1, False) if size(a[row][row]) >= _ALPHA * row_most else (row, 2, False)


def _ldl_swap(a: Matrix, k: int, p: int, start: int, turn: Turn) -> None:
    """Exchanges rows and columns k and p of what is not eliminated yet."""
    if k == p:
        return
    for i in range(p + 1, len(a)):
        a[i][k], a[i][p] = a[i][p], a[i][k]
    for i in range(k + 1, p):
        a[i][k], a[p][i] = turn(a[p][i]), turn(a[i][k])
    a[p][k] = turn(a[p][k])
    a[k][k], a[p][p] = a[p][p], a[k][k]
    if start != k:
        a[k][start], a[p][start] = a[p][start], a[k][start]


def _ldl_eliminate(a: Matrix, k: int, width: int, turn: Turn) -> None:
    n = len(a)
    columns = {i: a[i][k : k + width] for i in range(k + width, n)}
    if width == 2:
        head, below, tail = a[k][k], a[k + 1][k], a[k + 1][k + 1]
        scale = head * tail - below * turn(below)
    for i in range(k + width, n):
        if width == 1:
            made = [columns[i][0] / a[k][k]]
        else:
            first, second = columns[i]
            made = [(first * tail - second * below) / scale, (second * head - first * turn(below)) / scale]
        for j in range(k + width, i + 1):
            a[i][j] -= sum([v * turn(w) for v, w in zip(made, columns[j], strict=True)])
        a[i][k : k + width] = made
        if turn(1j) != 1j:
            a[i][i] = a[i][i].real


KERNELS: dict[str, Kernel] = {
    "linalg_solve_triangular": _solve_triangular, "linalg_lu_factor_ex": _lu_factor, "linalg_cholesky_ex": _cholesky,
    "linalg_qr": _qr, "geqrf": _geqrf, "linalg_svd": _svd, "linalg_eigh": _eigh, "linalg_eig": _eig,
    "linalg_ldl_factor_ex": _ldl_factor,
}
